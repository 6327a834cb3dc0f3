"""The network's forward step in NumPy, float32 throughout. Knows nothing of text.

State and symbols go in, logits and state come out; nothing is kept between calls, so one engine
serves any number of streams and threads. Axes: `B` streams, `V` ids, `U` units.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from burble.modelfile import Weights
from burble.settings import ModelSettings

Array = NDArray[np.float32]
State = tuple[tuple[Array, ...], ...]
_HALF = np.float32(0.5)


class Engine:
    """The forward step of one model.

    Equal to the Keras core within 1e-5. The sigmoid of x is computed as (1 + tanh(x / 2)) / 2,
    which cannot overflow; the halving is folded into the weights, where it is exact.

    Args:
        weights: Arrays by the names and shapes of `modelfile.shapes`.
        model: The shape of the network.
    """

    def __init__(self, weights: Weights, model: ModelSettings) -> None:
        """Folds the weights once."""
        self.model = model
        self._step = _STEPS[model.cell]
        halves = _gate_scale(model)
        scaled = [
            tuple(weights[f"layer{i}.{part}"] * halves for part in ("kernel", "recurrent", "bias"))
            for i in range(model.layers)
        ]
        kernel, _, bias = scaled[0]
        # The first layer's input product is the same for every occurrence of a symbol.
        self._table = weights["embedding"] @ kernel + np.atleast_2d(bias)[0]
        self._layers = scaled
        self._output = weights["output.kernel"], weights["output.bias"]

    def start(self, streams: int) -> State:
        """The zero state of `streams` streams: for each layer (h, c), or (h,), of shape (B, U)."""
        parts = 2 if self.model.cell == "lstm" else 1
        zero = np.zeros((streams, self.model.units), np.float32)
        return tuple((zero,) * parts for _ in range(self.model.layers))

    def step(self, ids: NDArray[np.integer], state: State) -> tuple[Array, State]:
        """Reads one symbol in each stream.

        Args:
            ids: Shape (B,).
            state: From `start` or the last step.

        Returns:
            The logits of the next symbol, shape (B, V), and the new state.
        """
        after = []
        below: Array = self._table[ids]
        for layer, (kernel, recurrent, bias) in enumerate(self._layers):
            if layer:
                below = below @ kernel + np.atleast_2d(bias)[0]
            new = self._step(below, recurrent, bias, *state[layer])
            after.append(new)
            below = new[0]
        kernel, bias = self._output
        return below @ kernel + bias, tuple(after)


def _gate_scale(model: ModelSettings) -> Array:
    """1/2 in the columns of sigmoid gates and 1 in those of tanh, shape (gates x U,)."""
    scale = {"lstm": (0.5, 0.5, 1.0, 0.5), "gru": (0.5, 0.5, 1.0), "rnn": (1.0,)}[model.cell]
    return np.repeat(np.array(scale, np.float32), model.units)


def _lstm(inputs: Array, recurrent: Array, _bias: Array, h: Array, c: Array) -> tuple[Array, Array]:
    """One LSTM step from the input products (B, 4U), gates in Keras's order i, f, c, o."""
    units = h.shape[1]
    gates: Array = np.tanh(inputs + h @ recurrent)
    i, f, o = (_HALF + _HALF * gates[:, k * units : (k + 1) * units] for k in (0, 1, 3))
    c = f * c + i * gates[:, 2 * units : 3 * units]
    return o * np.tanh(c), c


def _gru(inputs: Array, recurrent: Array, bias: Array, h: Array) -> tuple[Array]:
    """One GRU step, reset after the product as in Keras, gates in the order z, r, new."""
    units = h.shape[1]
    below, across = inputs, h @ recurrent + bias[1]
    both = _HALF + _HALF * np.tanh(below[:, : 2 * units] + across[:, : 2 * units])
    update, reset = both[:, :units], both[:, units:]
    new = np.tanh(below[:, 2 * units :] + reset * across[:, 2 * units :])
    return (update * h + (1 - update) * new,)


def _rnn(inputs: Array, recurrent: Array, _bias: Array, h: Array) -> tuple[Array]:
    """One step of the plain recurrent layer."""
    return (np.tanh(inputs + h @ recurrent),)


_STEPS: dict[str, Callable[..., tuple[Array, ...]]] = {"lstm": _lstm, "gru": _gru, "rnn": _rnn}
