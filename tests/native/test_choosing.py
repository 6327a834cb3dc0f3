"""Symbols are drawn by their probabilities, each row as if alone, and rounds are counted alike."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from burble.errors import DivergedError
from burble.inference import sampling
from burble.inference.loop_blocker import LoopBlocker
from burble.inference.settings import SamplingSettings
from burble.model import softmax
from burble.native.choosing import MOST_SYMBOLS, average_logits, build_watch, draw_symbols
from burble.native.library import load_library

IMPOSSIBLE = float(softmax.IMPOSSIBLE)
pytestmark = pytest.mark.skipif(load_library() is None, reason="the kernels are not in use")


def draw(logits, uniforms, temperature=1.0):
    return draw_symbols(np.array(logits, np.float32), temperature, IMPOSSIBLE, np.array(uniforms))


def test_each_symbol_is_drawn_where_its_part_of_the_sum_lies():
    logits = np.log([[0.2, 0.5, 0.3]] * 6)
    assert draw(logits, [0, 0.199, 0.201, 0.699, 0.701, 0.999]).tolist() == [0, 0, 1, 1, 2, 2]


@settings(deadline=None)
@given(
    st.integers(1, 90),
    st.integers(1, 20),
    st.sampled_from([0.1, 0.8, 1.0, 3.0]),
    st.integers(0, 2**32 - 1),
)
def test_numpy_draws_the_same_and_rows_do_as_alone(symbols, rows, temperature, seed):
    rng = np.random.default_rng(seed)
    logits, uniforms = rng.normal(0, 3, (rows, symbols)).astype(np.float32), rng.random(rows)
    logits[rng.random(logits.shape) < 0.2] = IMPOSSIBLE
    found = draw(logits, uniforms, temperature)
    for row in range(rows):
        assert draw(logits[[row]], uniforms[[row]], temperature) == found[row]
    told = SamplingSettings(temperature=temperature)
    expected = sampling.draw_symbols(sampling.filter_logits(logits, told), uniforms)
    # Where a number falls within a millionth of an edge, roundings decide.
    weights = np.exp(sampling.filter_logits(logits, told))
    edges = weights.cumsum(1) / weights.sum(1, keepdims=True)
    clear = np.abs(edges - uniforms[:, None]).min(1) > 1e-6
    np.testing.assert_array_equal(found[clear], expected[clear])


@settings(deadline=None)
@given(st.integers(1, 4), st.integers(1, 9), st.integers(1, 90), st.integers(0, 2**32 - 1))
def test_probabilities_are_averaged_and_rows_are_as_alone(networks, rows, symbols, seed):
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 4, (networks, rows, symbols)).astype(np.float32)
    chances = np.exp(logits.astype(np.float64))
    expected = np.log((chances / chances.sum(-1, keepdims=True)).mean(0) + 1e-30)
    found = average_logits(logits.copy())
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)
    for row in range(rows):
        alone = average_logits(np.ascontiguousarray(logits[:, [row]]))
        np.testing.assert_array_equal(alone[0], found[row])


def test_what_does_not_lie_in_order_is_not_averaged():
    logits = np.zeros((2, 3, 20), np.float32)
    assert average_logits(logits[:, :, ::2]) is None
    assert average_logits(logits.astype(float)) is None


def test_what_is_no_number_stays_so_in_an_average():
    logits = np.zeros((2, 3, 20), np.float32)
    logits[0, 1, 7], logits[1, 2, 0] = np.inf, np.nan
    assert np.isfinite(average_logits(logits)).all(1).tolist() == [True, False, False]


def test_what_may_not_come_never_does_unless_there_is_nothing_else():
    rows = [[IMPOSSIBLE, 0, IMPOSSIBLE]] * 3
    assert draw(rows, [0, 0.5, 1 - 2**-53], 1e30).tolist() == [1, 1, 1]
    assert draw([[IMPOSSIBLE] * 3], [0.5], 1e30).tolist() == [1]


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_left_to_whoever_says_so(odd):
    assert draw([[1, 2, 3], [4, odd, 5]], [0.5, 0.5]) is None
    logits = np.array([[1, odd, 3]], np.float32)
    with pytest.raises(DivergedError, match="not a number"):
        sampling.choose_symbols(logits, SamplingSettings(), np.array([0.5]))


def test_what_does_not_fit_is_not_drawn_from():
    assert draw(np.zeros((2, MOST_SYMBOLS + 1)), [0.5, 0.5]) is None
    assert draw(np.zeros((2, MOST_SYMBOLS)), [0.5, 0.25]).tolist() == [2048, 1024]
    assert draw(np.zeros((2, 3)), [0.5]) is None
    strided = np.zeros((3, 4), np.float32).T
    assert draw_symbols(strided, 1, IMPOSSIBLE, np.zeros(4)) is None


def test_rounds_are_counted_as_in_numpy(monkeypatch):
    pieces, texts = ("a", "b", "-", "\n"), 5
    own = LoopBlocker(pieces, texts, 2)
    monkeypatch.setenv("BURBLE_NATIVE", "0")
    other = LoopBlocker(pieces, texts, 2)
    assert (own.watch is None, other.watch is None) == (False, True)
    rng, acted = np.random.default_rng(0), 0
    written = rng.integers(0, 4, texts)
    for step in range(400):
        if rng.random() < 0.1:
            written = rng.integers(0, 4, texts)
        own.append_symbols(written)
        other.append_symbols(written)
        both = [np.zeros((texts, 4), np.float32) for _ in range(2)]
        own.process(both[0])
        other.process(both[1])
        np.testing.assert_array_equal(both[0], both[1])
        acted += int((both[0] != 0).any())
        if step == 200:
            for one in (own, other):
                one.keep_rows([3, 1])
                one.join(LoopBlocker(pieces, 3, 2))
    np.testing.assert_array_equal(own._silent, other._silent)
    np.testing.assert_array_equal(own.acted, other.acted)
    assert acted > 20


def test_a_symbol_that_is_none_never_reaches_the_kernels():
    watch = build_watch(np.ones(3, np.int32), np.ones(4, bool), 80)
    arrays = [np.zeros((2, 3), np.int32), np.zeros((2, 3), np.int32), np.zeros(2, np.int32)]
    watch.set_texts(*arrays)
    for symbols in ([0, 4], [-1, 0]):
        with pytest.raises(IndexError, match="none of 4"):
            watch.append_symbols(np.array(symbols))
    with pytest.raises(ValueError, match="3 symbols"):
        watch.append_symbols(np.zeros(3, np.intp))
    with pytest.raises(ValueError, match="repeat"):
        watch.set_texts(arrays[0][:1], *arrays[1:])
