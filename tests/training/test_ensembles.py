"""Several networks, averaged weights, and recurrent weights left out: what each of them means."""

import numpy as np
import pytest

from burble.evaluation.dynamic import DynamicEvaluator
from burble.inference.generator import Generator
from burble.model.engine import build_engine
from burble.model.softmax import log_softmax
from tests.support.speakers import chancy
from tests.support.trainers import finish, score, trainer

NONE = {"dropout": 0, "dropout_input": 0, "dropout_output": 0, "clip": 0, "averaging": 0}


@pytest.mark.slow
def test_each_network_learns_by_itself():
    alone = finish(trainer(**NONE))
    t = trainer(ensemble=2, **NONE)
    both = t.weights(finish(t), best=False)
    for name, weights in trainer(**NONE).weights(alone, best=False).items():
        np.testing.assert_allclose(both[name], weights, atol=1e-4, err_msg=name)
        assert not np.allclose(both[f"network1.{name}"], weights, atol=1e-2)


@pytest.mark.slow
def test_two_networks_predict_better_than_the_mean_of_the_two():
    t = trainer(ensemble=2, steps=60)
    state = finish(t)
    core = build_engine(t.weights(state), t.settings.model)
    ids = t.corpus.tail
    each = [one.read_symbols(ids[:-1], one.zero_state(1))[0] for one in core.engines]
    costs = [
        -log_softmax(logits.astype(float))[np.arange(len(ids) - 1), ids[1:]].mean()
        for logits in each
    ]
    assert score(t, state, best=True) < np.mean(costs)


def learning_losses(model, ids):
    """The loss of each symbol of a text of a network that learns as it reads."""
    found = DynamicEvaluator(model).predict_texts([ids])
    return np.concatenate([predictions.nll for _, predictions in found])


def test_a_pair_writes_is_scored_and_learns_as_it_reads():
    model = chancy(ensemble=2, scale=0.3)
    writer = Generator(model)
    many = writer.generate_many("ab", count=20, length=30, seed=2)
    assert many[0] == writer.generate("ab", length=30, seed=2)
    ids = np.random.default_rng(0).integers(0, 4, 100)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("burble.evaluation.dynamic.LEARNING_RATE", 0.0)
        still = learning_losses(model, ids)
    np.testing.assert_allclose(still, writer.nll(ids), atol=1e-5)
    learned = learning_losses(model, np.array([0, 1, 2] * 200))
    assert learned[-50:].mean() < 0.98 * learned[:50].mean()


# Averages.


# Recurrent weights left out.


# What is chosen.
