"""The forward step of one network, in NumPy and, where they are in use, in the compiled kernels.

Symbols and states go in, logits and states come out, in one thread; both ways are tested equal
within 1e-5. Axes: `B` streams, `T` steps, `V` ids, `U` units, `G` the width of all gates, `P` parts
of a state: h and c of each LSTM layer, h alone of others. Knows nothing of text.

In NumPy, streams stand in columns: each part of the gates is then one piece of memory, and the
arithmetic on it several times as fast. One stream is nearly as fast as its weights can be read: a
layer's input and state stand on top of each other and meet its weights in one product.
"""

from collections.abc import Callable, Generator, Sequence
from copy import copy
from functools import partial
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from burble.model.folding import Folded
from burble.model.product import multiply_streams
from burble.native.forward import Cell, Layer, Network, build_network

Array = NDArray[np.float32]
Step = Callable[..., tuple[Array, ...]]
"""One step of a layer, from its gates (G, B) and its state."""
Reading = Generator[None, None, tuple[Array, Array]]
"""Reads many symbols in parts that take a few milliseconds, and returns logits and state."""
PART = 32
"""Symbols that are read in one part."""
_ONE = np.array(1, np.float32)
_HALF = np.array(0.5, np.float32)


class Forward(Protocol):
    """A network's forward step.

    Attributes:
        side_by_side: Whether several streams are read faster together than one after the other.
    """

    side_by_side: bool

    def with_table(self, table: Array) -> Self:
        """The same network, where the sums of the first layer begin otherwise, (G, V)."""

    def step(self, ids: NDArray[np.integer], before: Array) -> tuple[Array, Array]:
        """Reads one symbol in each stream, (B,), -1 for none.

        Args:
            ids: The symbols.
            before: The states, shape (P, U, B), in any order in memory.

        Returns:
            Logits, shape (B, V), and states.
        """

    def read_in_parts(self, ids: NDArray[np.integer], before: Array) -> Reading:
        """Reads symbols, (T, B), -1 for none; returns logits, (T, B, V), and states."""


def build_forward(
    cell: Cell, table: Array, folded: Sequence[Folded], kernel: Array, bias: Array
) -> Forward:
    """The forward step of a network, in the compiled kernels if they are in use.

    Args:
        cell: What its layers are; see `folding.name_cell`.
        table: Where the sums of the first layer begin, by symbol, shape (G, V).
        folded: The weights of the layers.
        kernel: Of the output, shape (U, V).
        bias: Of the output, shape (V,).
    """
    layers = [
        Layer(kernel, recurrent, bias[None]) if number else Layer(None, recurrent, table.T)
        for number, (kernel, recurrent, bias) in enumerate(folded)
    ]
    network = build_network(cell, layers, kernel, bias)
    if network is not None:
        return KernelForward(network)
    return NumpyForward(cell, table, folded, kernel, bias)


class KernelForward:
    """The forward step in the compiled kernels, where streams stand in rows.

    Attributes:
        network: The network there.
    """

    side_by_side = True

    def __init__(self, network: Network) -> None:
        self.network = network

    def with_table(self, table: Array) -> "KernelForward":
        """See `Forward`."""
        return KernelForward(self.network.with_start(table.T))

    def step(self, ids: NDArray[np.integer], before: Array) -> tuple[Array, Array]:
        """See `Forward`."""
        logits, after = self.network.step(ids, order_states(before))
        return logits, after.transpose(0, 2, 1)

    def read_in_parts(self, ids: NDArray[np.integer], before: Array) -> Reading:
        """See `Forward`."""
        rows, found = (
            order_states(before),
            [np.empty((0, ids.shape[1], self.network.symbols), np.float32)],
        )
        for first in range(0, len(ids), PART):
            if first:
                yield
            logits, rows = self.network.read(ids[first : first + PART], rows)
            found.append(logits)
        return np.concatenate(found), rows.transpose(0, 2, 1)


def order_states(states: Array) -> Array:
    """States (P, U, B) as (P, B, U), the numbers of a stream side by side."""
    rows = states.transpose(0, 2, 1)
    if rows.strides[2] == rows.itemsize and rows.strides[1] == rows.itemsize * rows.shape[2]:
        return rows
    return rows.copy()


class NumpyForward:
    """The forward step in NumPy; see `build_forward`."""

    side_by_side = False

    def __init__(
        self, cell: Cell, table: Array, folded: Sequence[Folded], kernel: Array, bias: Array
    ) -> None:
        self._parts = 2 if "lstm" in cell else 1
        self._cells, folded = _build_cells(cell, folded)
        self._table = table
        self._first = np.ascontiguousarray(folded[0][1].T)
        self._upper = [
            (np.ascontiguousarray(np.concatenate([kernel, recurrent]).T), bias[:, None])
            for kernel, recurrent, bias in folded[1:]
        ]
        self._output = np.ascontiguousarray(kernel.T), bias[:, None]

    def with_table(self, table: Array) -> "NumpyForward":
        """See `Forward`."""
        other = copy(self)
        other._table = table
        return other

    def _split(self, states: Array) -> list[tuple[Array, ...]]:
        """The states of each layer, (h, c) or (h,), of shape (U, B)."""
        each = self._parts
        return [tuple(states[at : at + each]) for at in range(0, len(states), each)]

    def step(self, ids: NDArray[np.integer], before: Array) -> tuple[Array, Array]:
        """See `Forward`."""
        first, *upper = self._split(before)
        gates = multiply_streams(self._first, first[0])
        gates += self._table.take(ids, 1)
        cell, *cells = self._cells
        below, *others = cell(gates, *first)
        after = [below, *others]
        for cell, (weights, bias), old in zip(cells, self._upper, upper, strict=True):
            gates = multiply_streams(weights, np.concatenate((below, old[0])))
            gates += bias
            below, *others = cell(gates, *old)
            after += [below, *others]
        states = np.stack(after)
        if np.minimum.reduce(ids) < 0:
            states = np.where(ids >= 0, states, before)
            below = states[-self._parts]
        weights, bias = self._output
        logits = multiply_streams(weights, below)
        logits += bias
        # Streams in rows: what is summed over V is then added up in the same order for any B.
        return np.ascontiguousarray(logits.T), states

    def read_in_parts(self, ids: NDArray[np.integer], before: Array) -> Reading:
        """See `Forward`; one stream after the other."""
        logits, after = [], []
        for stream in range(ids.shape[1]):
            if stream:
                yield
            reading = self._read_stream(ids[:, stream], before[:, :, stream : stream + 1])
            predicted, states = yield from reading
            logits.append(predicted)
            after.append(states)
        return np.stack(logits, 1), np.concatenate(after, 2)

    def _read_stream(self, ids: NDArray[np.integer], before: Array) -> Reading:
        """Reads the symbols of one stream, (T,), layer by layer; logits (T, V) and states."""
        units, read = before.shape[1], (ids >= 0).tolist()
        first, *upper = self._split(before)
        inputs = self._table.take(ids, 1).T
        cell, *cells = self._cells
        below, after = yield from _scan(cell, inputs, read, self._first, first)
        states = [*after]
        for cell, (weights, bias), old in zip(cells, self._upper, upper, strict=True):
            inputs = yield from _multiply_in_parts(below, weights[:, :units], bias)
            below, after = yield from _scan(cell, inputs, read, weights[:, units:], old)
            states += after
        logits = yield from _multiply_in_parts(below, *self._output)
        return logits, np.stack(states)


def _scan(
    cell: Step, inputs: Array, read: Sequence[bool], recurrent: Array, state: tuple[Array, ...]
) -> Generator[None, None, tuple[Array, tuple[Array, ...]]]:
    """One layer over input products (T, G): every h, shape (T, U), and the new state."""
    hidden = np.empty((len(inputs), recurrent.shape[1]), np.float32)
    steps = zip(np.ascontiguousarray(inputs), read, hidden, strict=True)
    for place, (row, is_read, output) in enumerate(steps, 1):
        if place % PART == 0:
            yield
        if is_read:
            gates = multiply_streams(recurrent, state[0])
            gates[:, 0] += row
            state = cell(gates, *state)
        output[:] = state[0][:, 0]
    return hidden, state


def _multiply_in_parts(rows: Array, weights: Array, bias: Array) -> Generator[None, None, Array]:
    """`rows @ weights.T + bias.T`, (T, G), where no row depends on how many there are."""
    products = np.empty((len(rows), len(weights)), np.float32)
    for first in range(0, len(rows), PART):
        part = slice(first, first + PART)
        products[part] = (multiply_streams(weights, rows[part].T) + bias).T
        yield
    return products


def _lstm(gates: Array, h: Array, c: Array) -> tuple[Array, Array]:
    """One LSTM step from gates (4U, B), folded into the order i, f, o, c; overwrites them."""
    units = len(h)
    np.tanh(gates, gates)
    sigmoids = gates[: 3 * units]
    np.add(sigmoids, _ONE, sigmoids)
    np.multiply(sigmoids, _HALF, sigmoids)
    return _update_lstm(gates, c)


def _hard_lstm(gates: Array, h: Array, c: Array) -> tuple[Array, Array]:
    """One LSTM step whose sigmoids are straight lines, cut at 0 and 1; see `_lstm`."""
    units = len(h)
    np.clip(gates[: 3 * units], 0, 1, out=gates[: 3 * units])
    np.tanh(gates[3 * units :], gates[3 * units :])
    return _update_lstm(gates, c)


def _update_lstm(gates: Array, c: Array) -> tuple[Array, Array]:
    """The state of an LSTM after finished gates i, f, o, c (4U, B); overwrites them."""
    units = len(c)
    new_c = gates[units : 2 * units] * c
    entering = gates[:units]
    np.multiply(entering, gates[3 * units :], entering)
    np.add(new_c, entering, new_c)
    new_h = np.tanh(new_c)
    np.multiply(new_h, gates[2 * units : 3 * units], new_h)
    return new_h, new_c


def _gru(gates: Array, h: Array) -> tuple[Array]:
    """One GRU step, reset after the product as in Keras, from gates folded as `_fold_gru` does."""
    units = len(h)
    sigmoids = _HALF + _HALF * np.tanh(gates[: 2 * units])
    update, reset = sigmoids[:units], sigmoids[units:]
    new = np.tanh(gates[2 * units : 3 * units] + reset * gates[3 * units :])
    return (update * h + (_ONE - update) * new,)


def _gru_before(candidate: Array, gates: Array, h: Array) -> tuple[Array]:
    """One GRU step, reset before the product with `candidate` (U, U)."""
    units = len(h)
    sigmoids = _HALF + _HALF * np.tanh(gates[: 2 * units])
    update, reset = sigmoids[:units], sigmoids[units:]
    new = np.tanh(gates[2 * units :] + multiply_streams(candidate, reset * h))
    return (update * h + (_ONE - update) * new,)


def _rnn(gates: Array, _h: Array) -> tuple[Array]:
    """One step of the plain recurrent layer."""
    return (np.tanh(gates),)


def _build_cells(cell: Cell, folded: Sequence[Folded]) -> tuple[list[Step], Sequence[Folded]]:
    """The step of each layer, and the weights that are multiplied before it."""
    if cell != "gru_before":
        return [_CELLS[cell]] * len(folded), folded
    steps: list[Step] = []
    others: list[Folded] = []
    for kernel, recurrent, bias in folded:
        units = len(recurrent)
        candidate = np.ascontiguousarray(recurrent[:, 2 * units :].T)
        steps.append(partial(_gru_before, candidate))
        # Zeros take a product more, but let it be one with the kernel's.
        gated = np.concatenate([recurrent[:, : 2 * units], np.zeros_like(candidate)], axis=1)
        others.append((kernel, gated, bias))
    return steps, others


_CELLS: dict[Cell, Step] = {
    "lstm": _lstm,
    "hard_lstm": _hard_lstm,
    "gru": _gru,
    "rnn": _rnn,
}
