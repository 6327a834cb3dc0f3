"""The framing of the tutorial: every window of the text by itself, in another order every epoch.

Knows nothing of characters or models. `B` windows, `T` symbols in each.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from burble.training.batches import ALL, LANES, Batch, Ids


@dataclass(frozen=True)
class Windows:
    """Every window of T symbols by itself, from a zero state, to foretell the symbol after it.

    Windows are views of the text, never copies; every epoch takes them in another order. Where
    the last batch of an epoch has fewer than B of them, the rest of it does not count.

    Attributes:
        ids: The training text, shape (N,), longer than T; may be memory-mapped.
        batch: B, windows side by side.
        length: T, symbols in a window.
        seed: Seeds the order.
    """

    ids: Ids
    batch: int
    length: int
    seed: int

    @property
    def steps_per_epoch(self) -> int:
        """Steps that take every window once."""
        return -(-(len(self.ids) - self.length) // self.batch)

    def at(self, step: int, rows: slice = ALL) -> Batch:
        """The batch of `step`, counted from 0, or some rows of it."""
        count = len(self.ids) - self.length
        epoch, chunk = divmod(step, self.steps_per_epoch)
        places = chunk * self.batch + np.arange(self.batch)[rows]
        chosen = shuffled(np.minimum(places, count - 1), count, [self.seed, 0, epoch])
        return _windows(self.ids, chosen, self.length, places < count)


def _windows(ids: Ids, starts: NDArray[np.int64], length: int, real: NDArray[np.bool_]) -> Batch:
    """The windows that begin at `starts`, of which only the last symbol's successor counts."""
    places = starts[:, None] + np.arange(length)
    weights = np.zeros(places.shape, np.float32)
    weights[:, -1] = real
    return Batch(
        inputs=ids[places].astype(np.int32),
        targets=ids[places + 1].astype(np.int32),
        weights=weights,
        resets=np.ones(len(starts), np.float32),
    )


def windows_in_order(ids: Ids, length: int, first: int, last: int) -> Iterator[Batch]:
    """The windows that foretell the symbols from `first` up to `last`, in order, for scoring.

    Args:
        ids: The text, shape (N,).
        length: T, symbols in a window.
        first: The first symbol to be foretold; at least T.
        last: The first that is not; at most N.

    Yields:
        Batches of `LANES` windows, the last one padded.
    """
    for begin in range(first, last, LANES):
        places = np.arange(begin, begin + LANES)
        yield _windows(ids, np.minimum(places, last - 1) - length, length, places < last)


def shuffled(places: NDArray[np.int64], count: int, seed: list[int]) -> NDArray[np.int64]:
    """Where a random order of 0 to `count` - 1 takes some places, in no memory but theirs.

    A cipher in four rounds permutes the numbers of an even count of bits; what falls beyond
    `count` is enciphered again until it does not.

    Source: Luby and Rackoff, How to Construct Pseudorandom Permutations, 1988; Black and
    Rogaway, Ciphers with Arbitrary Finite Domains, 2002 (cycle walking).
    """
    half = np.uint64(max(1, ((count - 1).bit_length() + 1) // 2))
    mask = np.uint64((1 << int(half)) - 1)
    keys = np.random.default_rng(seed).integers(0, 1 << 63, 4, np.uint64)
    now = places.astype(np.uint64)
    beyond = np.ones(len(now), bool)
    while beyond.any():
        left, right = now[beyond] >> half, now[beyond] & mask
        for key in keys:
            mixed = (right ^ key) * _MIX
            mixed = (mixed ^ (mixed >> np.uint64(29))) * _MIX
            left, right = right, left ^ ((mixed >> np.uint64(32)) & mask)
        now[beyond] = (left << half) | right
        beyond = now >= count
    return now.astype(np.int64)


_MIX = np.uint64(0x9E3779B97F4A7C15)
"""Two to the 64th over the golden ratio, odd: multiplying by it loses nothing and mixes well."""
