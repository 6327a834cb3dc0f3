"""Many symbols of some texts at once, where the compiled kernels can read and choose by themselves.

Many texts are dealt out to threads, none of which waits for another between two symbols. Of a few,
another thread takes a part of each layer, as far as its core has nothing else to do. Knows nothing
of text. Axes: `B` texts, `T` steps; states are as in `engine`.
"""

import time
from collections.abc import Sequence
from functools import partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from burble.model.engine import Core, Engine, EnsembleEngine, State
from burble.model.forward import order_states
from burble.model.parallel import count_threads, run_at_once
from burble.model.resets import ResetEngine, reset_streams
from burble.native.forward import Network
from burble.native.writing import Choice, Helper, Room, Work, can_write

MOST_STEPS = 64
"""Symbols of a text that are written in one call at most."""
WORK = 1 << 29
"""Products of numbers in one call and thread: they take a few milliseconds."""
READING = 8
"""Texts whose products take as long as to read the weights from memory."""
LEAST_SIZE = 1 << 17
"""Weights of a network that are worth a thread's help."""
REST = 0.001, 1.0
"""Seconds for which no help is asked for after it came too late: twice as long each time."""
STEADY = 4
"""Calls in a row that had help in time, after which it is as if it had never been late."""
LEAST_WORK = 1 << 22
"""Products in one call that are worth a thread."""


class Writing:
    """Writes with networks in the compiled kernels, for one thread; see `build_writing`.

    Args:
        networks: Those whose probabilities are averaged.
        size: Their weights.
        reset_id: The id before which the state becomes zero; None for none.
    """

    def __init__(self, networks: Sequence[Network], size: int, reset_id: int | None = None) -> None:
        self._networks, self._size, self._reset_id = networks, size, reset_id
        self._room = Room(networks, 1)
        self._helper: Helper | None = None
        self._late = 0

    def count_steps(self, texts: int) -> int:
        """How many symbols of some texts are written in one call: a few milliseconds' worth."""
        streams = -(-texts // count_threads())
        return min(MOST_STEPS, max(1, WORK // (self._size * (streams + READING))))

    def write(
        self,
        ids: NDArray[np.int64],
        state: State,
        uniforms: NDArray[np.float64],
        choice: Choice,
    ) -> tuple[NDArray[np.int64], State]:
        """Reads the last symbol of each text and goes on; see `native.writing.Work`.

        Args:
            ids: Those symbols, shape (B,).
            state: The state before them. It is changed where it comes from here.
            uniforms: A number from [0, 1) for each new symbol, shape (T, B).
            choice: How they are chosen.

        Returns:
            The symbols, shape (T, B), and the state before the last of them.

        Raises:
            NotFiniteError: What is predicted is no number.
        """
        if self._room.texts != len(ids):
            self._room = Room(self._networks, len(ids))
        if self._reset_id is not None and self._reset_id in ids.tolist():
            state = reset_streams(ids == self._reset_id, state)
        before = [order_states(part) for part in state]
        work = Work(self._networks, ids, before, uniforms, choice, self._room, self._reset_id)
        products = uniforms.size * self._size
        parts = max(1, min(count_threads(), len(ids) // READING, products // LEAST_WORK))
        if parts == 1:
            work.write(0, len(ids), self._find_helper(len(ids)))
        else:
            bounds = [len(ids) * part // parts for part in range(parts + 1)]
            run_at_once([partial(work.write, *both) for both in pairwise(bounds)])
        return work.drawn, tuple(after.transpose(0, 2, 1) for after in work.after)

    def _find_helper(self, texts: int) -> Helper | None:
        """What takes a part of each layer; None where that does not pay."""
        if texts > READING or self._size < LEAST_SIZE or count_threads() < 2:
            return None
        if self._helper is None:
            self._helper = Helper(self._networks, READING)
        before, self._late = self._late, self._helper.late
        return self._helper if _rest.is_over(late=self._late > before) else None


class _Rest:
    """When a thread of this process may help again, after one came too late."""

    def __init__(self) -> None:
        self._seconds, self._until = REST[0], 0.0
        self._in_time = 0

    def is_over(self, *, late: bool) -> bool:
        """Whether help may be asked for.

        Args:
            late: Whether the last was too late: then something else wants its core.
        """
        now = time.monotonic()
        if late:
            self._until, self._in_time = now + self._seconds, 0
            self._seconds = min(2 * self._seconds, REST[1])
        if now < self._until:
            return False
        self._in_time += 1
        if self._in_time > STEADY:
            self._seconds = REST[0]
        return True


_rest = _Rest()


def build_writing(core: Core) -> Writing | None:
    """What writes with networks in the compiled kernels; None where it cannot be done there."""
    reset_id = None
    if isinstance(core, ResetEngine):
        reset_id, core = core.reset_id, core.core
    engines = core.engines if isinstance(core, EnsembleEngine) else [core]
    sizes = [one.size for one in engines if isinstance(one, Engine)]
    found = [one.network for one in engines if isinstance(one, Engine)]
    networks = [one for one in found if one is not None]
    if len(networks) < len(engines) or not can_write(networks):
        return None
    return Writing(networks, sum(sizes), reset_id)
