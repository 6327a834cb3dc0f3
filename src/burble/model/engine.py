"""The network's forward step, float32 throughout. Knows nothing of text.

State and symbols go in, logits and state come out; nothing is kept between calls, so one engine
serves any number of streams and threads. What is computed how is in `forward`; here streams are
dealt out to threads, and networks are averaged. Axes: `B` streams, `T` steps, `V` ids, `U` units,
`P` parts of a network's state.
"""

from collections.abc import Generator, Iterator, Sequence
from copy import copy
from functools import partial
from itertools import pairwise
from typing import Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from burble.model.architecture import LABELS, Weights, network_weights
from burble.model.folding import fold_layers, name_cell
from burble.model.forward import KernelForward, build_forward
from burble.model.parallel import count_threads, run_at_once
from burble.model.product import multiply_streams
from burble.native.choosing import average_logits
from burble.native.forward import Network
from burble.settings import ModelSettings

Array = NDArray[np.float32]
State = tuple[Array, ...]
"""What streams have read: an array for each network, of which the last axis is that of streams."""
Reading = Generator[None, None, tuple[Array, State]]
"""Reads many symbols in parts that take a few milliseconds, and returns logits and state."""
Read = TypeVar("Read")
LEAST_WORK = 1 << 23
"""Products of numbers in a step that are worth a thread, a fifth of a millisecond or so."""
_MIN_PROBABILITY = np.float32(1e-30)
"""Added to each probability, so that its logarithm is finite."""


class Engine:
    """The forward step of one model, equal to the Keras core within 1e-5.

    Args:
        weights: Arrays by the names and shapes of `array_shapes`.
        model: The shape of the network.

    Attributes:
        size: Weights that are multiplied in a step of its layers.
    """

    def __init__(self, weights: Weights, model: ModelSettings) -> None:
        self.model = model
        folded = fold_layers(weights, model)
        self._kernel, _, bias = folded[0]
        self._labels = weights.get(LABELS)
        # The first layer's input product is the same for every occurrence of a symbol.
        across = np.ascontiguousarray(self._kernel.T)
        self._table = multiply_streams(across, weights["embedding"].T) + bias[:, None]
        output = weights["output.kernel"], weights["output.bias"]
        self._forward = build_forward(name_cell(model), self._table, folded, *output)
        self.size = sum(recurrent.size for _, recurrent, _ in folded)
        self.size += sum(kernel.size for kernel, _, _ in folded[1:])

    @property
    def network(self) -> Network | None:
        """The network in the compiled kernels, if it is there."""
        return self._forward.network if isinstance(self._forward, KernelForward) else None

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
        labelled._forward = self._forward.with_table(labelled._table)
        return labelled

    def zero_state(self, streams: int) -> State:
        """The zero state of `streams` streams: h, and of an LSTM c, of each layer, (P, U, B)."""
        parts = self.model.layers * (2 if self.model.cell == "lstm" else 1)
        return (np.zeros((parts, streams, self.model.units), np.float32).transpose(0, 2, 1),)

    def step(self, ids: NDArray[np.integer], state: State) -> tuple[Array, State]:
        """Reads one symbol in each stream.

        Args:
            ids: Shape (B,). A stream for which it is -1 reads nothing: its state stays, and so does
                what is predicted.
            state: From `zero_state` or the last step; it is not changed.

        Returns:
            The logits of the next symbol, shape (B, V), and the new state.
        """
        (before,) = state
        parts = min(count_threads(), len(ids), len(ids) * self.size // LEAST_WORK)
        if parts < 2:
            logits, after = self._forward.step(ids, before)
            return logits, (after,)
        # A stream does not depend on others, so each thread has some of them.
        bounds = [len(ids) * part // parts for part in range(parts + 1)]
        results = run_at_once(
            [
                partial(self._forward.step, ids[first:end], before[:, :, first:end])
                for first, end in pairwise(bounds)
            ]
        )
        return np.concatenate([logits for logits, _ in results]), join_streams(
            [(after,) for _, after in results]
        )

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

    @property
    def side_by_side(self) -> bool:
        """See `Core`."""
        return self._forward.side_by_side

    def read_in_parts(self, ids: NDArray[np.integer], state: State) -> Reading:
        """`read_symbols` for whoever has other work in between, and for several streams as well.

        Args:
            ids: Shape (T,), or (T, B); see `read_symbols`.
            state: The state of as many streams.
        """
        streams = ids if ids.ndim == 2 else ids[:, None]
        logits, after = yield from self._forward.read_in_parts(streams, state[0])
        return logits if ids.ndim == 2 else logits[:, 0], (after,)


class EnsembleEngine:
    """Several networks, whose probabilities are averaged; their logits are log-probabilities.

    Attributes:
        engines: Those of the networks.
    """

    def __init__(self, engines: "Sequence[Core]") -> None:
        self.engines = engines

    def with_labels(self, labels: Sequence[int]) -> Self:
        """The engine for texts that have some labels; see `Engine.with_labels`."""
        return type(self)([engine.with_labels(labels) for engine in self.engines])

    def zero_state(self, streams: int) -> State:
        """The zero state of all networks, one behind the other; see `Engine.zero_state`."""
        return tuple(part for engine in self.engines for part in engine.zero_state(streams))

    def step(self, ids: NDArray[np.integer], state: State) -> tuple[Array, State]:
        """Reads one symbol in each stream; see `Engine.step`."""
        return self._average([e.step(ids, part) for e, part in self._split(state)])

    def read_symbols(self, ids: NDArray[np.integer], state: State) -> tuple[Array, State]:
        """Reads many symbols in one stream; see `Engine.read_symbols`."""
        return finish_reading(self.read_in_parts(ids, state))

    @property
    def side_by_side(self) -> bool:
        """See `Core`."""
        return all(engine.side_by_side for engine in self.engines)

    def read_in_parts(self, ids: NDArray[np.integer], state: State) -> Reading:
        """Reads many symbols; see `Engine.read_in_parts`."""
        results = []
        for engine, part in self._split(state):
            results.append((yield from engine.read_in_parts(ids, part)))
        return self._average(results)

    def _split(self, state: State) -> "Iterator[tuple[Core, State]]":
        """Each network with its part of the state."""
        for engine, part in zip(self.engines, state, strict=True):
            yield engine, (part,)

    def _average(self, results: Sequence[tuple[Array, State]]) -> tuple[Array, State]:
        """The logarithm of the mean of all probabilities, and all states."""
        states = tuple(part for _, state in results for part in state)
        logits = np.stack([logits for logits, _ in results])
        averaged = average_logits(logits)
        if averaged is not None:
            return averaged, states
        logits -= np.maximum.reduce(logits, -1, keepdims=True)
        probabilities = np.exp(logits)
        probabilities /= np.add.reduce(probabilities, -1, keepdims=True)
        mean = np.add.reduce(probabilities, 0)
        mean /= np.float32(len(results))
        return np.log(mean + _MIN_PROBABILITY), states


class Core(Protocol):
    """What reads symbols and predicts the next one, be it one network or several; see `Engine`."""

    @property
    def side_by_side(self) -> bool:
        """Whether `read_in_parts` takes several streams, and reads them faster than one by one."""

    def with_labels(self, labels: Sequence[int]) -> "Core":
        """What reads texts that have some labels; see `Engine.with_labels`."""

    def zero_state(self, streams: int) -> State:
        """The state of `streams` streams that have read nothing; arrays have shape (…, B)."""

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
    return tuple(part.take(streams, -1) for part in state)


def join_streams(states: Sequence[State]) -> State:
    """The state of all streams of several states, one after the other."""
    return tuple(np.concatenate(parts, -1) for parts in zip(*states, strict=True))
