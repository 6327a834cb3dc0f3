"""The framings: which symbols each training step sees. A pure function of (seed, step).

Knows nothing of characters or models. `B` streams, `T` steps, as everywhere.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from burble.data.corpus import Corpus
from burble.data.labels import PlaceLabels
from burble.errors import SettingsError
from burble.settings import TrainingSettings
from burble.training.batches import NOWHERE, Batch, Ids, cut_documents, cut_windows, is_among

ALL = slice(None)
LABEL_DROPOUT = 0.1
"""The fraction of labels that are left out, so that a model can write without one."""


class Framing(Protocol):
    """One text, cut into batches for training."""

    @property
    def steps_per_epoch(self) -> int:
        """Steps that read the text once."""

    def at(self, step: int, rows: slice = ALL) -> Batch:
        """The batch of `step`, counted from 0, or some rows of it: only these are read."""


def frame_text(corpus: Corpus, training: TrainingSettings) -> Framing:
    """The training text in the framing that was chosen."""
    ids, edge = corpus.training, corpus.vocabulary.boundary_id
    labels = DroppedLabels(corpus.place_labels, training.seed) if corpus.place_labels else None
    if training.framing == "windows":
        if len(ids) <= training.length:
            held = len(corpus.ids) - len(ids)
            less = " or --validation" if len(corpus.ids) > training.length else ""
            raise SettingsError(
                f"length is {training.length}, but the training text has only {len(ids):,} "
                f"symbols ({held:,} more are for validation), and a window needs one after it. "
                f"Take a smaller --length{less}."
            )
        return Windows(ids, training.batch, training.length, training.seed, labels)
    if training.framing != "documents" or edge is None:
        rate = training.reset_rate
        size = training.batch, training.length
        return Streams(ids, *size, training.seed, rate, corpus.given, labels)
    starts = corpus.starts[corpus.starts < corpus.cut]
    size = training.batch, training.length
    return Documents(ids, starts, edge, *size, training.seed, corpus.given, labels)


@dataclass(frozen=True, eq=False)
class DroppedLabels:
    """The labels of a text, some of them left out: others in every epoch.

    A model learns from documents without their labels to write without one.

    Attributes:
        whole: All of them.
        seed: Seeds what is left out.
    """

    whole: PlaceLabels
    seed: int

    @cached_property
    def of_epoch(self) -> Callable[[int], PlaceLabels]:
        """For an epoch: those that it reads."""

        @lru_cache(maxsize=1)
        def draw(epoch: int) -> PlaceLabels:
            numbers = self.whole.numbers
            drawn = np.random.default_rng([self.seed, 2, epoch]).random(numbers.shape)
            return replace(self.whole, numbers=np.where(drawn < LABEL_DROPOUT, 0, numbers))

        return draw


@dataclass(frozen=True)
class Streams:
    """B contiguous stretches of one circular text, read side by side; hidden states stay.

    Every epoch begins at another random offset and counts each pair of neighbouring symbols
    once; the pair that joins the text's end to its start never counts.

    Attributes:
        ids: The training text, shape (N,); may be memory-mapped.
        batch: B, streams side by side.
        length: T, symbols a step.
        seed: Seeds offsets and resets.
        reset_rate: The fraction of streams reset at each step. Without resets, cell states can
            grow without bound and the model is lost from a zero state.
        given: Places whose symbols are never predicted, in order.
        labels: The labels of the documents, where there are some.
    """

    ids: Ids
    batch: int
    length: int
    seed: int
    reset_rate: float
    given: NDArray[np.int64] = field(default_factory=lambda: NOWHERE)
    labels: DroppedLabels | None = None

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
        counted &= ~np.asarray(is_among(following, self.given))
        drawn = np.random.default_rng([self.seed, 1, step]).random(self.batch)[rows]
        return Batch(
            inputs=self.ids[places % n].astype(np.int32),
            targets=self.ids[following].astype(np.int32),
            weights=counted.astype(np.float32),
            resets=((drawn < self.reset_rate) | (chunk == 0)).astype(np.float32),
            labels=self.labels.of_epoch(epoch).at(following) if self.labels else None,
        )


@dataclass(frozen=True, eq=False)
class Documents:
    """Documents one at a time in each of B streams, each from a zero state.

    A document begins with the boundary as input and ends with it as target. It is read in chunks
    of T, the last one padded with places of weight 0, and its hidden state goes on from chunk
    to chunk. Every epoch reads the documents in another order. Where a stream's part of the chunks
    ends inside a document, the next stream goes on with it from a zero state.

    Attributes:
        ids: The text, shape (N,), each document followed by the boundary.
        starts: Where each document begins, shape (D,).
        boundary: The id of the boundary.
        batch: B, documents read side by side.
        length: T, symbols a step.
        seed: Seeds the order.
        given: Places whose symbols are never predicted, in order.
        labels: The labels of the documents, where there are some.
    """

    ids: Ids
    starts: NDArray[np.int64]
    boundary: int
    batch: int
    length: int
    seed: int
    given: NDArray[np.int64] = field(default_factory=lambda: NOWHERE)
    labels: DroppedLabels | None = None

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
        labels = self.labels.of_epoch(epoch) if self.labels else None
        return cut_documents(self.ids, self.boundary, places, spans, resets, self.given, labels)


@dataclass(frozen=True)
class Windows:
    """Every window of T symbols by itself, from a zero state, to predict the symbol after it.

    Windows are views of the text, never copies; every epoch takes them in another order. Where
    the last batch of an epoch has fewer than B of them, the rest of it does not count.

    Attributes:
        ids: The training text, shape (N,), longer than T; may be memory-mapped.
        batch: B, windows side by side.
        length: T, symbols in a window.
        seed: Seeds the order.
        labels: The labels of the documents, where there are some.
    """

    ids: Ids
    batch: int
    length: int
    seed: int
    labels: DroppedLabels | None = None

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
        labels = self.labels.of_epoch(epoch) if self.labels else None
        return cut_windows(self.ids, chosen, self.length, places < count, labels)


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
