"""Fits the mixing weights of a network and an n-gram model to symbols that both have predicted.

The loss is convex in the coefficients, so Newton's method finds its lowest place in a few rounds.
Knows nothing of texts or networks. Source: Boyd and Vandenberghe, Convex Optimization, 2004, 9.5.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from burble.ngram.mixing import mix_log_probabilities, weight_gradients

Floats = NDArray[np.float64]
ROUNDS = 12
CLOSE = 1e-3
"""Where no coefficient changes by more in a round, that was the last."""


@dataclass(frozen=True)
class Evidence:
    """What network and n-gram model predicted of T symbols, and what came.

    Attributes:
        parts: The log-probabilities of the network and of the n-gram model, shape (T, 2, V).
        design: What the weights depend on, shape (T, D).
        symbols: What came, shape (T,).
    """

    parts: Floats
    design: Floats
    symbols: NDArray[np.intp]

    def losses(self, coefficients: Floats) -> Floats:
        """The loss of each symbol, nats, mixed with coefficients of shape (2, D)."""
        mixed = mix_log_probabilities(self.parts, self.design @ coefficients.T)
        return np.asarray(-mixed[np.arange(len(mixed)), self.symbols])


def differentiate(coefficients: Floats, evidence: Evidence) -> tuple[Floats, Floats]:
    """The first and second derivatives of the summed loss by coefficients of shape (2, D).

    Returns:
        Shapes (2 D,) and (2 D, 2 D).
    """
    parts, design = evidence.parts, evidence.design
    mixed = mix_log_probabilities(parts, design @ coefficients.T)
    slopes = weight_gradients(parts, mixed, evidence.symbols)
    chances = np.exp(mixed)[:, None]
    centred = parts - (parts * chances).sum(2, keepdims=True)
    spread = (centred * chances) @ centred.transpose(0, 2, 1)
    second = np.einsum("tef,ti,tj->eifj", spread, design, design, optimize=True)
    first = -(slopes.T @ design).ravel()
    return first, second.reshape(len(first), -1)


def fit_coefficients(prior: Floats, evidence: Evidence, pull: float) -> Floats:
    """The coefficients that suit some symbols best, pulled towards what is known without them.

    Args:
        prior: What is known without them, shape (2, D).
        evidence: The symbols.
        pull: How strong that is: as many symbols of which every feature is 1.

    Returns:
        Shape (2, D).
    """
    found = prior
    for _ in range(ROUNDS):
        first, second = differentiate(found, evidence)
        first = first + pull * (found - prior).ravel()
        step = np.linalg.solve(second + pull * np.eye(len(first)), first).reshape(found.shape)
        here = _loss(found, prior, evidence, pull)
        # Far from the lowest place a whole step may lead beyond it.
        while _loss(found - step, prior, evidence, pull) > here and np.abs(step).max() > CLOSE:
            step = step / 2
        found = found - step
        if np.abs(step).max() < CLOSE:
            break
    return found


def _loss(coefficients: Floats, prior: Floats, evidence: Evidence, pull: float) -> float:
    """What is to be low: the summed loss, and the distance from what was known before."""
    away = float(((coefficients - prior) ** 2).sum())
    return float(evidence.losses(coefficients).sum()) + pull / 2 * away
