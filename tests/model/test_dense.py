"""The compiled dense layer equals XLA's, for any shape, instruction set and number of threads."""

from functools import partial

import jax
import numpy as np
import pytest

from burble.model import compiled
from burble.model.dense import run_dense
from burble.native.library import SETS, load_library

pytestmark = pytest.mark.skipif(not compiled.is_available(), reason="no kernels are in use")

# Streams, steps, units, outputs: fewer than any vector, a multiple of every one, and of none.
SHAPES = [(1, 1, 1, 1), (3, 50, 7, 65), (4, 64, 64, 128), (5, 31, 130, 33)]


def some(*shape, seed):
    return np.random.default_rng(seed).normal(0, 1, shape).astype(np.float32)


def arguments(batch, length, units, outputs):
    """Input, matrix and bias."""
    shapes = (batch, length, units), (units, outputs), (outputs,)
    return [some(*shape, seed=i) for i, shape in enumerate(shapes)]


def plain(x, kernel, bias):
    return x @ kernel + bias


def results(layer, given):
    """The outputs, and the gradients of a sum in which each counts with a factor of its own."""
    factors = some(*plain(*given).shape, seed=7)

    def total(given):
        y = layer(*given)
        return (y * factors).sum(), y

    (_, y), gradients = jax.jit(jax.value_and_grad(total, has_aux=True))(given)
    return [np.asarray(array) for array in (y, *gradients)]


@pytest.fixture(params=SETS)
def instructions(request):
    """Each instruction set that this processor has."""
    library = load_library()
    widest = library.burble_instruction_set()
    if library.burble_set_instruction_set(request.param) != request.param:
        pytest.skip(f"the processor has no {SETS[request.param]}")
    yield
    library.burble_set_instruction_set(widest)


@pytest.mark.usefixtures("instructions")
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_outputs_and_gradients_are_those_of_xla(shape):
    given = arguments(*shape)
    expected = results(plain, given)
    for threads in (1, 3):
        found = results(partial(run_dense, threads=threads), given)
        for ours, theirs in zip(found, expected, strict=True):
            assert ours.shape == theirs.shape
            # Rounding alone: the same sums in another order.
            assert np.abs(ours - theirs).max() <= 1e-5 * np.abs(theirs).max()


def test_a_place_does_not_depend_on_the_others_nor_on_threads():
    given = x, kernel, bias = arguments(4, 50, 20, 40)
    y, d_x, *_ = results(run_dense, given)
    shared = results(partial(run_dense, threads=4), given)
    np.testing.assert_array_equal(shared[0], y)
    np.testing.assert_array_equal(shared[1], d_x)
    np.testing.assert_array_equal(run_dense(x[1:2, 7:9], kernel, bias), y[1:2, 7:9])
    for one, other in zip(results(partial(run_dense, threads=4), given), shared, strict=True):
        np.testing.assert_array_equal(one, other)


def test_what_is_no_number_stays_none():
    x, kernel, bias = arguments(2, 3, 4, 5)
    x[1, 2, 3] = np.nan
    y, d_x, d_kernel, _ = results(run_dense, (x, kernel, bias))
    assert np.isnan(y[1, 2]).all()
    assert np.isfinite(np.delete(y.reshape(6, 5), 5, 0)).all()
    assert np.isfinite(d_x).all()
    assert np.isnan(d_kernel[3]).all()


def test_other_numbers_than_float32_are_refused():
    x, kernel, bias = arguments(2, 3, 4, 5)
    with pytest.raises(jax.errors.JaxRuntimeError, match="burble_dense_forward: 3 float32"):
        jax.block_until_ready(run_dense(x.astype(np.float16), kernel, bias))
