"""The forward step of a model that sees windows: the last symbols, read anew for each that follows.

Knows nothing of text.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from burble.model.engine import Array, Core, Reading, State, finish_reading

Ids = NDArray[np.intp]


class WindowEngine:
    """The forward step of a model that sees windows: the last symbols are its state.

    Args:
        core: Its network, which reads them from a zero state each time.
        length: How many it sees.
    """

    def __init__(self, core: Core, length: int) -> None:
        self._core = core
        self._length = length

    side_by_side = False

    def with_labels(self, labels: Sequence[int]) -> "WindowEngine":
        """The engine for texts that have some labels; see `Core`."""
        return WindowEngine(self._core.with_labels(labels), self._length)

    def zero_state(self, streams: int) -> State:
        """Windows without a symbol, shape (length, B); see `Core`."""
        return (np.full((self._length, streams), -1, np.float32),)

    def step(self, ids: NDArray[np.integer], state: State) -> tuple[Array, State]:
        """Moves the window of each stream on, and reads it; see `Core`."""
        window = move_windows(ids, state)
        return read_windows(self._core, [*window.T.astype(np.intp)]), (window,)

    def read_symbols(self, ids: NDArray[np.integer], state: State) -> tuple[Array, State]:
        """Reads many symbols in one stream, one by one; see `Core`."""
        return finish_reading(self.read_in_parts(ids, state))

    def read_in_parts(self, ids: NDArray[np.integer], state: State) -> Reading:
        """Reads many symbols in one stream, one by one; see `Core`."""
        return read_one_by_one(self.step, ids, state)


def move_windows(ids: NDArray[np.integer], state: State) -> Array:
    """The windows (length, B) of a state, after one symbol more in each stream that reads one."""
    (window,) = state
    moved = np.concatenate([window[1:], ids[None].astype(np.float32)])
    return np.where(ids >= 0, moved, window)


def read_one_by_one(
    step: Callable[[NDArray[np.integer], State], tuple[Array, State]],
    ids: NDArray[np.integer],
    state: State,
) -> Reading:
    """Reads many symbols in one stream by a core's `step`; see `Core.read_in_parts`."""
    rows = []
    for symbol in ids:
        logits, state = step(np.array([symbol]), state)
        rows.append(logits)
        yield
    return np.concatenate(rows), state


def read_windows(core: Core, windows: Sequence[Ids]) -> Array:
    """The logits after windows, (B, V), each read by itself from a zero state.

    Side by side they would be read faster, but rounded otherwise than one alone.

    Args:
        core: The network.
        windows: Their symbols, shape (T,) each.
    """
    zero = core.zero_state(1)
    return np.concatenate([core.read_symbols(window, zero)[0][-1:] for window in windows])
