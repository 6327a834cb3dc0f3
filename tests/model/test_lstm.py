"""Our LSTM equals the standard layer of Keras in values and gradients, with and without kernels."""

import jax
import numpy as np
import pytest
from keras import layers

from burble.model.keras_network import LSTM

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
@pytest.mark.parametrize("native", ["1", "0"])
def test_values_and_gradients_are_those_of_keras(length, native, monkeypatch):
    monkeypatch.setenv("BURBLE_NATIVE", native)
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
