"""What any model believes is probabilities, and of what came before alone."""

from dataclasses import replace

import numpy as np
import pytest

from burble import memory
from burble.generation import Generator
from burble.scoring import BLOCK, LANES, Remembering, nothing
from speakers import chancy

SYMBOLS = "abcdefghij\n"
IDS = np.random.default_rng(0).integers(0, len(SYMBOLS), 2 * BLOCK + 40)
WINDOW = 7
SHAPES = {
    "one network": {},
    "hard gates": {"recurrent_activation": "hard_sigmoid"},
    "three networks": {"networks": 3},
    "gru": {"cell": "gru"},
    "windows": {"window": WINDOW},
}


def writer(shape):
    chosen = dict(SHAPES[shape])
    window = chosen.pop("window", 0)
    model = replace(chancy(SYMBOLS, scale=0.4, **chosen), window=window)
    return Generator(model, lambda: memory.of(IDS[:400]))


def costs(writer, ids, share=None):
    """What symbols cost, and the sums of all that was believed; with a memory if a share is."""
    sums = []

    def look(beliefs, _following):
        sums.append(np.exp(beliefs).sum(-1))

    if share is None:
        return writer.surprise(ids, look), np.concatenate(sums)
    remembering = Remembering(writer.memory, share, learns=False, look=look)
    remembering.begin([int(ids[0])])
    writer.surprise(ids, remembering)
    return remembering.costs(), np.concatenate(sums)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("share", [None, 0.0, 0.3, 1.0])
def test_probabilities_sum_to_one(shape, share):
    found, sums = costs(writer(shape), IDS[: BLOCK + 40], share)
    assert len(found) == len(sums) == BLOCK + 39
    # A few of the smallest steps from one to the next number of float64.
    np.testing.assert_allclose(sums, 1, rtol=0, atol=2e-15)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_symbol_changes_no_cost_before_it_to_the_bit(shape):
    speaker = writer(shape)
    before, _ = costs(speaker, IDS)
    for place in (1, WINDOW, WINDOW + LANES, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, len(IDS) - 1):
        changed = IDS.copy()
        changed[place] = (IDS[place] + 1) % len(SYMBOLS)
        after, _ = costs(speaker, changed)
        # The cost of the symbol at a place stands one before it.
        np.testing.assert_array_equal(after[: place - 1], before[: place - 1])
        assert after[place - 1] != before[place - 1]


def test_nor_does_it_with_a_memory_that_learns():
    speaker = writer("one network")
    found = []
    for place in (None, BLOCK):
        ids = IDS[: BLOCK + 20].copy()
        if place:
            ids[place] = (ids[place] + 1) % len(SYMBOLS)
        look = Remembering(speaker.memory, 1.0, learns=True, look=nothing)
        look.begin([int(ids[0])])
        speaker.surprise(ids, look)
        found.append(look.costs())
    np.testing.assert_array_equal(found[0][: BLOCK - 1], found[1][: BLOCK - 1])
    assert found[0][BLOCK - 1] != found[1][BLOCK - 1]
