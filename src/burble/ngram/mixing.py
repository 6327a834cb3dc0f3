"""How much a network and an n-gram model each count where both predict together.

Each has a weight, which follows from what is seen of them: the length of the context that the
n-gram model has met, how sure both are, and how far they agree. Their log-probabilities are
multiplied by the weights, added, and normalised. Weights can go on learning from what they have
mixed; whoever mixes keeps them. Source: Hinton, Products of Experts, 1999; Mattern, Mixing
Strategies in Data Compression, 2012. Knows nothing of texts or files.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from burble.model.softmax import log_softmax
from burble.ngram.index import MAX_CONTEXT
from burble.ngram.predictor import Prediction

Floats = NDArray[np.float64]
Reading = Literal["trained", "trained from a base", "unseen"]
"""What a network has read of the n-gram model's text: it was trained on it and nothing else; or on
other texts before; or it has never seen it."""

FEATURES = (
    *("constant", "length of context met", "network's highest probability"),
    *("n-gram model's highest probability", "overlap of both distributions"),
)
_TRAINED = {
    False: {1: ((0.472, 0.09, 0.019, -0.204, 0.218), (0.624, -0.091, -0.028, 0.404, -0.48))},
    True: {1: ((0.562, 0.01, 0.048, -0.231, 0.254), (0.526, -0.058, -0.04, 0.392, -0.379))},
}
COEFFICIENTS: Mapping[Reading, Mapping[bool, Mapping[int, Any]]] = {
    "trained": _TRAINED,
    "trained from a base": _TRAINED,
    "unseen": _TRAINED,
}
"""What each feature adds to the weight of the network, and of the n-gram model: by what the network
has read of its text, for an n-gram model that stays as it is (False) or an adaptive one (True), and
for texts of so many symbols; for those between two lengths what lies between, by the logarithm.
Learned by `python -m benchmarks mixing_weights`, on texts that neither the networks nor the n-gram
models had seen."""
NETWORK_ALONE = np.array([1.0, 0.0])
"""The weights of both where the network predicts alone."""
LEARNING_RATE = 0.001


@dataclass(frozen=True)
class MixingWeights:
    """What the weights of both follow from.

    Attributes:
        coefficients: What each feature adds to the weight of the network, and of the n-gram model,
            shape (2, F).
        strength: How far the n-gram model counts: 0 leaves the network alone, 1 mixes as the
            coefficients say.
    """

    coefficients: Floats
    strength: float

    @classmethod
    def trained(
        cls,
        strength: float,
        *,
        adaptive: bool = False,
        reading: Reading = "trained",
        symbols: int = 0,
    ) -> "MixingWeights":
        """Those that come with burble.

        Args:
            strength: See `MixingWeights`.
            adaptive: Whether the n-gram model learns as it reads.
            reading: What the network has read of the n-gram model's text.
            symbols: How long that text is.
        """
        return cls(interpolate(COEFFICIENTS[reading][adaptive], symbols), strength)


def interpolate(by_length: Mapping[int, Any], symbols: int) -> Floats:
    """The coefficients for a text of some symbols, shape (2, F).

    Args:
        by_length: Those for some lengths, the shortest first.
        symbols: How long the text is; one that is shorter or longer than all is taken as the
            nearest.
    """
    lengths = np.log([*by_length])
    place = np.interp(np.log(max(1, symbols)), lengths, np.arange(len(lengths)))
    first = int(place)
    known = np.array([*by_length.values()], np.float64)
    if place == first:
        return np.asarray(known[first])
    return np.asarray(known[first] + (place - first) * (known[first + 1] - known[first]))


@dataclass(frozen=True)
class Mixture:
    """What both predict together, and what it was made of.

    Attributes:
        log_probabilities: Of each symbol, shape (B, V).
        parts: The log-probabilities of the network and of the n-gram model, shape (B, 2, V).
        features: See `compute_features`, shape (B, F).
    """

    log_probabilities: Floats
    parts: Floats
    features: Floats


def mix_predictions(network: Floats, ngrams: Prediction, weights: MixingWeights) -> Mixture:
    """What both predict together.

    Args:
        network: The network's log-probabilities, shape (B, V).
        ngrams: What the n-gram model predicts.
        weights: How much each counts.
    """
    features = compute_features(np.exp(network), ngrams)
    parts = np.stack([network, np.log(ngrams.probabilities)], 1)
    learned = features @ weights.coefficients.T
    each = NETWORK_ALONE + weights.strength * (learned - NETWORK_ALONE)
    return Mixture(mix_log_probabilities(parts, each), parts, features)


def update_weights(
    weights: MixingWeights, mixture: Mixture, symbols: NDArray[np.integer]
) -> MixingWeights:
    """The weights after a step of gradient descent on the symbols that followed, shape (B,)."""
    slopes = weight_gradients(mixture.parts, mixture.log_probabilities, symbols)
    step = (weights.strength * slopes).T @ mixture.features
    return replace(weights, coefficients=weights.coefficients + LEARNING_RATE * step)


def compute_features(network: Floats, ngrams: Prediction) -> Floats:
    """What the weights depend on, in the order of `FEATURES`, each from 0 to 1, shape (B, F).

    Args:
        network: The network's probabilities, shape (B, V).
        ngrams: What the n-gram model predicts.
    """
    features = (
        np.ones(len(network)),
        ngrams.context_lengths / MAX_CONTEXT,
        network.max(1),
        ngrams.probabilities.max(1),
        np.minimum(network, ngrams.probabilities).sum(1),
    )
    return np.array(features).T


def mix_log_probabilities(parts: Floats, weights: Floats) -> Floats:
    """The log-probabilities that follow from several, shape (B, V).

    Args:
        parts: Log-probabilities of E models, shape (B, E, V).
        weights: The weight of each, shape (B, E).
    """
    return log_softmax((weights[:, None] @ parts)[:, 0])


def weight_gradients(parts: Floats, mixed: Floats, symbols: NDArray[np.integer]) -> Floats:
    """How the log-probability of what followed rises with the weight of each, shape (B, E).

    Args:
        parts: As in `mix_log_probabilities`.
        mixed: What that made of them.
        symbols: What followed, shape (B,).
    """
    followed = np.take_along_axis(parts, symbols[:, None, None], 2)[:, :, 0]
    return np.asarray(followed - (parts @ np.exp(mixed)[:, :, None])[:, :, 0])
