"""How much a network and the memory of a text count that the network has never seen.

That differs from text to text more than any table could say: a network that read novels predicts
another novel well, and recipes badly. So a part of the text is kept from its n-gram model for a
moment, both predict it, and the mixing weights are fitted to what came; the network alone is what
holds where there is little to go by. Knows nothing of files.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from burble.inference import scoring
from burble.model.engine import Core
from burble.ngram import fitting
from burble.ngram.fitting import Evidence
from burble.ngram.index import MAX_CONTEXT, build_index
from burble.ngram.mixing import FEATURES, compute_features
from burble.ngram.predictor import NgramModel

STRETCH, TOTAL = 1_500, 2_000
"""Symbols that are kept from the n-gram model at once, and in all, about: from the end of the text,
a quarter of it at most at once."""
LEAD = 200
"""Symbols that the network reads before them."""
PULL = 300.0
"""How strongly the weights are pulled towards the network alone, in symbols."""
BLOCK = 256

Floats = NDArray[np.float64]


def fit_coefficients(core: Core, window: int, memory: NgramModel) -> Floats:
    """The coefficients of the mixing weights that suit a memory's text; see `MixingWeights`.

    Args:
        core: The network.
        window: Symbols that it sees; 0 for all that came before.
        memory: The n-gram model of the text.

    Returns:
        Shape (2, F).
    """
    alone = np.zeros((2, len(FEATURES)))
    alone[0, 0] = 1.0
    found = [*_keep_back(core, window, memory)]
    if not found:
        return alone
    parts, design, symbols = (np.concatenate(each) for each in zip(*found, strict=True))
    return fitting.fit_coefficients(alone, Evidence(parts, design, symbols), PULL)


def _keep_back(
    core: Core, window: int, memory: NgramModel
) -> Iterator[tuple[Floats, Floats, NDArray[np.intp]]]:
    """What both predict of some stretches of a text, the n-gram model without that stretch.

    Yields:
        The parts, design and symbols of an `Evidence`.
    """
    ids = np.asarray(memory.index.ids())
    length = min(STRETCH, len(ids) // 4)
    ends = [] if length == 0 else [len(ids) - length * n for n in range(min(4, TOTAL // length))]
    for end in ends:
        # The first symbol of a text is predicted from nothing.
        first = max(1, end - length)
        rest = np.concatenate([ids[:first], ids[end:]])
        network = _predict(core, window, ids[:end], first)
        ngrams = NgramModel(build_index(rest), memory.size)
        for at in range(first, end, BLOCK):
            places = np.arange(at, min(at + BLOCK, end))
            expected = ngrams.predict(_contexts(ids, places))
            rows = network[places - first]
            parts = np.stack([rows, np.log(expected.probabilities)], 1)
            yield parts, compute_features(np.exp(rows), expected), ids[places].astype(np.intp)


def _predict(core: Core, window: int, ids: NDArray[np.integer], first: int) -> Floats:
    """The network's log-probabilities of the symbols of a text from the `first` on."""
    lead = max(0, first - 1 - max(LEAD, window))
    found = scoring.predict_text(core, ids[lead:], window)
    return np.concatenate([each.log_probabilities for each in found])[first - 1 - lead :]


def _contexts(ids: NDArray[np.integer], places: NDArray[np.intp]) -> NDArray[np.int64]:
    """The symbols before each place, the last one first, zeros before the text."""
    before = places[:, None] - 1 - np.arange(MAX_CONTEXT)
    return np.where(before < 0, 0, ids[before]).astype(np.int64)
