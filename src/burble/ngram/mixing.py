"""How much a network and an n-gram model each count where both predict together.

Each has a weight, which follows from what is seen of them: the length of the context that the
n-gram model has met, how sure both are, and how far they agree. Their log-probabilities are
multiplied by the weights, added, and normalised. Weights can go on learning from what they have
mixed; whoever mixes keeps them. Source: Hinton, Products of Experts, 1999; Mattern, Mixing
Strategies in Data Compression, 2012. Knows nothing of texts or files.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from burble.model.softmax import log_softmax
from burble.ngram.index import MAX_CONTEXT
from burble.ngram.predictor import Prediction

Floats = NDArray[np.float64]

FEATURES = (
    *("constant", "length of context met", "network's highest probability"),
    *("n-gram model's highest probability", "overlap of both distributions"),
)
COEFFICIENTS = {
    False: ((0.472, 0.09, 0.019, -0.204, 0.218), (0.624, -0.091, -0.028, 0.404, -0.48)),
    True: ((0.562, 0.01, 0.048, -0.231, 0.254), (0.526, -0.058, -0.04, 0.392, -0.379)),
}
"""What each feature adds to the weight of the network, and of the n-gram model: for one that stays
as it is, and for an adaptive one. Learned by `python -m benchmarks mixing_weights`, on texts that
neither the networks nor the n-gram models had seen."""
WITH_BASE = {
    False: ((0.872, 0.05, 0.065, -0.038, 0.05), (0.094, 0.009, -0.073, 0.106, -0.107)),
    True: ((0.822, 0.015, 0.096, -0.081, 0.086), (0.135, 0.032, -0.101, 0.182, -0.154)),
}
"""The same where the network began from a base, and so has read other texts, too: such a network
predicts better, and what is good for others makes it worse. `mixing_weights --with-base`."""
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
        cls, strength: float, *, adaptive: bool = False, with_base: bool = False
    ) -> "MixingWeights":
        """Those that come with burble, for a network that was trained on the n-gram model's text.

        Args:
            strength: See `MixingWeights`.
            adaptive: Whether the n-gram model learns as it reads.
            with_base: Whether the network has read other texts before.
        """
        known = WITH_BASE if with_base else COEFFICIENTS
        return cls(np.array(known[adaptive]), strength)


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
    # Row by row: one product for all would add up otherwise.
    learned = (features[:, None] @ weights.coefficients.T)[:, 0]
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
    return np.ascontiguousarray(np.array(features).T)


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
