r"""Text cut into documents of a shape of its own: at a separator, or as the records of a format.

Takes clean text whose pieces were cut anywhere, and gives it piece by piece with an edge between
two documents, which is NUL. Blank lines around a document are none of it. Knows nothing of files.

Of PGN, ABC, FASTA and BibTeX only what shows where a record begins and ends is read:

* PGN: a game begins with the first tag pair (`[Event "…"]`) after moves, so that the blank line
  between tags and moves cuts nothing in two.
* ABC: a tune begins with its reference number (`X:1`).
* FASTA: a record begins with `>`.
* BibTeX: an entry is `@article{…}` up to the brace that closes it.

Source: PGN specification and implementation guide, 1994, section 8; The abc music standard 2.1,
section 2.2; BibTeXing, 1988.
"""

import re
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field

import regex

from burble.data.sentences import EDGE, split_sentences
from burble.errors import SettingsError
from burble.formatting import some, unescape
from burble.settings import TextSettings

LONGEST_SEPARATOR = 1 << 12
"""Characters of what parts two documents, at most, where a regular expression finds it."""
PATIENCE = 20
"""Seconds that a regular expression may take in a block."""
_CONTEXT = 1 << 10
"""Characters before a place that a regular expression may look back at."""
_BLOCK = 1 << 16
_TAG = re.compile(r'\[\s*[A-Za-z0-9_]+\s+"')
_TUNE = re.compile(r"X:\s*\d")
_ENTRY = re.compile(r"\s*@\s*([A-Za-z]+)\s*[{(]")
_MARK = re.compile(r"\\.|[{})]")
_NO_ENTRIES = ("comment", "preamble", "string")
_INSIDE = "inside"


@dataclass
class LeftOut:
    """What of a text is in no document.

    Attributes:
        lines: How many lines, by what they are.
        sought: What parts documents, as a person gave it.
        found: How often it was found.
    """

    lines: Counter[str] = field(default_factory=Counter)
    sought: str = ""
    found: int = 0

    def count(self, pieces: Iterable[str]) -> Iterator[str]:
        """Pieces as they come; counts the edges among them."""
        for piece in pieces:
            self.found += piece == EDGE
            yield piece

    def describe(self) -> list[str]:
        """A sentence for each kind."""
        left = [f"Left out: {some(count, 'line')} {what}." for what, count in self.lines.items()]
        if self.sought and not self.found:
            left.append(f"{self.sought} parts nothing: there is none of it in the text.")
        return left


def find_splitter(
    settings: TextSettings, left_out: LeftOut
) -> Callable[[Iterable[str]], Iterator[str]] | None:
    """What cuts a text into documents before anything more is cleaned of it.

    Capitals and punctuation tell where a document ends, so they go only afterwards.

    Returns:
        A function from pieces to pieces, each edge between two documents a piece of its own; None
        where lines or nothing part them.
    """
    if settings.document_separator:
        pattern = regex.compile(regex.escape(unescape(settings.document_separator)))
        left_out.sought = f"--document-separator {settings.document_separator}"
        return lambda pieces: left_out.count(split_at(pieces, pattern))
    if settings.document_pattern:
        pattern = regex.compile(settings.document_pattern, regex.MULTILINE)
        left_out.sought = f"--document-pattern {settings.document_pattern}"
        return lambda pieces: left_out.count(split_at(pieces, pattern))
    if settings.documents == "sentences":
        return split_sentences
    if start := _STARTS.get(settings.documents):
        left_out.sought = f"--documents {settings.documents}"
        return lambda pieces: _split_records(pieces, start, left_out)
    return None


def split_at(pieces: Iterable[str], pattern: "regex.Pattern[str]") -> Iterator[str]:
    r"""Text cut wherever a pattern is found; what it finds is no part of a document.

    Args:
        pieces: Text, cut anywhere.
        pattern: It may look around, at `_CONTEXT` characters before, and find nothing but a place.

    >>> list(split_at(["one--", "-two"], regex.compile("---")))
    ['one', '\x00', 'two']
    """
    held, done = "", 0
    for piece in pieces:
        held += piece
        if len(held) - done > _BLOCK + 2 * LONGEST_SEPARATOR:
            sure = len(held) - 2 * LONGEST_SEPARATOR
            done = yield from _cut(held, done, sure, pattern)
            keep = max(0, done - _CONTEXT)
            held, done = held[keep:], done - keep
    done = yield from _cut(held, done, len(held), pattern)
    if done < len(held):
        yield held[done:]


def _cut(
    held: str, done: int, sure: int, pattern: "regex.Pattern[str]"
) -> Generator[str, None, int]:
    """Yields a text up to a place, cut; returns where what follows begins."""
    for found in _find_all(pattern, held, done):
        if found.start() >= sure and sure < len(held):
            break
        if found.start() > done:
            yield held[done : found.start()]
        yield EDGE
        done = found.end()
    if done < sure:
        yield held[done:sure]
        done = sure
    return done


def _find_all(pattern: "regex.Pattern[str]", held: str, done: int) -> Iterator["regex.Match[str]"]:
    """Where a pattern is found in a text from a place on.

    Raises:
        SettingsError: It takes too long.
    """
    try:
        yield from pattern.finditer(held, done, timeout=PATIENCE)
    except TimeoutError as error:
        raise SettingsError(
            f"document_pattern is {pattern.pattern!r}, which takes more than {PATIENCE} seconds on "
            f"{some(len(held), 'character')}. Write it so that there is one way to read each text."
        ) from error


@dataclass
class _State:
    """Where a text is read that is cut into records.

    Attributes:
        inside: Whether the line before was of a record.
        moves: Of PGN, whether moves were read since the last tag pair.
        depth: Of BibTeX, how many braces are open.
        closing: What closes the last of them.
        is_entry: Whether they are of an entry.
        left_out: Lines that are in no record.
    """

    left_out: LeftOut
    inside: bool = False
    moves: bool = False
    depth: int = 0
    closing: str = "}"
    is_entry: bool = False


Start = Callable[[str, _State], str]
"""Says of a line whether it begins a record (`EDGE`), goes on with it (`_INSIDE`), or what else."""


def _start_game(line: str, state: _State) -> str:
    """Of PGN."""
    if not state.inside and line.startswith((";", "%")):
        return "before the first game, of a comment"
    is_tag = _TAG.match(line) is not None
    begins = not state.inside or (is_tag and state.moves)
    if is_tag:
        state.moves = False
        state.left_out.found += 1
    elif line.strip() and not line.startswith("%"):
        state.moves = True
    return EDGE if begins and line.strip() else _INSIDE


def _start_tune(line: str, state: _State) -> str:
    """Of ABC."""
    if _TUNE.match(line):
        return EDGE
    return _INSIDE if state.inside else "before the first tune (X:)"


def _start_record(line: str, state: _State) -> str:
    """Of FASTA."""
    if line.startswith(">"):
        return EDGE
    return _INSIDE if state.inside else "before the first record (>)"


def _start_entry(line: str, state: _State) -> str:
    """Of BibTeX; an entry begins a line of its own."""
    if state.depth == 0:
        found = _ENTRY.match(line)
        state.is_entry = found is not None and found[1].lower() not in _NO_ENTRIES
        state.closing = ")" if found and found[0].endswith("(") else "}"
        if found:
            state.depth = _count_open(line[found.end() :], 1, state.closing)
        return EDGE if state.is_entry else "that belong to no entry"
    state.depth = _count_open(line, state.depth, state.closing)
    return _INSIDE if state.is_entry else "that belong to no entry"


def _count_open(line: str, depth: int, closing: str) -> int:
    """How many braces of an entry are open after a line; the first may be a round bracket.

    >>> _count_open('title = {A {B}', 1, "}"), _count_open("x) {", 1, ")")
    (2, 0)
    """
    for mark in _MARK.findall(line):
        if mark == "{":
            depth += 1
        elif mark == "}" and (depth > 1 or closing == "}"):
            depth -= 1
        elif mark == ")" and depth == 1 and closing == ")":
            depth = 0
        if depth == 0:
            return 0
    return depth


_STARTS: dict[str, Start] = {
    "pgn": _start_game,
    "abc": _start_tune,
    "fasta": _start_record,
    "bibtex": _start_entry,
}


def _split_records(pieces: Iterable[str], start: Start, left_out: LeftOut) -> Iterator[str]:
    """The records of a text, an edge before each."""
    state = _State(left_out)
    for line in _split_lines(pieces):
        found = start(line, state)
        if found == EDGE:
            state.inside = True
            left_out.found += start is not _start_game
            yield EDGE
        if found in (EDGE, _INSIDE):
            yield line
        elif line.strip():
            left_out.lines[found] += 1


def _split_lines(pieces: Iterable[str]) -> Iterator[str]:
    """Lines with their ends, of text that is cut anywhere and whose lines end in newlines."""
    held: list[str] = []
    for piece in pieces:
        *whole, last = piece.split("\n")
        for line in whole:
            yield "".join([*held, line, "\n"])
            held = []
        if last:
            held.append(last)
    if held:
        yield "".join(held)


def trim_blank_lines(pieces: Iterable[str]) -> Iterator[str]:
    r"""Text without blank lines at its beginning and white space at its end.

    >>> "".join(trim_blank_lines(["\n \n", "  one\n", "\n"]))
    '  one'
    """
    held, begun = "", False
    for piece in pieces:
        held += piece
        if not begun:
            if not held.strip():
                continue
            held = held[held.rfind("\n", 0, len(held) - len(held.lstrip())) + 1 :]
            begun = True
        full = held.rstrip()
        if full:
            yield full
            held = held[len(full) :]
