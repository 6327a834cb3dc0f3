"""Scores of the validation text, from a zero state and from the states of training."""

import itertools

import numpy as np
import pytest

from burble import settings
from burble.model.engine import Engine
from burble.model.softmax import softmax
from burble.settings import TextSettings
from burble.training.trainer import Trainer
from tests.support.corpora import build_corpus
from tests.support.trainers import TINY, finish, score, trainer

pytestmark = pytest.mark.slow


def documents(**changed):
    made = settings.make_settings(TINY | {"steps": 30, "framing": "documents"} | changed)
    words = [f"{a}{b}" for a in "abcdefgh" for b in ("one", "two", "three", "seven")]
    return Trainer(build_corpus(words * 4, TextSettings()), made)


def test_documents_are_scored_each_from_a_zero_state():
    t = documents()
    state, c = t.initial_state(), t.corpus
    core = Engine(t.weights(state), t.settings.model)
    nats = []
    edges = [c.cut, *c.starts[c.starts > c.cut], len(c.ids)]
    for start, end in itertools.pairwise(edges):
        carried, before = core.zero_state(1), c.vocabulary.boundary_id
        for symbol in c.ids[start:end]:
            logits, carried = core.step(np.array([before]), carried)
            nats.append(-np.log(softmax(logits.astype(float))[0, symbol]))
            before = symbol
    assert score(t, state) == pytest.approx(np.mean(nats), rel=1e-5)


def test_the_closing_scores_tell_how_far_they_are_and_end_where_asked():
    t = trainer(steps=3, evaluations=1)
    state = finish(t)
    assert [task.done for task in t.validation.closing(state)] == [1.0, 1.0, 1.0]
    assert [task.done for task in t.validation.closing(state, stop=lambda: True)] == [1.0]
    # A training that was stopped there takes them when it goes on.
    answers = itertools.chain([False] * 3, itertools.repeat(True))
    again = trainer(steps=3, evaluations=1)
    stopped = [*again.run(t.initial_state(), stop=lambda: next(answers))][-1]
    assert (stopped.reason, stopped.state.step) == ("stopped", 3)
    assert [*t.run(stopped.state)][-1].facts == [*t.run(state)][-1].facts


def test_carried_and_zero_states_agree():
    t = trainer(steps=200)
    facts = list(t.run(t.initial_state()))[-1].facts
    assert abs(facts["zero_state_loss"] - facts["carried_state_loss"]) < 0.1
    assert 0 < facts["largest_state"] < 100
