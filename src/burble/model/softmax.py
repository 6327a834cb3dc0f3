"""The softmax of logits, and its logarithm. Knows nothing of texts."""

import numpy as np
from numpy.typing import NDArray


def log_probabilities(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """The logarithm of the softmax of each row, in nats."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))


def probabilities(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """The softmax of each row."""
    return np.asarray(np.exp(log_probabilities(logits)))
