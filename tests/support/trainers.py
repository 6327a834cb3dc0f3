"""Trainers of tiny networks on a tiny text."""

import jax
import numpy as np

from burble import settings
from burble.runs.events import End
from burble.runs.request import check_folder
from burble.runs.state import Arrays
from burble.settings import TextSettings
from burble.training import job, preflight
from burble.training.trainer import Trainer
from tests.support.corpora import build_corpus

TEXT = "the cat sat on the mat. the dog sat on the log. " * 40
TINY = {"units": 16, "embedding": 8, "batch": 4, "length": 16, "evaluations": 3, "patience": 0}

NO_ARRAYS = Arrays([], [], [], [], [], [], None)


def trainer(**changed):
    made = settings.make_settings(TINY | {"steps": 30, "framing": "streams"} | changed)
    return Trainer(build_corpus([TEXT], TextSettings()), made)


def finish(t, state=None, **how):
    events = list(t.run(state or t.initial_state(), **how))
    assert isinstance(events[-1], End)
    return events[-1].state


def score(t, state, **how):
    """The loss of a state on the validation text."""
    scoring = t.validation.score(state, **how)
    while True:
        try:
            next(scoring)
        except StopIteration as end:
            return end.value


def run_training(made, run, request, **how):
    """The events of a training on a corpus that is there already, as the command line trains."""
    check_folder(request, run)
    return job.train(preflight.prepare(request, run, made), **how)


def assert_equal(one, other):
    counters = ("step", "best_loss", "evals_without_improvement", "recoveries")
    assert [getattr(one, c) for c in counters] == [getattr(other, c) for c in counters]
    jax.tree.map(np.testing.assert_array_equal, one.arrays, other.arrays)
