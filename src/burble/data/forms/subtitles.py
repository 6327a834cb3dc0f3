"""Subtitles (SubRip, WebVTT, SBV) to speech: a line for each, without numbers, times and styles.

Knows nothing of files.
"""

import html
import re
from collections.abc import Iterable, Iterator

from burble.data.cleaning import BOM
from burble.data.forms.form import Account, File, Write
from burble.data.tables import split_lines
from burble.formatting import Note

_MOMENT = r"(?:\d+:)?\d{1,2}:\d\d[,.]\d+"
_TIME = re.compile(rf"\s*({_MOMENT})\s*-->\s*({_MOMENT})(.*)")
_SBV = re.compile(r"(\d+:\d\d:\d\d\.\d{3}),(\d+:\d\d:\d\d\.\d{3})()$")
_MOMENTARY = 50
"""Milliseconds of a cue that is there only while captions scroll, at most."""
_HEADS = {"NOTE": "comment", "STYLE": "style", "REGION": "style", "WEBVTT": "head of the file"}
_LONGEST = 1000
"""Lines of a cue at most."""
_VOICE = re.compile(r"<v(?:\.[^\s<>]*)?\s[^<>]*>")
_STYLE = re.compile(r"</?(?:[biuscv]|font|ruby|lang)(?:[.\s][^<>]*)?>|<\d+:[\d:.]+>", re.IGNORECASE)
_READING = re.compile(r"<rt\b[^<>]*>.*?(?:</rt>|$)", re.IGNORECASE)
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
    speech = _Speech(account)
    for block in _split_blocks(pieces):
        yield from speech.read(block)


class _Speech:
    """Reads one cue after the other.

    Captions that scroll show a line again in the cue after it, which begins at the very moment the
    one before it ends, and one of the two is there for a moment alone; it is said once.
    """

    def __init__(self, account: Account) -> None:
        self._account = account
        self._begun, self._time = False, ("", "")
        self._before: list[str] = []
        self._shown: list[str] = []

    def read(self, block: list[str]) -> list[str]:
        """The speech of a block of lines."""
        for place, line in enumerate(block):
            if found := _match_time(line):
                self._begin(*found.groups())
                self._account.left["cue number"] += place
                return self._read_lines(block[place + 1 :])
        if self._begun and block[0].partition(" ")[0] not in _HEADS:
            # A blank line within a cue.
            self._account.changed["cue with a blank line"] += bool(self._shown)
            return self._read_lines(block)
        _count_other(block, self._account)
        return []

    def _begin(self, start: str, end: str, position: str) -> None:
        """Begins a cue."""
        last, self._time = self._time, (start, end)
        follows = start == last[1] and (_is_moment(*last) or _is_moment(start, end))
        self._before, self._shown = self._shown if follows else [], []
        self._begun = True
        self._account.taken["cue"] += 1
        self._account.left["time"] += 1
        self._account.left["position"] += bool(position.strip())

    def _read_lines(self, lines: list[str]) -> list[str]:
        """The text of lines of a cue: one line, or one for each speaker that dashes tell apart."""
        clean = [one for line in lines if (one := strip_marks(line, self._account))]
        again = 0
        if self._before and not self._shown:
            again = _count_carried(self._before, clean)
            self._account.left["repeated line (captions that scroll)"] += again
        self._shown += clean
        spoken = list[str]()
        for line in clean[again:]:
            if spoken and not _SPEAKER_DASH.match(line):
                spoken[-1] += f" {line}"
            else:
                spoken.append(line)
        return [f"{line}\n" for line in spoken]


def _is_moment(start: str, end: str) -> bool:
    """Whether a cue is there for too short a time to be read.

    >>> _is_moment("00:00:02.389", "00:00:02.399"), _is_moment("00:01,000", "00:02,000")
    (True, False)
    """
    begin, finish = start[-3:], end[-3:]
    whole = start[:-3] == end[:-3] and begin.isdecimal() and finish.isdecimal()
    return whole and int(finish) - int(begin) <= _MOMENTARY


def _count_carried(before: list[str], lines: list[str]) -> int:
    """How many lines at the beginning of a cue are the last ones of the cue before it."""
    most = min(len(before), len(lines))
    return next((n for n in range(most, 0, -1) if before[-n:] == lines[:n]), 0)


def read_cues(pieces: Iterable[str], account: Account) -> Iterator[tuple[list[str], bool]]:
    r"""The lines of each cue, and whether they go on with one that has a blank line in it.

    >>> cue = "1\n00:00:01,000 --> 00:00:02,000\nHi\n\nyou\n"
    >>> [*read_cues([cue], Account())]
    [(['Hi'], False), (['you'], True)]
    """
    begun = False
    for block in _split_blocks(pieces):
        place = next((n for n, line in enumerate(block) if _match_time(line)), -1)
        if place >= 0:
            account.taken["cue"] += 1
            account.left["time"] += 1
            account.left["cue number"] += place
            begun = True
        elif not begun or block[0].partition(" ")[0] in _HEADS:
            _count_other(block, account)
            continue
        yield block[place + 1 :], place < 0


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
    if "-->" in line:
        return _TIME.match(line)
    return _SBV.match(line) if line[-4:-3] == "." else None


def _count_other(block: list[str], account: Account) -> None:
    """Counts a block that is no cue: the head of a file, a note, a style."""
    head = block[0].partition(" ")[0]
    what = _HEADS.get(head, "line without a time")
    account.left[what] += 1 if head in _HEADS else len(block)


def strip_marks(line: str, account: Account) -> str:
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
