"""The softmax of logits, and its logarithm. Knows nothing of texts."""

import numpy as np
from numpy.typing import NDArray

IMPOSSIBLE = np.float32(-1e30)
"""The logit of a symbol that must not come: its probability is 0 in any kind of number."""


def log_softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """The log-probabilities of each row, in nats."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))


def softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """The probabilities of each row."""
    return np.asarray(np.exp(log_softmax(logits)))
