"""Which program's chat a text is, by how it begins. Knows nothing of files.

It must not take a play, a diary or a log of a computer for a chat: a date alone is none, nor is a
name with a colon, and whoever speaks is no level of a log.
"""

import re
from collections import Counter
from itertools import pairwise
from pathlib import PurePath

from burble.data.chats import discord, irc, kakaotalk, line, signal, transcript, whatsapp, zoom
from burble.data.cleaning import BOM

_LEVELS = re.compile(
    r"\b(?:DEBUG|INFO|WARN|WARNING|ERROR|CRITICAL|FATAL|TRACE|NOTICE|SEVERE|VERBOSE|FINE)\b"
)
_TELEGRAM = re.compile(
    r'"type"\s*:\s*"(?:personal_chat|bot_chat|saved_messages|private_group|private_supergroup|'
    r'public_supergroup|private_channel|public_channel)"'
)
_TELEGRAM_ALL = re.compile(r'"chats"\s*:\s*\{')
_DISCORD = re.compile(r'\{\s*"guild"\s*:\s*\{')
_MESSENGER = (
    (re.compile(r'"sender_name"\s*:'), re.compile(r'"timestamp_ms"\s*:\s*\d')),
    (re.compile(r'"senderName"\s*:'), re.compile(r'"isUnsent"\s*:')),
)
"""Of chats that are encrypted from end to end, the names are others."""
_SLACK = (re.compile(r'"type"\s*:\s*"message"'), re.compile(r'"ts"\s*:\s*"\d{9,10}\.\d{6}"'))
_PAGES = {
    "telegram": re.compile(r"""class=["']message (?:default|service)\b"""),
    "discord": re.compile(r"\bchatlog__(?:message|content|author)"),
    "messenger": re.compile(r"""class="[^"]*\b(?:_a6-p|_2let)\b[^"]*">\s*<div>\s*<div></div>"""),
}
_SIGNAL_LINE = re.compile(r'\{\s*"date"\s*:\s*"[^"]*"\s*,\s*"sender"\s*:')
_SIGNAL_LIST = (
    re.compile(r'"conversationId"\s*:'),
    re.compile(r'"(?:sent_at|received_at)"\s*:'),
    re.compile(r'"type"\s*:\s*"(?:incoming|outgoing)"'),
)
_SIGNAL_NAMES = ("chat.md", "index.md")
"""What signal-export calls its texts, in a folder for each chat."""
_LEAST = 3
"""Messages of a text, at least; of a shorter one, all lines."""
_LINES, _FIRST = 2, 6
"""Messages at least where more than they tells the program; and lines before the first of them."""
_TURNS = 3
"""Messages of each of two speakers, at least, of a chat that nothing else tells."""
_NAMED_LEVELS = 0.2
"""Fraction of speakers that are called like a level of a log, above which it is one."""


def recognize(head: str, name: str = "") -> str:
    """The program whose chat a text is; empty if it is none.

    Args:
        head: How it begins, some ten thousand characters; the last line may be cut.
        name: The name of its file, in small letters.

    >>> recognize("24.12.23, 18:03 - Anna: Hi")
    'whatsapp'
    >>> recognize("2024-01-01 12:00:00 - ERROR: no disk")
    ''
    """
    text = head.lstrip(f"{BOM} \t\r\n")
    if text.startswith(("{", "[")) and (found := _recognize_json(text)):
        return found
    if text.startswith(f"{','.join(discord.COLUMNS)}") or (
        text.startswith(discord.RULE) and "\nGuild: " in text[:500]
    ):
        return "discord"
    if text.startswith("<"):
        return next((name for name, pages in _PAGES.items() if pages.search(text)), "")
    lines = [one for one in text.splitlines() if one.strip()]
    if text.startswith(transcript.CAPTIONS):
        return "transcript" if transcript.names_speakers(lines) else ""
    if _is_signal(text, lines, is_named=PurePath(name).name in _SIGNAL_NAMES):
        return "signal"
    if text.startswith(line.TITLE) and sum(map(bool, map(line.HEAD.match, lines))) >= _LINES:
        return "line"
    if _is_kakaotalk(lines):
        return "kakaotalk"
    if _is_zoom(lines):
        return "zoom"
    if transcript.is_transcript(lines):
        return "transcript"
    if irc.is_log(lines):
        return "irc"
    return "whatsapp" if _is_whatsapp(lines) else ""


def _recognize_json(text: str) -> str:
    """The same of JSON."""
    if text.startswith("{"):
        if _DISCORD.match(text):
            return "discord"
        if '"messages"' in text and (_TELEGRAM.search(text) or _TELEGRAM_ALL.search(text)):
            return "telegram"
        if any(all(one.search(text) for one in patterns) for patterns in _MESSENGER):
            return "messenger"
        return "signal" if _SIGNAL_LINE.match(text) else ""
    if all(pattern.search(text) for pattern in _SLACK):
        return "slack"
    return "signal" if all(pattern.search(text) for pattern in _SIGNAL_LIST) else ""


def _is_signal(text: str, lines: list[str], *, is_named: bool) -> bool:
    """Whether it is a text of one of Signal's tools, in which the owner is called Me or You.

    A log of one's own may be written like it, so that its name, a note of a tool, or an exchange
    of words has to tell it, too.
    """
    if text.startswith(signal.CONVERSATION):
        return "\nType: " in text and "\nSent: " in text
    for pattern, owner in ((signal.MARKED, "Me"), (signal.SHORT, "You")):
        names = [found[1] for line in lines if (found := pattern.match(line))]
        if len(names) < 2 or owner not in names or _are_levels(names):
            continue
        said = (found[2] or "" if (found := pattern.match(line)) else line for line in lines)
        if is_named or any(map(signal.NOTED.match, said)) or _take_turns(names, owner):
            return True
    return False


def _take_turns(names: list[str], owner: str) -> bool:
    """Whether the owner and others answer each other, as no diary or log of one's own does."""
    others = Counter(name for name in names if name != owner)
    most = max(others.values(), default=0)
    turns = sum(one != other for one, other in pairwise(names))
    return min(names.count(owner), most) >= _TURNS and turns >= 0.2 * len(names)


def _is_kakaotalk(lines: list[str]) -> bool:
    """Whether it is a text of KakaoTalk: a line with a day, and messages below it."""
    day = next((place for place, one in enumerate(lines) if kakaotalk.DAY.match(one)), None)
    if day is None or day > _FIRST:
        return False
    said = sum(map(bool, map(kakaotalk.HEAD.match, lines)))
    return said >= _LINES and said >= 0.3 * (len(lines) - day)


def _is_zoom(lines: list[str]) -> bool:
    """Whether it is a text of Zoom: it begins with a message, and several lines do."""
    if not lines or not zoom.match_head(lines[0]):
        return False
    heads = sum(bool(zoom.match_head(line)) for line in lines)
    return heads >= min(_LINES, len(lines)) and heads >= 0.2 * len(lines)


def _is_whatsapp(lines: list[str]) -> bool:
    """Whether it is a text of WhatsApp: it begins with a date, and several lines say who speaks."""
    if not lines or not whatsapp.HEAD.match(lines[0]):
        return False
    heads = [line[found.end() :] for line in lines if (found := whatsapp.HEAD.match(line))]
    parted = (rest.partition(":") for rest in heads)
    names = [name.strip() for name, colon, _ in parted if colon and whatsapp.is_name(name)]
    if len(names) < min(_LEAST, len(lines)) or len(names) < 0.3 * len(heads) or _are_levels(names):
        return False
    if not {"Me", "You"}.isdisjoint(names) and "\u200e" not in "".join(lines):
        # It calls everybody by a name.
        return False
    # Whoever speaks in a chat speaks again.
    return len(names) < 12 or len({*names}) <= 0.7 * len(names)


def _are_levels(names: list[str]) -> bool:
    """Whether speakers are levels of a log, or parts of a program."""
    odd = sum(bool(_LEVELS.search(name) or re.search(r"[\[\]{}=/\\]", name)) for name in names)
    return odd > _NAMED_LEVELS * len(names)
