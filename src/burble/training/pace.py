"""How fast this machine trains, and how much time is left. Knows nothing of text or networks."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice

import jax

from burble.runs.state import Arrays, State
from burble.settings import TrainingSettings
from burble.training import collectives
from burble.training.schedule import Pace
from burble.training.step import fetch_arrays

MEASURED, LONGEST = 0.02, 10.0
"""Fraction of the minutes in which the machine is measured, and seconds of it at most."""
SURE = 8
"""Steps that are measured at least, but where they take too long."""
SHORT = 0.25
"""Seconds of a step below which several are measured at once."""
SAVE_SECONDS = 20.0
"""Seconds between two saves, but for those that come with a score."""


def seconds_to_measure(training: TrainingSettings) -> float:
    """Seconds for which steps are measured, about.

    >>> [seconds_to_measure(TrainingSettings(minutes=m)) for m in (1, 480)]
    [1.2, 10.0]
    """
    return min(LONGEST, MEASURED * 60 * training.minutes)


def measure_steps(
    step: Callable[[Arrays, int], Arrays],
    arrays: Arrays,
    seconds: float,
    stop: Callable[[], bool],
    steps: float = math.inf,
) -> Pace:
    """Measures steps.

    Args:
        step: Takes arrays, which it uses up, and a number from 0; gives arrays.
        arrays: The arrays to begin with.
        seconds: How long to measure, about.
        steps: How many there will be at most; measured are no more than a fiftieth of them, or
            `SURE`.
        stop: Whether to measure no longer; what was measured until then counts.
    """
    began = time.perf_counter()
    arrays = step(arrays, 0)
    jax.block_until_ready(arrays)
    started, count, elapsed = time.perf_counter(), 0, 0.0

    def more() -> int:
        enough = elapsed >= seconds or count >= MEASURED * steps
        if count and (stop() or elapsed > LONGEST or (count >= SURE and enough)):
            return 0
        # On an accelerator, waiting for each step would be measured as well.
        return 4 if elapsed < SHORT * count else 1

    while some := collectives.broadcast(more):
        for _ in range(some):
            count += 1
            arrays = step(arrays, count)
        jax.block_until_ready(arrays)
        elapsed = time.perf_counter() - started
    return Pace(elapsed / count, compiling=started - began)


def measure_scores(
    score: Callable[[], Iterator[tuple[float, float]]], seconds: float, stop: Callable[[], bool]
) -> float:
    """Seconds that a place of the validation text takes to score, measured on some of it.

    Args:
        score: Scores the text batch by batch, as `Validation.score_batches`.
        seconds: How long to measure, about.
        stop: Whether to measure no longer.
    """
    began = time.perf_counter()
    batches, places = 0, 1.0
    # Twice the same batches: the first time they are compiled.
    for _ in score():
        batches += 1
        if stop() or time.perf_counter() - began > seconds:
            break
    began = time.perf_counter()
    for _, scored in islice(score(), batches):
        places = max(scored, 1.0)
        if stop():
            break
    return (time.perf_counter() - began) / places


class Clock:
    """The seconds of one stretch of training.

    Compiling is no speed: steps are counted from the end of the first one, and the first score
    is a measure of the others only as long as there is no second.
    """

    def __init__(self, state: State, now: Callable[[], float] = time.perf_counter) -> None:
        self._now = now
        self._first, self._began = state, now()
        self._saved = self._began
        self._counted: tuple[int, float] | None = None
        self._scores: list[float] = []

    def stamp(self, state: State, arrays: Arrays) -> State:
        """The state with its arrays as they are now, and its time."""
        elapsed = self._first.elapsed + self._now() - self._began
        return replace(state, arrays=fetch_arrays(arrays), elapsed=elapsed)

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
