"""Arithmetic that every machine repeats: how near it is to the engine's, and that it stays."""

import hashlib
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from burble.errors import SettingsError
from burble.inference.generator import Generator
from burble.model import portable
from burble.model.engine import build_engine, join_streams
from burble.model.mixture import build_mixture
from burble.model.portable import build_portable
from tests.support.speakers import POETS, chancy

SHAPES: list[dict[str, Any]] = [
    {"cell": "lstm"},
    {"cell": "lstm", "recurrent_activation": "hard_sigmoid", "layers": 1},
    {"cell": "gru", "layers": 3},
    {"cell": "rnn"},
    {"cell": "lstm", "ensemble": 2},
]
RECORDED = "43ffafb959cf50fd0dd3fc1e144f0de28edfa0310c76799d0d394efb3e3dd16f"
NUMBERS = st.floats(-12, 12, width=32)


@given(NUMBERS)
def test_the_tangent_is_within_six_units_of_its_last_place(x):
    found = portable.tanh(np.array([x], np.float32))[0]
    exact = math.tanh(x)
    assert abs(float(found) - exact) <= 6 * max(np.spacing(np.float32(abs(exact))), 1e-45)
    assert portable.tanh(np.array([-x], np.float32))[0] == -found


@given(st.floats(-690, 0))
def test_the_exponential_and_its_inverse_are_as_near_as_float64_allows(x):
    found = portable.exp(np.array([x]))[0]
    assert found == pytest.approx(math.exp(x), rel=1e-15, abs=0)
    assert portable.log(np.array([math.exp(x)]))[0] == pytest.approx(x, rel=1e-15, abs=3e-16)


def test_what_cannot_come_has_no_probability():
    assert portable.softmax(np.array([[0.0, -np.inf, -800.0]])).tolist() == [[1.0, 0.0, 0.0]]
    assert portable.exp(np.array([0.0, -np.inf])).tolist() == [1.0, 0.0]


@pytest.mark.parametrize("shape", SHAPES)
def test_it_predicts_what_the_engine_predicts(shape):
    model = chancy("abcdefg", boundary=True, scale=0.5, labels=POETS, **shape)
    ids = np.random.default_rng(0).integers(0, 8, 40)
    found = []
    for build in (build_engine, build_portable):
        core = build(model.weights, model.architecture).with_labels((2, 3))
        found.append(core.read_symbols(ids, core.zero_state(1))[0])
    assert np.abs(found[0] - found[1]).max() < 1e-5


@pytest.mark.parametrize("shape", SHAPES)
def test_streams_side_by_side_are_to_the_bit_what_they_are_alone(shape):
    model = chancy(scale=0.5, **shape)
    core = build_portable(model.weights, model.architecture)
    ids = np.array([[0, 1, 2], [3, 3, -1], [1, -1, 0]])
    alone = []
    for stream in ids.T:
        state = core.zero_state(1)
        for one in stream:
            logits, state = core.step(np.array([one]), state)
        alone.append((logits, state))
    state = core.zero_state(3)
    for row in ids:
        logits, state = core.step(row, state)
    assert np.array_equal(logits, np.concatenate([one for one, _ in alone]))
    together = join_streams([one for _, one in alone])
    assert all(map(np.array_equal, state, together))


def test_its_bits_are_those_of_every_machine():
    # Recorded once: a difference means that pages that were exported write other texts.
    digest = hashlib.sha256()
    for shape in SHAPES:
        model = chancy("abcdefg", scale=0.5, seed=4, **shape)
        core = build_portable(model.weights, model.architecture)
        logits, _ = core.read_symbols(np.arange(200) % 7, core.zero_state(1))
        digest.update(logits.tobytes())
    assert digest.hexdigest() == RECORDED


def test_a_text_is_written_with_it_to_the_letter():
    writer = Generator(chancy("abcde \n", scale=0.7, seed=1))
    options: dict[str, Any] = {"portable": True, "seed": 5, "length": 60}
    assert (
        writer.generate("a", top_p=0.9, min_p=0.01, **options)
        == "  cbabbaadbbbddcbbdbcbdacdbddacabcbc\ncadc bbdbbbadacbdbedbdc"
    )
    assert writer.generate_many("a", count=3, **options)[0] == writer.generate("a", **options)


def test_what_has_no_such_arithmetic_is_refused():
    old = chancy(cell="gru", reset_after=False)
    mixed = build_mixture([chancy(), chancy(seed=1)], [1, 1])
    for model, why in ((old, "GRU that resets its state"), (mixed, "where models are mixed")):
        with pytest.raises(SettingsError, match=why):
            Generator(model).generate(portable=True, length=1)
