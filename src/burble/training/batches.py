"""Batches, and a text cut into them in order, for scoring. Knows nothing of characters or models.

`B` streams, `T` steps, as everywhere.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from burble.data.labels import PlaceLabels

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
        labels: Those of each target, shape (B, T, columns); None where there are none.
    """

    inputs: NDArray[np.int32]
    targets: NDArray[np.int32]
    weights: NDArray[np.float32]
    resets: NDArray[np.float32]
    labels: NDArray[np.int32] | None = None


NOWHERE = np.zeros(0, np.int64)


def is_among(places: NDArray[np.int64], chosen: NDArray[np.int64]) -> NDArray[np.bool_] | bool:
    """Which places are among some that are in order."""
    if not len(chosen):
        return False
    near = np.minimum(np.searchsorted(chosen, places), len(chosen) - 1)
    return np.asarray(chosen[near] == places)


def cut_documents(
    ids: Ids,
    boundary: int,
    places: NDArray[np.int64],
    spans: tuple[NDArray[np.int64], NDArray[np.int64]],
    resets: NDArray[np.float32],
    given: NDArray[np.int64],
    labels: PlaceLabels | None = None,
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
        weights=(counted & ~np.asarray(is_among(places, given))).astype(np.float32),
        resets=resets,
        labels=labels.at(places) if labels else None,
    )


def batch_text(
    ids: Ids,
    rows: int,
    given: NDArray[np.int64] = NOWHERE,
    labels: PlaceLabels | None = None,
) -> Iterator[Batch]:
    """Text in order, the same in every row, in long chunks: shape (rows, T), `CHUNK` places each.

    All chunks have one shape, so that one compiled score serves them all: the last is padded.
    Symbols at places that are `given`, in order, are read and not predicted. `labels` are those of
    the places of `ids`.
    """
    length = max(1, min(CHUNK // rows, len(ids) - 1))
    for first in range(0, len(ids) - 1, length):
        part = ids[first : first + length + 1].astype(np.int32)
        places = np.arange(first + 1, first + 1 + length)
        weights = (places < len(ids)) & ~np.asarray(is_among(places, given))
        part = np.pad(part, (0, length + 1 - len(part)))
        shape = rows, length
        named = labels.at(places) if labels else None
        yield Batch(
            inputs=np.broadcast_to(part[:-1], shape),
            targets=np.broadcast_to(part[1:], shape),
            weights=np.broadcast_to(weights.astype(np.float32), shape),
            resets=np.zeros(rows, np.float32),
            labels=None if named is None else np.broadcast_to(named, (*shape, named.shape[-1])),
        )


def batch_documents(
    ids: Ids,
    starts: NDArray[np.int64],
    boundary: int,
    given: NDArray[np.int64] = NOWHERE,
    labels: PlaceLabels | None = None,
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
        labels: The labels of its places, where there are some.

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
            yield cut_documents(ids, boundary, places, (spans[0], spans[1]), resets, given, labels)


def cut_windows(
    ids: Ids,
    starts: NDArray[np.int64],
    length: int,
    real: NDArray[np.bool_],
    labels: PlaceLabels | None = None,
) -> Batch:
    """The windows that begin at `starts`, of which only the last symbol's successor counts."""
    places = starts[:, None] + np.arange(length)
    weights = np.zeros(places.shape, np.float32)
    weights[:, -1] = real
    return Batch(
        inputs=ids[places].astype(np.int32),
        targets=ids[places + 1].astype(np.int32),
        weights=weights,
        resets=np.ones(len(starts), np.float32),
        # A window has the labels of the symbol that it predicts.
        labels=labels.at(np.broadcast_to(places[:, -1:] + 1, places.shape)) if labels else None,
    )


def batch_windows(
    ids: Ids, length: int, first: int, last: int, labels: PlaceLabels | None = None
) -> Iterator[Batch]:
    """The windows that predict the symbols from `first` up to `last`, in order, for scoring.

    Args:
        ids: The text, shape (N,).
        length: T, symbols in a window.
        first: The first symbol to be predicted; at least T.
        last: The first that is not; at most N.
        labels: The labels of the text's places, where there are some.

    Yields:
        Batches of `LANES` windows, the last one padded.
    """
    for begin in range(first, last, LANES):
        places = np.arange(begin, begin + LANES)
        starts = np.minimum(places, last - 1) - length
        yield cut_windows(ids, starts, length, places < last, labels)


def _power_of_two(n: int) -> int:
    """The smallest power of two that is at least `n`.

    >>> [_power_of_two(n) for n in (1, 2, 3, 64, 65)]
    [1, 2, 4, 64, 128]
    """
    return 1 << (n - 1).bit_length()
