"""The loss of each symbol of a text by an interpolated n-gram model.

Modified Kneser-Ney smoothing (Chen and Goodman 1999): an order takes a little from each count and
gives it to the order below, which counts after how many different symbols a sequence was seen, not
how often. No tables are kept. All positions of the text are sorted by what stands there, and the
counts before a position are sums over the positions that equal it and come before it.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

MAX_ORDER = 12
"""Symbols of the longest n-gram: the one that is predicted and those before it."""
MIN_DISCOUNT = 0.1
"""What is taken from a count at least, so that nothing is impossible."""

Keys = NDArray[np.uint64]
Counts = NDArray[np.int64]
_MIX = tuple(np.uint64(n) for n in (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0xD6E8FEB86659FD93))


def losses_by_order(
    ids: NDArray[np.integer], start: int, size: int, max_order: int = MAX_ORDER
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """The loss of each symbol from `start` on, predicted from the symbols before it.

    Args:
        ids: Shape (N,).
        start: Where the text to score begins; what stands before it is what was counted.
        size: V, symbols in the alphabet.
        max_order: The highest order.

    Returns:
        Nats, shape (N - start,), for the orders 1, 2, … `max_order`: static, where nothing more is
        counted, and adaptive, where what has been scored is counted as well, symbol by symbol.
    """
    kinds = [np.arange(len(ids)) < start, np.ones(len(ids), bool)]
    return ((one[0], one[1]) for one in _by_order(ids, start, size, max_order, kinds))


def static_losses_by_order(
    ids: NDArray[np.integer], start: int, size: int, max_order: int = MAX_ORDER
) -> Iterator[NDArray[np.float64]]:
    """The static losses of `losses_by_order` alone, in half the time."""
    kinds = [np.arange(len(ids)) < start]
    return (static for (static,) in _by_order(ids, start, size, max_order, kinds))


def _by_order(
    ids: NDArray[np.integer], start: int, size: int, max_order: int, counts: list[NDArray[np.bool_]]
) -> Iterator[list[NDArray[np.float64]]]:
    """The losses by order, for each way to count: which positions are counted, shape (N,)."""
    ones = np.ones(len(ids), np.int64)
    kinds = [ones * counted for counted in counts]
    lower = [np.full(len(ids), 1 / size) for _ in kinds]
    contexts = np.zeros(len(ids), np.uint64)
    same = _Positions(_joined(contexts, ids))
    for _ in range(max_order):
        positions = _Positions(contexts)
        contexts = _one_further_back(contexts, ids)
        longer = _Positions(_joined(contexts, ids))
        yield [
            -np.log(_probability(positions, same, counted, low, start)[start:])
            for counted, low in zip(kinds, lower, strict=True)
        ]
        # Below the highest order a sequence counts once for each symbol it was seen after.
        fresh = longer.before(ones) == 0
        lower = [
            _probability(positions, same, counted * fresh, low, start)
            for counted, low in zip(kinds, lower, strict=True)
        ]
        same = longer


class _Positions:
    """All positions of a text, sorted by what stands there."""

    def __init__(self, keys: Keys) -> None:
        self._order = np.argsort(keys, kind="stable")
        ordered = keys[self._order]
        self._starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
        self._sizes = np.diff(np.append(self._starts, len(keys)))

    def before(self, values: Counts) -> Counts:
        """The sum of the values at equal positions before each, shape (N,)."""
        ordered = values[self._order]
        sums = np.cumsum(ordered) - ordered
        found = np.empty_like(values)
        found[self._order] = sums - np.repeat(sums[self._starts], self._sizes)
        return found

    def totals(self, values: Counts) -> Counts:
        """The sum of the values at all equal positions, once for each kind of position."""
        return np.add.reduceat(values[self._order], self._starts)


def _probability(
    positions: _Positions, same: _Positions, counted: Counts, lower: NDArray[np.float64], start: int
) -> NDArray[np.float64]:
    """How likely each symbol is in one order.

    Args:
        positions: The contexts.
        same: The contexts with the symbol that follows.
        counted: Whether the symbol of each position is counted once it was read.
        lower: How likely it is in the order below.
        start: The discounts are those of the text before it.
    """
    count = same.before(counted)
    taken = estimate_discounts(same.totals(counted * (np.arange(len(counted)) < start)))
    # Symbols that were seen once, twice, and more often.
    rises = [counted * (count == seen) for seen in range(3)]
    kinds = [
        positions.before(more - less) for more, less in zip(rises, [*rises[1:], 0], strict=True)
    ]
    freed = sum(d * n for d, n in zip(taken[1:], kinds, strict=True))
    total = positions.before(counted)
    left = np.maximum(count - taken[np.minimum(count, 3)], 0)
    return np.asarray(np.where(total > 0, (left + freed * lower) / np.maximum(total, 1), lower))


def estimate_discounts(counts: Counts) -> NDArray[np.float64]:
    """What is taken from a count of 0, 1, 2, and 3 or more."""
    kinds = np.maximum(1, np.bincount(np.minimum(counts, 5), minlength=6)).astype(float)
    ratio = kinds[1] / (kinds[1] + 2 * kinds[2])
    taken = [n - (n + 1) * ratio * kinds[n + 1] / kinds[n] for n in (1, 2, 3)]
    return np.asarray(np.append(0.0, np.clip(taken, MIN_DISCOUNT, (1, 2, 3))))


def _joined(contexts: Keys, ids: NDArray[np.integer]) -> Keys:
    """A number for each context with its symbol; equal ones get equal numbers."""
    mixed = (contexts ^ (contexts >> np.uint64(32))) * _MIX[0]
    mixed ^= (ids.astype(np.uint64) + np.uint64(1)) * _MIX[1]
    mixed = (mixed ^ (mixed >> np.uint64(29))) * _MIX[2]
    return mixed ^ (mixed >> np.uint64(32))


def _one_further_back(contexts: Keys, ids: NDArray[np.integer]) -> Keys:
    """The contexts that are longer by one symbol; shorter where the text begins."""
    longer = np.zeros_like(contexts)
    longer[1:] = _joined(contexts[:-1], ids[:-1])
    return longer
