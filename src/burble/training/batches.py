"""The framings: which symbols each training step sees. A pure function of (seed, step).

Knows nothing of characters or models. `B` streams, `T` steps, as everywhere.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.uint8 | np.uint16]
CHUNK = 2_048
"""Places in one compiled score."""
LANES = 64
"""Documents scored side by side at most."""


@dataclass(frozen=True)
class Batch:
    """What one training step sees.

    Attributes:
        inputs: Symbol ids, shape (B, T).
        targets: The symbol after each input, shape (B, T).
        weights: 1 where the target counts, 0 where it does not, shape (B, T).
        resets: 1 where a stream starts from a zero state, shape (B,).
    """

    inputs: NDArray[np.int32]
    targets: NDArray[np.int32]
    weights: NDArray[np.float32]
    resets: NDArray[np.float32]


ALL = slice(None)
NOWHERE = np.zeros(0, np.int64)


def _is_among(places: NDArray[np.int64], chosen: NDArray[np.int64]) -> NDArray[np.bool_] | bool:
    """Which places are among some that are in order."""
    if not len(chosen):
        return False
    near = np.minimum(np.searchsorted(chosen, places), len(chosen) - 1)
    return np.asarray(chosen[near] == places)


class Batches(Protocol):
    """A framing of one text."""

    @property
    def steps_per_epoch(self) -> int:
        """Steps that read the text once."""

    def at(self, step: int, rows: slice = ALL) -> Batch:
        """The batch of `step`, counted from 0, or some rows of it: only these are read."""


@dataclass(frozen=True)
class Streams:
    """B contiguous stretches of one circular text, read side by side with carried state.

    Every epoch begins at another random offset and counts each pair of neighbouring symbols
    once; the pair that joins the text's end to its start never counts.

    Attributes:
        ids: The training text, shape (N,); may be memory-mapped.
        batch: B, streams side by side.
        length: T, symbols a step.
        seed: Seeds offsets and resets.
        reset_rate: The share of streams reset at each step. Without resets, cell states can
            grow without bound and the model is lost from a zero state.
        given: Places whose symbols are never predicted, in order.
    """

    ids: Ids
    batch: int
    length: int
    seed: int
    reset_rate: float
    given: NDArray[np.int64] = field(default_factory=lambda: NOWHERE)

    @property
    def steps_per_epoch(self) -> int:
        """Steps that read the text once."""
        return -(-len(self.ids) // (self.batch * self.length))

    def at(self, step: int, rows: slice = ALL) -> Batch:
        """The batch of `step`, counted from 0, or some rows of it."""
        n = len(self.ids)
        epoch, chunk = divmod(step, self.steps_per_epoch)
        offset = int(np.random.default_rng([self.seed, 0, epoch]).integers(n))
        edges = offset + np.arange(self.batch + 1) * n // self.batch
        places = edges[:-1][rows, None] + chunk * self.length + np.arange(self.length)
        following = (places + 1) % n
        counted = (places < edges[1:][rows, None]) & (following != 0)
        counted &= ~np.asarray(_is_among(following, self.given))
        drawn = np.random.default_rng([self.seed, 1, step]).random(self.batch)[rows]
        return Batch(
            inputs=self.ids[places % n].astype(np.int32),
            targets=self.ids[following].astype(np.int32),
            weights=counted.astype(np.float32),
            resets=((drawn < self.reset_rate) | (chunk == 0)).astype(np.float32),
        )


@dataclass(frozen=True, eq=False)
class Documents:
    """Documents one at a time in each of B streams, each from a zero state.

    A document begins with the boundary as input and ends with it as target. It is read in chunks
    of T, the last one padded with places of weight 0, and its state is carried from chunk to
    chunk. Every epoch reads the documents in another order. Where a stream's share of the chunks
    ends inside a document, the next stream goes on with it from a zero state.

    Attributes:
        ids: The text, shape (N,), each document followed by the boundary.
        starts: Where each document begins, shape (D,).
        boundary: The id of the boundary.
        batch: B, documents read side by side.
        length: T, symbols a step.
        seed: Seeds the order.
        given: Places whose symbols are never predicted, in order.
    """

    ids: Ids
    starts: NDArray[np.int64]
    boundary: int
    batch: int
    length: int
    seed: int
    given: NDArray[np.int64] = field(default_factory=lambda: NOWHERE)

    @cached_property
    def _ends(self) -> NDArray[np.int64]:
        """Where each document ends, its boundary included, shape (D,)."""
        return np.append(self.starts[1:], len(self.ids))

    @cached_property
    def _chunks(self) -> NDArray[np.int64]:
        """How many chunks each document takes, shape (D,)."""
        return -(-(self._ends - self.starts) // self.length)

    @property
    def steps_per_epoch(self) -> int:
        """Steps that read every document once."""
        return -(-int(self._chunks.sum()) // self.batch)

    @cached_property
    def _order(self) -> Callable[[int], tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """For an epoch: its documents in order, and the chunks up to the end of each."""

        @lru_cache(maxsize=1)
        def order(epoch: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
            shuffled = np.random.default_rng([self.seed, 0, epoch]).permutation(len(self.starts))
            return shuffled, np.cumsum(self._chunks[shuffled])

        return order

    def at(self, step: int, rows: slice = ALL) -> Batch:
        """The batch of `step`, counted from 0, or some rows of it."""
        epoch, column = divmod(step, self.steps_per_epoch)
        shuffled, upto = self._order(epoch)
        chunk = np.arange(self.batch)[rows] * self.steps_per_epoch + column
        place = np.searchsorted(upto, chunk, side="right")
        idle = place == len(shuffled)
        document = shuffled[np.where(idle, 0, place)]
        inside = chunk - np.where(place > 0, upto[place - 1], 0)
        first = self.starts[document] + inside * self.length
        places = first[:, None] + np.arange(self.length)
        ends = np.where(idle, 0, self._ends[document])
        resets = ((inside == 0) | (column == 0)).astype(np.float32)
        spans = self.starts[document], ends
        return _cut(self.ids, self.boundary, places, spans, resets, self.given)


def _cut(
    ids: Ids,
    boundary: int,
    places: NDArray[np.int64],
    spans: tuple[NDArray[np.int64], NDArray[np.int64]],
    resets: NDArray[np.float32],
    given: NDArray[np.int64],
) -> Batch:
    """The batch that predicts the symbols at `places` (B, T), as far as they lie in `spans`.

    `spans` are the start and end of each row's document, shape (B,) each; the symbol at the
    start is predicted from the boundary, places outside and those `given` have weight 0.
    """
    starts, ends = spans[0][:, None], spans[1][:, None]
    counted = (places >= starts) & (places < ends)
    places = np.where(counted, places, 0)
    inputs = np.where((places == starts) | ~counted, boundary, ids[places - 1])
    return Batch(
        inputs=inputs.astype(np.int32),
        targets=np.where(counted, ids[places], boundary).astype(np.int32),
        weights=(counted & ~np.asarray(_is_among(places, given))).astype(np.float32),
        resets=resets,
    )


def in_order(ids: Ids, rows: int, given: NDArray[np.int64] = NOWHERE) -> Iterator[Batch]:
    """Text in order, the same in every row, in long chunks: shape (rows, T), `CHUNK` places each.

    All chunks have one shape, so that one compiled score serves them all: the last is padded.
    Symbols at places that are `given`, in order, are read and not predicted.
    """
    length = max(1, min(CHUNK // rows, len(ids) - 1))
    for first in range(0, len(ids) - 1, length):
        part = ids[first : first + length + 1].astype(np.int32)
        places = np.arange(first + 1, first + 1 + length)
        weights = (places < len(ids)) & ~np.asarray(_is_among(places, given))
        part = np.pad(part, (0, length + 1 - len(part)))
        shape = rows, length
        yield Batch(
            inputs=np.broadcast_to(part[:-1], shape),
            targets=np.broadcast_to(part[1:], shape),
            weights=np.broadcast_to(weights.astype(np.float32), shape),
            resets=np.zeros(rows, np.float32),
        )


def whole_documents(
    ids: Ids,
    starts: NDArray[np.int64],
    boundary: int,
    given: NDArray[np.int64] = NOWHERE,
) -> Iterator[Batch]:
    """Every document once, whole and from a zero state, for scoring.

    Documents of like length are read side by side, in pieces of one shape; where documents begin,
    all streams are reset. Shapes are powers of two, so that few are compiled; what is padded is
    less than what is read.

    Args:
        ids: The text, shape (N,), each document followed by the boundary.
        starts: Where each document begins, shape (D,).
        boundary: The id of the boundary.
        given: Places whose symbols are not predicted, in order.

    Yields:
        Batches of any B and T, `CHUNK` places at most.
    """
    lengths = np.diff(np.append(starts, len(ids)))
    order = np.argsort(-lengths, kind="stable")
    while len(order):
        longest = _power_of_two(int(lengths[order[0]]))
        like = int(np.count_nonzero(lengths[order[:LANES]] > longest // 2))
        chosen, order = order[:like], order[like:]
        lanes = _power_of_two(like)
        length = min(longest, CHUNK // lanes)
        # Lanes without a document have a span without places.
        spans = np.zeros((2, lanes), np.int64)
        spans[:, :like] = starts[chosen], starts[chosen] + lengths[chosen]
        for first in range(0, int(lengths[chosen[0]]), length):
            places = spans[0][:, None] + np.arange(first, first + length)
            resets = np.full(lanes, first == 0, np.float32)
            yield _cut(ids, boundary, places, (spans[0], spans[1]), resets, given)


def _power_of_two(n: int) -> int:
    """The smallest power of two that is at least `n`.

    >>> [_power_of_two(n) for n in (1, 2, 3, 64, 65)]
    [1, 2, 4, 64, 128]
    """
    return 1 << (n - 1).bit_length()
