"""Measures how fast this machine trains, for a moment. Knows nothing of text or networks."""

import time
from collections.abc import Callable, Iterator
from itertools import islice

from burble.training import collectives
from burble.training.schedule import LONGEST, Pace
from burble.training.step import Groups

SURE = 8
"""Steps that are measured at least, but where they take too long."""
SHORT = 0.25
"""Seconds of a step below which several are measured at once."""


def of_steps(
    step: Callable[[Groups, int], Groups],
    groups: Groups,
    seconds: float,
    stop: Callable[[], bool],
) -> Pace:
    """Measures steps.

    Args:
        step: Takes arrays, which it uses up, and a number from 0; gives arrays.
        groups: The arrays to begin with.
        seconds: How long to measure, about.
        stop: Whether to measure no longer; what was measured until then counts.
    """
    began = time.perf_counter()
    groups = step(groups, 0)
    groups["loss"][0].block_until_ready()
    started, count, elapsed = time.perf_counter(), 0, 0.0

    def more() -> int:
        sure = stop() or elapsed > LONGEST or (count >= SURE and elapsed >= seconds)
        if count and sure:
            return 0
        # On an accelerator, waiting for each step would be measured as well.
        return 4 if elapsed < SHORT * count else 1

    while steps := collectives.from_first(more):
        for _ in range(steps):
            count += 1
            groups = step(groups, count)
        groups["loss"][0].block_until_ready()
        elapsed = time.perf_counter() - started
    return Pace(elapsed / count, compiling=started - began)


def of_scores(
    running: Callable[[], Iterator[tuple[float, float]]], seconds: float, stop: Callable[[], bool]
) -> float:
    """Seconds that a place of the held-out text takes to score, measured on some of it.

    Args:
        running: Scores the text batch by batch, as `heldout.running`.
        seconds: How long to measure, about.
        stop: Whether to measure no longer.
    """
    began = time.perf_counter()
    batches, places = 0, 1.0
    # Twice the same batches: the first time they are compiled.
    for _ in running():
        batches += 1
        if stop() or time.perf_counter() - began > seconds:
            break
    began = time.perf_counter()
    for _, scored in islice(running(), batches):
        places = max(scored, 1.0)
        if stop():
            break
    return (time.perf_counter() - began) / places
