"""Lines on pages to running text: what comes again on each page goes, the rest becomes paragraphs.

Knows nothing of how lines are found.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, compress, pairwise
from statistics import median
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from burble.data.forms.form import Account
from burble.data.forms.hyphens import HYPHEN, HYPHENS, join_words

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
_FEW = 3
"""Pages, at least, on which a running head comes again; of two pages, both."""
_FRACTION, _MOST = 0.2, 0.6
"""Fractions of pages on which a running head comes again: where it stands apart, or anywhere."""
_MARGIN_LINES = 3
_LEVEL = 0.45
"""Difference of the heights of two lines, in their size, below which they may be one."""
_GAP = 0.22
"""Room between two letters, in their size, from which a blank stands between them."""
_APART = 1.3
"""Distance of two lines, in usual ones, from which they are of two paragraphs."""
_ENDS = (".", "!", "?", ":", '"', "”", "»")
_SHORT, _CAPITALS = 26, 0.75
"""Characters of a line of prose, at least, and fraction of lines with a capital, at most."""
_PROSE = 0.4
"""Fraction of lines after which the next word had no room, from which they are prose."""


Numbers = NDArray[np.float64]
_Columns = NDArray[np.intp]
"""The column of each line, counted from 0."""
_Name = tuple[object, ...]
"""What tells a running head: its side, its height, its blanks and its words."""


@dataclass(frozen=True)
class Page:
    """A page.

    Attributes:
        number: Counted from 0.
        width: In points.
        height: In points.
        texts: What each line says, with the blanks around it, in the order of the file.
        places: Where the lines stand, in points from the left and from the bottom. Shape
            (5, lines): where the first letter of each begins, where its last one ends, the height
            of its first letter, that of its last one (lower where two lines were joined at a
            hyphen), and the size of its first letter.
    """

    number: int
    width: float
    height: float
    texts: list[str]
    places: Numbers


class _Lines(NamedTuple):
    """The lines of some pages.

    Attributes:
        pages: Which of the pages each is on, counted from 0. Shape (lines,).
        texts: See `Page`.
        places: See `Page`.
    """

    pages: NDArray[np.intp]
    texts: list[str]
    places: Numbers

    def keep(self, kept: NDArray[np.bool_]) -> "_Lines":
        """Some of them."""
        texts = [*compress(self.texts, kept.tolist())]
        return _Lines(self.pages[kept], texts, self.places[:, kept])


class _Edge(NamedTuple):
    """The top or the bottom of a page.

    Attributes:
        side: Which of the two.
        lines: The outermost lines, from the outside.
        apart: How many of them stand farther from the rest than lines usually do.
    """

    side: str
    lines: list[int]
    apart: int


def lay_out(pages: Sequence[Page], account: Account) -> str:
    """The running text of some pages that follow each other."""
    texts = [text for page in pages for text in page.texts]
    numbers = np.repeat(np.arange(len(pages)), [len(page.texts) for page in pages])
    places = np.concatenate([page.places for page in pages], axis=1)
    lines = _leave_margins(_merge(_Lines(numbers, texts, places)), pages, account)
    if not lines.texts:
        return ""
    columns = _find_columns(lines)
    account.taken["page in columns"] += _count_pages_in_columns(lines, columns, pages)
    return _mend(_join(lines, columns).strip("\n"), account)


def _merge(lines: _Lines) -> _Lines:
    """Lines of which one goes on at the height of the one before it, as after a raised number."""
    pages, texts, places = lines
    lefts, rights, begins, ends, sizes = places
    gaps, steps = lefts[1:] - rights[:-1], np.abs(begins[1:] - ends[:-1])
    near = (-sizes[1:] / 2 < gaps) & (gaps < 2 * sizes[1:] + 1) & (pages[1:] == pages[:-1])
    kept, firsts = np.ones(len(texts), bool), dict[int, int]()
    # Few are near each other. Of lines that were merged the size of the first counts.
    for before in np.flatnonzero(near & (steps < _LEVEL * sizes.max(initial=0))).tolist():
        line, first = before + 1, firsts.get(before, before)
        if steps[before] < _LEVEL * max(sizes[first], sizes[line]):
            blank = texts[before].endswith(" ") or texts[line].startswith(" ")
            gap = "" if gaps[before] < _GAP * sizes[line] and not blank else " "
            texts[first] = f"{texts[first].rstrip(' ')}{gap}{texts[line].lstrip(' ')}"
            rights[first], ends[first] = rights[line], ends[line]
            kept[line], firsts[line] = False, first
    return _Lines(pages, [text.strip(" ") for text in texts], places).keep(kept)


def _leave_margins(lines: _Lines, pages: Sequence[Page], account: Account) -> _Lines:
    """Lines without running heads and page numbers, which are counted."""
    edges = [*_list_edges(lines)]
    filled = len({*lines.pages.tolist()})
    least = max(2 if filled == 2 else _FEW, filled * _FRACTION)
    most = max(_FEW, filled * _MOST)
    seen = _count_names(lines, edges, least)
    kept = np.ones(len(lines.texts), bool)
    for edge in edges:
        for place, line in enumerate(edge.lines):
            number = _PAGE_NUMBER.fullmatch(lines.texts[line])
            alone = filled > 1 and number and _tells(number[1], pages[lines.pages[line]])
            often = seen.get(line, 0)
            if not (alone or often >= most or (often >= least and place < edge.apart)):
                break
            kept[line] = False
            account.left["page number" if number else "running head"] += 1
    return lines.keep(kept)


def _list_edges(lines: _Lines) -> Iterator[_Edge]:
    """The top of each page and its bottom."""
    heights = lines.places[2]
    for page in _find_runs(lines.pages):
        order = page.start + np.argsort(-heights[page.start : page.stop], kind="stable")
        most = min(_MARGIN_LINES, len(order) // 2)
        if not most:
            continue
        sorted_heights = heights[order]
        usual = median((sorted_heights[:-1] - sorted_heights[1:]).tolist())
        # A line more, to see whether the last one stands apart.
        sides = {"top": slice(most + 1), "bottom": slice(None, -most - 2, -1)}
        for side, part in sides.items():
            ordered = order[part].tolist()
            apart = _count_apart(lines.texts[ordered[0]], sorted_heights[part].tolist(), usual)
            yield _Edge(side, ordered[:most], apart)


def _count_apart(text: str, heights: Sequence[float], usual: float) -> int:
    """How many of some lines, the first with that text, stand farther apart than usual."""
    for place, (one, other) in enumerate(pairwise(heights), 1):
        if abs(one - other) > _APART * usual:
            return place
    return int(_PAGE_NUMBER.fullmatch(text) is not None)


def _count_names(lines: _Lines, edges: Sequence[_Edge], least: float) -> dict[int, int]:
    """On how many pages stands what may be the running head of each, of those on enough pages.

    The same of it on each page are its words but for numbers, and its height.
    """
    heights = lines.places[2].tolist()

    def count(names: Mapping[int, _Name]) -> Counter[_Name]:
        found = ({names[line] for line in edge.lines if line in names} for edge in edges)
        return Counter(chain.from_iterable(found))

    # Words take longest, and few lines are at the height of enough others with as many blanks.
    rough = {
        line: (edge.side, round(heights[line] / 4), lines.texts[line].count(" "))
        for edge in edges
        for line in edge.lines
    }
    counts = count(rough)
    names = {
        line: (*name, _NUMBER.sub("#", lines.texts[line].lower()))
        for line, name in rough.items()
        if counts[name] >= least
    }
    counts = count(names)
    return {line: counts[name] for line, name in names.items()}


def _tells(number: str, page: Page) -> bool:
    """Whether a lone number is that of its page, counted from the first of the file."""
    return number.isdecimal() and int(number) == page.number + 1


def _find_columns(lines: _Lines) -> _Columns:
    """The column of each line: one begins where the text goes up the page again."""
    _, _, begins, ends, sizes = lines.places
    up = begins[1:] > ends[:-1] + 2 * sizes[1:]
    return np.cumsum(np.append(False, up | (lines.pages[1:] != lines.pages[:-1])))


def _find_runs(numbers: NDArray[np.intp]) -> list[range]:
    """Where one number stands again and again."""
    bounds = np.flatnonzero(np.diff(numbers, prepend=-1, append=-1)).tolist()
    return [range(*bound) for bound in pairwise(bounds)]


def _count_pages_in_columns(lines: _Lines, columns: _Columns, pages: Sequence[Page]) -> int:
    """On how many pages columns stand beside each other."""
    found = defaultdict[int, list[float]](list)
    runs = _find_runs(columns)
    starts = [run.start for run in runs]
    lefts = np.minimum.reduceat(lines.places[0], starts).tolist()
    for run, page, left in zip(runs, lines.pages[starts].tolist(), lefts, strict=True):
        if len(run) > 2:
            found[page].append(left)
    return sum(max(lefts) - min(lefts) > pages[page].width / 5 for page, lefts in found.items())


def _join(lines: _Lines, columns: _Columns) -> str:
    """Lines put together to paragraphs."""
    texts = lines.texts
    lefts, rights, begins, ends, sizes = lines.places
    runs = _find_runs(columns)
    edges = np.maximum.reduceat(rights, [run.start for run in runs])[columns]
    within = columns[1:] == columns[:-1]
    steps = np.where(within, ends[:-1] - begins[1:], 0)
    usual = _find_medians(steps.tolist(), runs)[columns[:-1]]
    apart = (usual > 0) & (steps > _APART * usual)
    # Whether the first word of the next line had no room at the end of a line.
    lengths = np.array([*map(len, texts)])
    words = np.array([len(text.partition(" ")[0]) for text in texts])
    room = ((rights - lefts) / lengths * (words + 1))[1:]
    full = within & (rights[:-1] + room > edges[:-1])
    same = np.abs(sizes[:-1] - sizes[1:]) < 0.1 * sizes[:-1]
    prose = _find_prose(texts, full, columns)[columns]
    # What follows in the next column goes on where the last line of this one is full.
    wraps = ~within & prose[1:] & (rights[:-1] > 0.9 * edges[:-1])
    for place in np.flatnonzero(wraps).tolist():
        wraps[place] = not texts[place].endswith(_ENDS)
    joined = prose[:-1] & (wraps | full & same & ~apart)
    marks = np.where(joined, " ", np.where(apart, "\n\n", "\n")).tolist()
    hyphens = [place for place, text in enumerate(texts[:-1]) if text[-1] in HYPHENS]
    for place in hyphens:
        if joined[place] and texts[place + 1][0].islower():
            marks[place] = HYPHEN
    return "".join(chain.from_iterable(zip(texts, [*marks, ""], strict=True)))


def _find_prose(
    texts: Sequence[str], full: NDArray[np.bool_], columns: _Columns
) -> NDArray[np.bool_]:
    """Which columns have lines that end where there was no more room, not where a poet would."""
    counts = np.bincount(columns)
    filled = np.bincount(columns[:-1], full, len(counts)) >= _PROSE * (counts - 1)
    short = _find_medians([*map(len, texts)], _find_runs(columns)) < _SHORT
    capitals = np.bincount(columns, [text[0].isupper() for text in texts]) > _CAPITALS * counts
    return (counts < 3) | filled & ~short & ~(capitals & (counts > 3))


def _find_medians(values: Sequence[float], runs: Sequence[range]) -> Numbers:
    """The median of the values above 0 in each run; 0 where there are none."""
    return np.array(
        [median([one for one in values[run.start : run.stop] if one > 0] or [0]) for run in runs]
    )


def _mend(text: str, account: Account) -> str:
    """The text without hyphens at line ends, ligatures and signs of symbol fonts, all counted."""
    text, symbols = _SYMBOL.subn("", text)
    account.left["symbol of a symbol font"] += symbols
    for ligature, letters in _LIGATURES.items():
        if ligature in text:
            account.changed["ligature (as letters)"] += text.count(ligature)
            text = text.replace(ligature, letters)
    return join_words(text, account) if HYPHEN in text else text
