"""Mixing weights are fitted to what came."""

import numpy as np
import pytest

from burble.model.softmax import log_softmax
from burble.ngram.fitting import Evidence, differentiate, fit_coefficients

ALONE = np.array([[1.0, 0, 0], [0, 0, 0]])


def evidence(seed=0, count=40, symbols=4, scale=1.0):
    """Random predictions of two models, and symbols that follow the second."""
    rng = np.random.default_rng(seed)
    parts = log_softmax(rng.normal(0, scale, (count, 2, symbols)))
    design = np.column_stack([np.ones(count), rng.random((count, 2))])
    drawn = [rng.choice(symbols, p=np.exp(row)) for row in parts[:, 1]]
    return Evidence(parts, design, np.array(drawn))


def test_derivatives_are_those_of_the_loss():
    known, rng = evidence(), np.random.default_rng(1)
    at = rng.normal(0, 0.5, (2, 3))
    first, second = differentiate(at, known)
    for place, step in enumerate(np.eye(6).reshape(6, 2, 3) * 1e-5):
        higher, lower = (known.losses(at + sign * step).sum() for sign in (1, -1))
        assert first[place] == pytest.approx((higher - lower) / 2e-5, rel=1e-6)
        slopes = [differentiate(at + sign * step, known)[0] for sign in (1, -1)]
        np.testing.assert_allclose(second[place], (slopes[0] - slopes[1]) / 2e-5, rtol=1e-6)


def test_what_predicts_better_counts_more_the_more_symbols_say_so():
    few, many = evidence(count=30), evidence(count=3_000)
    found = [fit_coefficients(ALONE, each, 30.0) for each in (few, many)]
    weights = [one @ [1, 0.5, 0.5] for one in found]
    assert 0.3 < weights[0][1] < weights[1][1]
    assert weights[1][1] == pytest.approx(1, abs=0.1)
    assert weights[1][0] == pytest.approx(0, abs=0.1)
    assert many.losses(found[1]).mean() < many.losses(ALONE).mean() - 0.5


def test_against_a_strong_pull_nothing_is_changed():
    np.testing.assert_allclose(fit_coefficients(ALONE, evidence(), 1e9), ALONE, atol=1e-6)


def test_one_that_is_sure_of_what_never_comes_does_not_lead_astray():
    # Such losses are so steep that whole steps of Newton's method never come back.
    given = evidence(seed=3, count=200, symbols=50, scale=30.0)
    found = fit_coefficients(ALONE, given, 1.0)
    assert given.losses(found).mean() <= given.losses(ALONE).mean()
