"""The time of one stretch of training. Knows nothing of text or files."""

import math
import time
from collections.abc import Callable
from dataclasses import replace

from burble.runs.events import State
from burble.training.step import Groups, flat

SAVE_SECONDS = 20.0


class Clock:
    """The seconds of one stretch of training.

    Compiling is no speed: steps are counted from the end of the first one, and the first score
    tells how long others take only as long as there is no second.
    """

    def __init__(self, state: State, now: Callable[[], float] = time.perf_counter) -> None:
        """Begins now, at `state`."""
        self._now = now
        self._first, self._began = state, now()
        self._saved = self._began
        self._counted: tuple[int, float] | None = None
        self._scores: list[float] = []

    def stamp(self, state: State, groups: Groups) -> State:
        """The state with its arrays as they are now, and its time."""
        elapsed = self._first.elapsed + self._now() - self._began
        return replace(state, arrays=flat(groups), elapsed=elapsed)

    def stepped(self, step: int) -> None:
        """Notes that a step has been done; speed counts from the first."""
        if self._counted is None:
            self._counted = step, self._now()

    def scored(self, seconds: float) -> None:
        """Notes that a score, with all that came of it, took so long; it is no part of a step."""
        self._scores.append(seconds)
        if self._counted is not None:
            step, began = self._counted
            self._counted = step, began + seconds

    def steps_a_second(self, step: int) -> float:
        """The mean speed of this stretch, scores left out; not a number before a second step."""
        if self._counted is None or step <= self._counted[0]:
            return math.nan
        return (step - self._counted[0]) / max(self._now() - self._counted[1], 1e-9)

    def left(self, step: int, steps: int, scores: int) -> float:
        """Seconds left, about.

        Args:
            step: Steps done.
            steps: Steps in all.
            scores: Scores on the way that are still to come.

        Returns:
            Not a number before a second step.
        """
        known = self._scores[1:] or self._scores or [0.0]
        return (steps - step) / self.steps_a_second(step) + scores * sum(known) / len(known)

    def saved(self) -> None:
        """Notes that a state has been saved."""
        self._saved = self._now()

    def save_is_due(self) -> bool:
        """Whether the last save is long ago."""
        return self._now() - self._saved > SAVE_SECONDS
