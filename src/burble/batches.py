"""The framings: which symbols each training step sees. A pure function of (seed, step).

Knows nothing of characters or models. `B` streams, `T` steps, as everywhere.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


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
    """

    ids: NDArray[np.uint8 | np.uint16]
    batch: int
    length: int
    seed: int
    reset_rate: float

    @property
    def steps_per_epoch(self) -> int:
        """Steps that read the text once."""
        return -(-len(self.ids) // (self.batch * self.length))

    def at(self, step: int) -> Batch:
        """The batch of `step`, counted from 0."""
        n = len(self.ids)
        epoch, chunk = divmod(step, self.steps_per_epoch)
        offset = int(np.random.default_rng([self.seed, 0, epoch]).integers(n))
        edges = offset + np.arange(self.batch + 1) * n // self.batch
        places = edges[:-1, None] + chunk * self.length + np.arange(self.length)
        counted = (places < edges[1:, None]) & ((places + 1) % n != 0)
        drawn = np.random.default_rng([self.seed, 1, step]).random(self.batch)
        return Batch(
            inputs=self.ids[places % n].astype(np.int32),
            targets=self.ids[(places + 1) % n].astype(np.int32),
            weights=counted.astype(np.float32),
            resets=((drawn < self.reset_rate) | (chunk == 0)).astype(np.float32),
        )
