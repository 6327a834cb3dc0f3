"""An n-gram model against a slow count of all positions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from burble.ngram import predictor
from burble.ngram.index import MAX_CONTEXT, build_index
from burble.ngram.predictor import NgramModel, NgramPredictor


def before(ids, place):
    """The context of a place, the nearest first; zeros where the text begins."""
    return [*ids[:place][::-1][:MAX_CONTEXT], *[0] * MAX_CONTEXT][:MAX_CONTEXT]


def slow_counts(texts, context, size):
    """Kneser-Ney counts by looking at every place of every text, each counted so many times."""
    counts = np.zeros((MAX_CONTEXT + 1, size), int)
    for length in range(MAX_CONTEXT + 1):
        seen = set()
        for ids, times in texts:
            for place, symbol in enumerate(ids):
                its = before(ids, place)
                if its[:length] != [*context[:length]]:
                    continue
                longer = (symbol, *its[: length + 1])
                if length == MAX_CONTEXT or longer not in seen:
                    counts[length, symbol] += times
                seen.add(longer)
    return counts


texts = st.integers(2, 5).flatmap(lambda size: st.lists(st.integers(0, size - 1), min_size=1))


@given(texts, texts, st.sampled_from([0, 3, 256]))
def test_counts_are_those_of_every_place_looked_at(ids, other, few):
    size = max(ids + other) + 1
    context = before(other, len(other))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(predictor, "MAX_SCANNED", few)
        following = NgramModel(build_index(np.array(ids)), size).count_following(
            np.array([context])
        )
    np.testing.assert_array_equal(following.counts[0], slow_counts([(ids, 1)], context, size))
    longest = following.longest[0]
    assert context[:longest] in [before(ids, p)[:longest] for p in range(len(ids))]
    longer = [before(ids, p)[: longest + 1] for p in range(len(ids))]
    assert longest == MAX_CONTEXT or context[: longest + 1] not in longer


@given(texts, st.sampled_from([0, 256]))
def test_the_probabilities_are_those_of_the_slow_n_gram_sum(ids, few):
    size = max(ids) + 1
    index = build_index(np.array(ids))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(predictor, "MAX_SCANNED", few)
        found = NgramModel(index, size).predict(np.array([before(ids, len(ids))]))
    expected = np.full(size, 1 / size)
    counts = slow_counts([(ids, 1)], before(ids, len(ids)), size)
    for row, discounts in zip(counts, index.discounts.astype(float), strict=True):
        if row.sum():
            taken = discounts[np.minimum(row, 3)]
            expected = (row - taken + taken.sum() * expected) / row.sum()
    np.testing.assert_allclose(found.probabilities[0], expected, rtol=1e-9)
    assert found.probabilities.sum() == pytest.approx(1)
    assert found.probabilities.min() > 0


@given(texts, texts)
@settings(max_examples=50)
def test_what_is_read_counts_as_if_it_had_stood_there(ids, read):
    """Twice as much, and in its own contexts."""
    size = max(ids + read) + 1
    reader = NgramPredictor(NgramModel(build_index(np.array(ids)), size), adaptive=True)
    for symbol in read:
        reader.append_symbol(symbol)
    found = reader._count().counts[0]
    context = before(read, len(read))
    both = slow_counts([(ids, 1), (read, predictor.RECENT_WEIGHT)], context, size)
    np.testing.assert_array_equal(found, both)


def test_what_was_read_is_sorted_in_once_it_is_much(monkeypatch):
    monkeypatch.setattr(predictor, "RECENT_SYMBOLS", 10)
    monkeypatch.setattr(predictor, "RECENT_WEIGHT", 1)
    rng = np.random.default_rng(0)
    ids, read = rng.integers(0, 3, 50), rng.integers(0, 300, 35)
    reader = NgramPredictor(NgramModel(build_index(ids), 300), adaptive=True)
    for symbol in read.tolist():
        reader.append_symbol(symbol)
        assert reader.predict().probabilities.sum() == pytest.approx(1)
    assert reader._model.index.ids().tolist() == [*ids, *read[:30]]


@pytest.mark.parametrize("size", [1, 2, 45, 256, 257, 60_000])
def test_alphabets_of_any_size(size):
    ids = np.random.default_rng(0).integers(0, size, 500)
    ids = np.concatenate([ids, ids[:40], ids[:40]])
    index = build_index(ids)
    assert index.ids().tolist() == ids.tolist()
    following = NgramModel(index, size).count_following(np.array([before(ids.tolist(), 530)]))
    assert following.longest == MAX_CONTEXT
    if size > 2:
        assert (
            following.counts[0, MAX_CONTEXT, ids[530]]
            == following.counts[0, MAX_CONTEXT].sum()
            == 3
        )
