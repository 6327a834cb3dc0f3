"""Messages out of the logs of IRC programs: irssi, WeeChat, HexChat, mIRC, ZNC and their like.

Knows nothing of documents. Who came, went or changed a name is left out. An action stands as it was
typed, with `/me`.
"""

import re
from collections.abc import Iterable, Iterator

from burble.data.chats.message import Message, write_messages
from burble.data.forms.form import Account, File, Write
from burble.data.tables import split_lines
from burble.formatting import Note

_CLOCK = r"\d{1,2}:\d\d(?::\d\d)?(?:[.,]\d+)?(?:\s?[AaPp][Mm])?(?:Z|[+-]\d\d:?\d\d)?"
_DAY = r"(?:\d{4}[-/]\d\d[-/]\d\d[T ]|\d\d\.\d\d\.\d{4} |[A-Z][a-z]{2} \d{1,2} )?"
TIME = rf"(?:\[{_DAY}{_CLOCK}\]|\({_DAY}{_CLOCK}\)|{_DAY}{_CLOCK})\s+"
_NICK = r"[^\s<>:@+%&~]{1,40}"
_MODE = r"[ ~&@%+!]?"
SAID = re.compile(rf"(?:{TIME})?<{_MODE}({_NICK})>[ \t]?(.*)")
TIMED = re.compile(rf"{TIME}<{_MODE}{_NICK}>[ \t]?")
_TABBED = re.compile(rf"\d{{4}}-\d\d-\d\d {_CLOCK}\t([^\t]*)\t(.*)")
_ACTION = re.compile(rf"(?:{TIME})?[*•]([ \t])({_MODE}{_NICK}[ \t].*)")
_STAMPED = re.compile(TIME)
_PROGRAM = re.compile(
    rf"(?:{TIME})?(?:-!-|\*\*\*|-->|<--|--(?:\s|$)|===|\*\*|->|<-|-[^\s-]+-\s|!)"
    rf"|---? (?:Log|Day|Session|BEGIN|ENDE?)|\*{{4}} |Session (?:Start|Close|Time|Ident)"
)
# What programs write with an asterisk, as they write actions: with a tab (HexChat), or ending in a
# channel or in brackets (mIRC). Whoever types such words with /me does not end them so.
_TABBED_EVENT = re.compile(
    r"\S+ (?:\([^)]*\) )?(?:has (?:joined|left|quit|kicked|changed|set)|is now known as|sets? mode|"
    r"gives|removes)\b|(?:Now talking|Topic (?:for|set|is)|You (?:are|have)|Disconnected|Connect|"
    r"Looking up|Cannot)"
)
_EVENT = re.compile(
    r"\S+ (?:\([^)]*\) )?(?:(?:has )?(?:joined|left) [#&]\S+(?: \(.*\))?$|(?:has )?[Qq]uit .*\(.*\)"
    r"$|is now known as \S+$|sets mode: |was kicked (?:from \S+ )?by |changes topic to )"
    r"|(?:Joins|Parts|Quits|Topic is|Set by|Now talking in|Disconnected|Retrieving|Rejoined)\b:?"
)
_COLOURS = re.compile("\x03(?:\\d{1,2}(?:,\\d{1,2})?)?|[\x02\x0f\x11\x16\x1d\x1e\x1f]")


def read(file: File, write: Write) -> list[Note]:
    """Reads a log of IRC; see `forms.form`."""
    return write_messages(file, write, read_messages)


def read_messages(file: File) -> Iterator[Message]:
    """The messages of a log."""
    return parse(file.text(), file.account)


def parse(pieces: Iterable[str], account: Account) -> Iterator[Message]:
    r"""The messages in a text.

    >>> lines = "10:00 -!- ann [a@b] has joined #x\n10:01 <@ann> hi\n10:02 * ann waves\n"
    >>> list(parse([lines], Account()))
    [Message(speaker='ann', text='hi', talk=''), Message(speaker='ann', text='/me waves', talk='')]
    """
    for raw in split_lines(pieces):
        line = raw.rstrip("\r\n")
        plain, colours = _COLOURS.subn("", line)
        account.left["colour code"] += colours
        if message := parse_line(plain):
            yield message
        elif plain.strip():
            account.left["system line (who came, went, changed names)"] += 1


def parse_line(line: str) -> Message | None:
    """The message in a line; None of what a program wrote."""
    if said := SAID.match(line):
        return Message(said[1], said[2])
    if tabbed := _TABBED.match(line):
        return _parse_tabbed(tabbed[1], tabbed[2])
    if _PROGRAM.match(line):
        return None
    action = _ACTION.match(line)
    event = _TABBED_EVENT if action and action[1] == "\t" else _EVENT
    if not action or event.match(action[2]):
        return None
    nick, _, did = action[2].partition(" ")
    return Message(nick.lstrip("~&@%+!"), f"/me {did}")


def _parse_tabbed(nick: str, text: str) -> Message | None:
    """The message in a line of WeeChat: time, nick and text with tabs between them."""
    name = nick.strip().lstrip("~&@%+")
    if nick.strip() == "*":
        who, _, did = text.partition(" ")
        return Message(who, f"/me {did}")
    return Message(name, text) if name and name[0] not in "-<=!" else None


def is_log(lines: list[str]) -> bool:
    """Whether lines are such a log: most of them are, and several say who said what.

    Without times `<a> b` could as well be a tag.
    """
    tabbed = sum(bool(_TABBED.match(line)) for line in lines)
    found = [*map(parse_line, lines)]
    nicks = [message.speaker for message in found if message]
    known = sum(bool(one) or _is_program(line) for one, line in zip(found, lines, strict=True))
    # Whoever speaks comes again, or is seen to come and go.
    comes_again = len({*nicks}) < len(nicks) or known > len(nicks)
    said = sum(bool(TIMED.match(line)) for line in lines)
    if tabbed >= 3 or said >= 2:
        # Programs say in many ways who comes and goes; beside what is said, a time tells enough.
        stamped = (
            sum(bool(_STAMPED.match(line)) for line in lines) if said > 0.3 * len(lines) else 0
        )
        return comes_again and max(known, stamped) >= 0.8 * len(lines)
    names = sum(len(nick) > 2 for nick in nicks)
    enough = len({*nicks}) < len(nicks) >= 8 and names >= 0.9 * len(nicks)
    return enough and known >= 0.95 * len(lines) and not any("</" in line for line in lines)


def _is_program(line: str) -> bool:
    """Whether a program wrote a line of such a log."""
    return bool(_PROGRAM.match(line) or _ACTION.match(line))
