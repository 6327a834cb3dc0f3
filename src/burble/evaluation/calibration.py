"""Whether a model is as sure as it should be. Knows nothing of texts."""

import numpy as np
from numpy.typing import NDArray

from burble.model import softmax

BINS = 15
MANY = 400
TEMPERATURES = np.exp(np.linspace(np.log(0.5), np.log(2.0), 13))


class Calibration:
    """Gathers what a model believed, and what came.

    Source of the error: Guo et al., On Calibration of Modern Neural Networks, 2017.
    """

    def __init__(self) -> None:
        """Has seen nothing."""
        self._count, self._sure, self._right = (np.zeros(BINS) for _ in range(3))
        self._nats = np.zeros(len(TEMPERATURES))

    def add(self, beliefs: NDArray[np.float64], following: NDArray[np.integer]) -> None:
        """Takes in some symbols.

        Args:
            beliefs: The logarithm of the probability of each symbol, shape (rows, V).
            following: What came, shape (rows,).
        """
        rows = np.arange(len(following))
        likeliest = beliefs.argmax(axis=1)
        sure = np.exp(beliefs[rows, likeliest])
        place = np.minimum((sure * BINS).astype(int), BINS - 1)
        self._count += np.bincount(place, minlength=BINS)
        self._sure += np.bincount(place, sure, minlength=BINS)
        self._right += np.bincount(place, likeliest == following, minlength=BINS)
        for i, temperature in enumerate(TEMPERATURES):
            self._nats[i] -= softmax.log_probabilities(beliefs / temperature)[rows, following].sum()

    @property
    def error(self) -> float:
        """The expected calibration error: how far off its certainty is on average, 0 to 1."""
        return float(np.abs(self._sure - self._right).sum() / max(1.0, self._count.sum()))

    @property
    def temperature(self) -> float:
        """The temperature at which what came was likeliest, from 0.5 to 2; 1 is as it stands."""
        best = int(self._nats.argmin())
        if not 0 < best < len(TEMPERATURES) - 1:
            return float(TEMPERATURES[best])
        # The lowest point of the parabola through the three lowest.
        before, lowest, after = self._nats[best - 1 : best + 2]
        curve = before - 2 * lowest + after
        shift = (before - after) / (2 * curve) if curve > 0 else 0.0
        step = np.log(TEMPERATURES[1] / TEMPERATURES[0])
        return float(TEMPERATURES[best] * np.exp(shift * step))
