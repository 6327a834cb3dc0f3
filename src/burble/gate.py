"""How far a memory is believed, beside a network: a small gate, learned on other texts.

The gate sees how long a context the memory has met, how often, and how sure both are; what both
say is mixed in its measure. Knows nothing of texts or files.
"""

import numpy as np
from numpy.typing import NDArray

from burble.recall import Expectation

Floats = NDArray[np.float64]

FEATURES = (
    *("constant", "longest context met", "logarithm of how often", "share of what followed most"),
    *("network's surest", "network's entropy", "memory's surest", "memory's entropy"),
    *("what both expect", "memory on the network's surest", "network on the memory's surest"),
)
WEIGHTS = {
    False: (-1.641, -0.086, 0.08, 0.33, 0.585, 0.662, 2.302, 0.183, -2.248, 0.222, -0.362),
    True: (0.348, -0.055, 0.083, 0.485, -0.476, 0.787, 0.913, -0.586, -2.847, 0.932, -0.221),
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
            beliefs: The network's logarithms of probabilities, shape (V,).
            expected: What the memory expects.

        Returns:
            Logarithms of probabilities, shape (V,).
        """
        network = np.exp(beliefs)
        self._seen = features(beliefs, network, expected)
        self._said = network, expected.shares
        self._trust = 1 / (1 + np.exp(-self._seen @ self._weights))
        mixed = network + self._share * self._trust * (expected.shares - network)
        return np.asarray(np.log(mixed + TINY))

    def learn(self, symbol: int) -> None:
        """Takes the symbol that came after what was mixed last."""
        if not self._learns:
            return
        network, memory = (said[symbol] for said in self._said)
        mixed = network + self._share * self._trust * (memory - network)
        slope = self._share * self._trust * (1 - self._trust) * (memory - network) / mixed
        self._weights += RATE * slope * self._seen


def features(beliefs: Floats, network: Floats, expected: Expectation) -> Floats:
    """What a gate sees, in the order of `FEATURES`.

    Args:
        beliefs: The logarithms of `network`.
        network: The network's probabilities, shape (V,).
        expected: What the memory expects.
    """
    memory = expected.shares
    first, second = network.argmax(), memory.argmax()
    return np.array(
        [
            1.0,
            expected.longest,
            np.log(expected.times),
            expected.surest,
            network[first],
            -network @ beliefs,
            memory[second],
            -memory @ np.log(memory + TINY),
            np.minimum(network, memory).sum(),
            memory[first],
            network[second],
        ]
    )
