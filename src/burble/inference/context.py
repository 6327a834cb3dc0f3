"""What the model has read of the texts it writes: all that came before, or the last symbols alone.

Symbols go in, and logits of the next come out. Knows nothing of how texts end.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from burble.model.engine import Array, Core, State, select_streams
from burble.model.softmax import log_softmax
from burble.ngram.index import MAX_CONTEXT
from burble.ngram.mixing import MixingWeights, mix_predictions
from burble.ngram.predictor import NgramModel

BLOCK = 256


class Context(Protocol):
    """What B texts consist of so far, as far as the model sees it."""

    def read_prompt(self, ids: NDArray[np.integer]) -> Array:
        """Begins one text with `ids`, shape (T,); returns the logits after them, (1, V)."""

    def keep_rows(self, rows: Sequence[int]) -> None:
        """Goes on with some of the texts, in the order given."""

    def append_symbols(self, ids: NDArray[np.integer]) -> Array:
        """Adds one symbol to each text, shape (B,); returns the logits after it, (B, V)."""


def build_context(
    core: Core,
    window: int,
    memory: NgramModel | None = None,
    weights: MixingWeights | None = None,
) -> Context:
    """The context of a model that has read nothing.

    Args:
        core: The network.
        window: Symbols that it sees; 0 for all that came before.
        memory: An n-gram model that is mixed with it, if any.
        weights: How much each counts; needed with a memory.
    """
    network = WindowContext(core, window) if window else StateContext(core)
    return MemoryContext(network, memory, weights) if memory and weights else network


class StateContext:
    """All that was written before, in the network's hidden state."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._state: State = core.zero_state(1)

    def read_prompt(self, ids: NDArray[np.integer]) -> Array:
        """Reads in blocks, so that memory does not grow."""
        for at in range(0, len(ids), BLOCK):
            logits, self._state = self._core.read_symbols(ids[at : at + BLOCK], self._state)
        return logits[-1:]

    def keep_rows(self, rows: Sequence[int]) -> None:
        """Takes the states of some texts."""
        self._state = select_streams(self._state, rows)

    def append_symbols(self, ids: NDArray[np.integer]) -> Array:
        """One step of the network."""
        logits, self._state = self._core.step(ids, self._state)
        return logits


class WindowContext:
    """The last symbols alone, read anew from a zero state for each one that follows."""

    def __init__(self, core: Core, length: int) -> None:
        self._core = core
        self._length = length
        self._ids = np.empty((1, 0), np.intp)

    def read_prompt(self, ids: NDArray[np.integer]) -> Array:
        """Takes the end of `ids`."""
        self._ids = ids[None, -self._length :].astype(np.intp)
        return self._compute_logits()

    def keep_rows(self, rows: Sequence[int]) -> None:
        """Takes the windows of some texts."""
        self._ids = self._ids[rows]

    def append_symbols(self, ids: NDArray[np.integer]) -> Array:
        """Moves every window on by one symbol."""
        self._ids = np.concatenate([self._ids, ids[:, None]], 1)[:, -self._length :]
        return self._compute_logits()

    def _compute_logits(self) -> Array:
        """The logits after the windows, (B, V)."""
        if len(self._ids) == 1:
            return self._core.read_symbols(self._ids[0], self._core.zero_state(1))[0][-1:]
        state = self._core.zero_state(len(self._ids))
        for ids in self._ids.T:
            logits, state = self._core.step(ids, state)
        return logits


class MemoryContext:
    """What a network predicts in another context, mixed with what an n-gram model predicts.

    Args:
        network: The network's context.
        memory: The n-gram model; it sees the last `MAX_CONTEXT` symbols.
        weights: How much each counts.
    """

    def __init__(self, network: Context, memory: NgramModel, weights: MixingWeights) -> None:
        self._network = network
        self._memory = memory
        self._weights = weights
        self._last = np.zeros((1, MAX_CONTEXT), np.int64)

    def read_prompt(self, ids: NDArray[np.integer]) -> Array:
        """Begins one text."""
        end = ids[: -MAX_CONTEXT - 1 : -1]
        self._last[0, : len(end)] = end
        return self._mix(self._network.read_prompt(ids))

    def keep_rows(self, rows: Sequence[int]) -> None:
        """Goes on with some of the texts."""
        self._network.keep_rows(rows)
        self._last = self._last[rows]

    def append_symbols(self, ids: NDArray[np.integer]) -> Array:
        """Adds one symbol to each text."""
        self._last = np.hstack([ids[:, None], self._last[:, :-1]])
        return self._mix(self._network.append_symbols(ids))

    def _mix(self, logits: Array) -> Array:
        """The logarithms of what both predict together, (B, V)."""
        rows = log_softmax(logits.astype(np.float64))
        ngrams = self._memory.predict(self._last)
        mixture = mix_predictions(rows, ngrams, self._weights)
        return mixture.log_probabilities.astype(np.float32)
