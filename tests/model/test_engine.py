import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from burble.model import engine as engine_module
from burble.model.architecture import array_shapes
from burble.model.engine import Engine, build_engine
from burble.model.keras_network import build_network
from burble.model.network import name_weights
from burble.model.softmax import log_softmax
from burble.native.library import load_library
from burble.settings import ModelSettings

V = 11


CELLS: dict[str, dict[str, Any]] = {
    "lstm": {"cell": "lstm"},
    "hard lstm": {"cell": "lstm", "recurrent_activation": "hard_sigmoid"},
    "gru": {"cell": "gru"},
    "gru reset before": {"cell": "gru", "reset_after": False},
    "rnn": {"cell": "rnn"},
}


def pair(cell, seed=0, scale=0.2):
    settings = ModelSettings(**CELLS[cell], layers=2, units=24, embedding=8)
    core = build_network(settings, V, seed)
    rng = np.random.default_rng(seed)
    for variable in core.trainable_variables:
        # Larger weights make the plain layer chaotic: it then amplifies rounding without bound.
        variable.assign(rng.normal(0, scale, variable.shape))
    arrays = [v.value for v in core.trainable_variables]
    return core, Engine(name_weights(arrays, settings, V), settings)


@pytest.mark.parametrize("cell", CELLS)
def test_the_engine_equals_the_keras_core_over_a_thousand_symbols(cell):
    core, engine = pair(cell)
    ids = np.random.default_rng(1).integers(0, V, (1, 1000))
    state = engine.zero_state(1)
    keras_state = [part.T for layer in state for part in layer]
    expected, *expected_state = core([ids, *keras_state])
    logits = []
    for symbol in ids[0]:
        row, state = engine.step(np.array([symbol]), state)
        logits.append(row[0])
    assert row.dtype == np.float32
    np.testing.assert_allclose(logits, np.asarray(expected)[0], atol=1e-5)
    flat = [part.T for layer in state for part in layer]
    for ours, theirs in zip(flat, expected_state, strict=True):
        np.testing.assert_allclose(ours, np.asarray(theirs), atol=1e-5)


def test_a_two_unit_lstm_step_by_hand():
    settings = ModelSettings(layers=1, units=1, embedding=1)
    weights = {
        "embedding": np.array([[1.0], [-1.0]], np.float32),
        "layer0.kernel": np.array([[1.0, 2.0, 0.5, -1.0]], np.float32),
        "layer0.recurrent": np.array([[0.3, -0.2, 0.7, 0.1]], np.float32),
        "layer0.bias": np.array([0.1, 0.2, 0.3, 0.4], np.float32),
        "output.kernel": np.array([[1.0, -2.0]], np.float32),
        "output.bias": np.array([0.5, 0.25], np.float32),
    }
    h, c = 0.5, -1.0
    state = (np.array([h, c], np.float32).reshape(2, 1, 1),)
    logits, ((new_h, new_c),) = Engine(weights, settings).step(np.array([0]), state)

    def sigmoid(x):
        return 1 / (1 + np.exp(-x))

    expected_c = sigmoid(1 + 0.15 + 0.1) * np.tanh(0.5 + 0.35 + 0.3) + sigmoid(2 - 0.1 + 0.2) * c
    expected_h = sigmoid(-1 + 0.05 + 0.4) * np.tanh(expected_c)
    np.testing.assert_allclose(new_c, [[expected_c]], rtol=1e-6)
    np.testing.assert_allclose(new_h, [[expected_h]], rtol=1e-6)
    np.testing.assert_allclose(logits, [[expected_h + 0.5, -2 * expected_h + 0.25]], rtol=1e-6)


def test_hard_gates_are_straight_lines_cut_at_both_ends():
    settings = ModelSettings(layers=1, units=1, embedding=1, recurrent_activation="hard_sigmoid")
    weights = {
        "embedding": np.array([[1.0]], np.float32),
        # Inside the cut, below it, and above it.
        "layer0.kernel": np.array([[1.0, -9.0, 0.5, 9.0]], np.float32),
        "layer0.recurrent": np.zeros((1, 4), np.float32),
        "layer0.bias": np.zeros(4, np.float32),
        "output.kernel": np.ones((1, 1), np.float32),
        "output.bias": np.zeros(1, np.float32),
    }
    state = (np.array([1, 5], np.float32).reshape(2, 1, 1),)
    logits, ((_, new_c),) = Engine(weights, settings).step(np.array([0]), state)
    np.testing.assert_allclose(new_c, [[0.7 * np.tanh(0.5) + 0 * 5]], rtol=1e-6)
    np.testing.assert_allclose(logits, np.tanh(new_c), rtol=1e-6)


def test_streams_do_not_touch_each_other():
    _, engine = pair("lstm")
    both, _ = engine.step(np.array([3, 5]), engine.zero_state(2))
    alone, _ = engine.step(np.array([5]), engine.zero_state(1))
    np.testing.assert_allclose(both[1], alone[0], atol=1e-6)


@pytest.mark.parametrize("cell", CELLS)
def test_reading_in_a_block_equals_reading_step_by_step(cell):
    _, engine = pair(cell)
    ids = np.random.default_rng(2).integers(0, V, 50)
    logits, state = engine.read_symbols(ids, engine.zero_state(1))
    slow, slow_state = [], engine.zero_state(1)
    for i in ids:
        row, slow_state = engine.step(np.array([i]), slow_state)
        slow.append(row[0])
    np.testing.assert_allclose(logits, slow, atol=1e-5)
    for ours, theirs in zip(state, slow_state, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


@pytest.mark.parametrize("cell", CELLS)
def test_a_few_rows_have_the_very_bits_they_have_alone(cell):
    _, engine = pair(cell)
    ids = np.arange(40) % V
    state, alone = engine.zero_state(40), [engine.zero_state(1) for _ in ids]
    for _ in range(5):
        together, state = engine.step(ids, state)
        for row, i in enumerate(ids):
            logits, alone[row] = engine.step(np.array([i]), alone[row])
            assert (logits[0] == together[row]).all()


@pytest.mark.parametrize("cell", CELLS)
def test_many_rows_are_what_they_are_alone(cell):
    _, engine = pair(cell)
    ids = np.arange(40) % V
    together, state = engine.step(ids, engine.zero_state(40))
    together, _ = engine.step(ids, state)
    for row in (0, 7, 39):
        _, state = engine.step(ids[row : row + 1], engine.zero_state(1))
        alone, _ = engine.step(ids[row : row + 1], state)
        np.testing.assert_allclose(together[row], alone[0], atol=1e-6)


@pytest.mark.parametrize("cell", CELLS)
def test_a_step_changes_neither_state_nor_weights(cell):
    _, engine = pair(cell)
    _, state = engine.step(np.array([1]), engine.zero_state(1))
    before = [part.copy() for layer in state for part in layer]
    first, _ = engine.step(np.array([2]), state)
    again, _ = engine.step(np.array([2]), state)
    assert (first == again).all()
    for part, old in zip([p for layer in state for p in layer], before, strict=True):
        np.testing.assert_array_equal(part, old)


def test_greedy_text_is_the_same_from_keras_and_from_the_engine():
    core, engine = pair("lstm", seed=4, scale=0.7)
    state = engine.zero_state(1)
    keras_state = [part.T for layer in state for part in layer]
    ids = [3]
    for _ in range(300):
        logits, state = engine.step(np.array(ids[-1:]), state)
        ids.append(int(logits[0].argmax()))
    # Where Keras, given the text so far, would choose each next symbol, it writes this text.
    expected, *_ = core([np.array([ids[:-1]]), *keras_state])
    assert np.asarray(expected)[0].argmax(-1).tolist() == ids[1:]
    assert len(set(ids)) > 5


def test_everything_is_float32():
    for cell in ("lstm", "gru", "rnn"):
        _, engine = pair(cell)
        for rows in (1, 20):
            logits, state = engine.step(np.zeros(rows, int), engine.zero_state(rows))
            assert {a.dtype for a in [logits, *(p for layer in state for p in layer)]} == {
                np.dtype(np.float32)
            }
        assert engine.read_symbols(np.zeros(5, int), engine.zero_state(1))[0].dtype == np.float32


@pytest.mark.parametrize("cell", CELLS)
def test_what_is_not_read_changes_no_state_and_no_prediction(cell):
    _, engine = pair(cell)
    ids = np.array([3, -1, 5, -1, -1, 2])
    logits, state = engine.read_symbols(ids, engine.zero_state(1))
    alone, after = engine.read_symbols(ids[ids >= 0], engine.zero_state(1))
    np.testing.assert_allclose(logits, alone[[0, 0, 1, 1, 1, 2]], atol=1e-6)
    for one, two in zip(state, after, strict=True):
        np.testing.assert_allclose(one, two, atol=1e-6)
    # In streams side by side, of which one reads and the other does not.
    first, state = engine.step(np.array([3, 4]), engine.zero_state(2))
    second, state = engine.step(np.array([5, -1]), state)
    np.testing.assert_allclose(second[1], first[1], atol=1e-6)
    np.testing.assert_allclose(second[0], alone[1], atol=1e-6)


@pytest.mark.parametrize("cell", CELLS)
def test_streams_that_are_dealt_out_to_threads_are_what_they_are_alone(cell, monkeypatch):
    monkeypatch.setattr(engine_module, "LEAST_WORK", 1)
    monkeypatch.setattr(engine_module, "count_threads", lambda: 3)
    _, engine = pair(cell)
    ids = np.array([3, 1, 4, -1, 5, 9, 2])
    state, alone = engine.zero_state(7), [engine.zero_state(1) for _ in ids]
    for _ in range(4):
        together, state = engine.step(ids, state)
        for row, i in enumerate(ids):
            logits, alone[row] = engine.step(np.array([i]), alone[row])
            np.testing.assert_array_equal(logits[0], together[row])


@pytest.mark.parametrize("cell", CELLS)
def test_a_text_may_be_read_in_any_pieces(cell):
    _, engine = pair(cell)
    ids = np.random.default_rng(3).integers(0, V, 150)
    whole, after = engine.read_symbols(ids, engine.zero_state(1))
    state, rows = engine.zero_state(1), []
    for piece in np.split(ids, [1, 3, 40, 72, 73, 140]):
        logits, state = engine.read_symbols(piece, state)
        rows.append(logits)
    np.testing.assert_array_equal(np.concatenate(rows), whole)
    for ours, theirs in zip(state, after, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def build(monkeypatch, switch, weights, settings):
    """An engine of the kernels or of NumPy."""
    monkeypatch.setenv("BURBLE_NATIVE", switch)
    return build_engine(weights, settings)


@pytest.mark.parametrize("ensemble", [1, 2])
@pytest.mark.parametrize("cell", [name for name in CELLS if "before" not in name])
def test_the_compiled_kernels_predict_what_numpy_does(cell, ensemble, monkeypatch):
    if load_library() is None:
        pytest.skip("the kernels are not in use")
    settings = ModelSettings(**CELLS[cell], layers=2, units=50, embedding=8, ensemble=ensemble)
    rng = np.random.default_rng(5)
    weights = {
        name: rng.normal(0, 0.1, shape).astype(np.float32)
        for name, shape in array_shapes(settings, V, labels=2).items()
    }
    both = [build(monkeypatch, switch, weights, settings).with_labels([2]) for switch in "10"]
    ids = rng.integers(-1, V, (60, 3))
    ids[0] = 1
    rows, states = [], []
    for engine in both:
        state, own = engine.zero_state(3), []
        for column in ids:
            logits, state = engine.step(column, state)
            own.append(log_softmax(logits))
        logits, read = engine.read_symbols(ids[:, 1], engine.zero_state(1))
        rows.append(np.stack([*(row[1] for row in own), *log_softmax(logits)]))
        states.append(np.concatenate([part[..., -1] for part in (*state, *read)]))
    np.testing.assert_allclose(rows[0], rows[1], atol=1e-5)
    np.testing.assert_allclose(states[0], states[1], atol=1e-5)
    assert (rows[0] != rows[1]).any()


DIGEST = """
import hashlib, numpy as np
from burble.model.architecture import array_shapes
from burble.model.architecture import array_shapes
from burble.model.engine import Engine, build_engine
from burble.settings import ModelSettings
settings = ModelSettings(layers=2, units=256)
rng = np.random.default_rng(0)
shapes = array_shapes(settings, 65).items()
weights = {name: rng.normal(0, 0.1, shape).astype(np.float32) for name, shape in shapes}
engine = Engine(weights, settings)
logits, state = engine.read_symbols(rng.integers(0, 65, 300), engine.zero_state(1))
print(hashlib.sha256(logits.tobytes()).hexdigest())
"""


def test_what_is_predicted_depends_on_no_number_of_threads():
    found = set()
    for threads in "12":
        limits = {"OPENBLAS_NUM_THREADS": threads, "OMP_NUM_THREADS": threads}
        done = subprocess.run(
            [sys.executable, "-c", DIGEST], capture_output=True, check=True, env=os.environ | limits
        )
        found.add(done.stdout)
    assert len(found) == 1
