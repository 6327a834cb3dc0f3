"""A validation or test part that is spread over all sources of a text, and the text in that order.

A source is many documents or running text. Of documents some are drawn, about as many symbols of
each source as its fraction is; running text gives its end. What is drawn depends on the text and
on `SEED` alone, so trainings of any seed are scored on the same. Knows nothing of models.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from burble import files
from burble.data import encoder
from burble.data.encoder import EncodedText
from burble.files import Ids

_BLOCK = 1 << 20
SEED = 0
"""Seeds the drawing of documents; recorded in `run.json`."""
MANY = 20
"""Documents from which on some of them are drawn; fewer are running text."""
LONG = 10_000
"""Symbols of a document from which on it is running text, and gives its end."""
FEW = 4
"""Documents of the whole drawn part below which one that is a source by itself is no candidate:
it gives its end, so that the source is learned as well as scored, where that end is at least of
as many symbols as are in `ENOUGH`."""
ENOUGH = 100
LEAST = 10
"""Symbols of an end at least: a shorter source is learned whole."""
FIRST = 5_000
"""Drawn symbols, from the first, that are mixed of all sources; so are as many more, and then
twice as many each time, so that any beginning of the drawn part speaks for all of it."""
SHORTEST = 500
"""Symbols of a piece, at least, that an end is cut into for that."""

Ints = NDArray[np.int64]
Places = NDArray[np.intp]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Pieces:
    """Stretches of a text: whole documents, or parts of them.

    Attributes:
        begins: Where each begins, shape (P,).
        ends: Where each ends, its edge included, shape (P,).
        sources: The source of each, shape (P,).
        first: Whether it begins where a document does, shape (P,).
        last: Whether it ends where a document does, shape (P,).
    """

    begins: Ints
    ends: Ints
    sources: Ints
    first: Bools
    last: Bools

    @classmethod
    def whole(cls, size: int, starts: Ints, documents: list[int]) -> "Pieces":
        """All documents of a text.

        Args:
            size: N, symbols of the text.
            starts: Where documents begin.
            documents: How many of them each source has.
        """
        whole = np.ones(len(starts), bool)
        sources = np.repeat(np.arange(len(documents)), documents)
        return cls(np.array(starts), np.append(starts[1:], size), sources, whole, whole)

    def __len__(self) -> int:
        """How many there are."""
        return len(self.begins)

    @property
    def sizes(self) -> Ints:
        """Symbols of each, shape (P,)."""
        return self.ends - self.begins

    def take(self, places: Ints | Bools) -> "Pieces":
        """Some of them, in the order given."""
        return Pieces(*(getattr(self, field.name)[places] for field in fields(self)))

    def join(self, others: "Pieces") -> "Pieces":
        """These, and others after them."""
        return Pieces(
            *(
                np.concatenate([getattr(self, field.name), getattr(others, field.name)])
                for field in fields(self)
            )
        )

    def cut(self, places: Ints) -> tuple["Pieces", Places]:
        """The same, cut where places fall inside of one, and which each part was part of.

        They must be in the order of the text.
        """
        piece = np.searchsorted(self.begins, places, side="right") - 1
        inside = (piece >= 0) & (places > self.begins[piece]) & (places < self.ends[piece])
        begins = np.sort(np.append(self.begins, places[inside]))
        origin = np.searchsorted(self.begins, begins, side="right") - 1
        first, last = begins == self.begins[origin], np.append(np.diff(origin) > 0, True)
        ends = np.where(last, self.ends[origin], np.append(begins[1:], 0))
        first, last = first & self.first[origin], last & self.last[origin]
        return Pieces(begins, ends, self.sources[origin], first, last), origin


def draw(pieces: Pieces, fraction: float, *, running: bool, number: int) -> tuple[Pieces, Pieces]:
    """Draws what is not learned.

    Args:
        pieces: The text, in the order of reading.
        fraction: How much of the symbols to draw.
        running: Whether each source is one running text, whatever its documents are.
        number: Parts of this text drawn before this one; seeds the drawing with `SEED`.

    Returns:
        What is learned, in the order of reading, and what is drawn, mixed of all sources.
    """
    rng = np.random.default_rng([SEED, number])
    alone = np.ones(len(pieces), bool) if running else _find_alone(pieces, fraction)
    drawn, keys = _draw_documents(pieces, np.flatnonzero(~alone), fraction, rng)
    tails = _find_tails(pieces, _find_running(pieces, alone, running=running), fraction)
    marks = _make_marks(int(pieces.sizes[drawn].sum() + np.diff(tails).sum()))
    cut, origin = pieces.cut(_find_cuts(pieces, tails, marks))
    tail = np.searchsorted(tails[:, 0], cut.begins, side="right") - 1
    begin, end = np.vstack([tails, [0, 0]])[tail].T
    inside = (begin <= cut.begins) & (cut.begins < end)
    before = np.where(inside, (cut.begins - begin) / np.maximum(1, end - begin), 0)
    mark = np.searchsorted(marks, before, side="right") - 1
    ranks = rng.random((len(tails) + 1, len(marks)))
    order = np.lexsort(
        (
            cut.begins,
            np.where(inside, ranks[tail, mark], rng.random(len(cut))),
            np.where(inside, marks[mark], keys[origin]),
        )
    )
    held = inside | drawn[origin]
    return cut.take(~held), cut.take(order[held[order]])


def find_end(sizes: Ints, fraction: float) -> tuple[int, int]:
    """Where the end of a running text begins: with a document near by, or else within one.

    Args:
        sizes: Symbols of each of its documents, shape (D,).
        fraction: The fraction of its symbols that is its end.

    Returns:
        A document's number, and symbols of it that stand before the end; (D, 0) where the end
        would be too short.
    """
    size, starts = int(sizes.sum()), np.cumsum(sizes) - sizes
    wanted = int(size * fraction)
    if wanted < LEAST:
        return len(sizes), 0
    cut = size - wanted
    least = max(1, size - 2 * wanted)
    near = np.flatnonzero((starts >= least) & (starts <= size - wanted / 2))
    if len(near):
        return int(near[np.argmin(np.abs(starts[near] - cut))]), 0
    inside = int(np.searchsorted(starts, cut, side="right")) - 1
    return inside, cut - int(starts[inside])


def _find_alone(pieces: Pieces, fraction: float) -> Bools:
    """Which documents are running texts that give their ends."""
    sizes, ends = pieces.sizes, pieces.sizes * fraction
    only = np.bincount(pieces.sources)[pieces.sources] == 1
    large = (sizes * FEW > fraction * sizes.sum()) & (ends >= ENOUGH)
    alone: Bools = (sizes >= LONG) | (only & large)
    return alone


def _find_running(pieces: Pieces, alone: Bools, *, running: bool) -> Iterator[Places]:
    """The pieces of each running text: those of a source, or each long one by itself."""
    chosen = np.flatnonzero(alone)
    if not running:
        yield from chosen[:, None]
    elif len(chosen):
        yield from np.split(chosen, np.flatnonzero(np.diff(pieces.sources[chosen])) + 1)


def _draw_documents(
    pieces: Pieces, chosen: Places, fraction: float, rng: np.random.Generator
) -> tuple[Bools, NDArray[np.float64]]:
    """Which pieces are drawn, of those chosen, and where in the drawn part, from 0 to 1."""
    sizes = pieces.sizes
    drawn, keys = np.zeros(len(pieces), bool), np.zeros(len(pieces))
    for stratum in _find_strata(pieces, chosen, fraction):
        some = _draw_some(stratum, sizes[stratum], fraction, rng)
        drawn[some] = True
        before = np.cumsum(sizes[some]) - sizes[some] * rng.random(len(some))
        keys[some] = before / max(1, sizes[some].sum())
    return drawn, keys


def _find_strata(pieces: Pieces, chosen: Places, fraction: float) -> Iterator[Places]:
    """Documents of which a fraction is drawn: those of each source, of small sources together."""
    sources, counts = pieces.sources[chosen], np.bincount(pieces.sources[chosen])
    # Of a source of one document none could be drawn, whatever the fraction.
    small = (counts * fraction < 0.5) | (counts < 2)
    yield chosen[small[sources]]
    ordered = chosen[~small[sources]]
    if len(ordered):
        yield from np.split(ordered, np.flatnonzero(np.diff(pieces.sources[ordered])) + 1)


def _draw_some(stratum: Places, sizes: Ints, fraction: float, rng: np.random.Generator) -> Places:
    """Some of the documents of a stratum, in random order, with about a fraction of its symbols.

    One that alone is longer than all that is wanted is never drawn, but for the shortest
    where there are only such; and never all of them are.
    """
    wanted, order = sizes.sum() * fraction, rng.permutation(len(stratum))
    if len(stratum) < 2 or not wanted:
        return stratum[:0]
    fits = order[sizes[order] <= wanted]
    if not len(fits):
        shortest = int(sizes.argmin())
        return stratum[shortest : shortest + 1] if sizes[shortest] <= 2 * wanted else stratum[:0]
    taken = int(np.argmin(np.abs(np.cumsum(sizes[fits]) - wanted))) + 1
    drawn: Places = stratum[fits[: min(taken, len(stratum) - 1)]]
    return drawn


def _find_tails(pieces: Pieces, texts: Iterable[Places], fraction: float) -> Ints:
    """Where the end of each running text begins and ends, shape (texts that give one, 2)."""
    found = []
    for text in texts:
        piece, inside = find_end(pieces.sizes[text], fraction)
        if piece < len(text):
            found.append((pieces.begins[text[piece]] + inside, pieces.ends[text[-1]]))
    return np.array(found, np.int64).reshape(-1, 2)


def _make_marks(total: int) -> NDArray[np.float64]:
    """Shares of the drawn part, of so many symbols, up to which it is mixed; see `FIRST`."""
    marks = [0.0]
    while (after := max(FIRST / max(1, total), 2 * marks[-1])) < 1:
        marks.append(after)
    return np.array(marks)


def _find_cuts(pieces: Pieces, tails: Ints, marks: NDArray[np.float64]) -> Ints:
    """Where running texts are cut: where their ends begin, and at marks inside of these."""
    edges = np.append(pieces.begins, pieces.ends.max(initial=0))
    found = []
    for begin, end in tails.tolist():
        found.append(begin)
        for mark in marks[1:]:
            place = begin + math.ceil(mark * (end - begin))
            after = int(np.searchsorted(edges, place))
            last = max(found[-1], int(edges[after - 1]))
            if last + SHORTEST <= place <= edges[after] - SHORTEST:
                found.append(place)
    return np.array(found, np.int64)


def arrange(text: EncodedText, pieces: Pieces, learned: int) -> tuple[Ids, Ints, Ints]:
    """A text's pieces one after the other, an edge after each that has none of its own.

    Args:
        text: The text.
        pieces: Which, in the new order.
        learned: How many of them are learned.

    Returns:
        Ids, where each piece begins, and the places that are given; see `split.Divided`.
    """
    ends = np.cumsum(pieces.sizes + ~pieces.last)
    starts = np.append(0, ends[:-1])
    # No end of a document that is cut in two can be known from what is learned.
    unknown = ~pieces.last | (~pieces.first & (np.arange(len(pieces)) >= learned))
    given = np.unique(np.concatenate([starts[~pieces.first], ends[unknown] - 1]))
    blocks = _copy(text, pieces)
    if ends[-1] <= encoder.IN_MEMORY:
        return np.concatenate(list(blocks)), starts, given
    return files.map_ids(blocks, text.vocabulary.dtype), starts, given


def _copy(text: EncodedText, pieces: Pieces) -> Iterator[Ids]:
    """The symbols of pieces in order, those that follow each other in one block."""
    edge: Ids = np.array([text.vocabulary.boundary_id], text.vocabulary.dtype)
    breaks = ~pieces.last | np.append(pieces.begins[1:] != pieces.ends[:-1], True)
    first = seen = 0
    for piece in np.flatnonzero(breaks).tolist():
        begin, end = int(pieces.begins[first]), int(pieces.ends[piece])
        for at in range(begin, end, _BLOCK):
            block: Ids = text.ids[at : min(at + _BLOCK, end)]
            yield block
            if at // _BLOCK != seen:
                seen = at // _BLOCK
                files.release(text.ids)
        if not pieces.last[piece]:
            yield edge
        first = piece + 1
