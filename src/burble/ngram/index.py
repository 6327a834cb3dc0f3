"""The index of a text: its positions, sorted by their contexts. Knows nothing of networks.

It is a suffix array of the text reversed, so that the context of a position follows it. Positions
that have a context in common then stand next to each other, whatever its length, and the symbols
after it are a stretch of one array. Beside each position stands how much of its context it shares
with an earlier one that is followed by the same symbol: with that, Kneser-Ney counts of every order
are sums over the same stretch.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from burble.errors import CorpusError
from burble.files import Ids
from burble.ngram.kneser_ney import estimate_discounts

MAX_CONTEXT = 12
"""Symbols of the longest context."""
MAX_SYMBOLS = 1 << 24
"""Symbols that an index holds at most."""
_WORD = 64
"""Bits in which contexts are compared."""

Words = NDArray[np.uint64]


@dataclass(frozen=True, eq=False)
class SuffixIndex:
    """The positions of a text of N symbols, in the order of their contexts.

    Attributes:
        text: The ids reversed, and as many zeros as a context is long, shape (N + MAX_CONTEXT,).
        contexts: Where in `text` the context of each position begins, shape (N,).
        shared: How many symbols of it a position shares with another of the same symbol that comes
            before it, shape (N,).
        discounts: What is taken from a count of 0, 1, 2, and 3 or more, for each length of
            context, shape (MAX_CONTEXT + 1, 4).
    """

    text: Ids
    contexts: NDArray[np.uint32]
    shared: NDArray[np.uint8]
    discounts: NDArray[np.float32]

    def ids(self) -> Ids:
        """The text that is indexed, shape (N,)."""
        return self.text[: len(self.contexts)][::-1]


def build_index(ids: NDArray[np.integer]) -> SuffixIndex:
    """Indexes a text.

    Args:
        ids: Shape (N,), at least one and at most `MAX_SYMBOLS`.

    Raises:
        CorpusError: There are none, or too many.
    """
    if not 0 < len(ids) <= MAX_SYMBOLS:
        raise CorpusError(
            f"a memory holds 1 to {MAX_SYMBOLS:,} symbols, and there are {len(ids):,}. Give a part."
        )
    count = len(ids)
    text: Ids = np.zeros(count + MAX_CONTEXT, np.uint8 if ids.max() < 256 else np.uint16)
    text[:count] = ids[::-1]
    positions = _Positions(text, count)
    order = positions.sort()
    symbols = text[order]
    # By symbol, and then by context: what is alike stands together.
    alike = np.argsort(symbols, kind="stable")
    first = _changes(symbols[alike])
    shared = np.where(first, 0, positions.shared_lengths(order[alike]))
    taken = [estimate_discounts(_groups(shared, first, depth)) for depth in range(MAX_CONTEXT + 1)]
    found = np.empty(count, np.uint8)
    found[alike] = shared
    contexts = (order + 1).astype(np.uint32)
    return SuffixIndex(text, contexts, found, np.array(taken, np.float32))


class _Positions:
    """The positions of a text, and their contexts as numbers of 64 bits."""

    def __init__(self, text: Ids, count: int) -> None:
        self._text = text
        self._count = count
        self._bits = max(1, int(text.max()).bit_length())

    def sort(self) -> NDArray[np.intp]:
        """The positions in the order of their contexts, shape (N,)."""
        depth = min(MAX_CONTEXT, _WORD // self._bits)
        keys = self._word(0, depth)
        positions = np.argsort(keys)
        keys = keys[positions]
        while depth < MAX_CONTEXT:
            # Those that are still alike have one number, and more of the context stands behind it.
            group = np.cumsum(_changes(keys)).astype(np.uint64)
            more = min(MAX_CONTEXT - depth, (_WORD - int(group[-1]).bit_length()) // self._bits)
            keys = group << np.uint64(more * self._bits) | self._word(depth, more)[positions]
            again = np.argsort(keys)
            positions, keys, depth = positions[again], keys[again], depth + more
        return positions

    def shared_lengths(self, positions: NDArray[np.intp]) -> NDArray[np.uint8]:
        """How many symbols of its context each position shares with the one before it in a row."""
        found = np.zeros(len(positions), np.uint8)
        going = np.ones(len(positions), bool)
        each = (_WORD - 1) // self._bits
        for first in range(0, MAX_CONTEXT, each):
            symbols = min(each, MAX_CONTEXT - first)
            word = self._word(first, symbols)[positions]
            differ = word ^ np.roll(word, 1)
            for symbol in range(symbols):
                going &= differ < np.uint64(1 << (self._bits * (symbols - 1 - symbol)))
                found += going
        return found

    def _word(self, first: int, symbols: int) -> Words:
        """Some symbols of each context, from the `first` on, the nearest highest, shape (N,)."""
        word = np.zeros(self._count, np.uint64)
        for at in range(first + 1, first + symbols + 1):
            word <<= np.uint64(self._bits)
            word |= self._text[at : at + self._count]
        return word


def _changes(values: NDArray[np.generic]) -> NDArray[np.bool_]:
    """Where a value differs from the one before it; so does the first."""
    return np.append(True, values[1:] != values[:-1])


def _groups(shared: NDArray[np.uint8], first: NDArray[np.bool_], depth: int) -> NDArray[np.intp]:
    """How often each context of a length and the symbol after it are counted together.

    The longest contexts count as often as they stand in the text; shorter ones once for each
    symbol before them.

    Args:
        shared: For each position, sorted by symbol and context, what it shares with the one before.
        first: Whether its symbol differs from the one before.
        depth: Symbols of the context.
    """
    counted = np.flatnonzero(shared <= depth)
    begins = np.flatnonzero((shared[counted] < depth) | first[counted])
    return np.diff(np.append(begins, len(counted)))
