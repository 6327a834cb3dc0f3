"""What the model has read of the texts it writes: all that came before, or the last symbols alone.

Symbols go in, and logits of the next come out. Knows nothing of how texts end.
"""

import copy
from collections.abc import Generator, Sequence
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from burble.inference.beginnings import Beginnings
from burble.model.engine import Array, Core, State, join_streams, select_streams
from burble.model.softmax import log_softmax
from burble.model.windows import read_windows
from burble.model.writing import build_writing
from burble.ngram.index import MAX_CONTEXT
from burble.ngram.mixing import MixingWeights, mix_predictions
from burble.ngram.predictor import NgramModel

BLOCK = 256
Reading = Generator[None, None, Array]
"""Reads a prompt in parts that take a few milliseconds, and returns the logits after it."""


class Context(Protocol):
    """What B texts consist of so far, as far as the model sees it."""

    def read_in_parts(self, ids: NDArray[np.integer]) -> Reading:
        """Begins one text with `ids`, shape (T,); returns the logits after them, (1, V)."""

    def join(self, other: Self) -> None:
        """Goes on with the texts of another context of the same model besides, after its own."""

    def keep_rows(self, rows: Sequence[int]) -> None:
        """Goes on with some of the texts, in the order given."""

    def copy(self) -> Self:
        """The same, to be gone on with by itself."""

    def append_symbols(self, ids: NDArray[np.integer]) -> Array:
        """Adds one symbol to each text, shape (B,); returns the logits after it, (B, V)."""


class StateContext:
    """All that was written before, in the network's hidden state.

    Attributes:
        state: That state. What comes from `writing` is changed there, and by nothing else.
        writing: What goes on from it for several symbols at once, where that is possible.
    """

    def __init__(self, core: Core, beginnings: Beginnings | None = None) -> None:
        self._core = core
        self.state: State = core.zero_state(1)
        self._kept = beginnings or Beginnings()
        self.writing = build_writing(core)

    def read_in_parts(self, ids: NDArray[np.integer]) -> Reading:
        """Reads in blocks, so that memory does not grow; not what was read just now."""
        keys = self._kept.list_keys(ids, BLOCK)
        read, state = self._kept.find(keys)
        self.state = self.state if state is None else state
        for at in range(read * BLOCK, len(ids), BLOCK):
            reading = self._core.read_in_parts(ids[at : at + BLOCK], self.state)
            logits, self.state = yield from reading
            if at // BLOCK < len(keys):
                self._kept.keep(keys[at // BLOCK], self.state)
            yield
        return logits[-1:]

    @classmethod
    def read_several(
        cls, core: Core, several: Sequence[NDArray[np.integer]]
    ) -> Generator[None, None, list[tuple[Array, Self]]]:
        """Begins texts side by side, each of at most `BLOCK` symbols, (T,); see `read_in_parts`.

        Returns:
            For each the logits after it, (1, V), and its context.
        """
        ids = np.full((max(map(len, several)), len(several)), -1)
        for stream, one in enumerate(several):
            ids[: len(one), stream] = one
        logits, state = yield from core.read_in_parts(ids, core.zero_state(len(several)))
        found = []
        for stream in range(len(several)):
            context = cls(core)
            context.state = select_streams(state, [stream])
            found.append((logits[-1, [stream]], context))
        return found

    def join(self, other: Self) -> None:
        """Takes their states besides."""
        self.state = join_streams([self.state, other.state])

    def keep_rows(self, rows: Sequence[int]) -> None:
        """Takes the states of some texts."""
        self.state = select_streams(self.state, rows)

    def copy(self) -> Self:
        """The same, with a state that what is written from this one does not change."""
        other = copy.copy(self)
        other.state = tuple(part.copy("K") for part in self.state)
        other.writing = build_writing(self._core)
        return other

    def append_symbols(self, ids: NDArray[np.integer]) -> Array:
        """One step of the network."""
        logits, self.state = self._core.step(ids, self.state)
        return logits


class WindowContext:
    """The last symbols alone, read anew from a zero state for each one that follows."""

    def __init__(self, core: Core, length: int) -> None:
        self._core = core
        self._length = length
        self._windows: list[NDArray[np.intp]] = []

    def read_in_parts(self, ids: NDArray[np.integer]) -> Reading:
        """Takes the end of `ids`."""
        window = ids[-self._length :].astype(np.intp)
        self._windows = [window]
        logits, _ = yield from self._core.read_in_parts(window, self._core.zero_state(1))
        return logits[-1:]

    def join(self, other: Self) -> None:
        """Takes their windows besides."""
        self._windows += other._windows

    def keep_rows(self, rows: Sequence[int]) -> None:
        """Takes the windows of some texts."""
        self._windows = [self._windows[row] for row in rows]

    def copy(self) -> Self:
        """The same; a window is never changed, but another follows it."""
        return copy.copy(self)

    def append_symbols(self, ids: NDArray[np.integer]) -> Array:
        """Moves every window on by one symbol."""
        pairs = zip(self._windows, ids, strict=True)
        self._windows = [np.append(window, symbol)[-self._length :] for window, symbol in pairs]
        return read_windows(self._core, self._windows)


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

    def read_in_parts(self, ids: NDArray[np.integer]) -> Reading:
        """Begins one text."""
        end = ids[: -MAX_CONTEXT - 1 : -1]
        self._last[0, : len(end)] = end
        logits = yield from self._network.read_in_parts(ids)
        return self._mix(logits)

    def join(self, other: Self) -> None:
        """Goes on with more texts."""
        self._network.join(other._network)
        self._last = np.vstack([self._last, other._last])

    def keep_rows(self, rows: Sequence[int]) -> None:
        """Goes on with some of the texts."""
        self._network.keep_rows(rows)
        self._last = self._last[rows]

    def copy(self) -> Self:
        """The same."""
        other = copy.copy(self)
        other._network, other._last = self._network.copy(), self._last.copy()
        return other

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
