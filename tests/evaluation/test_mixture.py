"""Adaptive scores of a mixture, each of whose models learns by itself."""

import numpy as np
import pytest

from burble.evaluation import dynamic, mixture
from burble.evaluation.dynamic import DynamicEvaluator
from burble.inference.generator import Generator
from burble.inference.scoring import Predictions, predict_texts
from burble.model.mixture import build_mixture
from tests.support.scores import score_text
from tests.support.speakers import chancy

SMALL = {"units": 6, "embedding": 3}


def test_a_model_mixed_with_itself_learns_as_it_does_alone():
    model = chancy(**SMALL)
    text = "abcab\nabba" * 30
    alone = score_text(Generator(model), text, adaptive=True)
    mixed = score_text(Generator(build_mixture([model, model], [1, 3])), text, adaptive=True)
    assert mixed.nats == pytest.approx(alone.nats, abs=1e-6)
    assert mixed.nats < score_text(Generator(model), text).nats


def test_without_steps_models_that_do_not_know_all_score_what_the_engine_does(monkeypatch):
    monkeypatch.setattr(dynamic, "LEARNING_RATE", 0.0)
    parts = [chancy("abA\n", **SMALL), chancy("ab7", 1, cell="gru", **SMALL)]
    model = build_mixture(parts, [0.6, 0.4])
    rng = np.random.default_rng(0)
    # Both know what each begins with; the second knows nothing of the end of one.
    texts = [
        np.array([0, *rng.integers(5, size=80)]),
        np.array([1, 0, 4]),
        np.array([1]),
        np.array([0, *[3] * 40]),
        np.array([1, *[3] * 33, 1, 2, 4]),
    ]
    evaluators = [DynamicEvaluator(part) for part in parts]
    found = [*mixture.predict_texts(model, evaluators, texts)]
    expected = [*predict_texts(Generator(model).engine, texts, in_order=True)]
    for name in ("symbols", "log_probabilities"):
        one, two = (
            np.concatenate([getattr(each, name) for _, each in some]) for some in (found, expected)
        )
        np.testing.assert_allclose(one, two, atol=2e-5)
    assert np.concatenate([places for places, _ in found]).tolist() == [
        *[0] * 80, *[1] * 2, *[3] * 40, *[4] * 36,
    ]  # fmt: skip


class Counting:
    """Predicts the number of the symbols of all texts that it has read, and what it was given."""

    def __init__(self):
        self.given = []

    def predict_texts(self, texts, labels=None):
        assert labels is None
        for place, text in enumerate(texts):
            self.given.append(text.tolist())
            for first in range(0, len(text) - 1, 3):
                size = len(text[first + 1 : first + 4])
                rows = np.full((size, 2), np.log(0.5))
                rows[:, 0] += np.arange(size) + first
                yield np.full(size, place), Predictions(rows, text[first + 1 : first + 4])


def test_a_row_is_that_after_the_last_known_symbol():
    reader = mixture._Reader(
        Counting(), np.array([0, 1, -1]), [np.array([0, 2, 2, 1, 0, 2, 1, 2]), np.array([2, 2, 1])]
    )
    base = np.log(0.5)
    rows = np.concatenate([reader.predict(0, 1, 4), reader.predict(0, 5, 3)])
    np.testing.assert_allclose(rows[:, 0] - base, [0, 0, 0, 1, 2, 2, 3])
    np.testing.assert_allclose(reader.predict(1, 1, 2)[:, 0] - base, [0, 0])
    assert not [*reader._predicted]
