import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from burble import sampling
from burble.errors import SettingsError
from burble.sampling import FILTERS, SamplingSettings

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
    ids = sampling.draw(kept, np.full(len(logits), uniform))
    assert np.isfinite(kept[np.arange(len(kept)), ids]).all()


def test_draws_follow_the_model_at_temperature_one():
    p = np.array([0.5, 0.3, 0.15, 0.05])
    n = 200_000
    uniforms = np.random.default_rng(0).random(n)
    logits = np.broadcast_to(np.log(p).astype(np.float32), (n, 4))
    ids = sampling.choose(logits, SamplingSettings(temperature=1), uniforms)
    share = np.bincount(ids, minlength=4) / n
    # Five standard deviations of each share; odds of a false alarm about 2 in a million.
    assert (abs(share - p) < 5 * np.sqrt(p * (1 - p) / n)).all()


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
        ("top_k", -1),
        ("top_p", 1.5),
        ("min_p", -0.1),
    ],
)
def test_nonsense_is_refused_by_name(name, value):
    with pytest.raises(SettingsError, match=f"{name} is "):
        SamplingSettings(**{name: value})
