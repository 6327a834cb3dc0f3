"""What a memory expects to come next: modified Kneser-Ney over all that followed alike contexts.

Source: Chen and Goodman 1999. Knows nothing of networks or of files.
"""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from burble import memory as memories
from burble.memory import DEPTH, LARGEST, Memory

FEW = 256
"""Places that are looked through one by one; more are counted once, and the counts kept."""
RECENT = 1 << 16
"""Symbols that are read before they are sorted into the memory."""
WEIGHT = 2
"""How often a place counts that was read just now: what is near is more alike."""

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Expectation:
    """What a memory expects.

    Attributes:
        shares: The probability of each symbol, shape (V,).
        longest: Symbols of the longest context that was met before.
        times: How often it was met.
        surest: The share of the symbol that followed it most often.
    """

    shares: NDArray[np.float64]
    longest: int
    times: int
    surest: float


@dataclass(frozen=True)
class _Met:
    """What followed a context, and each shorter one.

    Attributes:
        counts: Kneser-Ney counts after contexts of 0, 1, … symbols, shape (…, V).
        longest: Symbols of the longest that was met.
        followed: What followed that, each symbol as often as it did.
    """

    counts: Ints
    longest: int
    followed: NDArray[np.integer]


@dataclass(frozen=True)
class _Node:
    """A context that was met often.

    Attributes:
        first: The first of its places in the memory's order.
        end: One behind the last.
        met: What followed it.
        longer: The contexts that are longer by one symbol and were met often, by that symbol.
    """

    first: int
    end: int
    met: _Met
    longer: dict[int, "_Node"] = field(default_factory=dict)


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
        self._following = memory.following
        # Reading one number of these is several times as fast as of an array.
        self._views = memory.text.data, memory.contexts.data
        self._root = self._node(0, len(memory.contexts), np.zeros((0, size), np.int64))

    def met(self, context: Ints) -> _Met:
        """What followed a context.

        Args:
            context: The symbols before, the last one first, shape (DEPTH,).
        """
        node, symbols = self._root, context.tolist()
        while (depth := node.met.longest) < DEPTH:
            longer = node.longer.get(symbols[depth])
            if longer is None:
                first, end = self._span(node, symbols[depth])
                if end - first <= FEW:
                    return self._few(node.met, first, end, context)
                longer = self._node(first, end, node.met.counts)
                node.longer[symbols[depth]] = longer
            node = longer
        return node.met

    def expect(self, context: Ints) -> Expectation:
        """What is expected after a context, as in `met`."""
        return self.expectation(self.met(context))

    def expectation(self, met: _Met) -> Expectation:
        """Probabilities, mixed of all lengths of context."""
        counts, lengths = met.counts, np.arange(len(met.counts))[:, None]
        taken = self._discounts[lengths, np.minimum(counts, 3)]
        totals = counts.sum(1)
        there = np.maximum(totals, 1)
        # What is taken from the counts of one length is given to the one below.
        freed = np.where(totals > 0, taken.sum(1) / there, 1.0)
        passed = np.append(freed[::-1].cumprod()[::-1], 1.0)
        own = (counts - taken) / there[:, None]
        shares = passed[1:] @ own + passed[0] / self.size
        often = np.bincount(met.followed).max() / len(met.followed)
        return Expectation(shares, met.longest, len(met.followed), float(often))

    def _node(self, first: int, end: int, shorter: Ints) -> _Node:
        """The node of some places, with the counts of contexts that are shorter."""
        depth, followed = len(shorter), self._following[first:end]
        counted = followed[self.memory.shared[first:end] <= depth]
        counts = np.vstack([shorter, np.bincount(counted, minlength=self.size)])
        return _Node(first, end, _Met(counts, depth, followed))

    def _span(self, node: _Node, symbol: int) -> tuple[int, int]:
        """Where the contexts stand that go on with a symbol."""
        (text, contexts), depth = self._views, node.met.longest

        def next_symbol(place: int) -> int:
            return int(text[contexts[place] + depth])

        places = range(node.first, node.end)
        first = bisect_left(places, symbol, key=next_symbol)
        end = bisect_right(places, symbol, lo=first, key=next_symbol)
        return node.first + first, node.first + end

    def _few(self, shorter: _Met, first: int, end: int, context: Ints) -> _Met:
        """What followed a context, from a few places that share more of it than `shorter`."""
        memory, depth = self.memory, shorter.longest + 1
        counts = np.zeros((DEPTH + 1, self.size), np.int64)
        counts[:depth] = shorter.counts
        if first == end:
            return _Met(counts, shorter.longest, shorter.followed)
        places = memory.contexts[first:end, None] + np.arange(depth, DEPTH, dtype=np.uint32)
        differ = np.ones((end - first, DEPTH - depth + 1), bool)
        np.not_equal(memory.text[places], context[depth:], out=differ[:, :-1])
        alike = depth + differ.argmax(1)
        followed = self._following[first:end]
        counts[depth:] = _counts(alike, memory.shared[first:end], followed, depth, self.size)
        longest = int(alike.max())
        return _Met(counts, longest, followed[alike == longest])


def _counts(
    alike: Ints,
    shared: NDArray[np.integer],
    followed: NDArray[np.integer],
    least: int,
    size: int,
) -> Ints:
    """Kneser-Ney counts of some places.

    A place counts for all lengths of context from what it shares with another of its symbol to
    what it shares with the one that is asked for; for the longest, every place does.

    Args:
        alike: Symbols of its context that are those asked for, at least `least`, shape (n,).
        shared: As in `Memory`, shape (n,).
        followed: Its symbol, shape (n,).
        least: The shortest context to count.
        size: V.

    Returns:
        Counts for contexts of `least` to DEPTH symbols, one row for each.
    """
    begins = np.maximum(shared, least).astype(np.int64) - least
    ends = alike - (least - 1)
    counted = begins < ends
    symbols, rows = followed[counted].astype(np.int64), DEPTH + 2 - least
    more = np.bincount(ends[counted] * size + symbols, minlength=rows * size)
    less = np.bincount(begins[counted] * size + symbols, minlength=rows * size)
    return (more - less).reshape(rows, size)[:0:-1].cumsum(0)[::-1]


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
        """What is expected to come next."""
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
            self._met = self._index.met(self._context)
            if self._read:
                self._met = self._with_read(self._met)
        return self._met

    def _with_read(self, met: _Met) -> _Met:
        """What followed the context in what was read, too."""
        symbols, shared, alike = self._places[:, : self._read]
        counts = met.counts + WEIGHT * _counts(alike, shared, symbols, 0, self._index.size)
        longest = int(alike.max())
        if longest < met.longest:
            return _Met(counts, met.longest, met.followed)
        followed = symbols[alike == longest]
        if longest == met.longest:
            followed = np.append(met.followed, followed)
        return _Met(counts, longest, followed)

    def _learn(self, symbol: int) -> None:
        """Remembers a symbol in its context."""
        met = np.flatnonzero(self._now().counts[:, symbol])
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
