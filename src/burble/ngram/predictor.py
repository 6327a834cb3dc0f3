"""What a memory expects to come next: modified Kneser-Ney over all that followed alike contexts.

Source: Chen and Goodman 1999. Knows nothing of networks or of files.
"""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from burble.ngram import index as memories
from burble.ngram.index import DEPTH, LARGEST, Memory

FEW = 256
"""Places that are looked through one by one; more are counted once, and the counts kept."""
RECENT = 1 << 16
"""Symbols that are read before they are sorted into the memory."""
WEIGHT = 2
"""How often a place counts that was read just now: what is near is more alike."""

Ints = NDArray[np.int64]
_ROWS = 4 * np.arange(DEPTH + 1)[:, None]
_AHEAD = np.arange(DEPTH, dtype=np.uint32)


@dataclass(frozen=True)
class Expectation:
    """What a memory expects after each of B contexts.

    Attributes:
        shares: The probability of each symbol, shape (B, V).
        longest: Symbols of the longest context that was met before, shape (B,).
    """

    shares: NDArray[np.float64]
    longest: Ints


@dataclass(frozen=True)
class _Met:
    """What followed each of B contexts.

    Attributes:
        counts: Kneser-Ney counts after contexts of 0 to DEPTH symbols, shape (B, DEPTH + 1, V).
        longest: Symbols of the longest that was met, shape (B,).
    """

    counts: Ints
    longest: Ints


@dataclass(frozen=True)
class _Node:
    """A context that was met often.

    Attributes:
        first: The first of its places in the memory's order.
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


class Index:
    """A memory that can be asked. Any number of readers may share it.

    Args:
        memory: The memory.
        size: V, ids that there can be.
    """

    def __init__(self, memory: Memory, size: int) -> None:
        """Counts single symbols."""
        self.memory = memory
        self.size = size
        self._discounts = memory.discounts.astype(np.float64)
        # Plain arrays: to take a part of one that is mapped costs several times as much.
        self._text, self._contexts = np.asarray(memory.text), np.asarray(memory.contexts)
        self._shared = np.asarray(memory.shared)
        self._following = self._text[self._contexts - np.uint32(1)]
        # Reading one number of these is several times as fast as of an array.
        self._views = self._text.data, self._contexts.data
        self._root = self._node(0, len(self._contexts), np.zeros((0, size), np.int64))

    def expect(self, contexts: Ints) -> Expectation:
        """What is expected after some contexts, as in `met`."""
        return self.expectation(self.met(contexts))

    def met(self, contexts: Ints) -> _Met:
        """What followed some contexts.

        Args:
            contexts: The symbols before, the last one first, shape (B, DEPTH).
        """
        nodes, spans = zip(*map(self._walk, contexts.tolist()), strict=True)
        places = np.concatenate([np.arange(first, end) for first, end in spans])
        rows = np.repeat(np.arange(len(spans)), [end - first for first, end in spans])
        symbols, alike = self._following[places], self._alike(places, contexts[rows])
        longest = np.array([node.depth for node in nodes])
        shared = np.maximum(self._shared[places], longest[rows] + 1)
        counts = _counts(rows, symbols, (shared, alike), (len(spans), self.size))
        np.maximum.at(longest, rows, alike)
        for row, node in enumerate(nodes):
            counts[row, : node.depth + 1] = node.counts
        return _Met(counts, longest)

    def expectation(self, met: _Met) -> Expectation:
        """Probabilities, mixed of all lengths of context."""
        counts = met.counts
        taken = self._discounts.take(np.minimum(counts, 3) + _ROWS)
        totals = counts.sum(2)
        there = np.maximum(totals, 1)
        # What is taken from the counts of one length is given to the one below.
        freed = np.where(totals > 0, taken.sum(2) / there, 1.0)
        passed = np.ones((len(counts), DEPTH + 2))
        passed[:, :-1] = freed[:, ::-1].cumprod(1)[:, ::-1]
        weights = passed[:, 1:] / there
        shares = (weights[:, None] @ (counts - taken))[:, 0]
        shares += passed[:, :1] / self.size
        return Expectation(shares, met.longest)

    def _walk(self, context: list[int]) -> tuple[_Node, tuple[int, int]]:
        """The longest end of a context that was met often, and where longer ones stand."""
        node = self._root
        while node.depth < DEPTH:
            symbol = context[node.depth]
            longer = node.longer.get(symbol)
            if longer is None:
                first, end = self._span(node, symbol)
                if end - first <= FEW:
                    return node, (first, end)
                longer = node.longer[symbol] = self._node(first, end, node.counts)
            node = longer
        return node, (0, 0)

    def _node(self, first: int, end: int, shorter: Ints) -> _Node:
        """The node of some places, with the counts of contexts that are shorter."""
        symbols = self._following[first:end]
        counted = symbols[self._shared[first:end] <= len(shorter)]
        counts = np.vstack([shorter, np.bincount(counted, minlength=self.size)])
        return _Node(first, end, counts)

    def _span(self, node: _Node, symbol: int) -> tuple[int, int]:
        """Where the contexts stand that go on with a symbol."""
        (text, contexts), depth = self._views, node.depth

        def next_symbol(place: int) -> int:
            return int(text[contexts[place] + depth])

        places = range(node.first, node.end)
        first = bisect_left(places, symbol, key=next_symbol)
        end = bisect_right(places, symbol, lo=first, key=next_symbol)
        return node.first + first, node.first + end

    def _alike(self, places: Ints, contexts: Ints) -> Ints:
        """How many symbols the context of each place shares with another, (n, DEPTH)."""
        differ = np.ones((len(places), DEPTH + 1), bool)
        there = self._text[self._contexts[places, None] + _AHEAD]
        np.not_equal(there, contexts, out=differ[:, :-1])
        return np.asarray(differ.argmax(1))


def _counts(
    rows: Ints | int,
    symbols: NDArray[np.integer],
    lengths: tuple[NDArray[np.integer], Ints],
    shape: tuple[int, int],
) -> Ints:
    """Kneser-Ney counts of some places.

    Args:
        rows: Which context each of them is counted for, shape (n,).
        symbols: What followed it, shape (n,).
        lengths: The shortest and the longest context for which it counts, shape (n,) each: from
            what it shares with another place of its symbol to what it shares with the one that
            is asked for. For the longest of all, every place does.
        shape: B and V.

    Returns:
        Counts, shape (B, DEPTH + 1, V).
    """
    (least, most), (texts, size) = lengths, shape
    counted = least <= most
    first = (rows * (DEPTH + 2) * size + symbols)[counted]
    total = texts * (DEPTH + 2) * size
    more = np.bincount(first + (most[counted] + 1) * size, minlength=total)
    less = np.bincount(first + least[counted] * np.int64(size), minlength=total)
    steps = (more - less).reshape(texts, DEPTH + 2, size)
    return steps[:, :0:-1].cumsum(1)[:, ::-1]


class Reader:
    """One text as far as it was read, and what a memory expects after it.

    Args:
        index: The memory.
        learns: Whether what is read is remembered as well, by this reader alone.
    """

    def __init__(self, index: Index, *, learns: bool) -> None:
        """Nothing was read."""
        self._index = index
        self._learns = learns
        self._context = np.zeros(DEPTH, np.int64)
        # Of each place that was read: its symbol, what it shares, and what with the context now.
        self._places = np.zeros((3, RECENT if learns else 0), np.int64)
        self._began = self._context
        self._read = 0
        self._met: _Met | None = None

    def expect(self) -> Expectation:
        """What is expected to come next, with B of 1."""
        return self._index.expectation(self._now())

    def add(self, symbol: int) -> None:
        """Reads a symbol."""
        if self._learns:
            self._learn(symbol)
        self._met = None
        self._context = np.append(symbol, self._context[:-1])
        if self._read:
            self._places[2, 0] = np.append(self._context != self._began, True).argmax()

    def _now(self) -> _Met:
        """What followed the context before, in the memory and in what was read."""
        if self._met is None:
            self._met = self._index.met(self._context[None])
            if self._read:
                self._met = self._with_read(self._met)
        return self._met

    def _with_read(self, met: _Met) -> _Met:
        """What followed the context in what was read, too."""
        symbols, shared, alike = self._places[:, : self._read]
        counts = _counts(0, symbols, (shared, alike), (1, self._index.size))
        return _Met(met.counts + WEIGHT * counts, np.maximum(met.longest, alike.max()))

    def _learn(self, symbol: int) -> None:
        """Remembers a symbol in its context."""
        met = np.flatnonzero(self._now().counts[0, :, symbol])
        if self._read == RECENT:
            self._sort()
        if not self._read:
            self._began = self._context
        symbols, shared, alike = self._places
        read, self._read = self._read, self._read + 1
        longer = np.minimum(alike[:read] + 1, DEPTH)
        alike[1 : read + 1] = np.where(symbols[:read] == symbol, longer, 0)
        symbols[read], shared[read] = symbol, met[-1] if len(met) else 0

    def _sort(self) -> None:
        """Sorts what was read into a memory of its own."""
        ids = np.concatenate([self._index.memory.ids(), self._places[0]])[-LARGEST:]
        self._index = Index(memories.of(ids), self._index.size)
        self._read = 0
