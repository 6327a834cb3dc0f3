"""What of a text stands word for word in another, found with a suffix array. Knows no models."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

GLANCE = 2_000
"""Bytes of a passage that are compared first; where all of them match, it is compared whole."""
LENGTHS = (8, 12, 16, 20, 30, 40, 60, 80)


@dataclass(frozen=True)
class Overlap:
    """How much of some texts stands in a source as it is; lengths in characters.

    Attributes:
        longest: The longest passage that stands in the source.
        text: That passage.
        inside_30: Fraction of the characters that lie in an overlap of 30 or more.
        inside_60: The same of 60 or more.
        novel: For each length, the fraction of the passages of that length which the source does
            not have.
    """

    longest: int
    text: str
    inside_30: float
    inside_60: float
    novel: Mapping[int, float]


def find_overlaps(groups: Sequence[Sequence[str]], source: Iterable[str]) -> list[Overlap]:
    """The overlap of some groups of texts with a source; none of them may be empty.

    Args:
        groups: The texts.
        source: The source in pieces, each sorted by itself; where an overlap is to be found
            across the cut of two pieces, the first must hold the beginning of the second.

    Raises:
        ImportError: pydivsufsort is not installed.
    """
    import pydivsufsort

    found = [[np.zeros(len(sample), np.int64) for sample in samples] for samples in groups]
    for piece in source:
        block = piece.encode()
        order = pydivsufsort.divsufsort(block)
        for samples, lengths in zip(groups, found, strict=True):
            for sample, longest in zip(samples, lengths, strict=True):
                np.maximum(longest, _matches(sample, block, order), out=longest)
    return [_summarize(samples, lengths) for samples, lengths in zip(groups, found, strict=True)]


def _summarize(samples: Sequence[str], found: Sequence[NDArray[np.int64]]) -> Overlap:
    """The overlap of some texts with a source, from how many characters match at each place."""
    size = sum(map(len, samples))
    best = max(range(len(samples)), key=lambda i: int(found[i].max()))
    at = int(found[best].argmax())
    most = int(found[best][at])
    return Overlap(
        longest=most,
        text=samples[best][at : at + most],
        inside_30=sum(_inside(lengths, 30) for lengths in found) / size,
        inside_60=sum(_inside(lengths, 60) for lengths in found) / size,
        novel={n: _novel(found, n) for n in LENGTHS if any(len(f) >= n for f in found)},
    )


def _matches(sample: str, block: bytes, order: NDArray[np.integer]) -> NDArray[np.int64]:
    """For each character of a sample, how many from there on stand in the block in a row."""
    data = sample.encode()
    lengths = np.zeros(len(data) + 1, np.int64)
    for at in range(len(data)):
        lengths[at] = _match(data[at : at + GLANCE], block, order)
        if lengths[at] == GLANCE:
            lengths[at] = _match(data[at:], block, order)
    starts = np.flatnonzero([byte & 0xC0 != 0x80 for byte in data])
    ends = np.searchsorted(starts, starts + lengths[starts], side="right") - 1
    whole = np.append(starts, len(data))[ends + 1] == starts + lengths[starts]
    return np.asarray(ends + whole - np.arange(len(starts)))


def _match(wanted: bytes, block: bytes, order: NDArray[np.integer]) -> int:
    """How many first bytes of what is wanted stand in the block in a row."""
    size = len(wanted)
    place = bisect_left(order, wanted, key=lambda p: block[p : p + size])
    near = (block[p : p + size] for p in order[max(0, place - 1) : place + 1])
    return max(_common(wanted, other) for other in near)


def _common(one: bytes, other: bytes) -> int:
    """How many first bytes two have in common."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[:middle] == other[:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _inside(lengths: NDArray[np.int64], least: int) -> int:
    """Characters that lie in an overlap of that length or more."""
    change = np.zeros(len(lengths) + 1, np.int64)
    long = np.flatnonzero(lengths >= least)
    np.add.at(change, long, 1)
    np.add.at(change, long + lengths[long], -1)
    return int(np.count_nonzero(np.cumsum(change)[:-1]))


def _novel(found: Sequence[NDArray[np.int64]], length: int) -> float:
    """The fraction of the passages of a length that the source does not have."""
    windows = [lengths[: max(0, len(lengths) - length + 1)] for lengths in found]
    new = sum(int(np.count_nonzero(w < length)) for w in windows)
    return new / sum(map(len, windows))
