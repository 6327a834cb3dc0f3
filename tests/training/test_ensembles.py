"""Several networks, averaged weights, and recurrent weights left out: what each of them means."""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest

from burble.data import corpus
from burble.evaluation.dynamic import DynamicEvaluator
from burble.inference.generator import Generator
from burble.model.engine import build_engine
from burble.model.softmax import log_softmax
from burble.runs import defaults
from burble.settings import TextSettings, TrainingSettings
from burble.training.schedule import averaging_weight
from burble.training.step import _leave_out
from tests.support.speakers import chancy
from tests.support.trainers import finish, trainer

NONE = {"dropout": 0, "dropout_input": 0, "dropout_output": 0, "clip": 0, "averaging": 0}


def test_each_network_learns_by_itself():
    alone = finish(trainer(**NONE))
    t = trainer(ensemble=2, **NONE)
    both = t.weights(finish(t), best=False)
    for name, weights in trainer(**NONE).weights(alone, best=False).items():
        np.testing.assert_allclose(both[name], weights, atol=1e-4, err_msg=name)
        assert not np.allclose(both[f"network1.{name}"], weights, atol=1e-2)


def test_two_networks_foretell_better_than_the_mean_of_the_two():
    t = trainer(ensemble=2, steps=60)
    state = finish(t)
    core = build_engine(t.weights(state), t.settings.model)
    ids = t.corpus.tail
    each = [one.read_symbols(ids[:-1], one.zero_state(1))[0] for one in core._engines]
    costs = [
        -log_softmax(logits.astype(float))[np.arange(len(ids) - 1), ids[1:]].mean()
        for logits in each
    ]
    assert t.validation.score(state, best=True) < np.mean(costs)


def learning_losses(model, ids):
    """The loss of each symbol of a text of a network that learns as it reads."""
    found = DynamicEvaluator(model).predict_each([ids])
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


def test_an_average_counts_all_steps_alike_at_first_and_then_the_latest_most():
    settings = TrainingSettings(steps=100, averaging=0.05)
    shares = [averaging_weight(settings, step) for step in range(100)]
    assert shares[:5] == [1, 1 / 2, 1 / 3, 1 / 4, 1 / 5]
    assert set(shares[5:]) == {1 / 5}
    alone = TrainingSettings(steps=100, averaging=0.0)
    assert {averaging_weight(alone, step) for step in range(100)} == {1}


def without_average(state):
    return replace(state, arrays=state.arrays._replace(average=[]))


def test_what_is_scored_is_the_average_of_the_weights():
    t = trainer(steps=20, averaging=0.9)
    state, latest = t.start(), []
    for _ in range(4):
        steps = iter([False, True])
        state = finish(t, state, stop=lambda steps=steps: next(steps))
        latest.append(state.arrays.weights[1])
    np.testing.assert_allclose(state.arrays.average[1], np.mean(latest, 0), atol=1e-6)
    assert t.validation.score(state) != t.validation.score(without_average(state))
    plain = trainer(averaging=0.0)
    begun = plain.start().arrays
    assert begun.average == []
    assert begun.evaluated is begun.weights


# Recurrent weights left out.


def test_a_share_of_the_recurrent_weights_is_left_out_and_the_mean_stays():
    weights = [jnp.ones((300, 400)), jnp.ones((300, 400))]
    seed = np.array([3, 0], np.uint32)
    other, recurrent = _leave_out([False, True], 0.3, weights, seed)
    np.testing.assert_array_equal(other, weights[0])
    # The odds of a share further off than 0.01 are below 1e-13.
    assert abs(float((recurrent == 0).mean()) - 0.3) < 0.01
    assert float(recurrent.max()) == pytest.approx(1 / 0.7)
    again, later = (
        _leave_out([False, True], 0.3, weights, np.array([3, step], np.uint32))[1]
        for step in (0, 1)
    )
    np.testing.assert_array_equal(again, recurrent)
    assert (np.asarray(later) != np.asarray(recurrent)).mean() > 0.3
    assert _leave_out([False, True], 0.0, weights, seed) is weights


def test_it_is_drawn_anew_at_each_step_and_off_in_scores():
    t = trainer(steps=30, **NONE | {"dropout_recurrent": 0.5})
    state = finish(t)
    assert state.arrays.rng[-1].tolist() == [t.settings.training.seed, 30]
    core = build_engine(t.weights(state, best=False), t.settings.model)
    ids = t.corpus.tail
    logits = core.read_symbols(ids[:-1], core.zero_state(1))[0].astype(float)
    nats = -log_softmax(logits)[np.arange(len(ids) - 1), ids[1:]].mean()
    assert t.validation.score(state) == pytest.approx(nats, rel=1e-5)


# What is chosen.


def text_of(symbols):
    return corpus.from_texts(["ab" * (symbols // 2)], TextSettings(), validation=0.0)


def chosen(symbols, speed=defaults.TYPICAL_SPEED, **asked):
    return defaults.choose_settings(asked, text_of(symbols), speed=speed).model


def test_minutes_are_shared_by_networks_and_steps_are_not():
    assert chosen(130_000).ensemble == 2
    assert chosen(130_000, minutes=1).ensemble == 1
    assert chosen(130_000, minutes=60).ensemble == 4
    assert chosen(130_000, ensemble=3).ensemble == 3
    assert chosen(130_000, epochs=50).ensemble == 1
    assert chosen(130_000, minutes=60, framing="windows").ensemble == 1
    # Each needs time to learn: where one has a minute, two would learn less.
    assert chosen(27_000, minutes=1).ensemble == 1
    assert chosen(27_000, minutes=5).ensemble == 4
    assert chosen(27_000, defaults.round_speed(10_000_000), minutes=1).ensemble == 3
    # A hundred epochs are those of each.
    assert chosen(4_000).ensemble == 4
    assert chosen(4_000).dropout == 0.5


def test_what_is_chosen_suits_the_speed_and_no_small_change_of_it():
    # Alice in Wonderland for five minutes: so the figures in the README were measured.
    usual = chosen(130_000)
    assert (usual.ensemble, usual.dropout, usual.dropout_recurrent) == (2, 0.31, 0.21)
    for speed in (500_000, 700_000, 1_100_000, 2_000_000, 2_800_000):
        assert chosen(130_000, defaults.round_speed(speed)) == usual
    slow = chosen(130_000, defaults.round_speed(60_000))
    assert (slow.ensemble, slow.dropout) == (1, 0.06)
    fast = chosen(130_000, defaults.round_speed(18_000_000))
    assert (fast.ensemble, fast.dropout) == (4, 0.48)
    assert chosen(130_000, defaults.round_speed(1.0), minutes=1).dropout == 0
    # Where nothing is measured, no speed is looked at.
    assert chosen(130_000, 1.0, steps=900) == chosen(130_000, steps=900)


def test_how_often_the_text_is_read_is_told():
    text = text_of(130_000)
    settings = defaults.choose_settings({"ensemble": 2, "steps": 1_500}, text)
    said = defaults.describe_choice(settings, text, 12.3)
    assert said.startswith(
        "Ensemble of 2 networks, each LSTM of 2 layers of 256 units (size medium,"
    )
    assert "will be read about 12 times" in said
    assert "will be read about 2.3 times" in defaults.describe_choice(settings, text, 2.3)
    assert "will be read about 0.1 times" in defaults.describe_choice(settings, text, 0.1)


def test_what_is_left_out_grows_with_how_often_each_network_reads_the_text():
    model = chosen(130_000, epochs=20)
    assert model.dropout == model.dropout_output == 0.36
    assert (model.dropout_input, model.dropout_recurrent) == (0.18, 0.24)
    assert chosen(130_000, epochs=1).dropout_recurrent == 0
