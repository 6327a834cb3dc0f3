"""What an n-gram model predicts: modified Kneser-Ney over all that followed the same contexts.

Source: Chen and Goodman 1999. Knows nothing of networks or of files.
"""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from burble.ngram.index import MAX_CONTEXT, MAX_SYMBOLS, SuffixIndex, build_index

MAX_SCANNED = 256
"""Positions that are looked through one by one; more are counted once, and the counts kept."""
RECENT_SYMBOLS = 1 << 16
"""Symbols that are read before they are sorted into the index."""
RECENT_WEIGHT = 2
"""How often a position counts that was read just now: what is near is more alike."""

Ints = NDArray[np.int64]
_ROWS = 4 * np.arange(MAX_CONTEXT + 1)[:, None]
_AHEAD = np.arange(MAX_CONTEXT, dtype=np.uint32)


@dataclass(frozen=True)
class Prediction:
    """What an n-gram model predicts after each of B contexts.

    Attributes:
        probabilities: Of each symbol, shape (B, V).
        context_lengths: Symbols of the longest context that was met before, shape (B,).
    """

    probabilities: NDArray[np.float64]
    context_lengths: Ints


@dataclass(frozen=True)
class _Counts:
    """What followed each of B contexts.

    Attributes:
        counts: Kneser-Ney counts after contexts of 0 to MAX_CONTEXT symbols, shape
            (B, MAX_CONTEXT + 1, V).
        longest: Symbols of the longest that was met, shape (B,).
    """

    counts: Ints
    longest: Ints


@dataclass(frozen=True)
class _Node:
    """A context that was met often.

    Attributes:
        first: The first of its positions in the index.
        end: One behind the last.
        counts: Kneser-Ney counts after each shorter context and this one, shape (…, V).
        longer: The contexts that are longer by one symbol and were met often, by that symbol.
    """

    first: int
    end: int
    counts: Ints
    longer: dict[int, "_Node"] = field(default_factory=dict)

    @property
    def depth(self) -> int:
        """Symbols of the context."""
        return len(self.counts) - 1


class NgramModel:
    """An n-gram model of a text. Any number of predictors may share it.

    Args:
        index: The index of the text.
        size: V, ids that there can be.
    """

    def __init__(self, index: SuffixIndex, size: int) -> None:
        self.index = index
        self.size = size
        # Kept counts take as much as the alphabet is large, which of words are thousands.
        self._scanned = max(MAX_SCANNED, size)
        self._discounts = index.discounts.astype(np.float64)
        # Plain arrays: to take a part of one that is mapped costs several times as much.
        self._text, self._contexts = np.asarray(index.text), np.asarray(index.contexts)
        self._shared = np.asarray(index.shared)
        self._following = self._text[self._contexts - np.uint32(1)]
        # Reading one number of these is several times as fast as of an array.
        self._views = self._text.data, self._contexts.data
        self._root = self._node(0, len(self._contexts), np.zeros((0, size), np.int64))

    def predict(self, contexts: Ints) -> Prediction:
        """What is predicted after some contexts, as in `count_following`."""
        return self.predict_from(self.count_following(contexts))

    def count_following(self, contexts: Ints) -> _Counts:
        """What followed some contexts.

        Args:
            contexts: The symbols before, the last one first, shape (B, MAX_CONTEXT).
        """
        nodes, spans = zip(*map(self._walk, contexts.tolist()), strict=True)
        positions = np.concatenate([np.arange(first, end) for first, end in spans])
        rows = np.repeat(np.arange(len(spans)), [end - first for first, end in spans])
        symbols, alike = self._following[positions], self._alike(positions, contexts[rows])
        longest = np.array([node.depth for node in nodes])
        shared = np.maximum(self._shared[positions], longest[rows] + 1)
        counts = _counts(rows, symbols, (shared, alike), (len(spans), self.size))
        np.maximum.at(longest, rows, alike)
        for row, node in enumerate(nodes):
            counts[row, : node.depth + 1] = node.counts
        return _Counts(counts, longest)

    def predict_from(self, following: _Counts) -> Prediction:
        """Probabilities, interpolated over all lengths of context."""
        counts = following.counts
        taken = self._discounts.take(np.minimum(counts, 3) + _ROWS)
        totals = counts.sum(2)
        there = np.maximum(totals, 1)
        # What is taken from the counts of one length is given to the one below.
        freed = np.where(totals > 0, taken.sum(2) / there, 1.0)
        passed = np.ones((len(counts), MAX_CONTEXT + 2))
        passed[:, :-1] = freed[:, ::-1].cumprod(1)[:, ::-1]
        weights = passed[:, 1:] / there
        probabilities = (weights[:, None] @ (counts - taken))[:, 0]
        probabilities += passed[:, :1] / self.size
        return Prediction(probabilities, following.longest)

    def _walk(self, context: list[int]) -> tuple[_Node, tuple[int, int]]:
        """The longest end of a context that was met often, and where longer ones stand."""
        node = self._root
        while node.depth < MAX_CONTEXT:
            symbol = context[node.depth]
            longer = node.longer.get(symbol)
            if longer is None:
                first, end = self._span(node, symbol)
                if end - first <= self._scanned:
                    return node, (first, end)
                longer = node.longer[symbol] = self._node(first, end, node.counts)
            node = longer
        return node, (0, 0)

    def _node(self, first: int, end: int, shorter: Ints) -> _Node:
        """The node of some positions, with the counts of contexts that are shorter."""
        symbols = self._following[first:end]
        counted = symbols[self._shared[first:end] <= len(shorter)]
        counts = np.vstack([shorter, np.bincount(counted, minlength=self.size)])
        return _Node(first, end, counts)

    def _span(self, node: _Node, symbol: int) -> tuple[int, int]:
        """Where the contexts stand that go on with a symbol."""
        (text, contexts), depth = self._views, node.depth

        def next_symbol(position: int) -> int:
            return int(text[contexts[position] + depth])

        positions = range(node.first, node.end)
        first = bisect_left(positions, symbol, key=next_symbol)
        end = bisect_right(positions, symbol, lo=first, key=next_symbol)
        return node.first + first, node.first + end

    def _alike(self, positions: Ints, contexts: Ints) -> Ints:
        """How many symbols the context of each position shares with another, (n, MAX_CONTEXT)."""
        differ = np.ones((len(positions), MAX_CONTEXT + 1), bool)
        there = self._text[self._contexts[positions, None] + _AHEAD]
        np.not_equal(there, contexts, out=differ[:, :-1])
        return np.asarray(differ.argmax(1))


def _counts(
    rows: Ints | int,
    symbols: NDArray[np.integer],
    lengths: tuple[NDArray[np.integer], Ints],
    shape: tuple[int, int],
) -> Ints:
    """Kneser-Ney counts of some positions.

    Args:
        rows: Which context each of them is counted for, shape (n,).
        symbols: What followed it, shape (n,).
        lengths: The shortest and the longest context for which it counts, shape (n,) each: from
            what it shares with another position of its symbol to what it shares with that
            context. For the longest of all, every position does.
        shape: B and V.

    Returns:
        Counts, shape (B, MAX_CONTEXT + 1, V).
    """
    (least, most), (texts, size) = lengths, shape
    counted = least <= most
    first = (rows * (MAX_CONTEXT + 2) * size + symbols)[counted]
    total = texts * (MAX_CONTEXT + 2) * size
    more = np.bincount(first + (most[counted] + 1) * size, minlength=total)
    less = np.bincount(first + least[counted] * np.int64(size), minlength=total)
    steps = (more - less).reshape(texts, MAX_CONTEXT + 2, size)
    return steps[:, :0:-1].cumsum(1)[:, ::-1]


class NgramPredictor:
    """What an n-gram model predicts of one text, symbol by symbol.

    Args:
        model: The n-gram model.
        adaptive: Whether what is read is counted as well, by this predictor alone.
    """

    def __init__(self, model: NgramModel, *, adaptive: bool) -> None:
        self._model = model
        self._adaptive = adaptive
        self._context = np.zeros(MAX_CONTEXT, np.int64)
        # Of each position that was read: its symbol, what it shares, and what with the context now.
        self._positions = np.zeros((3, RECENT_SYMBOLS if adaptive else 0), np.int64)
        self._began = self._context
        self._read = 0
        self._counts: _Counts | None = None

    def predict(self) -> Prediction:
        """What is predicted to come next, with B of 1."""
        return self._model.predict_from(self._count())

    def append_symbol(self, symbol: int) -> None:
        """Reads a symbol."""
        if self._adaptive:
            self._learn(symbol)
        self._counts = None
        self._context = np.append(symbol, self._context[:-1])
        if self._read:
            self._positions[2, 0] = np.append(self._context != self._began, True).argmax()

    def _count(self) -> _Counts:
        """What followed the context before, in the indexed text and in what was read."""
        if self._counts is None:
            self._counts = self._model.count_following(self._context[None])
            if self._read:
                self._counts = self._with_recent(self._counts)
        return self._counts

    def _with_recent(self, indexed: _Counts) -> _Counts:
        """What followed the context in what was read, too."""
        symbols, shared, alike = self._positions[:, : self._read]
        counts = _counts(0, symbols, (shared, alike), (1, self._model.size))
        longest = np.maximum(indexed.longest, alike.max())
        return _Counts(indexed.counts + RECENT_WEIGHT * counts, longest)

    def _learn(self, symbol: int) -> None:
        """Counts a symbol in its context."""
        met = np.flatnonzero(self._count().counts[0, :, symbol])
        if self._read == RECENT_SYMBOLS:
            self._sort()
        if not self._read:
            self._began = self._context
        symbols, shared, alike = self._positions
        read, self._read = self._read, self._read + 1
        longer = np.minimum(alike[:read] + 1, MAX_CONTEXT)
        alike[1 : read + 1] = np.where(symbols[:read] == symbol, longer, 0)
        symbols[read], shared[read] = symbol, met[-1] if len(met) else 0

    def _sort(self) -> None:
        """Sorts what was read into an index of its own."""
        ids = np.concatenate([self._model.index.ids(), self._positions[0]])[-MAX_SYMBOLS:]
        self._model = NgramModel(build_index(ids), self._model.size)
        self._read = 0
