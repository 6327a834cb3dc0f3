"""Simple predictors on texts whose figures are known, in full and as a quick estimate."""

import math

import numpy as np
import pytest

from burble.data.vocabulary import Vocabulary
from burble.evaluation.baselines import Task, estimate_baselines, score_baselines
from tests.support.corpora import from_texts


def test_the_estimates_of_a_text_whose_figures_are_known():
    drawn = "".join(np.random.default_rng(0).choice([*"abcd"], 8_000, p=[0.4, 0.3, 0.2, 0.1]))
    uniform, unigram, ngram, _ = estimate_baselines(from_texts(drawn, validation=0.1))
    assert uniform == pytest.approx(math.log(4))
    # The entropy of the draw; no symbol tells anything of the next.
    assert unigram == pytest.approx(1.2799, abs=0.03)
    assert ngram == pytest.approx(unigram, abs=0.02)
    _, unigram, ngram, _ = estimate_baselines(from_texts("abcd" * 2_000, validation=0.1))
    assert (unigram, ngram) == pytest.approx((math.log(4), 0), abs=0.01)
    assert estimate_baselines(from_texts("abcd" * 9, validation=0)) is None


def test_a_large_text_is_counted_in_stretches_of_all_of_it_and_given_places_are_not():
    one, other = "ab" * 100_000, "xy" * 100_000
    _, unigram, ngram, _ = estimate_baselines(from_texts(one, other, validation=0.1))
    assert unigram == pytest.approx(math.log(4), abs=0.01)
    assert ngram < 0.05


def test_compressors_score_what_the_validation_part_adds():
    rng = np.random.default_rng(0)
    ids = np.concatenate([rng.integers(0, 4, 20_000)] * 2)
    found = {(s.name, s.adaptive): s.nats for s in _scores(ids, 20_000)}
    assert found["uniform guessing", False] == math.log(4)
    assert found["symbol frequencies", False] == pytest.approx(math.log(4), rel=0.01)
    # The second half is the first again: whoever remembers far enough pays next to nothing.
    assert found["xz", True] < 0.05
    assert found["PPMd, order 6", True] < math.log(4)
    # zlib looks back 32,768 bytes, bz2 sorts: both find it too.
    assert found["zlib", True] < 0.1
    alone = {(s.name, s.adaptive): s.nats for s in _scores(rng.integers(0, 4, 22_000), 20_000)}
    assert alone["xz", True] > 0.9 * math.log(4)


def _scores(ids, start):
    return score_baselines(Task(ids, start, Vocabulary(tuple("abcd")), ""))
