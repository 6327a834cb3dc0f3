"""Two laws of every score: probabilities add up to 1, and what comes later changes no cost."""

from dataclasses import replace

import numpy as np
import pytest

from burble.inference import scoring
from burble.inference.generator import Generator
from burble.inference.scoring import BLOCK, Remembering
from burble.ngram.index import build_index
from burble.ngram.predictor import NgramModel
from tests.support.speakers import chancy

RNG = np.random.default_rng(5)
IDS = RNG.integers(4, size=2 * BLOCK + 40)
PAST = RNG.integers(4, size=500)
MODELS = {
    "one": chancy(),
    "three": chancy(ensemble=3),
    "gru": chancy(cell="gru"),
    "hard gates": chancy(recurrent_activation="hard_sigmoid"),
    "documents": chancy(boundary=True),
    "windows": replace(chancy(), window=7, excerpt="abcabc"),
}


def costs(name, ids, share=0.0, learns=False):
    """What each symbol costs, and how far the probabilities before it are from adding up to 1."""
    writer, far = Generator(MODELS[name]), []

    def look(beliefs, _following):
        far.append(np.abs(np.exp(beliefs).sum(axis=-1) - 1).max())

    if not share:
        return writer.surprise(ids, look), max(far)
    index = NgramModel(build_index(PAST), writer.model.vocabulary.size)
    beside = Remembering(index, share, learns=learns, look=look)
    edge = writer.model.vocabulary.boundary_id
    beside.begin([int(ids[0]) if edge is None else edge])
    writer.surprise(ids, beside)
    return beside.costs(), max(far)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_probabilities_add_up_to_one(name, share):
    _, far = costs(name, IDS[:300], share)
    # A memory counts in float32.
    assert far < (1e-6 if share else 2e-15)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize(("share", "learns"), [(0.0, False), (0.3, False), (1.0, True)])
def test_what_comes_later_changes_no_cost(name, share, learns):
    ids = IDS[:300] if share or name == "windows" else IDS
    usual, _ = costs(name, ids, share, learns)
    lead = len(ids) - len(usual) + (name == "documents")
    for place in (1, 2, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK + 1, len(ids) - 1):
        if place >= len(ids) or (share and place == 2):
            continue
        other = ids.copy()
        other[place] = (other[place] + 1) % 4
        found, _ = costs(name, other, share, learns)
        before = place - lead
        assert (found[:before] == usual[:before]).all()
        assert found[before] != usual[before]


def test_a_block_of_scores_is_as_long_as_is_tested():
    assert len(IDS) > 2 * scoring.BLOCK
