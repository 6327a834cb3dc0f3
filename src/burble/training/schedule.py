"""How many steps a training has, by the nearest of its limits. Knows nothing of networks."""

from dataclasses import dataclass, replace

from burble.settings import TrainingSettings

MEASURED, LONGEST = 0.02, 10.0
"""Share of the minutes in which the machine is measured, and seconds of it at most."""
FEWEST = 10
"""Steps that are trained however short the minutes are."""
SCORED = 0.1
"""Share of the time that scores on the way may take."""


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


def seconds_to_measure(training: TrainingSettings) -> float:
    """Seconds for which steps are measured, about.

    >>> [seconds_to_measure(TrainingSettings(minutes=m)) for m in (1, 480)]
    [1.2, 10.0]
    """
    return min(LONGEST, MEASURED * 60 * training.minutes)


def planned(
    training: TrainingSettings, steps_per_epoch: int, pace: Pace, *, left: float, done: int
) -> tuple[TrainingSettings, str]:
    """Fixes the number of steps by the nearest of the limits on steps, epochs and minutes.

    Args:
        training: The settings.
        steps_per_epoch: Steps that read the text once.
        pace: Of this machine; only the minutes ask for it.
        left: Seconds of the minutes that are left.
        done: Steps done before, which minutes come on top of.

    Returns:
        The settings with no other limit than steps, and what to say of it, mostly nothing.
    """
    epochs = max(1, round(training.epochs * steps_per_epoch)) if training.epochs else 0
    limits = [steps for steps in (training.steps, epochs) if steps]
    said = ""
    if training.minutes:
        scores = int(SCORED * left / max(pace.score, 1e-9))
        scores = max(1, min(training.evaluations, scores))
        steps = int((left - pace.score * scores - pace.closing) / pace.step)
        limits.append(done + max(FEWEST, steps))
        if steps < FEWEST and min(limits) == limits[-1]:
            gone = training.minutes - left / 60
            said = (
                f"minutes is {training.minutes:g}, but reading and starting took {gone:.2g}, so "
                f"there is no time to learn much. {FEWEST} steps are trained all the same; for "
                "more, give more minutes, or --steps."
            )
        training = replace(training, evaluations=scores)
    return replace(training, steps=min(limits), epochs=0.0, minutes=0.0), said


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
