"""Texts that are written for several symbols at once do not depend on threads."""

import gc
import time
from unittest import mock

import numpy as np
import pytest

from burble.model import softmax, writing
from burble.model.engine import build_engine, select_streams
from burble.model.resets import ResetEngine
from burble.native.library import load_library
from burble.native.writing import Choice
from tests.support.speakers import chancy

pytestmark = pytest.mark.skipif(load_library() is None, reason="the kernels are not in use")
CHOICE = Choice(0.8, float(softmax.IMPOSSIBLE), None)


def engine(**shape):
    model = chancy("abcdefgh", scale=0.5, **shape)
    return build_engine(model.weights, model.architecture)


@pytest.mark.parametrize("texts", [1, 2, 9, 33])
@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("ensemble", [1, 2])
def test_the_number_of_threads_changes_nothing(ensemble, threads, texts, monkeypatch):
    monkeypatch.setattr(writing, "LEAST_WORK", 1)
    core, rng = engine(units=24, layers=2, ensemble=ensemble), np.random.default_rng(0)
    core = ResetEngine(core, 3)
    uniforms, state = rng.random((2, 20, texts)), core.zero_state(texts)
    with mock.patch.object(writing, "count_threads", return_value=threads):
        made = writing.build_writing(core)
        ids = np.zeros(texts, np.int64)
        first, state = made.write(ids, state, uniforms[0], CHOICE)
        second, state = made.write(first[-1], state, uniforms[1], CHOICE)
    for text in range(texts):
        alone, kept = writing.build_writing(core), core.zero_state(1)
        for number, expected in enumerate((first, second)):
            ids, kept = alone.write(
                ids[-1] if number else np.zeros(1, np.int64),
                kept,
                uniforms[number][:, [text]],
                CHOICE,
            )
            np.testing.assert_array_equal(ids[:, 0], expected[:, text])
        for whole, own in zip(select_streams(state, [text]), kept, strict=True):
            np.testing.assert_array_equal(whole, own)


def write_all(made, core, uniforms, texts):
    """Symbols of some calls, (T, B)."""
    ids, state, found = np.zeros(texts, np.int64), core.zero_state(texts), []
    for each in uniforms:
        drawn, state = made.write(ids, state, each, CHOICE)
        ids = drawn[-1]
        found.append(drawn)
    return np.concatenate(found)


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize("texts", [1, 3])
def test_help_changes_nothing_whether_it_comes_or_not(cell, texts, monkeypatch):
    core, rng = engine(units=150, layers=3, cell=cell), np.random.default_rng(0)
    uniforms = rng.random((20, 9, texts))
    alone = writing.build_writing(core)
    monkeypatch.setattr(writing, "count_threads", lambda: 1)
    expected = write_all(alone, core, uniforms, texts)
    assert alone._helper is None
    monkeypatch.setattr(writing, "count_threads", lambda: 2)
    monkeypatch.setattr(writing, "LEAST_SIZE", 0)
    # However late it is, it is asked again at once.
    monkeypatch.setattr(writing, "REST", (0.0, 0.0))
    monkeypatch.setattr(writing, "_rest", writing._Rest())
    for _ in range(3):
        helped = writing.build_writing(core)
        np.testing.assert_array_equal(write_all(helped, core, uniforms, texts), expected)
        assert helped._helper is not None
        # Its thread may still be there: what it reads goes last.
        del helped
        gc.collect()


def test_who_comes_too_late_is_not_asked_for_a_while():
    rest = writing._Rest()
    with mock.patch.object(time, "monotonic") as clock:
        asked = []
        for step, late in enumerate((False, True, False, True, False, False)):
            clock.return_value = 100 + 0.0015 * step
            asked.append(rest.is_over(late=late))
        assert asked == [True, False, True, False, False, True]
        clock.return_value = 110.0
        for _ in range(20):
            assert not rest.is_over(late=True)
        # A second at most, and a thousandth of one again after some that were in time.
        clock.return_value += 1.001
        assert [rest.is_over(late=late) for late in [False] * 9 + [True]] == [True] * 9 + [False]
        clock.return_value += 0.0011
        assert rest.is_over(late=False)


def test_a_call_takes_a_few_milliseconds():
    made = writing.build_writing(engine(units=24))
    assert made.count_steps(1) == writing.MOST_STEPS
    large = writing.Writing(made._networks, 3_000_000)
    with mock.patch.object(writing, "count_threads", return_value=2):
        assert [large.count_steps(texts) for texts in (1, 64, 10_000)] == [19, 4, 1]


def test_other_networks_are_written_one_symbol_at_a_time(monkeypatch):
    assert writing.build_writing(engine(units=8, reset_after=False, cell="gru")) is None
    monkeypatch.setenv("BURBLE_NATIVE", "0")
    assert writing.build_writing(engine(units=8)) is None
