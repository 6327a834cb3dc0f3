"""The optimiser is the AdamW of Keras."""

import keras
import numpy as np
import pytest

from burble.training.optimizer import RATE, AdamW, limit_norm

NAMES = ("kernel", "bias", "recurrent")
SHAPES = ((5, 7), (7,), (3, 4))


@pytest.mark.parametrize("clip", [0.0, 0.5, 100.0])
def test_it_is_that_of_keras_step_by_step(clip):
    rng = np.random.default_rng(0)
    weights = [rng.normal(0, 1, shape).astype(np.float32) for shape in SHAPES]
    kept = [keras.Variable(w, name=n) for w, n in zip(weights, NAMES, strict=True)]
    theirs = keras.optimizers.AdamW(
        1e-3, weight_decay=0.1, beta_2=0.98, global_clipnorm=clip or None
    )
    theirs.exclude_from_weight_decay(var_names=["bias"])
    theirs.build(kept)
    ours = AdamW(weight_decay=0.1, beta_2=0.98, decayed=[True, False, True])
    variables = ours.start(weights, 1e-3)
    assert [np.shape(v) for v in variables] == [tuple(v.shape) for v in theirs.variables]
    assert [str(np.asarray(v).dtype) for v in variables] == [v.dtype for v in theirs.variables]
    for step in range(5):
        rate = 1e-3 * (step + 1)
        theirs.learning_rate.assign(rate)
        gradient = [rng.normal(0, 1, shape).astype(np.float32) for shape in SHAPES]
        theirs.apply(gradient, kept)
        variables[RATE] = np.float32(rate)
        if clip:
            gradient = limit_norm(gradient, clip)
        weights, variables = ours.apply(variables, gradient, weights)
        for one, other in zip([*weights, *variables], [*kept, *theirs.variables], strict=True):
            np.testing.assert_allclose(one, np.asarray(other), rtol=1e-5, atol=1e-8)
    assert int(variables[0]) == 5


def test_a_gradient_is_as_long_as_it_may_be_and_no_number_stays_none():
    arrays = [np.full((2, 2), 3, np.float32), np.full(5, 4, np.float32)]
    norm = np.sqrt(4 * 9 + 5 * 16)
    for one, other in zip(limit_norm(arrays, 1.0), arrays, strict=True):
        np.testing.assert_allclose(one, other / norm, rtol=1e-6)
    for one, other in zip(limit_norm(arrays, 100.0), arrays, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)
    arrays[0][0, 0] = np.inf
    assert np.isnan(np.asarray(limit_norm(arrays, 1.0)[1])).all()
