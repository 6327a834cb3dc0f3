"""What people say in a meeting, out of the transcripts of Teams, Zoom, Otter and their like.

Read are captions that name who speaks (.vtt), and documents and texts in which a name with a time
stands above what was said. Programs cut speech into pieces of a few seconds; those of one speaker
that follow each other are one message. Knows nothing of documents.
"""

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby, pairwise
from typing import NamedTuple

from burble.data.chats.message import Message, write_messages
from burble.data.chats.web_pages import UNKNOWN
from burble.data.chats.whatsapp import is_name
from burble.data.cleaning import BOM
from burble.data.forms import subtitles, word
from burble.data.forms.form import Account, File, Write
from burble.data.tables import split_lines
from burble.formatting import Note

CAPTIONS = "WEBVTT"
"""How captions begin."""
_HEAD = re.compile(r"(\S.{0,79}?)[ \t\u00a0]{2,9}((?:\d{1,2}:)?\d{1,2}:\d\d)\s*$")
"""A name and a time above what was said."""
_SPAN = re.compile(r"(\d{1,3}:\d{1,2}:\d{1,2}\.\d{1,3}) --> \d{1,3}:\d{1,2}:\d{1,2}\.\d{1,3}\s*$")
"""A time in a line of its own, as Teams wrote it before; the name stands below it."""
_WROTE = re.compile(
    r".{1,80}\b(?:transcription|Transkription|Transkript|transcripción|trascrizione|transcrição|"
    r"transcriptie|транскрибирование|транскрибирования)\b.{0,20}$"
)
_VOICE = re.compile(r"<v(?:\.[^\s<>]*)?\s+([^<>]{1,200})>")
_NAMED = re.compile(r"([^:<>\n]{1,60}?)\s?:\s+(?=\S)")
_LEAST = 4
"""Times below which a text is none."""
_VOICES, _NAMES = 0.5, 0.6
"""Fractions of captions that name who speaks, by a tag or with a colon, from which it is told."""
_SYSTEM = "system line (who started or stopped the transcript)"


class _Piece(NamedTuple):
    """What somebody says at a time."""

    speaker: str
    text: str


def read(file: File, write: Write) -> list[Note]:
    """Reads a transcript; see `forms.form`."""
    return write_messages(file, write, read_messages)


def read_messages(file: File) -> Iterator[Message]:
    """The messages of a transcript, in whichever form it is."""
    with file.open() as opened:
        is_archive = opened.read(4) == b"PK\x03\x04"
    if is_archive:
        return _join_pieces(parse(_read_document(file), file.account), file.account)
    head = next(file.text(), "").lstrip(f"{BOM} \t\r\n")
    if head.startswith(CAPTIONS):
        found = parse_captions(file.text(), file.account, tagged=bool(_VOICE.search(head)))
    else:
        found = parse(file.text(), file.account)
    return _join_pieces(found, file.account)


def _read_document(file: File) -> list[str]:
    """The text of a Word document; what it leaves out is counted."""
    beside, pieces = Account(), list[str]()
    word.read(replace(file, account=beside), pieces.extend)
    file.account.add(Account(left=beside.left))
    return pieces


def _join_pieces(pieces: Iterable[_Piece], account: Account) -> Iterator[Message]:
    """Messages, each of what one says until somebody else does."""
    for speaker, said in groupby(pieces, key=lambda piece: piece.speaker):
        texts = [piece.text for piece in said]
        account.changed["piece (joined to what the same person said before it)"] += len(texts) - 1
        yield Message(speaker, " ".join(texts))


def parse_captions(pieces: Iterable[str], account: Account, *, tagged: bool) -> Iterator[_Piece]:
    r"""What is said in captions, and by whom.

    Args:
        pieces: The captions, cut anywhere.
        account: Where to count.
        tagged: Whether tags tell who speaks; else a name and a colon do.

    >>> cue = "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\n<v Ann>Hi: you</v>\n"
    >>> [*parse_captions([cue], Account(), tagged=True)]
    [_Piece(speaker='Ann', text='Hi: you')]
    """
    speaker = UNKNOWN
    for lines, goes_on in subtitles.read_cues(pieces, account):
        text = " ".join(lines)
        # What goes on after a blank line has no name of its own.
        voices = [("", text)] if goes_on and not tagged else _split_voices(text, tagged=tagged)
        for name, said in voices:
            clean = subtitles.strip_marks(said.replace("</v>", ""), account)
            if name or not goes_on:
                speaker = " ".join(html.unescape(name).split()) or UNKNOWN
            if clean:
                account.taken["piece of a speaker who is not named"] += speaker == UNKNOWN
                yield _Piece(speaker, clean)


def _split_voices(text: str, *, tagged: bool) -> list[tuple[str, str]]:
    """Who says what in a caption; without a name where it has none."""
    if tagged:
        before, *voices = _VOICE.split(text)
        said = [*zip(voices[::2], voices[1::2], strict=True)]
        return [("", before), *said] if before.strip() or not said else said
    named = _NAMED.match(text)
    if named and is_name(named[1]):
        return [(named[1], text[named.end() :])]
    return [("", text)]


def parse(pieces: Iterable[str], account: Account) -> Iterator[_Piece]:
    r"""What is said in a text in which a name with a time stands above it.

    >>> [*parse(["Ann   0:03\nHi\nall\nBen Lee   1:00:12\nYes\n"], Account())]
    [_Piece(speaker='Ann', text='Hi all'), _Piece(speaker='Ben Lee', text='Yes')]
    """
    speaker, said, names_next = "", list[str](), False
    for line in (line.strip().lstrip(BOM) for line in split_lines(pieces)):
        if begins := _match_time(line):
            if said:
                yield _Piece(speaker, " ".join(said))
            speaker, said, names_next = begins[0], [], not begins[0]
            account.left["time"] += 1
        elif line and names_next:
            speaker, names_next = line, False
        elif line and not speaker:
            account.left["line (before the first message)"] += 1
        elif said and _WROTE.match(line):
            account.left[_SYSTEM] += 1
        elif line:
            said.append(line)
    if said:
        yield _Piece(speaker, " ".join(said))


def is_transcript(text: Iterable[str]) -> bool:
    """Whether lines are such a text: times that go up, names that come again, speech below each.

    A program of events, or a list of songs with their lengths, is none.
    """
    lines = [line for one in text if (line := one.strip())]
    names, times, spoken = list[str](), list[float](), 0
    for line, following in pairwise([*lines, ""]):
        if begins := _match_time(line):
            names.append(begins[0] or following)
            times.append(_count_seconds(begins[1]))
            spoken += bool(following) and not _match_time(following)
    if len(times) < _LEAST or times != sorted(times):
        return False
    return len({*names}) <= len(names) / 2 and spoken >= 0.9 * (len(times) - 1)


def _match_time(line: str) -> tuple[str, str] | None:
    """The name, where it stands beside it, and the time that a line tells; None for any other."""
    if not line[-1:].isdecimal():
        # Found fast, as most are none.
        return None
    if head := _HEAD.match(line):
        return head[1], head[2]
    span = _SPAN.match(line)
    return ("", span[1]) if span else None


def _count_seconds(time: str) -> float:
    """The seconds of a time.

    >>> _count_seconds("1:02"), _count_seconds("1:00:02.5")
    (62.0, 3602.5)
    """
    seconds = 0.0
    for part in time.split(":"):
        seconds = 60 * seconds + float(part)
    return seconds


def names_speakers(lines: list[str]) -> bool:
    """Whether captions, given without blank lines, name who speaks, and the same ones again."""
    said = [following for line, following in pairwise(lines) if "-->" in line]
    voices = sum(bool(_VOICE.match(line)) for line in said)
    if voices:
        return voices >= _VOICES * len(said)
    names = [found[1] for line in said if (found := _NAMED.match(line)) and is_name(found[1])]
    return len(names) >= max(3, _NAMES * len(said)) and len({*names}) <= 0.7 * len(names)
