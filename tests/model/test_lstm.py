"""Our LSTM loop equals the standard layer of Keras, in values and in gradients."""

import jax
import numpy as np
import pytest
from keras import layers

from burble.model.lstm import LSTM, Dropout

B, T, D, U = 3, 9, 5, 7


def both():
    """The two layers with the same random weights."""
    rng = np.random.default_rng(0)
    weights = [rng.normal(0, 0.4, shape) for shape in ((D, 4 * U), (U, 4 * U), (4 * U,))]
    made = []
    for kind in (LSTM, layers.LSTM):
        layer = kind(U, return_sequences=True, return_state=True)
        layer.build((B, T, D))
        layer.set_weights(weights)
        made.append(layer)
    return made


def some(*shape, seed):
    return np.random.default_rng(seed).normal(0, 1, shape).astype(np.float32)


def results(layer, weights, inputs, h, c):
    """Outputs, h and c."""
    (outputs, *after), _ = layer.stateless_call(
        weights, layer.non_trainable_variables, inputs, initial_state=[h, c]
    )
    return [outputs, *after]


@pytest.mark.parametrize("length", [1, T])
def test_values_and_gradients_are_those_of_keras(length):
    inputs, h, c = some(B, length, D, seed=1), some(B, U, seed=2), some(B, U, seed=3)
    # Every output counts with a weight of its own, so that no two can be taken for each other.
    factors = [some(*shape, seed=4 + i) for i, shape in enumerate([(B, length, U), (B, U), (B, U)])]

    def made(layer):
        def total(weights, inputs, h, c):
            outputs = results(layer, weights, inputs, h, c)
            return sum((a * s).sum() for a, s in zip(outputs, factors, strict=True))

        weights = [v.value for v in layer.trainable_variables]
        gradients = jax.grad(total, argnums=(0, 1, 2, 3))(weights, inputs, h, c)
        return results(layer, weights, inputs, h, c), jax.tree.leaves(gradients)

    (ours, our_gradients), (theirs, their_gradients) = map(made, both())
    for one, other in zip(ours + our_gradients, theirs + their_gradients, strict=True):
        assert one.shape == other.shape
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
    assert len(our_gradients) == 6


def test_weights_and_settings_are_those_of_keras():
    ours, theirs = both()
    assert [(w.path.rpartition("/")[2], w.shape) for w in ours.weights] == [
        (w.path.rpartition("/")[2], w.shape) for w in theirs.weights
    ]
    assert ours.get_config() | {"name": ""} == theirs.get_config() | {"name": ""}


def test_dropout_leaves_out_its_share_and_keeps_the_mean():
    ones = np.ones((40, 50, 33), np.float32)
    layer = Dropout(0.3, seed=1)
    found = np.asarray(layer(ones, training=True))
    # 66,000 draws: five standard deviations are 0.009, odds below one in a million.
    assert abs((found == 0).mean() - 0.3) < 0.009
    np.testing.assert_allclose(np.unique(found), [0, 1 / 0.7], rtol=1e-5)
    again = np.asarray(layer(ones, training=True))
    assert 0.35 < (found != again).mean() < 0.49
    np.testing.assert_array_equal(found, Dropout(0.3, seed=1)(ones, training=True))


def test_dropout_changes_nothing_when_it_is_off():
    ones = np.ones((2, 3, 5), np.float32)
    np.testing.assert_array_equal(Dropout(0.3)(ones, training=False), ones)
    np.testing.assert_array_equal(Dropout(0.0)(ones, training=True), ones)
