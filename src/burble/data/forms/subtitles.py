"""Subtitles (SubRip and WebVTT) to speech: a line for each, without numbers, times and styles.

Knows nothing of files.
"""

import html
import re
from collections.abc import Iterable, Iterator

from burble.data.cleaning import BOM
from burble.data.forms.form import Account, File, Write
from burble.data.tables import split_lines
from burble.formatting import Note

_TIME = re.compile(r"\s*(?:\d+:)?\d{1,2}:\d\d[,.]\d+\s*-->\s*(?:\d+:)?\d{1,2}:\d\d[,.]\d+(.*)")
_HEADS = {"NOTE": "comment", "STYLE": "style", "REGION": "style", "WEBVTT": "head of the file"}
_LONGEST = 1000
"""Lines of a cue at most."""
_VOICE = re.compile(r"<v(?:\.[^\s>]*)?\s+[^>]*>")
_STYLE = re.compile(r"</?(?:[biuscv]|font|ruby|lang)(?:[.\s][^>]*)?>|<\d+:[\d:.]+>", re.IGNORECASE)
_READING = re.compile(r"<rt\b[^>]*>.*?(?:</rt>|$)", re.IGNORECASE)
_OVERRIDE = re.compile(r"\{\\[^{}]*\}")
_SPEAKER_DASH = re.compile(r"^\s*[-–—]\s*(?=\S)")


def read(file: File, write: Write) -> list[Note]:
    """Reads subtitles; see `forms.form`."""
    write(read_speech(file.text(), file.account))
    return []


def read_speech(pieces: Iterable[str], account: Account) -> Iterator[str]:
    r"""The speech of each cue, its lines as one; in pieces.

    >>> cue = "1\n00:00:01,000 --> 00:00:02,000\n<i>Come\nin.</i>\n"
    >>> list(read_speech([cue], Account()))
    ['Come in.\n']
    """
    begun = False
    for block in _split_blocks(pieces):
        place = next((i for i, line in enumerate(block) if _match_time(line)), None)
        if place is None:
            if begun and block[0].partition(" ")[0] not in _HEADS:
                # A blank line within a cue.
                account.changed["cue with a blank line"] += 1
                yield from _read_cue(block, account)
            else:
                _count_other(block, account)
            continue
        begun = True
        account.taken["cue"] += 1
        account.left["time"] += 1
        account.left["cue number"] += place
        found = _match_time(block[place])
        account.left["position"] += bool(found and found[1].strip())
        yield from _read_cue(block[place + 1 :], account)


def _split_blocks(pieces: Iterable[str]) -> Iterator[list[str]]:
    """The lines between blank lines; a time begins a block, too, as files lack blank lines."""
    block: list[str] = []
    for line in (line.strip().lstrip(BOM) for line in split_lines(pieces)):
        if not line:
            if block:
                yield block
            block = []
            continue
        if len(block) == _LONGEST:
            yield block
            block = []
        if _match_time(line) and any(map(_match_time, block)):
            number = [block.pop()] if block[-1].isdecimal() else []
            yield block
            block = number
        block.append(line)
    if block:
        yield block


def _match_time(line: str) -> re.Match[str] | None:
    """The time that a line tells, if it does."""
    return _TIME.match(line) if "-->" in line else None


def _count_other(block: list[str], account: Account) -> None:
    """Counts a block that is no cue: the head of a file, a note, a style."""
    head = block[0].partition(" ")[0]
    what = _HEADS.get(head, "line without a time")
    account.left[what] += 1 if head in _HEADS else len(block)


def _read_cue(lines: list[str], account: Account) -> Iterator[str]:
    """The text of one cue: one line, or one for each speaker where dashes tell them apart."""
    spoken = list[str]()
    for line in lines:
        clean = _strip_marks(line, account)
        if clean and spoken and not _SPEAKER_DASH.match(clean):
            spoken[-1] += f" {clean}"
        elif clean:
            spoken.append(clean)
    for line in spoken:
        yield f"{line}\n"


def _strip_marks(line: str, account: Account) -> str:
    """A line without tags, each kind counted; names of signs as the signs."""
    counted = (
        (_VOICE, "name of a speaker in a tag"),
        (_READING, "reading beside a word (ruby)"),
        (_STYLE, "tag of style"),
        (_OVERRIDE, "position"),
    )
    # Most lines have none.
    for pattern, what in counted if "<" in line or "{" in line else ():
        line, count = pattern.subn("", line)
        account.left[what] += count
    return html.unescape(line).replace("\u00ad", "").strip()
