"""Predictions of many texts at once are those of each alone."""

import numpy as np
import pytest

from burble.inference import scoring
from burble.inference.generator import Generator
from burble.inference.scoring import add_edges, predict_texts
from tests.support.speakers import chancy


@pytest.mark.parametrize("in_order", [False, True])
def test_texts_read_side_by_side_lose_what_each_loses_alone(monkeypatch, in_order):
    monkeypatch.setattr(scoring, "SHORT", 50)
    rng = np.random.default_rng(0)
    for writer in (Generator(chancy()), Generator(chancy(boundary=True))):
        texts = [rng.integers(4, size=n) for n in [*rng.integers(60, size=90), 1]]
        edge = writer.model.vocabulary.boundary_id
        whole = [add_edges(edge, ids) for ids in texts]
        found: list[list[float]] = [[] for _ in texts]
        numbers = []
        for places, predictions in predict_texts(writer.engine, whole, in_order=in_order):
            numbers += places.tolist()
            for place, loss in zip(places, predictions.nll, strict=True):
                found[place].append(loss)
        assert not in_order or numbers == sorted(numbers)
        for losses, ids in zip(found, texts, strict=True):
            np.testing.assert_allclose(losses, writer.nll(ids), atol=1e-4)
