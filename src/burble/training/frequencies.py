"""How often symbols occur, as what a network predicts before its first step. Knows nothing of JAX.

A network that has to learn it first spends steps on it; and of thousands of words, most of which
are rare, it drives its units to their limits, where they learn nothing else for a long time.
"""

import numpy as np

from burble.data.corpus import Corpus
from burble.model.architecture import Weights
from burble.runs.defaults import SMALL_TEXT

_BLOCK = 1 << 20
OFTEN = 10.0
"""How often a text is read by a network that does better without knowing them: it learns the first
things a little later, and the text by heart later, too. Small texts, and those of many different
symbols, are learned better with them however often they are read (docs/explanation/recipe.md)."""
MANY_SYMBOLS = 200
"""How many different symbols are many: bytes, words, the characters of some scripts. Most are rare,
or never occur."""
BIAS = "output.bias"
UNSEEN = 0.5
"""How often what never occurs counts."""


def gains_by_frequencies(corpus: Corpus, epochs: float) -> bool:
    """Whether a network is better for beginning at them.

    Args:
        corpus: The text.
        epochs: How often the network will read it.
    """
    many = corpus.vocabulary.size >= MANY_SYMBOLS
    return many or corpus.cut < SMALL_TEXT or epochs < OFTEN


def start_from_frequencies(weights: Weights, corpus: Corpus) -> Weights:
    """Weights with which each network begins at how often symbols occur in what is learned.

    Args:
        weights: Those before the first step.
        corpus: The text; of its validation part nothing is counted.
    """
    counts, learned = np.zeros(corpus.vocabulary.size, np.int64), corpus.training
    for first in range(0, len(learned), _BLOCK):
        counts += np.bincount(learned[first : first + _BLOCK], minlength=len(counts))
    frequencies = np.maximum(counts, UNSEEN)
    bias = np.log(frequencies / frequencies.sum()).astype(np.float32)
    return {
        name: bias.reshape(array.shape) if name.endswith(BIAS) else array
        for name, array in weights.items()
    }
