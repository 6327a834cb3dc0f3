"""The compiled LSTM equals the loop of XLA's operations, for any shape and instruction set."""

import functools
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import Mesh

from burble.model import compiled
from burble.model.lstm import lstm_loop, run_from_symbols, run_lstm
from burble.native.library import SETS, load_library

pytestmark = pytest.mark.skipif(not compiled.is_available(), reason="no kernels are in use")

# Streams, steps, inputs, units: fewer than any vector, a multiple of every one, and of none.
SHAPES = [(1, 1, 1, 1), (3, 9, 5, 7), (16, 20, 64, 64), (1, 50, 33, 40), (7, 13, 70, 100)]
SHAPES += [(5, 31, 128, 16), (150, 3, 10, 17)]


def some(*shape, seed, scale=1.0):
    return np.random.default_rng(seed).normal(0, scale, shape).astype(np.float32)


def arguments(batch, length, inputs, units):
    """Input, weights and state."""
    return (
        some(batch, length, inputs, seed=1),
        some(inputs, 4 * units, seed=2, scale=inputs**-0.5),
        some(units, 4 * units, seed=3, scale=units**-0.5),
        some(4 * units, seed=4),
        some(batch, units, seed=5),
        some(batch, units, seed=6),
    )


def results(function, given):
    """Values, and the gradients of a sum in which each counts with a factor of its own."""
    shapes = [result.shape for result in jax.eval_shape(function, *given)]
    factors = [some(*shape, seed=7 + i) for i, shape in enumerate(shapes)]

    def total(given):
        found = function(*given)
        return sum((a * s).sum() for a, s in zip(found, factors, strict=True)), found

    (_, found), gradients = jax.jit(jax.value_and_grad(total, has_aux=True))(given)
    return [np.asarray(array) for array in (*found, *gradients)]


@pytest.fixture(params=SETS)
def instructions(request):
    """Each instruction set that this processor has."""
    library = load_library()
    widest = library.burble_instruction_set()
    if library.burble_set_instruction_set(request.param) != request.param:
        pytest.skip(f"the processor has no {SETS[request.param]}")
    yield
    library.burble_set_instruction_set(widest)


@functools.cache
def of_the_loop(shape):
    return results(lstm_loop, arguments(*shape))


def last_state(layer):
    """The layer where nothing is made of its outputs."""
    return lambda *given: layer(*given)[1:]


@pytest.mark.usefixtures("instructions")
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_values_and_gradients_are_those_of_the_loop(shape):
    for threads in (1, 3):
        found = results(partial(run_lstm, threads=threads), arguments(*shape))
        for ours, theirs in zip(found, of_the_loop(shape), strict=True):
            assert ours.shape == theirs.shape
            # Rounding alone: the same sums in another order.
            assert np.abs(ours - theirs).max() <= 1e-5 * np.abs(theirs).max()


@pytest.mark.usefixtures("instructions")
@pytest.mark.parametrize("shape", SHAPES[::2], ids=str)
def test_gradients_of_the_last_state_alone_are_those_of_the_loop(shape):
    expected = results(last_state(lstm_loop), arguments(*shape))
    for threads in (1, 3):
        found = results(last_state(partial(run_lstm, threads=threads)), arguments(*shape))
        for ours, theirs in zip(found, expected, strict=True):
            assert np.abs(ours - theirs).max() <= 1e-5 * np.abs(theirs).max()


def test_gradients_of_outputs_that_are_not_there_are_as_good_as_zeros():
    given, none = arguments(9, 7, 32, 40), np.zeros((), np.float32)

    def total(given, factor):
        outputs, h, c = run_lstm(*given)
        more = 0 if factor is None else factor * (outputs**2).sum()
        return (h * 3).sum() + (c**2).sum() + more

    without, with_zeros = (jax.jit(jax.grad(total))(given, factor) for factor in (None, none))
    for one, other in zip(without, with_zeros, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.usefixtures("instructions")
@pytest.mark.parametrize("units", [7, 48])
def test_symbols_give_what_their_vectors_do(units):
    x, *others = arguments(7, 9, 5, units)
    given = some(6, 5, seed=8), *others
    ids = np.random.default_rng(9).integers(6, size=x.shape[:2]).astype(np.int32)
    # Not every symbol is there.
    ids[ids == 3] = 4

    def looked_up(vectors, *rest):
        return run_lstm(vectors[ids], *rest)

    expected = results(looked_up, given)
    for threads in (1, 3):
        found = results(partial(run_from_symbols, ids, threads=threads), given)
        for ours, theirs in zip(found, expected, strict=True):
            assert ours.shape == theirs.shape
            assert np.abs(ours - theirs).max() <= 1e-5 * np.abs(theirs).max()


@pytest.mark.parametrize("wrong", [-1, 6])
def test_an_id_that_has_no_vector_is_refused(wrong):
    ids = np.zeros((3, 9), np.int32)
    ids[2, 8] = wrong
    _, *others = arguments(3, 9, 5, 7)
    with pytest.raises(jax.errors.JaxRuntimeError, match="burble_lstm_forward: no such id"):
        jax.block_until_ready(run_from_symbols(ids, some(6, 5, seed=8), *others))


# Two threads have 16 and 17 of 33 streams, and multiply 8 and 7 steps of them at once.
@pytest.mark.parametrize("batch", [5, 33])
@pytest.mark.parametrize("threads", [1, 2, 3])
def test_without_gradients_the_values_are_the_same_bits(batch, threads):
    given = arguments(batch, 300, 9, 100)
    kept, layer = results(run_lstm, given), jax.jit(partial(run_lstm, threads=threads))
    for _ in range(5):
        for alone, expected in zip(layer(*given), kept, strict=False):
            np.testing.assert_array_equal(alone, expected)


def test_no_streams_give_what_they_do_in_the_loop():
    given = arguments(0, 4, 5, 7)
    for ours, theirs in zip(results(run_lstm, given), results(lstm_loop, given), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_other_numbers_than_float32_are_refused():
    given = arguments(3, 4, 5, 6)
    for place in range(6):
        wrong = [array.astype(np.float16) if i == place else array for i, array in enumerate(given)]
        with pytest.raises(jax.errors.JaxRuntimeError, match="burble_lstm_forward: 6 float32"):
            jax.block_until_ready(run_lstm(*wrong))


def test_threads_round_the_smallest_numbers_alike():
    x, kernel, recurrent, bias, h, c = arguments(8, 40, 9, 33)
    # Products of these are smaller than the smallest that has all its digits.
    tiny = np.float32(1e-20)
    given = x * tiny, kernel * tiny, recurrent, bias * 0, h * 0, c * 0
    alone = results(run_lstm, given)
    shared = results(partial(run_lstm, threads=4), given)
    for place in (0, 1, 2, 3, 7, 8):
        np.testing.assert_array_equal(shared[place], alone[place])


def test_a_stream_does_not_depend_on_the_others():
    x, kernel, recurrent, bias, h, c = arguments(9, 12, 20, 40)
    together = run_lstm(x, kernel, recurrent, bias, h, c)
    for first, last in ((0, 1), (2, 9), (4, 8)):
        part = slice(first, last)
        alone = run_lstm(x[part], kernel, recurrent, bias, h[part], c[part])
        for one, other in zip(alone, together, strict=True):
            np.testing.assert_array_equal(one, other[part])


def test_threads_change_no_stream_and_are_the_same_every_time():
    given = arguments(11, 6, 20, 40)
    alone = results(run_lstm, given)
    shared = results(partial(run_lstm, threads=4), given)
    # Outputs, last states, and the gradients of input and states: each stream by itself.
    for place in (0, 1, 2, 3, 7, 8):
        np.testing.assert_array_equal(shared[place], alone[place])
    # Gradients of the weights are sums over streams.
    assert (shared[4] != alone[4]).any()
    for _ in range(5):
        again = results(partial(run_lstm, threads=4), given)
        assert all(np.array_equal(a, b) for a, b in zip(again, shared, strict=True))


def test_who_finds_the_threads_at_work_comes_to_the_same():
    given = arguments(8, 100, 64, 64)
    layer = jax.jit(jax.grad(lambda given: run_lstm(*given, threads=2)[0].sum()))
    expected = np.asarray(layer(given)[1])
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: np.asarray(layer(given)[1]), range(24)))
    assert all(np.array_equal(one, expected) for one in found)


def test_what_is_no_number_stays_none():
    x, *rest = arguments(3, 4, 5, 6)
    x[1, 2, 3] = np.nan
    outputs, h, _ = run_lstm(x, *rest)
    assert np.isnan(outputs[1, 2:]).all()
    assert np.isfinite(np.delete(outputs, 1, 0)).all()
    assert np.isnan(h[1]).all()
    gradients = results(run_lstm, (x, *rest))[3:]
    assert all(np.isnan(gradient).any() for gradient in gradients)


def test_within_a_mesh_of_one_device_nothing_changes():
    given = arguments(4, 5, 6, 7)
    mesh = Mesh(np.array(jax.devices()[:1]), ("streams",))
    with jax.sharding.use_abstract_mesh(mesh.abstract_mesh):
        inside = run_lstm(*map(jnp.asarray, given))
    for one, other in zip(inside, run_lstm(*given), strict=True):
        np.testing.assert_array_equal(one, other)
