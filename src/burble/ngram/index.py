"""A memory of a text: all its places, sorted by what stands before them. Knows nothing of networks.

The text is kept backwards, so that what stands before a place follows it there. Places that have a
context in common then stand next to each other, whatever its length, and what followed it is a
stretch of one array. Beside each place stands how much of its context a place before it shares
that is followed by the same symbol: with that, Kneser-Ney counts of every order are sums over the
same stretch.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from burble.errors import CorpusError
from burble.files import Ids
from burble.ngram.kneser_ney import discounts

DEPTH = 12
"""Symbols of the longest context."""
LARGEST = 1 << 24
"""Symbols that are remembered at most."""
_WORD = 64

Words = NDArray[np.uint64]


@dataclass(frozen=True, eq=False)
class Memory:
    """The places of a text of N symbols, in the order of their contexts.

    Attributes:
        text: The ids backwards, and as many zeros as a context is long, shape (N + DEPTH,).
        contexts: Where in `text` the context of each place begins, shape (N,).
        shared: How many symbols of it a place shares with another of the same symbol that comes
            before it, shape (N,).
        discounts: What is taken from a count of 0, 1, 2, and 3 or more, for each length of
            context, shape (DEPTH + 1, 4).
    """

    text: Ids
    contexts: NDArray[np.uint32]
    shared: NDArray[np.uint8]
    discounts: NDArray[np.float32]

    def ids(self) -> Ids:
        """The text, forwards."""
        return self.text[: len(self.contexts)][::-1]


def of(ids: NDArray[np.integer]) -> Memory:
    """The memory of a text.

    Args:
        ids: Shape (N,), at least one and at most `LARGEST`.

    Raises:
        CorpusError: There is nothing to remember, or too much.
    """
    if not 0 < len(ids) <= LARGEST:
        raise CorpusError(
            f"a memory holds 1 to {LARGEST:,} symbols, and there are {len(ids):,}. Give a part."
        )
    count = len(ids)
    text: Ids = np.zeros(count + DEPTH, np.uint8 if ids.max() < 256 else np.uint16)
    text[:count] = ids[::-1]
    places = _Places(text, count)
    order = places.sorted()
    symbols = text[order]
    # By symbol, and then by context: what is alike stands together.
    alike = np.argsort(symbols, kind="stable")
    first = _changes(symbols[alike])
    shared = np.where(first, 0, places.shared(order[alike]))
    taken = [discounts(_groups(shared, first, depth)) for depth in range(DEPTH + 1)]
    found = np.empty(count, np.uint8)
    found[alike] = shared
    contexts = (order + 1).astype(np.uint32)
    return Memory(text, contexts, found, np.array(taken, np.float32))


class _Places:
    """The places of a text, and their contexts as numbers of 64 bits.

    Args:
        text: As in `Memory`.
        count: N.
    """

    def __init__(self, text: Ids, count: int) -> None:
        """Counts the bits of a symbol."""
        self._text = text
        self._count = count
        self._bits = max(1, int(text.max()).bit_length())

    def sorted(self) -> NDArray[np.intp]:
        """The places in the order of their contexts, shape (N,)."""
        depth = min(DEPTH, _WORD // self._bits)
        keys = self._word(0, depth)
        places = np.argsort(keys)
        keys = keys[places]
        while depth < DEPTH:
            # Those that are still alike have one number, and more of the context stands behind it.
            group = np.cumsum(_changes(keys)).astype(np.uint64)
            more = min(DEPTH - depth, (_WORD - int(group[-1]).bit_length()) // self._bits)
            keys = group << np.uint64(more * self._bits) | self._word(depth, more)[places]
            again = np.argsort(keys)
            places, keys, depth = places[again], keys[again], depth + more
        return places

    def shared(self, places: NDArray[np.intp]) -> NDArray[np.uint8]:
        """How many symbols of its context each place shares with the one before it in a row."""
        found = np.zeros(len(places), np.uint8)
        going = np.ones(len(places), bool)
        each = (_WORD - 1) // self._bits
        for first in range(0, DEPTH, each):
            symbols = min(each, DEPTH - first)
            word = self._word(first, symbols)[places]
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
        shared: For each place, sorted by symbol and context, what it shares with the one before.
        first: Whether its symbol differs from the one before.
        depth: Symbols of the context.
    """
    counted = np.flatnonzero(shared <= depth)
    begins = np.flatnonzero((shared[counted] < depth) | first[counted])
    return np.diff(np.append(begins, len(counted)))
