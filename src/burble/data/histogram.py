"""Histograms of lengths. Knows nothing of what they are lengths of, or of how they are drawn."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BINS = 14
"""Bars of a histogram, besides one for all that is longer."""


@dataclass(frozen=True)
class Histogram:
    """How many lengths are in each of some ranges.

    Attributes:
        edges: Where each range begins, and after them where the last ends.
        counts: How many there are in each.
        shortest: The shortest length.
        median: That in the middle.
        longest: The longest.
        total: How many there are.
        beyond: Whether the last range holds all that is longer than most.
    """

    edges: list[int]
    counts: list[int]
    shortest: int
    median: int
    longest: int
    total: int
    beyond: bool


def make_histogram(counts: Counter[int]) -> Histogram:
    """A histogram of lengths, given how often each comes up.

    >>> found = make_histogram(Counter({1: 2, 4: 1, 30: 1}))
    >>> found.edges[:3], found.counts[:3], found.median
    ([0, 3, 6], [2, 1, 0], 1)
    """
    lengths = sorted(counts)
    if not lengths:
        return Histogram([0, 1], [0], 0, 0, 0, 0, False)
    total = counts.total()
    upto = np.cumsum([counts[length] for length in lengths])
    high = lengths[int(np.searchsorted(upto, 0.98 * total))]
    width = _round_up(-(-(high - lengths[0] + 1) // BINS))
    begin = lengths[0] // width * width
    bars = (high - begin) // width + 1
    beyond = lengths[-1] >= begin + bars * width
    found = [0] * (bars + beyond)
    for length, count in counts.items():
        found[min((length - begin) // width, len(found) - 1)] += count
    edges = [begin + place * width for place in range(bars + 1)]
    edges += [lengths[-1] + 1] * beyond
    median = lengths[int(np.searchsorted(upto, (total + 1) // 2))]
    return Histogram(edges, found, lengths[0], median, lengths[-1], total, beyond)


def _round_up(width: int) -> int:
    """The next figure that is read at a glance: 1, 2, 3 or 5 times a power of ten."""
    scale = int(10 ** (len(str(width)) - 1))
    return next(n * scale for n in (1, 2, 3, 5, 10) if n * scale >= width)


def count_lengths(lengths: NDArray[np.int64]) -> Counter[int]:
    """How often each length comes up."""
    values, counts = np.unique(lengths, return_counts=True)
    return Counter(dict(zip(values.tolist(), counts.tolist(), strict=True)))
