"""Dropout leaves out its share, and compiled code leaves out what JAX would."""

import jax
import numpy as np
import pytest

from burble.model import compiled
from burble.model.dropout import drop, dropout_mask
from burble.native.library import SETS, SWITCH, load_library


def test_what_is_dropped_is_its_share_and_the_mean_stays():
    ones, key = np.ones((40, 50, 33), np.float32), np.array([1, 0], np.uint32)
    found = np.asarray(drop(ones, key, 0.3))
    # 66,000 draws: five standard deviations are 0.009, odds below one in a million.
    assert abs((found == 0).mean() - 0.3) < 0.009
    np.testing.assert_allclose(np.unique(found), [0, 1 / 0.7], rtol=1e-5)
    again = np.asarray(drop(ones, key + np.array([0, 1], np.uint32), 0.3))
    assert 0.35 < (found != again).mean() < 0.49
    np.testing.assert_array_equal(found, drop(ones, key, 0.3))


# Fewer numbers than a vector, an odd number of features, and enough for several threads.
SHAPES = [(1, 1), (3, 5, 7), (2, 9, 33), (4, 200, 64), (300, 101), (50, 40, 32)]


@pytest.mark.skipif(not compiled.is_available(), reason="no kernels are in use")
@pytest.mark.parametrize("instructions", SETS)
@pytest.mark.parametrize("key", [(0, 0), (2**32 - 1, 12345)])
def test_compiled_code_draws_the_bits_of_jax(key, instructions):
    library = load_library()
    widest = library.burble_instruction_set()
    if library.burble_set_instruction_set(instructions) != instructions:
        pytest.skip(f"the processor has no {SETS[instructions]}")
    key = np.array(key, np.uint32)
    for shape in SHAPES:
        x = np.random.default_rng(0).normal(0, 1, shape).astype(np.float32)
        expected = np.where(dropout_mask(key, shape, 0.4), x / (1 - 26214 / 2**16), 0)
        for threads in (1, 3):
            found = drop(x, key, 0.4, threads=threads)
            np.testing.assert_allclose(found, expected, rtol=1e-6)
            rows, last = shape[-2], x[..., -1:, :]
            alone = drop(last, key, 0.4, threads=threads, length=rows)
            np.testing.assert_array_equal(alone, found[..., -1:, :])
    library.burble_set_instruction_set(widest)


@pytest.mark.parametrize("native", ["", "0"])
def test_the_last_of_some_rows_loses_what_it_does_among_them(native, monkeypatch):
    monkeypatch.setenv(SWITCH, native)
    x, key = np.ones((70, 9, 33), np.float32), np.array([5, 6], np.uint32)
    last = np.asarray(drop(x[:, -1:], key, 0.4, length=9))
    assert last.shape == (70, 1, 33)
    np.testing.assert_array_equal(last, drop(x, key, 0.4)[:, -1:])
    gradient = jax.grad(lambda x: drop(x, key, 0.4, length=9).sum())(x[:, -1:])
    np.testing.assert_array_equal(gradient, last)


def test_the_gradient_leaves_out_the_same():
    x, key = np.full((6, 11), 2, np.float32), np.array([3, 4], np.uint32)
    gradient = jax.grad(lambda x: (drop(x, key, 0.4) * x).sum())(x)
    np.testing.assert_allclose(gradient, 2 * drop(x, key, 0.4), rtol=1e-6)
    assert 0 < (np.asarray(gradient) == 0).sum() < x.size
