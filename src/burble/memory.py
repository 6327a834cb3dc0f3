"""A memory of a text: all its places, sorted by what stands before them. Knows nothing of networks.

The text is kept backwards, so that what stands before a place follows it there. Places that have a
context in common then stand next to each other, whatever its length, and what followed it is a
stretch of one array. Beside each place stands how much of its context a place before it shares
that is followed by the same symbol: with that, Kneser-Ney counts of every order are sums over the
same stretch.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from burble.errors import CorpusError

DEPTH = 12
"""Symbols of the longest context."""
LARGEST = 1 << 24
"""Symbols that are remembered at most."""
LEAST = 0.1
"""What is taken from a count at least, so that nothing is impossible."""
_WORD = 64

Ids = NDArray[np.uint8 | np.uint16]
Words = NDArray[np.uint64]


@dataclass(frozen=True, eq=False)
class Memory:
    """The places of a text of N symbols, in the order of their contexts.

    Attributes:
        text: The ids backwards, and as many zeros as a context is long, shape (N + DEPTH,).
        contexts: Where in `text` the context of each place begins, shape (N,).
        shared: How many symbols of it a place shares with another of the same symbol that comes
            before it; see `fresh`. Shape (N,).
        discounts: What is taken from a count of 0, 1, 2, and 3 or more, for each length of
            context, shape (DEPTH + 1, 4).
    """

    text: Ids
    contexts: NDArray[np.uint32]
    shared: NDArray[np.uint8]
    discounts: NDArray[np.float32]

    @cached_property
    def following(self) -> Ids:
        """The symbol of each place, shape (N,)."""
        found: Ids = self.text[self.contexts - np.uint32(1)]
        return found

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
    order = _sorted(text, count)
    symbols = text[order]
    # By symbol, and then by context: what is alike stands together.
    alike = np.argsort(symbols, kind="stable")
    first = _changes(symbols[alike])
    shared = np.where(first, 0, _shared(text, order[alike]))
    discounts = [_discounts(_groups(shared, first, depth)) for depth in range(DEPTH + 1)]
    found = np.empty(count, np.uint8)
    found[alike] = shared
    contexts = (order + 1).astype(np.uint32)
    return Memory(text, contexts, found, np.array(discounts, np.float32))


def _bits(text: Ids) -> int:
    """Bits of one symbol."""
    return max(1, int(text.max()).bit_length())


def _word(text: Ids, first: int, symbols: int, count: int) -> Words:
    """A few symbols of the context of each place, from the nearest on, as one number.

    Args:
        text: As in `Memory`.
        first: Symbols that stand nearer.
        symbols: How many.
        count: N.
    """
    bits, word = np.uint64(_bits(text)), np.zeros(count, np.uint64)
    for at in range(first, first + symbols):
        word <<= bits
        word |= text[at + 1 : at + 1 + count]
    return word


def _sorted(text: Ids, count: int) -> NDArray[np.intp]:
    """The places in the order of their contexts."""
    depth = min(DEPTH, _WORD // _bits(text))
    keys = _word(text, 0, depth, count)
    places = np.argsort(keys)
    keys = keys[places]
    while depth < DEPTH:
        # Those that are still alike have one number, and more of the context stands behind it.
        group = np.cumsum(_changes(keys)).astype(np.uint64)
        more = min(DEPTH - depth, (_WORD - int(group[-1]).bit_length()) // _bits(text))
        keys = group << np.uint64(more * _bits(text)) | _word(text, depth, more, count)[places]
        again = np.argsort(keys)
        places, keys, depth = places[again], keys[again], depth + more
    return places


def _changes(values: NDArray[np.generic]) -> NDArray[np.bool_]:
    """Where a value differs from the one before it; so does the first."""
    return np.append(True, values[1:] != values[:-1])


def _shared(text: Ids, places: NDArray[np.intp]) -> NDArray[np.uint8]:
    """How many symbols of its context each place shares with the one before it in a row."""
    found = np.zeros(len(places), np.uint8)
    going = np.ones(len(places), bool)
    for first, symbols in _words(text):
        word = _word(text, first, symbols, len(places))[places]
        differ = word ^ np.roll(word, 1)
        for symbol in range(symbols):
            going &= differ < np.uint64(1 << (_bits(text) * (symbols - 1 - symbol)))
            found += going
    return found


def _words(text: Ids) -> Iterator[tuple[int, int]]:
    """A context in words: symbols before each, and in it."""
    each = (_WORD - 1) // _bits(text)
    for first in range(0, DEPTH, each):
        yield first, min(each, DEPTH - first)


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


def _discounts(counts: NDArray[np.intp]) -> NDArray[np.float64]:
    """What is taken from a count of 0, 1, 2, and 3 or more (Chen and Goodman 1999)."""
    kinds = np.maximum(1, np.bincount(np.minimum(counts, 5), minlength=6)).astype(float)
    share = kinds[1] / (kinds[1] + 2 * kinds[2])
    taken = [n - (n + 1) * share * kinds[n + 1] / kinds[n] for n in (1, 2, 3)]
    return np.asarray(np.append(0.0, np.clip(taken, LEAST, (1, 2, 3))))
