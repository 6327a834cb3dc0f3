"""How far a memory is believed, beside a network: a small gate, learned on other texts.

The gate sees how long a context the memory has met, how sure both are, and how far they agree.
From that it gives each of them a weight, and the logarithms of what both say are weighed and
added. Source: Hinton, Products of Experts, 1999; Mattern, Mixing Strategies in Data Compression,
2012. Knows nothing of texts or files.
"""

import numpy as np
from numpy.typing import NDArray

from burble.model import softmax
from burble.ngram.index import DEPTH
from burble.ngram.predictor import Expectation

Floats = NDArray[np.float64]

FEATURES = (
    *("constant", "longest context met", "network's surest", "memory's surest"),
    "what both expect",
)
WEIGHTS = {
    False: ((0.472, 0.09, 0.019, -0.204, 0.218), (0.624, -0.091, -0.028, 0.404, -0.48)),
    True: ((0.562, 0.01, 0.048, -0.231, 0.254), (0.526, -0.058, -0.04, 0.392, -0.379)),
}
"""What each feature adds to the weight of the network, and of the memory: for a memory that stays
as it is, and for one that learns as it reads. Learned by `benchmarks/gate.py`, on texts that
neither the networks nor the memories had seen."""
ALONE = np.array([1.0, 0.0])
"""The weights of both where the network is believed alone."""
RATE = 0.001
"""How fast a gate goes on learning from what it reads."""


class Gate:
    """A gate between a network and a memory.

    Args:
        share: 0 leaves the network alone, 1 believes the memory as far as the gate does.
        learns: Whether it goes on learning from what comes.
    """

    def __init__(self, share: float, *, learns: bool = False) -> None:
        """A gate that has seen nothing of its own."""
        self._share = share
        self._learns = learns
        self._weights = np.array(WEIGHTS[learns])

    def mix(self, beliefs: Floats, expected: Expectation) -> Floats:
        """What both expect together.

        Args:
            beliefs: The network's logarithms of probabilities, shape (B, V).
            expected: What the memory expects.

        Returns:
            Logarithms of probabilities, shape (B, V).
        """
        self._seen = features(np.exp(beliefs), expected)
        self._said = np.stack([beliefs, np.log(expected.shares)], 1)
        trust = ALONE + self._share * (self._seen @ self._weights.T - ALONE)
        self._mixed = mixed(trust, self._said)
        return self._mixed

    def learn(self, symbols: NDArray[np.integer]) -> None:
        """Takes the symbols that came after what was mixed last, shape (B,)."""
        if self._learns:
            rise = self._share * slopes(self._said, self._mixed, symbols)
            self._weights += RATE * (rise.T @ self._seen)


def features(network: Floats, expected: Expectation) -> Floats:
    """What a gate sees, in the order of `FEATURES`, each from 0 to 1, shape (B, 5).

    Args:
        network: The network's probabilities, shape (B, V).
        expected: What the memory expects.
    """
    memory = expected.shares
    seen = (
        np.ones(len(network)),
        expected.longest / DEPTH,
        network.max(1),
        memory.max(1),
        np.minimum(network, memory).sum(1),
    )
    return np.array(seen).T


def mixed(trust: Floats, said: Floats) -> Floats:
    """The logarithms of what several expect together, shape (B, V).

    Args:
        trust: The weight of each of E, shape (B, E).
        said: Their logarithms of probabilities, shape (B, E, V).
    """
    return softmax.log_probabilities((trust[:, None] @ said)[:, 0])


def slopes(said: Floats, together: Floats, symbols: NDArray[np.integer]) -> Floats:
    """How the logarithm of what came would rise with the weight of each, shape (B, E).

    Args:
        said: As in `mixed`.
        together: What `mixed` made of it.
        symbols: What came, shape (B,).
    """
    came = np.take_along_axis(said, symbols[:, None, None], 2)[:, :, 0]
    return np.asarray(came - (said @ np.exp(together)[:, :, None])[:, :, 0])
