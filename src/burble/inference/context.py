"""What the network sees of the texts it writes: all that came before, or the last symbols alone.

A memory, where there is one, sees the last symbols, too. Knows nothing of how texts end.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from burble.model import softmax
from burble.model.engine import Array, Core, State, select_streams
from burble.ngram.index import MAX_CONTEXT
from burble.ngram.mixing import MixingWeights, mix_predictions
from burble.ngram.predictor import NgramModel

BLOCK = 256


class Seen(Protocol):
    """What the texts being written consist of so far, as far as the network sees it."""

    def prime(self, ids: NDArray[np.integer]) -> Array:
        """Begins one text with `ids`, shape (T,); returns the logits after them, (1, V)."""

    def keep(self, rows: Sequence[int]) -> None:
        """Goes on with some of the texts, in the order given."""

    def add(self, ids: NDArray[np.integer]) -> Array:
        """Adds one symbol to each text, shape (B,); returns the logits after it, (B, V)."""


class Stream:
    """All that was written before, in the network's state.

    Args:
        core: The network.
    """

    def __init__(self, core: Core) -> None:
        """Nothing has been read."""
        self._core = core
        self._state: State = core.zero_state(1)

    def prime(self, ids: NDArray[np.integer]) -> Array:
        """Reads in blocks, so that memory does not grow."""
        for at in range(0, len(ids), BLOCK):
            logits, self._state = self._core.read_symbols(ids[at : at + BLOCK], self._state)
        return logits[-1:]

    def keep(self, rows: Sequence[int]) -> None:
        """Takes the states of some texts."""
        self._state = select_streams(self._state, rows)

    def add(self, ids: NDArray[np.integer]) -> Array:
        """One step of the network."""
        logits, self._state = self._core.step(ids, self._state)
        return logits


class Windows:
    """The last symbols alone, read anew from a zero state for each one that follows.

    Args:
        core: The network.
        length: Symbols in a window.
    """

    def __init__(self, core: Core, length: int) -> None:
        """Nothing has been written."""
        self._core = core
        self._length = length
        self._ids = np.empty((1, 0), np.intp)

    def prime(self, ids: NDArray[np.integer]) -> Array:
        """Takes the end of `ids`."""
        self._ids = ids[None, -self._length :].astype(np.intp)
        return self._logits()

    def keep(self, rows: Sequence[int]) -> None:
        """Takes the windows of some texts."""
        self._ids = self._ids[rows]

    def add(self, ids: NDArray[np.integer]) -> Array:
        """Moves every window on by one symbol."""
        self._ids = np.concatenate([self._ids, ids[:, None]], 1)[:, -self._length :]
        return self._logits()

    def _logits(self) -> Array:
        """The logits after the windows, (B, V)."""
        if len(self._ids) == 1:
            return self._core.read_symbols(self._ids[0], self._core.zero_state(1))[0][-1:]
        state = self._core.zero_state(len(self._ids))
        for ids in self._ids.T:
            logits, state = self._core.step(ids, state)
        return logits


class Remembered:
    """What another `Seen` expects, and a memory beside it.

    Args:
        seen: The network's side.
        index: The memory.
        share: How far it is believed, 0 to 1; see `MixingWeights`.
    """

    def __init__(self, seen: Seen, index: NgramModel, share: float) -> None:
        """Nothing has been read."""
        self._seen = seen
        self._index = index
        self._weights = MixingWeights.trained(share)
        self._last = np.zeros((1, MAX_CONTEXT), np.int64)

    def prime(self, ids: NDArray[np.integer]) -> Array:
        """Begins one text."""
        end = ids[: -MAX_CONTEXT - 1 : -1]
        self._last[0, : len(end)] = end
        return self._mixed(self._seen.prime(ids))

    def keep(self, rows: Sequence[int]) -> None:
        """Goes on with some of the texts."""
        self._seen.keep(rows)
        self._last = self._last[rows]

    def add(self, ids: NDArray[np.integer]) -> Array:
        """Adds one symbol to each text."""
        self._last = np.hstack([ids[:, None], self._last[:, :-1]])
        return self._mixed(self._seen.add(ids))

    def _mixed(self, logits: Array) -> Array:
        """The logarithms of what both expect together, (B, V)."""
        rows = softmax.log_probabilities(logits.astype(np.float64))
        ngrams = self._index.predict(self._last)
        mixture = mix_predictions(rows, ngrams, self._weights)
        return mixture.log_probabilities.astype(np.float32)
