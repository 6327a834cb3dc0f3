"""How many steps a training has, by the nearest of its limits. Knows nothing of networks."""

import time
from collections.abc import Callable
from dataclasses import replace

from burble.errors import SettingsError
from burble.settings import TrainingSettings

MEASURED = 0.02
"""Share of the minutes in which the machine is measured."""


def planned(
    training: TrainingSettings,
    steps_per_epoch: int,
    measure: Callable[[float], tuple[float, float, float]],
    *,
    started: float,
    done: int,
) -> TrainingSettings:
    """Fixes the number of steps by the nearest of the limits on steps, epochs and minutes.

    Args:
        training: The settings.
        steps_per_epoch: Steps that read the text once.
        measure: Takes seconds to measure for, about; gives the seconds that a step, a score on
            the way and the scores that close the training take.
        started: The `time.perf_counter()` from which the minutes count.
        done: Steps done before, which minutes come on top of.

    Returns:
        The settings with no other limit than steps.

    Raises:
        SettingsError: The minutes are over before the first step.
    """
    epochs = max(1, round(training.epochs * steps_per_epoch)) if training.epochs else 0
    limits = [steps for steps in (training.steps, epochs) if steps]
    if training.minutes:
        step, score, closing = measure(training.minutes * 60 * MEASURED)
        left = training.minutes * 60 - (time.perf_counter() - started)
        if left <= 0:
            raise SettingsError(
                f"minutes is {training.minutes:g}, but reading and starting alone took "
                f"{training.minutes - left / 60:.1f}. Give more minutes, or --steps."
            )
        # Scoring may take a tenth of the time, whatever the length of the held-out text.
        scores = max(1, min(training.evaluations, int(left / 10 / max(score, 1e-9))))
        training = replace(training, evaluations=scores)
        limits.append(done + max(1, int((left - score * scores - closing) / step)))
    return replace(training, steps=min(limits), epochs=0.0, minutes=0.0)


def is_scored(step: int, training: TrainingSettings) -> bool:
    """Whether one of the evenly spread scores, of which the last closes training, is due.

    >>> [n for n in range(1, 12) if is_scored(n, TrainingSettings(steps=11, evaluations=3))]
    [4, 8, 11]
    """
    done, before = (n * training.evaluations // training.steps for n in (step, step - 1))
    return done > before


def is_over(stale: int, training: TrainingSettings) -> bool:
    """Whether so many scores in a row were no better that training ends early."""
    return bool(training.patience) and stale >= training.patience
