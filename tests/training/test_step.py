"""One optimiser step: what is averaged, what is left out, what is refused."""

import tempfile
from dataclasses import replace
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from burble.errors import SettingsError
from burble.model.engine import build_engine
from burble.model.softmax import log_softmax
from burble.runs.state import dump_state, load_state
from burble.training.step import _leave_out
from tests.support.trainers import finish, score, trainer


def test_numbers_that_only_cost_time_here_are_refused():
    if jax.default_backend() != "cpu":
        pytest.skip("this machine has an accelerator")
    with pytest.raises(SettingsError, match="precision is 'bfloat16', but processors compute it"):
        trainer(precision="bfloat16")
    with pytest.raises(SettingsError, match="precision is 'half', but must be float32 or bfloat16"):
        trainer(precision="half")


NONE = {"dropout": 0, "dropout_input": 0, "dropout_output": 0, "clip": 0, "averaging": 0}


def without_average(state):
    return replace(state, arrays=state.arrays._replace(average=[]))


@pytest.mark.slow
def test_what_is_scored_is_the_average_of_the_weights():
    t = trainer(steps=20, averaging=0.9)
    state, latest = t.initial_state(), []
    for _ in range(4):
        steps = iter([False, True])
        state = finish(t, state, stop=lambda steps=steps: next(steps))
        latest.append(state.arrays.weights[1])
    np.testing.assert_allclose(state.arrays.average[1], np.mean(latest, 0), atol=1e-6)
    assert score(t, state) != score(t, without_average(state))
    plain = trainer(averaging=0.0)
    begun = plain.initial_state().arrays
    assert begun.average == []
    assert begun.evaluated is begun.weights


@pytest.mark.slow
def test_an_average_that_began_with_the_base_goes_on_exactly_when_resumed():
    kind = {"steps": 20, "averaging": 0.8, "average_base": True, "dropout": 0.2}
    base = finish(trainer(steps=30), trainer(steps=30).initial_state())
    t = trainer(**kind)
    begun = t.initial_state(trainer(steps=30).weights(base))
    np.testing.assert_array_equal(begun.arrays.average[0], base.arrays.best[0])
    once = iter([False, True])
    first = finish(t, begun, stop=lambda: next(once))
    # One step of 16 = 0.8 x 20 that the average looks back on.
    expected = begun.arrays.average[1] * 15 / 16 + first.arrays.weights[1] / 16
    np.testing.assert_allclose(first.arrays.average[1], expected, atol=1e-6)
    resumed, whole = finish(trainer(**kind), load_again(first)), finish(t, begun)
    for now, then in zip(resumed.arrays.best, whole.arrays.best, strict=True):
        np.testing.assert_array_equal(now, then)
    assert resumed.best_loss == whole.best_loss


def load_again(state):
    """A state as its file holds it."""
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_bytes(dump_state(state))
        return load_state(Path(file.name))


def test_a_fraction_of_the_recurrent_weights_is_dropped_and_the_mean_stays():
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


@pytest.mark.slow
def test_it_is_drawn_anew_at_each_step_and_off_in_scores():
    t = trainer(steps=30, **NONE | {"dropout_recurrent": 0.5})
    state = finish(t)
    assert state.arrays.rng[-1].tolist() == [t.settings.training.seed, 30]
    core = build_engine(t.weights(state, best=False), t.settings.model)
    ids = t.corpus.tail
    logits = core.read_symbols(ids[:-1], core.zero_state(1))[0].astype(float)
    nats = -log_softmax(logits)[np.arange(len(ids) - 1), ids[1:]].mean()
    assert score(t, state) == pytest.approx(nats, rel=1e-5)
