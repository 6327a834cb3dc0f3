"""Calibration: whether a model is as sure as it should be. Knows nothing of texts."""

import numpy as np
from numpy.typing import NDArray

from burble.model.softmax import log_softmax

BINS = 15
TEMPERATURES = np.exp(np.linspace(np.log(0.5), np.log(2.0), 13))


class Calibration:
    """Gathers what a model predicted, and what came.

    Source of the error: Guo et al., On Calibration of Modern Neural Networks, 2017.
    """

    def __init__(self) -> None:
        self._count, self._confidence, self._correct = (np.zeros(BINS) for _ in range(3))
        self._nats = np.zeros(len(TEMPERATURES))

    def add(self, log_probabilities: NDArray[np.float64], targets: NDArray[np.integer]) -> None:
        """Takes in some symbols.

        Args:
            log_probabilities: Of each symbol, shape (rows, V).
            targets: What came, shape (rows,).
        """
        rows = np.arange(len(targets))
        likeliest = log_probabilities.argmax(axis=1)
        confidence = np.exp(log_probabilities[rows, likeliest])
        bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
        self._count += np.bincount(bins, minlength=BINS)
        self._confidence += np.bincount(bins, confidence, minlength=BINS)
        self._correct += np.bincount(bins, likeliest == targets, minlength=BINS)
        for i, temperature in enumerate(TEMPERATURES):
            scaled = log_softmax(log_probabilities / temperature)
            self._nats[i] -= scaled[rows, targets].sum()

    @property
    def error(self) -> float:
        """The expected calibration error: mean distance of confidence from accuracy, 0 to 1."""
        return float(np.abs(self._confidence - self._correct).sum() / max(1.0, self._count.sum()))

    @property
    def temperature(self) -> float:
        """The best temperature, at which what came was likeliest: 0.5 to 2; 1 is as it is."""
        best = int(self._nats.argmin())
        if not 0 < best < len(TEMPERATURES) - 1:
            return float(TEMPERATURES[best])
        # The lowest point of the parabola through the three lowest.
        before, lowest, after = self._nats[best - 1 : best + 2]
        curve = before - 2 * lowest + after
        shift = (before - after) / (2 * curve) if curve > 0 else 0.0
        step = np.log(TEMPERATURES[1] / TEMPERATURES[0])
        return float(TEMPERATURES[best] * np.exp(shift * step))
