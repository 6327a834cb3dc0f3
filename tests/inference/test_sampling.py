from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from burble.errors import DivergedError, SettingsError
from burble.inference import sampling
from burble.inference.sampling import FILTERS
from burble.inference.settings import SamplingSettings
from burble.model.softmax import IMPOSSIBLE, softmax

LOGITS = hnp.arrays(
    np.float64, st.tuples(st.integers(1, 3), st.integers(1, 8)), elements=st.floats(-50, 50)
)
VALUES = {
    "temperature": st.floats(0, 1e9),
    "top_k": st.integers(0, 10_000),
    "top_p": st.floats(0, 1),
    "min_p": st.floats(0, 1),
}


@pytest.mark.parametrize("name", FILTERS)
@given(data=st.data())
def test_every_filter_keeps_the_likeliest_symbol(name, data):
    logits = data.draw(LOGITS)
    filtered = FILTERS[name](logits, data.draw(VALUES[name]))
    rows = np.arange(len(logits))
    assert np.isfinite(filtered[rows, logits.argmax(-1)]).all()
    assert (filtered[rows, logits.argmax(-1)] == filtered.max(-1)).all()


@given(LOGITS, st.floats(0, 1, exclude_max=True))
def test_a_draw_is_never_an_impossible_symbol(logits, uniform):
    kept = sampling.keep_top_k(logits, 2)
    ids = sampling.draw_symbols(kept, np.full(len(logits), uniform))
    assert np.isfinite(kept[np.arange(len(kept)), ids]).all()


def test_draws_follow_the_model_at_temperature_one():
    p = np.array([0.5, 0.3, 0.15, 0.05])
    n = 200_000
    uniforms = np.random.default_rng(0).random(n)
    logits = np.broadcast_to(np.log(p).astype(np.float32), (n, 4))
    ids = sampling.choose_symbols(logits, SamplingSettings(temperature=1), uniforms)
    share = np.bincount(ids, minlength=4) / n
    # Five standard deviations of each share; odds of a false alarm about 2 in a million.
    assert (abs(share - p) < 5 * np.sqrt(p * (1 - p) / n)).all()


@pytest.mark.parametrize("temperature", [0.05, 0.5, 1.0, 5.0])
def test_two_hundred_thousand_draws_from_a_confident_model_never_fail(temperature):
    logits = np.random.default_rng(1).normal(0, 25, (1, 65)).astype(np.float32)
    uniforms = np.random.default_rng(2).random(200_000)
    settings = SamplingSettings(temperature=temperature, top_p=0.99)
    ids = sampling.choose_symbols(np.broadcast_to(logits, (200_000, 65)), settings, uniforms)
    assert ids.min() >= 0
    assert ids.max() < 65


@given(LOGITS, st.floats(0, 1, exclude_max=True))
def test_one_row_alone_draws_what_it_draws_among_others(logits, uniform):
    uniforms = np.full(len(logits), uniform)
    together = sampling.draw_symbols(logits, uniforms)
    for row in range(len(logits)):
        assert sampling.draw_symbols(logits[row : row + 1], uniforms[:1])[0] == together[row]


@given(LOGITS, st.floats(0, 1, exclude_max=True), st.sampled_from([0.0, -0.0, 1e-9]))
def test_top_k_of_one_and_hardly_any_temperature_are_greedy(logits, uniform, temperature):
    logits = logits.astype(np.float32)
    uniforms = np.full(len(logits), uniform)
    for settings in (
        SamplingSettings(temperature=1.0, top_k=1),
        SamplingSettings(temperature=temperature),
    ):
        ids = sampling.choose_symbols(logits, settings, uniforms)
        assert (ids == logits.argmax(-1)).all()


@pytest.mark.parametrize("temperature", [1e-300, 1.0, 1e29, 1e308])
def test_no_temperature_brings_back_what_is_blocked(temperature):
    logits = np.array([[IMPOSSIBLE, 1.0, IMPOSSIBLE, -2.0]], np.float32)
    told = softmax(sampling.filter_logits(logits, SamplingSettings(temperature=temperature)))
    assert told[0, [0, 2]].tolist() == [0.0, 0.0]


def test_top_k_keeps_k_where_symbols_are_equally_likely():
    kept = sampling.keep_top_k(np.array([[1.0, 2.0, 1.0, 1.0]]), 2)
    assert np.isfinite(kept).tolist() == [[True, True, False, False]]


def test_boundless_temperature_makes_all_symbols_equally_likely():
    logits = np.array([[50.0, 0.0, -50.0, 3.0]], np.float32)
    told = softmax(sampling.filter_logits(logits, SamplingSettings(temperature=1e9)))
    np.testing.assert_allclose(told, 0.25, atol=1e-6)


def test_temperature_one_is_the_model_s_own_distribution():
    logits = np.array([[1.0, 2.0, -3.0]], np.float32)
    told = softmax(sampling.filter_logits(logits, SamplingSettings(temperature=1)))
    raised = np.exp([1.0, 2.0, -3.0])
    np.testing.assert_allclose(told[0], raised / raised.sum(), rtol=1e-12)


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_never_drawn_from(odd):
    logits = np.array([[0.0, odd, 1.0]], np.float32)
    with pytest.raises(DivergedError, match="not a number"):
        sampling.choose_symbols(logits, SamplingSettings(), np.array([0.5]))


def test_the_filters_are_the_settings_in_the_order_of_their_fields():
    assert list(FILTERS) == [field.name for field in fields(SamplingSettings)]


def test_top_p_keeps_just_enough():
    logits = np.log([[0.5, 0.3, 0.15, 0.05]])
    assert np.isfinite(sampling.keep_top_p(logits, 0.6)).tolist() == [[True, True, False, False]]
    assert np.isfinite(sampling.keep_top_p(logits, 0.0)).tolist() == [[True, False, False, False]]


def test_min_p_is_relative_to_the_likeliest():
    logits = np.log([[0.5, 0.3, 0.15, 0.05]])
    assert np.isfinite(sampling.keep_min_p(logits, 0.5)).tolist() == [[True, True, False, False]]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("temperature", -1),
        ("temperature", float("nan")),
        ("temperature", float("inf")),
        ("temperature", "hot"),
        ("temperature", None),
        ("top_k", -1),
        ("top_p", 1.5),
        ("min_p", -0.1),
    ],
)
def test_nonsense_is_refused_by_name(name, value):
    with pytest.raises(SettingsError, match=f"{name} is "):
        SamplingSettings(**{name: value})
