"""The forward step in arithmetic that every machine and language repeats to the bit.

Sums add one product after the other, each rounded to float32, and exponentials and tangents are
polynomials of our own: nothing depends on a processor, a library or how many streams there are.
An exported page computes the same (`exchange/page`), so that a seed writes the same text in both.
It is slower than `engine`. Axes as there: `B` streams, `V` ids, `U` units, `P` parts of a state.
Knows nothing of text.
"""

from collections.abc import Callable, Sequence
from copy import copy

import numpy as np
from numpy.typing import NDArray

from burble.errors import SettingsError
from burble.model.architecture import LABELS, Weights, network_weights
from burble.model.engine import Array, EnsembleEngine, Reading, State, finish_reading
from burble.model.folding import name_cell
from burble.settings import ModelSettings

Floats = NDArray[np.float64]
PART = 8
"""Symbols that are read in one part."""
TANH_CLAMP = 9.011
"""Beyond it the tangent is 1 in float32."""
TANH_TOP = (1.0, 0.1338034, 0.003494771, 2.0595526e-05, 1.3335636e-08)
TANH_BELOW = (1.0, 0.46713656, 0.02587388, 0.00032842939, 7.7688245e-07)
"""tanh(x) = x P(x^2) / Q(x^2), within 6 units in the last place: the closest of its degrees, found
by weighted least squares. The same figures stand in `step.wat` and `arithmetic.js`."""
LEAST_EXPONENT = -700.0
"""The exponential of less is 0."""
_LOG2_E = 1.4426950408889634
_LN2_HIGH, _LN2_LOW = 0.6931471803691238, 1.9082149292705877e-10
_ROOT_HALF = 0.7071067811865476
_MIN_PROBABILITY = 1e-30
_HALF, _ONE = np.float32(0.5), np.float32(1)


def tanh(x: Array) -> Array:
    """The hyperbolic tangent of float32 numbers."""
    clamp = np.float32(TANH_CLAMP)
    x = np.minimum(np.maximum(x, -clamp), clamp)
    square = x * x
    return np.asarray(x * _horner(TANH_TOP, square) / _horner(TANH_BELOW, square))


def _horner(coefficients: Sequence[float], x: Array) -> Array:
    """A polynomial in float32, its lowest coefficient first."""
    value = np.full_like(x, np.float32(coefficients[-1]))
    for one in coefficients[-2::-1]:
        value = value * x + np.float32(one)
    return value


def exp(x: Floats) -> Floats:
    """The exponential of numbers that are not above 0, within 1e-15 of itself."""
    near = np.maximum(x, LEAST_EXPONENT)
    n = np.floor(near * _LOG2_E + 0.5)
    rest = (near - n * _LN2_HIGH) - n * _LN2_LOW
    value = np.ones_like(rest)
    for k in range(13, 0, -1):
        value = value * rest / k + 1.0
    return np.where(x < LEAST_EXPONENT, 0.0, np.ldexp(value, n.astype(np.int32)))


def log(x: Floats) -> Floats:
    """The natural logarithm of numbers above 0 that are not subnormal, within 1e-15."""
    m, e = np.frexp(x)
    small = m < _ROOT_HALF
    m, e = np.where(small, m * 2.0, m), e - small
    s = (m - 1.0) / (m + 1.0)
    square, total = s * s, np.zeros_like(s)
    for k in range(23, 0, -2):
        total = total * square + 1.0 / k
    return np.asarray(e * _LN2_HIGH + (e * _LN2_LOW + 2.0 * s * total))


def softmax(logits: Floats) -> Floats:
    """The probabilities of each row, (B, V); their sum adds one after the other."""
    chances = exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(chances / chances.cumsum(axis=-1)[:, -1:])


def log_softmax(logits: Floats) -> Floats:
    """The log-probabilities of each row, (B, V), in nats; their sum as in `softmax`."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return np.asarray(shifted - log(exp(shifted).cumsum(axis=-1)[:, -1:]))


def add_products(sums: Array, rows: Array, weights: Array) -> Array:
    """`sums + rows @ weights`, adding one product after the other.

    Args:
        sums: Shape (B, G).
        rows: Shape (B, K).
        weights: Shape (K, G).
    """
    sums = np.array(sums, np.float32)
    for number, row in zip(rows.T, weights, strict=True):
        sums += number[:, None] * row
    return sums


class PortableEngine:
    """The forward step of one network; see `engine.Engine`, whose calls these are.

    Args:
        weights: Arrays by the names and shapes of `array_shapes`.
        model: The shape of the network.
    """

    side_by_side = False

    def __init__(self, weights: Weights, model: ModelSettings) -> None:
        if not model.reset_after:
            raise SettingsError(
                "portable arithmetic knows no GRU that resets its state before the product. Leave "
                "out --portable."
            )
        self._weights, self._model = weights, model
        self._advance = _CELLS[name_cell(model)]
        self._vectors = weights["embedding"]

    def with_labels(self, labels: Sequence[int]) -> "PortableEngine":
        """The engine for texts that have some labels; see `Engine.with_labels`."""
        labelled = copy(self)
        for number in labels:
            if number and LABELS in self._weights:
                labelled._vectors = labelled._vectors + self._weights[LABELS][number - 1]
        return labelled

    def zero_state(self, streams: int) -> State:
        """The zero state of `streams` streams, shape (P, U, B); see `Engine.zero_state`."""
        parts = self._model.layers * (2 if self._model.cell == "lstm" else 1)
        return (np.zeros((parts, self._model.units, streams), np.float32),)

    def step(self, ids: NDArray[np.integer], state: State) -> tuple[Array, State]:
        """Reads one symbol in each stream; see `Engine.step`."""
        (before,) = state
        below, after = self._vectors[ids], []
        each = len(before) // self._model.layers
        for layer in range(self._model.layers):
            own = [part.T for part in before[layer * each : (layer + 1) * each]]
            arrays = [self._weights[f"layer{layer}.{n}"] for n in ("kernel", "recurrent", "bias")]
            below, *others = self._advance(below, arrays, *own)
            after += [below, *others]
        states = np.stack([part.T for part in after])
        if np.minimum.reduce(ids) < 0:
            states = np.where(ids >= 0, states, before)
            below = states[-each].T
        bias = np.broadcast_to(self._weights["output.bias"], (len(ids), self.size))
        return add_products(bias, below, self._weights["output.kernel"]), (states,)

    @property
    def size(self) -> int:
        """V, the number of ids."""
        return len(self._weights["output.bias"])

    def read_symbols(self, ids: NDArray[np.integer], state: State) -> tuple[Array, State]:
        """Reads many symbols in one stream; see `Engine.read_symbols`."""
        return finish_reading(self.read_in_parts(ids, state))

    def read_in_parts(self, ids: NDArray[np.integer], state: State) -> Reading:
        """`read_symbols` for whoever has other work in between."""
        rows = np.empty((len(ids), self.size), np.float32)
        for place in range(len(ids)):
            if place and place % PART == 0:
                yield
            logits, state = self.step(ids[place : place + 1], state)
            rows[place] = logits[0]
        return rows, state


class PortableEnsemble(EnsembleEngine):
    """Several networks, whose probabilities are averaged; see `engine.EnsembleEngine`."""

    def _average(self, results: Sequence[tuple[Array, State]]) -> tuple[Array, State]:
        """The logarithm of the mean of all probabilities, and all states."""
        total = np.zeros(results[0][0].shape)
        for logits, _ in results:
            total += softmax(logits.astype(np.float64))
        states = tuple(part for _, state in results for part in state)
        return log(total / len(results) + _MIN_PROBABILITY).astype(np.float32), states


def build_portable(weights: Weights, model: ModelSettings) -> PortableEngine | PortableEnsemble:
    """The engine of a model, of one network or of several."""
    each = [
        PortableEngine(network_weights(weights, model, n), model) for n in range(model.ensemble)
    ]
    return each[0] if len(each) == 1 else PortableEnsemble(each)


def _start(bias: Array, rows: Array) -> Array:
    """What the sums of a layer begin with in each stream, (B, G)."""
    return np.broadcast_to(bias, (len(rows), len(bias)))


def _split(sums: Array, gates: int) -> list[Array]:
    """The sums of each gate, (B, U)."""
    return [*np.split(sums, gates, axis=1)]


def _sum_gates(below: Array, arrays: Sequence[Array], h: Array) -> Array:
    """The sums of all gates: first of the input, then of the state, (B, G)."""
    kernel, recurrent, bias = arrays
    return add_products(add_products(_start(bias, h), below, kernel), h, recurrent)


def _sigmoid(x: Array) -> Array:
    """The logistic function."""
    return np.asarray(_HALF + _HALF * tanh(_HALF * x))


def _hard_sigmoid(x: Array) -> Array:
    """A straight line, cut at 0 and 1."""
    line = np.float32(0.2) * x + _HALF
    return np.asarray(np.minimum(np.maximum(line, np.float32(0)), _ONE))


def _advance_lstm(
    sigmoid: Callable[[Array], Array], below: Array, arrays: Sequence[Array], h: Array, c: Array
) -> tuple[Array, Array]:
    """One LSTM step: h and c."""
    i, f, g, o = _split(_sum_gates(below, arrays, h), 4)
    after = sigmoid(f) * c + sigmoid(i) * tanh(g)
    return sigmoid(o) * tanh(after), after


def _lstm(below: Array, arrays: Sequence[Array], h: Array, c: Array) -> tuple[Array, ...]:
    """One step of an LSTM."""
    return _advance_lstm(_sigmoid, below, arrays, h, c)


def _hard_lstm(below: Array, arrays: Sequence[Array], h: Array, c: Array) -> tuple[Array, ...]:
    """One step of an LSTM whose sigmoids are straight lines."""
    return _advance_lstm(_hard_sigmoid, below, arrays, h, c)


def _gru(below: Array, arrays: Sequence[Array], h: Array) -> tuple[Array, ...]:
    """One step of a GRU, reset after the product as in Keras."""
    kernel, recurrent, bias = arrays
    below_z, below_r, below_n = np.split(add_products(_start(bias[0], h), below, kernel), 3, axis=1)
    across_z, across_r, across_n = np.split(
        add_products(_start(bias[1], h), h, recurrent), 3, axis=1
    )
    update, reset = _sigmoid(below_z + across_z), _sigmoid(below_r + across_r)
    new = tanh(below_n + reset * across_n)
    return (update * h + (_ONE - update) * new,)


def _rnn(below: Array, arrays: Sequence[Array], h: Array) -> tuple[Array, ...]:
    """One step of the plain recurrent layer."""
    return (tanh(_sum_gates(below, arrays, h)),)


_CELLS: dict[str, Callable[..., tuple[Array, ...]]] = {
    "lstm": _lstm,
    "hard_lstm": _hard_lstm,
    "gru": _gru,
    "rnn": _rnn,
}
