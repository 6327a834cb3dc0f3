"""Weights as the forward step wants them: each gate where and as it is used, all float32.

The sigmoid of x is computed as (1 + tanh(x / 2)) / 2, which cannot overflow; the halving of x is
folded into the weights, where it is exact. Knows nothing of how they are multiplied.
"""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from burble.model.architecture import Weights
from burble.native.forward import Cell
from burble.settings import ModelSettings

Array = NDArray[np.float32]
Folded = tuple[Array, Array, Array]
"""Kernel (inputs, G), recurrent weights (U, G) and bias (G,) of a layer."""
_HALF = np.array(0.5, np.float32)


def name_cell(model: ModelSettings) -> Cell:
    """The name of the cell whose gates are computed alike, in `FOLDS`."""
    if not model.reset_after:
        return "gru_before"
    return "hard_lstm" if model.recurrent_activation == "hard_sigmoid" else model.cell


def fold_layers(weights: Weights, model: ModelSettings) -> list[Folded]:
    """The weights of all layers, from the lowest on."""
    fold = FOLDS[name_cell(model)]
    names = "kernel", "recurrent", "bias"
    return [
        fold(*(weights[f"layer{layer}.{name}"] for name in names)) for layer in range(model.layers)
    ]


def _fold_lstm(kernel: Array, recurrent: Array, bias: Array) -> Folded:
    """Keras's gates i, f, c, o in the order i, f, o, c, those of sigmoids halved."""

    def fold(array: Array) -> Array:
        i, f, c, o = np.split(array, 4, axis=-1)
        return np.concatenate([_HALF * i, _HALF * f, _HALF * o, c], axis=-1)

    return fold(kernel), fold(recurrent), fold(bias)


def _fold_hard_lstm(kernel: Array, recurrent: Array, bias: Array) -> Folded:
    """Keras's gates i, f, c, o in the order i, f, o, c, those of sigmoids as 0.2 x + 0.5."""

    def fold(array: Array, more: float = 0) -> Array:
        i, f, c, o = np.split(array, 4, axis=-1)
        gates = np.concatenate([i, f, o], axis=-1) * np.float32(0.2) + np.float32(more)
        return np.concatenate([gates, c], axis=-1)

    return fold(kernel), fold(recurrent), fold(bias, 0.5)


def _fold_gru(kernel: Array, recurrent: Array, bias: Array) -> Folded:
    """Keras's gates z, r, n in four parts: z and r, halved; n of the input; n of the state."""
    z, r, n = np.split(kernel, 3, axis=-1)
    none = np.zeros_like(n)
    below = np.concatenate([_HALF * z, _HALF * r, n, none], axis=-1)
    z, r, n = np.split(recurrent, 3, axis=-1)
    none = np.zeros_like(n)
    across = np.concatenate([_HALF * z, _HALF * r, none, n], axis=-1)
    z, r, _ = np.split(bias.sum(axis=0), 3)
    n_below, n_across = bias[0, -len(z) :], bias[1, -len(z) :]
    return below, across, np.concatenate([_HALF * z, _HALF * r, n_below, n_across])


def _fold_gru_before(kernel: Array, recurrent: Array, bias: Array) -> Folded:
    """Keras's gates z, r, n, those of sigmoids halved."""

    def fold(array: Array) -> Array:
        z, r, n = np.split(array, 3, axis=-1)
        return np.concatenate([_HALF * z, _HALF * r, n], axis=-1)

    return fold(kernel), fold(recurrent), fold(bias)


def _fold_rnn(kernel: Array, recurrent: Array, bias: Array) -> Folded:
    """Nothing to fold."""
    return kernel, recurrent, bias


FOLDS: Mapping[Cell, Callable[[Array, Array, Array], Folded]] = {
    "lstm": _fold_lstm,
    "hard_lstm": _fold_hard_lstm,
    "gru": _fold_gru,
    "gru_before": _fold_gru_before,
    "rnn": _fold_rnn,
}
