"""How many steps a training has, which of them are scored, and the learning rate of each.

Knows nothing of networks or clocks.
"""

import math
from dataclasses import dataclass, replace

from burble.settings import TrainingSettings

FEWEST = 10
"""Steps that are trained however short the minutes are."""
SCORED = 0.1
"""Fraction of the time that scores on the way may take."""
LAST_RATE = 0.02
"""Fraction of the learning rate that is left at the last step."""


@dataclass(frozen=True)
class Pace:
    """How fast this machine trains, in seconds, compilation left out but for its own.

    Attributes:
        step: Of one step.
        score: Of one score on the way.
        closing: Of the scores that close the training.
        compiling: Of what came before a second step.
    """

    step: float
    score: float = 0.0
    closing: float = 0.0
    compiling: float = 0.0


def fix_steps(
    training: TrainingSettings, steps_per_epoch: int, pace: Pace, *, left: float, done: int
) -> tuple[TrainingSettings, str]:
    """Fixes the number of steps by the nearest of the limits on steps, epochs and minutes.

    Args:
        training: The settings.
        steps_per_epoch: Steps that read the text once.
        pace: Of this machine; needed for minutes alone.
        left: Seconds of the minutes that are left.
        done: Steps done before, which minutes come on top of.

    Returns:
        The settings with no other limit than steps, and a message, mostly empty.
    """
    epochs = max(1, round(training.epochs * steps_per_epoch)) if training.epochs else 0
    limits = [steps for steps in (training.steps, epochs) if steps]
    message = ""
    if training.minutes:
        scores = int(SCORED * left / max(pace.score, 1e-9))
        scores = max(1, min(training.evaluations, scores))
        steps = int((left - pace.score * scores - pace.closing) / pace.step)
        limits.append(done + max(FEWEST, steps))
        if steps < FEWEST and min(limits) == limits[-1]:
            gone = training.minutes - left / 60
            message = (
                f"Reading and starting took {gone:.2g} minutes, of the {training.minutes:g} given, "
                f"so only {FEWEST} steps are trained. For a better model give more --minutes, or "
                "--steps."
            )
        training = replace(training, evaluations=scores)
    return replace(training, steps=min(limits), epochs=0.0, minutes=0.0), message


def is_scored(step: int, training: TrainingSettings) -> bool:
    """Whether one of the evenly spread scores, of which the last closes training, is due.

    >>> [n for n in range(1, 12) if is_scored(n, TrainingSettings(steps=11, evaluations=3))]
    [4, 8, 11]
    """
    done, before = (n * training.evaluations // training.steps for n in (step, step - 1))
    return done > before


def is_over(evals_without_improvement: int, training: TrainingSettings) -> bool:
    """Whether so many scores in a row without a better one end training early."""
    return bool(training.patience) and evals_without_improvement >= training.patience


def learning_rate(training: TrainingSettings, step: int) -> float:
    """The learning rate of `step`, counted from 0: constant, or a warm-up and then half a cosine.

    Keras has the same schedule, but compiled into the step: here one compiled step serves any
    number of steps, so that the number can be fixed after the machine has been measured.
    """
    if training.schedule == "constant":
        return training.learning_rate
    warmup = max(1, round(training.steps * training.warmup))
    if step < warmup:
        return training.learning_rate * (step + 1) / warmup
    done = min(1.0, (step - warmup) / max(1, training.steps - warmup))
    fraction = LAST_RATE + (1 - LAST_RATE) * (1 + math.cos(math.pi * done)) / 2
    return training.learning_rate * fraction


def averaging_weight(training: TrainingSettings, step: int) -> float:
    """How much the weights after `step`, counted from 0, count in the average.

    All the same at first, and then falling off over a fraction `averaging` of all steps; where
    the average begins with the base's weights, falling off from the first step, so that a share
    e^(-1/averaging) of them is left after the last.
    """
    horizon = training.averaging * training.steps
    return 1 / max(1.0, horizon if training.average_base else min(step + 1.0, horizon))
