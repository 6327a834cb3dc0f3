"""Lines on pages to running text: what comes again on each page goes, the rest becomes paragraphs.

Knows nothing of how lines are found.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, pairwise
from operator import attrgetter
from statistics import median
from typing import NamedTuple

from burble.data.forms.form import Account

_ROMAN = r"[ivxlcdm]{1,7}"
_NUMBER = re.compile(rf"\d+|\b{_ROMAN}\b", re.IGNORECASE)
_PAGE_NUMBER = re.compile(
    rf"\W*(?:(?:page|seite|p\.|s\.)\s*)?(\d{{1,5}}|{_ROMAN})(?:\s*(?:/|of|von|de)\s*\d{{1,5}})?\W*",
    re.IGNORECASE,
)
_SYMBOL = re.compile(r"[\ue000-\uf8ff][ \t]?")
"""A bullet or its like, of which only the font knows what it looks like."""
_LIGATURES = {
    "\ufb00": "ff",
    "\ufb01": "fi",
    "\ufb02": "fl",
    "\ufb03": "ffi",
    "\ufb04": "ffl",
    "\ufb05": "st",
    "\ufb06": "st",
}
HYPHEN = "\x02"
"""What marks a hyphen at the end of a line, after which it joins the next one."""
_WORD = re.compile(r"\w+(?:-\w+)*")
_HALF = re.compile(r"\w+")
_GOES_BEFORE, _GOES_ON, _ENDS_HERE = (re.compile(rule) for rule in (r"\w-?\Z", r"-?\w", r"\W|\Z"))
_FEW_HYPHENS = 8
"""Hyphens at line ends of which each is looked up by itself."""
_FEW = 3
"""Pages, at least, on which a running head comes again; of two pages, both."""
_FRACTION, _MOST = 0.2, 0.6
"""Fractions of pages on which a running head comes again: where it stands apart, or anywhere."""
_MARGIN_LINES = 3
_GAP = 0.22
"""Room between two letters, in their size, from which a blank stands between them."""
_APART = 1.3
"""Distance of two lines, in usual ones, from which they are of two paragraphs."""
_ENDS = (".", "!", "?", ":", '"', "”", "»")
_SHORT, _CAPITALS = 26, 0.75
"""Characters of a line of prose, at least, and fraction of lines with a capital, at most."""
_PROSE = 0.4
"""Fraction of lines after which the next word had no room, from which they are prose."""


class Line(NamedTuple):
    """A line of a page; places in points, from the left and from the bottom.

    Attributes:
        text: What it says.
        left: Where its first letter begins.
        right: Where its last letter ends.
        begin: The height of its first letter.
        end: The height of its last one; lower where two lines were joined at a hyphen.
        size: The size of its letters.
        blanks: Whether a blank stands before it, and after it.
    """

    text: str
    left: float
    right: float
    begin: float
    end: float
    size: float
    blanks: tuple[bool, bool] = (False, False)


_Name = tuple[str, str, int]
"""What tells a running head: its side, its words and its height."""


@dataclass(frozen=True)
class Page:
    """A page.

    Attributes:
        number: Counted from 0.
        width: In points.
        height: In points.
        lines: In the order of the file.
    """

    number: int
    width: float
    height: float
    lines: list[Line]


def lay_out(pages: Sequence[Page], account: Account) -> str:
    """The running text of some pages that follow each other."""
    pages = [replace(page, lines=_merge(page.lines)) for page in pages]
    margins = _find_margins(pages)
    blocks = list[list[Line]]()
    for page in pages:
        kept = list[Line]()
        for line in page.lines:
            if what := margins.get((page.number, id(line))):
                account.left[what] += 1
            else:
                kept.append(line)
        columns = [*_split_columns(kept)]
        account.taken["page in columns"] += _in_columns(columns, page)
        blocks += columns
    text = "".join(_join_columns(blocks)).strip("\n")
    return _mend(text, account)


def _find_margins(pages: Sequence[Page]) -> dict[tuple[int, int], str]:
    """The running heads and page numbers, by their page and line, and what each is."""
    edges = {page.number: [*_list_edges(page)] for page in pages}
    seen = Counter(
        name
        for found in edges.values()
        for name in {name for outer, _ in found for _, name in outer}
    )
    filled = sum(bool(page.lines) for page in pages)
    least = max(2 if filled == 2 else _FEW, filled * _FRACTION)
    most = max(_FEW, filled * _MOST)
    found = dict[tuple[int, int], str]()
    for page in pages:
        for outer, apart in edges[page.number]:
            for place, (line, name) in enumerate(outer):
                number = _PAGE_NUMBER.fullmatch(line.text)
                alone = number is not None and _tells(number[1], page.number, filled)
                often = seen[name]
                if not (alone or often >= most or (often >= least and place < apart)):
                    break
                found[page.number, id(line)] = "page number" if number else "running head"
    return found


def _list_edges(page: Page) -> Iterator[tuple[list[tuple[Line, _Name]], int]]:
    """The outermost lines at the top of a page and at its bottom, and how many stand apart."""
    lines = sorted(page.lines, key=attrgetter("begin"), reverse=True)
    if len(lines) < 2:
        return
    usual = median(one.begin - other.begin for one, other in pairwise(lines))
    most = min(_MARGIN_LINES, len(lines) // 2)
    # A line more, to see whether the last one stands apart.
    sides = {"top": lines[: most + 1], "bottom": lines[: -most - 2 : -1]}
    for side, ordered in sides.items():
        yield [(line, _name(side, line)) for line in ordered[:most]], _count_apart(ordered, usual)


def _count_apart(lines: Sequence[Line], usual: float) -> int:
    """How many of some lines stand farther from the rest than lines usually do."""
    for place, (one, other) in enumerate(pairwise(lines[: _MARGIN_LINES + 1]), 1):
        if abs(one.begin - other.begin) > _APART * usual:
            return place
    return int(_PAGE_NUMBER.fullmatch(lines[0].text) is not None)


def _name(side: str, line: Line) -> _Name:
    """What is the same of a running head on each page: its words and its height."""
    return side, _NUMBER.sub("#", line.text.lower()), round(line.begin / 4)


def _tells(number: str, page: int, filled: int) -> bool:
    """Whether a lone number is that of its page, counted from the first of the file."""
    return filled > 1 and number.isdecimal() and int(number) == page + 1


def _merge(lines: Sequence[Line]) -> list[Line]:
    """Lines of which one goes on at the height of the one before it, as after a raised number."""
    merged = list[Line]()
    for line in lines:
        before = merged[-1] if merged else None
        close = before and abs(line.begin - before.end) < 0.45 * max(before.size, line.size)
        if before and close and -line.size / 2 < line.left - before.right < 2 * line.size + 1:
            blank = before.blanks[1] or line.blanks[0]
            near = line.left - before.right < _GAP * line.size
            gap = "" if near and not blank else " "
            text = f"{before.text}{gap}{line.text}"
            merged[-1] = before._replace(
                text=text, right=line.right, end=line.end, blanks=line.blanks
            )
        else:
            merged.append(line)
    return merged


def _split_columns(lines: Sequence[Line]) -> Iterator[list[Line]]:
    """The lines of each column: one begins where the text goes up the page again."""
    column = list[Line]()
    for line in lines:
        if column and line.begin > column[-1].end + 2 * line.size:
            yield column
            column = []
        column.append(line)
    if column:
        yield column


def _in_columns(columns: Sequence[Sequence[Line]], page: Page) -> bool:
    """Whether columns stand beside each other."""
    lefts = [min(line.left for line in column) for column in columns if len(column) > 2]
    return len(lefts) > 1 and max(lefts) - min(lefts) > page.width / 5


def _join_columns(columns: Sequence[list[Line]]) -> Iterator[str]:
    """Lines put together to paragraphs, with what stands between two of them."""
    last: Line | None = None
    wraps = False
    for column in columns:
        edge = max(line.right for line in column)
        pairs = [*pairwise(column)]
        steps = [one.end - other.begin for one, other in pairs]
        usual = median([step for step in steps if step > 0] or [0.0])
        full = [_is_full(one, other, edge) for one, other in pairs]
        is_prose = _is_prose(column, full)
        if last is not None:
            yield from _join(last, column[0]) if wraps and is_prose else "\n"
        last = column[-1]
        yield column[0].text
        for (one, other), step, is_full in zip(pairs, steps, full, strict=True):
            same = abs(one.size - other.size) < 0.1 * one.size
            apart = bool(usual) and step > _APART * usual
            if is_prose and is_full and same and not apart:
                yield from _join(one, other)
            else:
                yield "\n\n" if apart else "\n"
            yield other.text
        # What follows in the next column goes on where the last line of this one is full.
        wraps = is_prose and last.right > 0.9 * edge and not last.text.endswith(_ENDS)


def _join(line: Line, following: Line) -> Iterator[str]:
    """What stands between two lines of one paragraph: a blank, or what marks a hyphen."""
    broken = line.text.endswith(("-", "\u2010")) and following.text[:1].islower()
    yield HYPHEN if broken else " "


def _is_prose(column: Sequence[Line], full: Sequence[bool]) -> bool:
    """Whether lines end where there was no more room, rather than where a poet ended them."""
    if len(full) < 2:
        return True
    short = median(len(line.text) for line in column) < _SHORT
    capitals = sum(line.text[:1].isupper() for line in column) > _CAPITALS * len(column)
    return sum(full) >= _PROSE * len(full) and not short and not (capitals and len(column) > 3)


def _is_full(line: Line, following: Line, edge: float) -> bool:
    """Whether the first word of the next line had no room at the end of a line."""
    wide = (following.right - following.left) / max(1, len(following.text))
    word = following.text.partition(" ")[0]
    return line.right + wide * (len(word) + 1) > edge


def _mend(text: str, account: Account) -> str:
    """The text without hyphens at line ends, ligatures and signs of symbol fonts, all counted."""
    text, symbols = _SYMBOL.subn("", text)
    account.left["symbol of a symbol font"] += symbols
    for ligature, letters in _LIGATURES.items():
        if ligature in text:
            account.changed["ligature (as letters)"] += text.count(ligature)
            text = text.replace(ligature, letters)
    return _join_words(text, account) if HYPHEN in text else text


def _join_words(text: str, account: Account) -> str:
    """The text without hyphens at line ends: each is taken away, or is one of a compound."""
    known = _Words(text.lower(), text.count(HYPHEN))
    parts, at = list[str](), 0
    for mark in re.finditer(HYPHEN, text):
        # A hyphen that the file has, too, stands before it.
        end = mark.start() - text.endswith(("-", "\u2010"), 0, mark.start())
        one, following = _find_word_before(text, end), _HALF.match(text, mark.end())
        parts.append(text[at:end])
        at = mark.end()
        # One beside a sign is no part of a word that was broken.
        if not one or not following:
            parts.append("-")
            account.taken["hyphen at the end of a line (kept)"] += 1
            continue
        halves = one.lower(), following[0].lower()
        compound = known.begins_compound(halves[0]) or all(known.count(half) > 1 for half in halves)
        if compound and not known.count("".join(halves)):
            parts.append("-")
            account.taken["hyphen at the end of a line (kept)"] += 1
        else:
            account.changed["hyphen at the end of a line (its word joined)"] += 1
    return "".join([*parts, text[at:]])


class _Words:
    """The words of a text; where few of them matter, they are looked for one by one.

    Args:
        text: The text in small letters.
        asked: How many words will be asked for, about.
    """

    def __init__(self, text: str, asked: int) -> None:
        self._text = text
        self._counts: dict[str, int] | None = None if asked <= _FEW_HYPHENS else defaultdict(int)
        if self._counts is not None:
            # What stands between blanks is taken apart once.
            for part, count in Counter(text.split()).items():
                for word in (part,) if part.isalnum() else _WORD.findall(part):
                    self._counts[word] += count
            self._beginnings = {word.partition("-")[0] for word in self._counts if "-" in word}

    def count(self, word: str) -> int:
        """How often a word comes by itself; 2 may stand for more."""
        if self._counts is not None:
            return self._counts[word]
        return sum(1 for _ in islice(self._find(word, _GOES_ON), 2))

    def begins_compound(self, word: str) -> bool:
        """Whether it is the first part of a word with a hyphen."""
        if self._counts is not None:
            return word in self._beginnings
        return any(True for _ in self._find(f"{word}-", _ENDS_HERE))

    def _find(self, word: str, beyond: re.Pattern[str]) -> Iterator[int]:
        """Where a word begins that stands before nothing of some kind."""
        text, at = self._text, self._text.find(word)
        while at >= 0:
            end = at + len(word)
            if not _GOES_BEFORE.search(text, max(0, at - 2), at) and not beyond.match(text, end):
                yield at
            at = text.find(word, end)


def _find_word_before(text: str, end: int) -> str:
    """The word that ends there, or nothing."""
    start = end
    while start and _HALF.match(text, start - 1, end):
        start -= 1
    return text[start:end]
