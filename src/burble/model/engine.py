"""The network's forward step in NumPy, float32 throughout. Knows nothing of text.

State and symbols go in, logits and state come out; nothing is kept between calls, so one engine
serves any number of streams and threads. Axes: `B` streams, `T` steps, `V` ids, `U` units, `G`
the width of all gates.

Inside, streams stand in columns: each part of the gates is then one piece of memory, and the
arithmetic on it several times as fast. One stream is nearly as fast as its weights can be read: a
layer's input and state stand on top of each other and meet its weights in one product
(`benchmarks/speed/writing.py` measures both).
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from copy import copy
from functools import partial
from itertools import pairwise
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from burble.model.architecture import LABELS, Weights, network_weights
from burble.model.parallel import count_threads, run_at_once
from burble.model.product import multiply_streams
from burble.settings import ModelSettings

Array = NDArray[np.float32]
State = tuple[tuple[Array, ...], ...]
Reading = Generator[None, None, tuple[Array, State]]
"""Reads many symbols in parts that take a few milliseconds, and returns logits and state."""
Read = TypeVar("Read")
LEAST_WORK = 1 << 23
"""Products of numbers in a step that are worth a thread, a fifth of a millisecond or so."""
PART = 32
"""Symbols that a layer reads in one part."""
_ONE = np.array(1, np.float32)
_HALF = np.array(0.5, np.float32)
_MIN_PROBABILITY = np.float32(1e-30)
"""Added to each probability, so that its logarithm is finite."""


class Engine:
    """The forward step of one model, equal to the Keras core within 1e-5.

    The sigmoid of x is computed as (1 + tanh(x / 2)) / 2, which cannot overflow; the halving of
    x is folded into the weights, where it is exact.

    Args:
        weights: Arrays by the names and shapes of `array_shapes`.
        model: The shape of the network.
    """

    def __init__(self, weights: Weights, model: ModelSettings) -> None:
        self.model = model
        self._cell, fold = _CELLS[model.cell]
        if model.recurrent_activation == "hard_sigmoid":
            self._cell, fold = _hard_lstm, _fold_hard_lstm
        folded = [
            fold(*(weights[f"layer{i}.{part}"] for part in ("kernel", "recurrent", "bias")))
            for i in range(model.layers)
        ]
        kernel, recurrent, bias = folded[0]
        self._kernel, self._labels = kernel, weights.get(LABELS)
        # The first layer's input product is the same for every occurrence of a symbol.
        across = np.ascontiguousarray(kernel.T)
        self._table = multiply_streams(across, weights["embedding"].T) + bias[:, None]
        self._first = np.ascontiguousarray(recurrent.T)
        self._upper = [
            (np.ascontiguousarray(np.concatenate([kernel, recurrent]).T), bias[:, None])
            for kernel, recurrent, bias in folded[1:]
        ]
        self._size = self._first.size + sum(upper.size for upper, _ in self._upper)
        output = np.ascontiguousarray(weights["output.kernel"].T)
        self._output = output, weights["output.bias"][:, None]

    def with_labels(self, labels: Sequence[int]) -> "Engine":
        """The engine for texts that have some labels, whose vectors are added to every symbol's.

        Args:
            labels: Their numbers, from 1; 0 is none.
        """
        chosen = [number - 1 for number in labels if number]
        if not chosen or self._labels is None:
            return self
        labelled = copy(self)
        added = self._labels[chosen].sum(0) @ self._kernel
        labelled._table = self._table + added[:, None]
        return labelled

    def zero_state(self, streams: int) -> State:
        """The zero state of `streams` streams: for each layer (h, c), or (h,), of shape (U, B)."""
        parts = 2 if self.model.cell == "lstm" else 1
        zero = np.zeros((self.model.units, streams), np.float32)
        return tuple((zero,) * parts for _ in range(self.model.layers))

    def step(self, ids: NDArray[np.integer], state: State) -> tuple[Array, State]:
        """Reads one symbol in each stream.

        Args:
            ids: Shape (B,). A stream for which it is -1 reads nothing: its state stays, and so does
                what is predicted.
            state: From `zero_state` or the last step; it is not changed.

        Returns:
            The logits of the next symbol, shape (B, V), and the new state.
        """
        parts = min(count_threads(), len(ids), len(ids) * self._size // LEAST_WORK)
        if parts < 2:
            return self._step(ids, state)
        # A stream does not depend on others, so each thread has some of them.
        bounds = [len(ids) * part // parts for part in range(parts + 1)]
        results = run_at_once(
            [
                partial(self._step, ids[first:end], _slice_streams(state, first, end))
                for first, end in pairwise(bounds)
            ]
        )
        return np.concatenate([logits for logits, _ in results]), join_streams(
            [after for _, after in results]
        )

    def _step(self, ids: NDArray[np.integer], state: State) -> tuple[Array, State]:
        """`step` in this thread."""
        gates = multiply_streams(self._first, state[0][0])
        gates += self._table.take(ids, 1)
        after = [self._cell(gates, *state[0])]
        for (weights, bias), old in zip(self._upper, state[1:], strict=True):
            gates = multiply_streams(weights, np.concatenate((after[-1][0], old[0])))
            gates += bias
            after.append(self._cell(gates, *old))
        if np.minimum.reduce(ids) < 0:
            after = _keep_unread(ids, after, state)
        weights, bias = self._output
        logits = multiply_streams(weights, after[-1][0])
        logits += bias
        # Streams in rows: what is summed over V is then added up in the same order for any B.
        return np.ascontiguousarray(logits.T), tuple(after)

    def read_symbols(self, ids: NDArray[np.integer], state: State) -> tuple[Array, State]:
        """Reads many symbols in one stream, layer by layer, which is faster than step by step.

        Args:
            ids: Shape (T,), -1 where nothing is read; see `step`. Memory grows with T, so read long
                texts in blocks.
            state: The state of one stream; it is not changed.

        Returns:
            The logits after each symbol, shape (T, V), and the new state.
        """
        return finish_reading(self.read_in_parts(ids, state))

    def read_in_parts(self, ids: NDArray[np.integer], state: State) -> Reading:
        """`read_symbols` for whoever has other work in between."""
        units, read = self.model.units, (ids >= 0).tolist()
        inputs = self._table.take(ids, 1).T
        below, after = yield from self._scan(inputs, read, self._first, state[0])
        states = [after]
        for (weights, bias), old in zip(self._upper, state[1:], strict=True):
            inputs = yield from _multiply_in_parts(below, weights[:, :units], bias)
            below, after = yield from self._scan(inputs, read, weights[:, units:], old)
            states.append(after)
        logits = yield from _multiply_in_parts(below, *self._output)
        return logits, tuple(states)

    def _scan(
        self, inputs: Array, read: Sequence[bool], recurrent: Array, state: tuple[Array, ...]
    ) -> Generator[None, None, tuple[Array, tuple[Array, ...]]]:
        """One layer over input products (T, G): every h, shape (T, U), and the new state."""
        hidden = np.empty((len(inputs), self.model.units), np.float32)
        steps = zip(np.ascontiguousarray(inputs), read, hidden, strict=True)
        for place, (row, is_read, output) in enumerate(steps, 1):
            if place % PART == 0:
                yield
            if is_read:
                gates = multiply_streams(recurrent, state[0])
                gates[:, 0] += row
                state = self._cell(gates, *state)
            output[:] = state[0][:, 0]
        return hidden, state


class EnsembleEngine:
    """Several networks, whose probabilities are averaged; their logits are log-probabilities."""

    def __init__(self, engines: Sequence[Engine]) -> None:
        self._engines = engines

    def with_labels(self, labels: Sequence[int]) -> "EnsembleEngine":
        """The engine for texts that have some labels; see `Engine.with_labels`."""
        return EnsembleEngine([engine.with_labels(labels) for engine in self._engines])

    def zero_state(self, streams: int) -> State:
        """The zero state of all networks, one behind the other; see `Engine.zero_state`."""
        return tuple(layer for engine in self._engines for layer in engine.zero_state(streams))

    def step(self, ids: NDArray[np.integer], state: State) -> tuple[Array, State]:
        """Reads one symbol in each stream; see `Engine.step`."""
        return self._average([e.step(ids, part) for e, part in self._split(state)])

    def read_symbols(self, ids: NDArray[np.integer], state: State) -> tuple[Array, State]:
        """Reads many symbols in one stream; see `Engine.read_symbols`."""
        return finish_reading(self.read_in_parts(ids, state))

    def read_in_parts(self, ids: NDArray[np.integer], state: State) -> Reading:
        """Reads many symbols in one stream; see `Engine.read_in_parts`."""
        results = []
        for engine, part in self._split(state):
            results.append((yield from engine.read_in_parts(ids, part)))
        return self._average(results)

    def _split(self, state: State) -> Iterator[tuple[Engine, State]]:
        """Each network with its part of the state."""
        layers = len(state) // len(self._engines)
        for n, engine in enumerate(self._engines):
            yield engine, state[n * layers : (n + 1) * layers]

    def _average(self, results: Sequence[tuple[Array, State]]) -> tuple[Array, State]:
        """The logarithm of the mean of all probabilities, and all states."""
        logits = np.stack([logits for logits, _ in results])
        logits -= np.maximum.reduce(logits, -1, keepdims=True)
        probabilities = np.exp(logits)
        probabilities /= np.add.reduce(probabilities, -1, keepdims=True)
        mean = np.add.reduce(probabilities, 0)
        mean /= np.float32(len(results))
        return np.log(mean + _MIN_PROBABILITY), tuple(
            layer for _, state in results for layer in state
        )


class Core(Protocol):
    """What reads symbols and predicts the next one, be it one network or several; see `Engine`."""

    def with_labels(self, labels: Sequence[int]) -> "Core":
        """What reads texts that have some labels; see `Engine.with_labels`."""

    def zero_state(self, streams: int) -> State:
        """The state of `streams` streams that have read nothing; each array has shape (…, B)."""

    def step(self, ids: NDArray[np.integer], state: State) -> tuple[Array, State]:
        """Reads one symbol in each stream; see `Engine.step`."""

    def read_symbols(self, ids: NDArray[np.integer], state: State) -> tuple[Array, State]:
        """Reads many symbols in one stream; see `Engine.read_symbols`."""

    def read_in_parts(self, ids: NDArray[np.integer], state: State) -> Reading:
        """Reads many symbols in one stream; see `Engine.read_in_parts`."""


def finish_reading(reading: Generator[None, None, Read]) -> Read:
    """What some reading in parts comes to, read at once."""
    while True:
        try:
            next(reading)
        except StopIteration as ended:
            result: Read = ended.value
            return result


def build_engine(weights: Weights, model: ModelSettings) -> Engine | EnsembleEngine:
    """The engine of a model, of one network or of several."""
    each = [Engine(network_weights(weights, model, n), model) for n in range(model.ensemble)]
    return each[0] if len(each) == 1 else EnsembleEngine(each)


def select_streams(state: State, streams: Sequence[int]) -> State:
    """The state of some streams, in the order given."""
    return tuple(tuple(part.take(streams, 1) for part in layer) for layer in state)


def join_streams(states: Sequence[State]) -> State:
    """The state of all streams of several states, one after the other."""
    return tuple(
        tuple(np.concatenate(parts, 1) for parts in zip(*layers, strict=True))
        for layers in zip(*states, strict=True)
    )


def _slice_streams(state: State, first: int, end: int) -> State:
    """The state of the streams from one to before another; a view."""
    return tuple(tuple(part[:, first:end] for part in layer) for layer in state)


def _multiply_in_parts(rows: Array, weights: Array, bias: Array) -> Generator[None, None, Array]:
    """`rows @ weights.T + bias.T`, (T, G), where no row depends on how many there are."""
    products = np.empty((len(rows), len(weights)), np.float32)
    for first in range(0, len(rows), PART):
        part = slice(first, first + PART)
        products[part] = (multiply_streams(weights, rows[part].T) + bias).T
        yield
    return products


def _keep_unread(
    ids: NDArray[np.integer], after: Sequence[tuple[Array, ...]], before: State
) -> list[tuple[Array, ...]]:
    """A state after a step, but that before it in each stream that read nothing."""
    read = ids >= 0
    return [
        tuple(np.where(read, new, old) for new, old in zip(*layers, strict=True))
        for layers in zip(after, before, strict=True)
    ]


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


def _rnn(gates: Array, _h: Array) -> tuple[Array]:
    """One step of the plain recurrent layer."""
    return (np.tanh(gates),)


def _fold_lstm(kernel: Array, recurrent: Array, bias: Array) -> tuple[Array, Array, Array]:
    """Keras's gates i, f, c, o in the order i, f, o, c, those of sigmoids halved."""

    def fold(array: Array) -> Array:
        i, f, c, o = np.split(array, 4, axis=-1)
        return np.concatenate([_HALF * i, _HALF * f, _HALF * o, c], axis=-1)

    return fold(kernel), fold(recurrent), fold(bias)


def _fold_hard_lstm(kernel: Array, recurrent: Array, bias: Array) -> tuple[Array, Array, Array]:
    """Keras's gates i, f, c, o in the order i, f, o, c, those of sigmoids as 0.2 x + 0.5."""

    def fold(array: Array, more: float = 0) -> Array:
        i, f, c, o = np.split(array, 4, axis=-1)
        gates = np.concatenate([i, f, o], axis=-1) * np.float32(0.2) + np.float32(more)
        return np.concatenate([gates, c], axis=-1)

    return fold(kernel), fold(recurrent), fold(bias, 0.5)


def _fold_gru(kernel: Array, recurrent: Array, bias: Array) -> tuple[Array, Array, Array]:
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


def _fold_rnn(kernel: Array, recurrent: Array, bias: Array) -> tuple[Array, Array, Array]:
    """Nothing to fold."""
    return kernel, recurrent, bias


_Fold = Callable[[Array, Array, Array], tuple[Array, Array, Array]]
_CELLS: dict[str, tuple[Callable[..., tuple[Array, ...]], _Fold]] = {
    "lstm": (_lstm, _fold_lstm),
    "gru": (_gru, _fold_gru),
    "rnn": (_rnn, _fold_rnn),
}
