"""The first weights are drawn as Keras draws those of its layers."""

import numpy as np
import pytest
from keras import initializers

from burble.model.architecture import array_shapes
from burble.model.initial import RANGE, draw_weights
from burble.settings import ModelSettings

SHAPE = ModelSettings(layers=2, units=48, embedding=20)


def named(model=SHAPE, seed=3, labels=2):
    shapes = array_shapes(model, 30, labels)
    return dict(zip(shapes, draw_weights(model, 30, seed, labels), strict=True))


def test_each_array_has_its_distribution():
    found = named()
    assert {name: array.shape for name, array in found.items()} == array_shapes(SHAPE, 30, 2)
    assert {array.dtype for array in found.values()} == {np.dtype(np.float32)}
    for name in ("layer0.kernel", "output.kernel"):
        theirs = np.asarray(initializers.GlorotUniform(seed=1)(found[name].shape))
        limit = np.sqrt(6 / sum(theirs.shape))
        # Of 1,440 draws the largest is within 2 % of the limit, odds of less below 1e-12.
        assert limit * 0.98 < np.abs(found[name]).max() <= limit
        assert np.abs(theirs).max() <= limit
        # Five standard deviations of the spread of so many draws are below a tenth.
        assert found[name].std() == pytest.approx(limit / np.sqrt(3), rel=0.1)
    assert RANGE * 0.98 < np.abs(found["embedding"]).max() <= RANGE
    assert not found["label_embedding"].any()
    assert not found["output.bias"].any()
    np.testing.assert_array_equal(found["layer1.bias"], np.repeat([0, 1, 0, 0], 48))


def test_rows_between_the_steps_are_orthogonal_and_of_length_one():
    recurrent = named()["layer0.recurrent"]
    np.testing.assert_allclose(recurrent @ recurrent.T, np.eye(48), atol=1e-5)
    # Signs are drawn as well: in none of its columns are all of one sign.
    assert 0.3 < (recurrent > 0).mean() < 0.7
    gru = named(ModelSettings(cell="gru", layers=1, units=48, embedding=20))
    assert gru["layer0.recurrent"].shape == (48, 144)
    assert not gru["layer0.bias"].any()


def test_a_seed_makes_them_what_they_are():
    first, again, other = named(), named(), named(seed=4)
    for name in ("embedding", "layer0.kernel", "layer1.kernel", "layer1.recurrent"):
        np.testing.assert_array_equal(first[name], again[name])
        assert not np.allclose(first[name], other[name])
    # No layer is like another, nor does a label change what else is drawn for it.
    assert not np.allclose(first["layer0.recurrent"], first["layer1.recurrent"])


def test_what_is_not_learned_is_not_drawn():
    onehot = ModelSettings(layers=1, units=8, input="onehot", embedding=30)
    assert len(draw_weights(onehot, 30, 0)) == len(array_shapes(onehot, 30)) - 1
