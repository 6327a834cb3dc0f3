"""The time of one stretch of training. Knows nothing of text or files."""

import time
from dataclasses import replace

from burble.events import State
from burble.objective import Groups, flat

SAVE_SECONDS = 20.0


class Clock:
    """The seconds of one stretch of training."""

    def __init__(self, state: State) -> None:
        """Begins now, at `state`."""
        self._first, self._began = state, time.perf_counter()
        self._saved = self._began

    def stamp(self, state: State, groups: Groups) -> State:
        """The state with its arrays as they are now, and its time."""
        elapsed = self._first.elapsed + time.perf_counter() - self._began
        return replace(state, arrays=flat(groups), elapsed=elapsed)

    def steps_a_second(self, step: int) -> float:
        """The mean speed of this stretch."""
        return (step - self._first.step) / (time.perf_counter() - self._began)

    def saved(self) -> None:
        """Notes that a state has been saved."""
        self._saved = time.perf_counter()

    def save_is_due(self) -> bool:
        """Whether the last save is long ago."""
        return time.perf_counter() - self._saved > SAVE_SECONDS
