"""Two laws of every score: probabilities add up to 1, and what comes later changes no loss."""

from dataclasses import replace

import numpy as np
import pytest

from burble.inference import scoring
from burble.inference.generator import Generator
from burble.inference.scoring import BLOCK, MemoryState, add_edges, mix_memory, predict_text
from burble.ngram.index import build_index
from burble.ngram.mixing import MixingWeights
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


def score(name, ids, weight=0.0, adaptive=False):
    """The loss of each symbol, and how far the probabilities before it are from adding up to 1."""
    writer = Generator(MODELS[name])
    edge = writer.model.vocabulary.boundary_id
    whole = add_edges(edge, ids)
    found = [*predict_text(writer.engine, whole, writer.model.window)]
    if weight:
        memory = NgramModel(build_index(PAST), writer.model.vocabulary.size)
        state = MemoryState.start(
            memory, MixingWeights.trained(weight, adaptive=adaptive), adaptive=adaptive
        )
        state.read_symbols([int(whole[0])])
        for place, network in enumerate(found):
            found[place], state = mix_memory(network, state)
    sums = np.concatenate([np.exp(each.log_probabilities).sum(axis=-1) for each in found])
    return np.concatenate([each.nll for each in found]), np.abs(sums - 1).max()


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("weight", [0.0, 0.3, 1.0])
def test_probabilities_add_up_to_one(name, weight):
    _, far = score(name, IDS[:300], weight)
    # A memory counts in float32.
    assert far < (1e-6 if weight else 2e-15)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize(("weight", "adaptive"), [(0.0, False), (0.3, False), (1.0, True)])
def test_what_comes_later_changes_no_loss(name, weight, adaptive):
    ids = IDS[:300] if weight or name == "windows" else IDS
    usual, _ = score(name, ids, weight, adaptive)
    lead = len(ids) - len(usual) + (name == "documents")
    for place in (1, 2, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK + 1, len(ids) - 1):
        if place >= len(ids) or (weight and place == 2):
            continue
        other = ids.copy()
        other[place] = (other[place] + 1) % 4
        found, _ = score(name, other, weight, adaptive)
        before = place - lead
        assert (found[:before] == usual[:before]).all()
        assert found[before] != usual[before]


def test_a_block_of_scores_is_as_long_as_is_tested():
    assert len(IDS) > 2 * scoring.BLOCK
