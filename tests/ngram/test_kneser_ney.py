"""The n-gram model: golden numbers, a law of probability, and what it may not see."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from burble.ngram import kneser_ney


def losses(ids, start, size, adaptive=False, most=12):
    orders = kneser_ney.losses_by_order(np.array(ids), start, size, most)
    return [both[adaptive] for both in orders]


def test_symbol_frequencies_by_hand():
    # Of a a a b, an order of one discounts each kind of symbol and shares that out evenly.
    (first, *_) = losses([0, 0, 0, 1, 0, 1], 4, 2, adaptive=False, most=1)
    discounts = kneser_ney.estimate_discounts(np.array([3, 1]))
    free = (discounts[1] + discounts[3]) / 4
    a, b = (3 - discounts[3]) / 4 + free / 2, (1 - discounts[1]) / 4 + free / 2
    np.testing.assert_allclose(first, [-math.log(a), -math.log(b)])
    assert a + b == pytest.approx(1)


IDS = st.lists(st.integers(0, 3), min_size=3, max_size=60)


@given(IDS, st.booleans())
def test_the_probabilities_of_all_symbols_sum_to_one(ids, adaptive):
    start = len(ids) // 2 + 1
    sums = np.zeros(6)
    for symbol in range(4):
        found = losses([*ids, symbol], start, 4, adaptive=adaptive, most=6)
        sums += np.exp([-c[-1] for c in found])
    np.testing.assert_allclose(sums, 1, rtol=1e-9)


@given(IDS, IDS, st.booleans())
def test_what_comes_later_changes_nothing(ids, later, adaptive):
    start = len(ids) // 2 + 1
    alone = losses(ids, start, 4, adaptive=adaptive, most=5)
    followed = losses([*ids, *later], start, 4, adaptive=adaptive, most=5)
    for one, other in zip(alone, followed, strict=True):
        np.testing.assert_allclose(one, other[: len(one)])


def test_a_static_model_learns_nothing_from_what_it_scores_and_an_adaptive_one_does():
    ids = [0, 1] * 30 + [2, 3] * 30
    static, adaptive = (losses(ids, 60, 4, adaptive=a)[-1] for a in (False, True))
    assert static[-2:].mean() == pytest.approx(static[10:12].mean())
    assert adaptive[-10:].mean() < 0.2 < adaptive[:4].mean()


def test_an_order_predicts_what_a_lower_one_cannot():
    # After 0 0 comes 1, after 1 0 comes 2: two symbols tell, one does not.
    ids = ([0, 0, 1, 0, 2] * 60)[:-2]
    orders = [c.mean() for c in losses(ids, 200, 3, adaptive=False, most=4)]
    assert orders[2] < 0.1 < orders[1]
