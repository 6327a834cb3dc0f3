"""Chooses how a training that starts from a base goes on, by the amount of text.

Knows nothing of Keras, files or what the base has read. What was tried for it is in
docs/explanation/recipe.md, *From a base*.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from burble.settings import DROPOUTS, TrainingSettings, make_settings

LEARNED = {
    "learning_rate": 1e-3,
    "average_base": True,
    "val_chars": 10_000,
    "ensemble": 1,
    **dict(zip(DROPOUTS, (0.0, 0.1, 0.0, 0.0), strict=True)),
}
"""Settings for any text. A base is undone by large steps, and by much more dropout than it was
trained with (none); and what a short text has taught it is best taken in part: see `AVERAGING`."""
PASSES = {2_000: 6.0, 18_000: 8.0, 135_000: 8.0, 1_000_000: 5.0}
"""How often the text is read, by its training symbols; in between by their logarithm. More would
be learning it by heart, or would not fit into five minutes on two cores."""
AVERAGING = {135_000: 0.5, 1_000_000: 0.1}
"""The fraction of the steps that the average of the weights looks back on, by training symbols. It
keeps e^(-1/averaging) of the base's weights: 14 % where there is little text, none where there is
enough to learn all from it."""
MINUTES = 5.0
STEPS_A_SCORE = 12
"""Steps from one score to the next at least, but where there would be fewer than `FEWEST_SCORES`:
a score takes as long as some steps."""
FEWEST_SCORES, MOST_SCORES = 4, 15
CHOSEN = {*LEARNED, "averaging", "evaluations"}
"""Settings that are chosen for a training from a base unless they are given."""


def choose_passes(symbols: int) -> float:
    """How often a text is read that a base goes on to learn.

    >>> [choose_passes(symbols) for symbols in (500, 2_000, 18_000, 135_000, 9_000_000)]
    [6.0, 6.0, 8.0, 8.0, 5.0]
    """
    return round(_by_size(PASSES, symbols), 1)


def _by_size(known: Mapping[int, float], symbols: int) -> float:
    """A value that is known for some sizes of text, in between by the logarithm of the size."""
    sizes = [math.log(size) for size in known]
    return float(np.interp(math.log(max(1, symbols)), sizes, [*known.values()]))


def choose_settings(given: Mapping[str, Any], symbols: int) -> dict[str, Any]:
    """What ends the training, and how it is learned.

    Args:
        given: Settings by name, batch and length among them. Of limits the nearest holds; where
            there are neither steps nor epochs, epochs suit the amount of text.
        symbols: Training symbols.
    """
    if given.get("steps") or given.get("epochs"):
        limits = {}
    else:
        limits = {"epochs": choose_passes(symbols)}
        limits |= {} if given.get("minutes") else {"minutes": MINUTES}
    training = make_settings({**given, **limits}).training
    steps = (training.steps, training.epochs * symbols / training.predicted_a_step)
    scores = int(min(count for count in steps if count) / STEPS_A_SCORE)
    learned = {
        **LEARNED,
        "averaging": round(_by_size(AVERAGING, symbols), 2),
        "evaluations": min(MOST_SCORES, max(FEWEST_SCORES, scores)),
    }
    if given.get("averaging") == 0:
        # What is not averaged keeps nothing of the base.
        learned["average_base"] = False
    return limits | learned


def describe_share(training: TrainingSettings) -> str:
    """How much of the base stays in the model, for a person; empty where it is hardly any."""
    share = math.exp(-1 / training.averaging)
    if share < 0.005:
        return ""
    return f" Of the base's weights {share:.0%} stay in the average that becomes the model."
