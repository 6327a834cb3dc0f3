"""How far a memory is believed, beside a network: a small gate, learned on other texts.

The gate sees how long a context the memory has met, how sure both are, and how far they agree;
what both say is mixed in its measure. Knows nothing of texts or files.
"""

import numpy as np
from numpy.typing import NDArray

from burble.recall import Expectation

Floats = NDArray[np.float64]

FEATURES = (
    *("constant", "longest context met", "network's surest", "memory's surest"),
    "what both expect",
)
WEIGHTS = {
    False: (-0.034, -0.007, -1.838, 3.103, -1.629),
    True: (-0.856, 0.024, -2.216, 3.517, -0.960),
}
"""What each feature adds, for a memory that stays as it is and for one that learns as it reads;
learned by `benchmarks/gate.py`, on texts that neither the networks nor the memories had seen."""
RATE = 0.003
"""How fast a gate goes on learning from what it reads."""
TINY = 1e-300


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
        network = np.exp(beliefs)
        self._seen = features(network, expected)
        self._said = network, expected.shares
        self._trust = 1 / (1 + np.exp(-self._seen @ self._weights))[:, None]
        mixed = network + self._share * self._trust * (expected.shares - network)
        return np.asarray(np.log(mixed + TINY))

    def learn(self, symbols: NDArray[np.integer]) -> None:
        """Takes the symbols that came after what was mixed last, shape (B,)."""
        if not self._learns:
            return
        network, memory = (np.take_along_axis(said, symbols[:, None], 1) for said in self._said)
        share, trust = self._share, self._trust
        mixed = network + share * trust * (memory - network)
        slopes = share * trust * (1 - trust) * (memory - network) / mixed
        self._weights += RATE * (slopes * self._seen).sum(0)


def features(network: Floats, expected: Expectation) -> Floats:
    """What a gate sees, in the order of `FEATURES`, shape (B, 5).

    Args:
        network: The network's probabilities, shape (B, V).
        expected: What the memory expects.
    """
    memory = expected.shares
    seen = (
        np.ones(len(network)),
        expected.longest,
        network.max(1),
        memory.max(1),
        np.minimum(network, memory).sum(1),
    )
    return np.array(seen).T
