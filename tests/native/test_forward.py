"""The kernels compute what the formulas say, in every lane, and each stream as if alone."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from burble.native.forward import Layer, build_network
from burble.native.library import load_library

pytestmark = pytest.mark.skipif(load_library() is None, reason="the kernels are not in use")
CELLS = ("lstm", "hard_lstm", "gru", "rnn")
V = 13


def make(cell, layers, units, seed=0, scale=0.5):
    """Random layers with the kernel and bias of an output."""
    rng = np.random.default_rng(seed)
    width = units if cell == "rnn" else 4 * units

    def draw(*shape):
        return rng.normal(0, scale, shape).astype(np.float32)

    each = [
        Layer(draw(units, width) if i else None, draw(units, width), draw(1 if i else V, width))
        for i in range(layers)
    ]
    return each, draw(units, V), draw(V)


def step(network, ids, before):
    return network.step(np.asarray(ids), before)


def draw_states(network, streams, seed=1):
    rng = np.random.default_rng(seed)
    return rng.normal(0, 0.7, (network.parts, streams, network.units)).astype(np.float32)


def update(cell, sums, h, c):
    """One step by the formulas, in float64; what a state then consists of."""
    sigmoid = (
        (lambda x: np.clip(x, 0, 1)) if cell == "hard_lstm" else lambda x: (1 + np.tanh(x)) / 2
    )
    if cell == "rnn":
        return [np.tanh(sums[0])]
    if cell == "gru":
        z, r, n, m = sums
        z, r = sigmoid(z), sigmoid(r)
        return [z * h + (1 - z) * np.tanh(n + r * m)]
    i, f, o, new = sums
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(new)
    return [sigmoid(o) * np.tanh(c), c]


def step_by_hand(cell, layers, kernel, bias, ids, before):
    below, found = None, []
    for number, layer in enumerate(layers):
        parts = 2 if "lstm" in cell else 1
        h, c = before[number * parts].astype(float), before[number * parts + parts - 1]
        start = layer.start[ids] if number == 0 else layer.start + below @ layer.kernel
        sums = np.split(start + h @ layer.recurrent.astype(float), 1 if cell == "rnn" else 4, 1)
        found += update(cell, sums, h, c)
        below = found[-parts]
    return below @ kernel + bias, np.array(found)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("units", [1, 15, 16, 40])
def test_a_step_is_what_the_formulas_say(cell, units):
    layers, kernel, bias = make(cell, 2, units)
    network = build_network(cell, layers, kernel, bias)
    before, ids = draw_states(network, 9), np.arange(9) % V
    logits, after = step(network, ids, before)
    expected, states = step_by_hand(cell, layers, kernel, bias, ids, before)
    np.testing.assert_allclose(after, states, atol=3e-6)
    np.testing.assert_allclose(logits, expected, atol=1e-5)


@settings(deadline=None, max_examples=40)
@given(
    st.sampled_from(CELLS),
    st.integers(1, 3),
    st.integers(1, 70),
    st.integers(1, 30),
    st.integers(0, 2**32 - 1),
)
@example("lstm", 2, 256, 64, 0)
def test_a_stream_has_the_bits_that_it_has_alone(cell, layers, units, streams, seed):
    network = build_network(cell, *make(cell, layers, units, seed))
    rng = np.random.default_rng(seed)
    before, ids = draw_states(network, streams, seed), rng.integers(-1, V, streams)
    logits, after = step(network, ids, before)
    for place in {0, streams // 2, streams - 1}:
        one = slice(place, place + 1)
        # A view of some streams is read and written where it is.
        alone, own = step(network, ids[one], before[:, one])
        np.testing.assert_array_equal(alone[0], logits[place])
        np.testing.assert_array_equal(own[:, 0], after[:, place])


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("streams", [1, 5])
def test_reading_at_once_has_the_bits_of_reading_step_by_step(cell, streams):
    network = build_network(cell, *make(cell, 3, 37))
    ids = np.random.default_rng(2).integers(-1, V, (21, streams))
    state = before = draw_states(network, streams)
    logits, after = network.read(ids, before)
    for own, expected in zip(ids, logits, strict=True):
        row, state = step(network, own, state)
        np.testing.assert_array_equal(row, expected)
    np.testing.assert_array_equal(state, after)


@pytest.mark.parametrize("cell", CELLS)
def test_a_stream_that_reads_nothing_stays_as_it_is(cell):
    network = build_network(cell, *make(cell, 2, 20))
    before = draw_states(network, 3)
    first, after = step(network, [1, 2, 3], before)
    second, later = step(network, [4, -1, 5], after)
    np.testing.assert_array_equal(later[:, 1], after[:, 1])
    np.testing.assert_array_equal(second[1], first[1])
    assert (later[:, 0] != after[:, 0]).any()


def test_instruction_sets_agree_to_the_bit():
    found = load_library()
    widest = found.burble_instruction_set()
    if found.burble_set_instruction_set(2) == widest:
        pytest.skip("this processor has one set of instructions for them")
    try:
        narrow = step(*prepare("lstm"))
    finally:
        found.burble_set_instruction_set(widest)
    for one, other in zip(narrow, step(*prepare("lstm")), strict=True):
        np.testing.assert_array_equal(one, other)


def prepare(cell):
    network = build_network(cell, *make(cell, 2, 50))
    return network, np.arange(11) % V, draw_states(network, 11)


def tanh(numbers):
    """The kernels' own: the state of a plain layer without inputs, from where its sums begin."""
    count = len(numbers)
    layer = Layer(None, np.zeros((count, count), np.float32), numbers[None])
    network = build_network(
        "rnn", [layer], np.zeros((count, 1), np.float32), np.zeros(1, np.float32)
    )
    return step(network, [0], np.zeros((1, 1, count), np.float32))[1][0, 0]


def test_tanh_is_good_to_two_units_in_the_last_place():
    rng = np.random.default_rng(0)
    for size in (1e-30, 1e-4, 0.1, 1, 3, 12):
        numbers = rng.uniform(-size, size, 2_000).astype(np.float32)
        exact = np.tanh(numbers.astype(np.longdouble))
        unit = np.spacing(np.abs(exact.astype(np.float32)))
        assert np.max(np.abs(tanh(numbers) - exact) / unit) <= 2


def test_tanh_of_what_is_special():
    numbers = np.array([0, -0.0, np.inf, -np.inf, np.nan, 1e-45, 20, -3e38], np.float32)
    np.testing.assert_array_equal(
        tanh(numbers), np.array([0, -0.0, 1, -1, np.nan, 1e-45, 1, -1], np.float32)
    )


def test_what_does_not_fit_never_reaches_the_kernels():
    layers, kernel, bias = make("lstm", 2, 8)
    network = build_network("lstm", layers, kernel, bias)
    good = draw_states(network, 3)
    for ids in ([0, V, 1], [0, -2, 1]):
        with pytest.raises(IndexError, match=f"symbol {ids[1]} came"):
            step(network, ids, good)
    for bad in (
        good[:, :2],
        good.astype(float),
        good[:-1],
        good[:, :, ::-1],
        good.transpose(0, 2, 1),
    ):
        with pytest.raises(ValueError, match="came, but"):
            step(network, [0, 0, 0], bad)
    with pytest.raises(ValueError, match="layer 1"):
        build_network("lstm", [layers[0], layers[0]], kernel, bias)
    with pytest.raises(ValueError, match="bias"):
        build_network("lstm", layers, kernel, bias[1:])
    with pytest.raises(ValueError, match="begin"):
        network.with_start(layers[1].start)


def test_other_sums_at_the_start_leave_the_network_as_it_was():
    layers, kernel, bias = make("gru", 2, 8)
    network = build_network("gru", layers, kernel, bias)
    before = draw_states(network, 2)
    first = step(network, [3, 4], before)
    other = network.with_start(layers[0].start[::-1])
    changed = step(other, [V - 4, V - 5], before)
    for one, two, three in zip(first, changed, step(network, [3, 4], before), strict=True):
        np.testing.assert_array_equal(one, two)
        np.testing.assert_array_equal(one, three)
