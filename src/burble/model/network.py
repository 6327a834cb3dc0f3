"""The network as a function of arrays, `(ids, state) -> (logits, state)`, and several side by side.

For LSTMs on processors in plain JAX: to load Keras and to build a model with it takes as long as
all else before the first step. `keras_network` does the others, and both are tested equal. Knows
nothing of text or files.
"""

from collections.abc import Iterator
from copy import copy
from typing import Any, Protocol

import jax
import jax.numpy as jnp
import numpy as np

from burble.model import compiled
from burble.model.architecture import Weights, array_shapes, fixed_input
from burble.model.dense import run_dense
from burble.model.dropout import drop
from burble.model.initial import draw_weights
from burble.model.lstm import add_labels, run_from_symbols, run_lstm
from burble.settings import ModelSettings, Precision


class Network(Protocol):
    """One network as a function of its weights.

    Attributes:
        trained: The arrays that are trained, as they are at first, in the order of `array_shapes`.
        others: The other arrays: what enters without being learned, and seeds.
    """

    trained: list[Any]
    others: list[Any]

    def __call__(
        self,
        trained: list[Any],
        others: list[Any],
        ids: Any,
        states: list[Any],
        training: bool,
        labels: Any = None,
        *,
        last: bool = False,
    ) -> tuple[Any, list[Any], list[Any]]:
        """Runs it, as `Ensemble.__call__` does; logits are (B, T, V), or (B, 1, V)."""
        ...


def is_plain(model: ModelSettings, precision: Precision) -> bool:
    """Whether networks of this shape are run without Keras here."""
    usual = model.cell == "lstm" and model.recurrent_activation == "sigmoid"
    return usual and precision == "float32" and jax.default_backend() == "cpu"


def shares_threads(model: ModelSettings, precision: Precision) -> bool:
    """Whether several threads can share the streams of a network on one device."""
    return is_plain(model, precision) and compiled.is_available() and compiled.has_threads()


def make_network(
    model: ModelSettings, size: int, seed: int, precision: Precision, labels: int, threads: int
) -> Network:
    """Makes one network; see `Ensemble`."""
    if is_plain(model, precision):
        return PlainNetwork(model, size, seed, labels, threads)
    from burble.model.keras_network import KerasNetwork

    return KerasNetwork(model, size, seed, precision, labels)


class PlainNetwork:
    """A `Network` of LSTM layers.

    Args:
        model: Its shape.
        size: V, the number of ids.
        seed: Seeds the first weights and the dropout.
        labels: How many labels there are.
        threads: How many share the streams.
    """

    def __init__(
        self, model: ModelSettings, size: int, seed: int, labels: int = 0, threads: int = 1
    ) -> None:
        seeds = np.random.SeedSequence(seed).generate_state(2 * model.layers + 1).tolist()
        self._rates = [model.dropout_input, *[model.dropout] * (model.layers - 1)]
        self._rates.append(model.dropout_output)
        fixed = fixed_input(model, size)
        self._fixed, self._labels, self._threads = fixed is not None, labels > 0, threads
        self.trained = draw_weights(model, size, seed, labels)
        self.others = [fixed] if self._fixed else []
        # As in Keras, whose LSTM layers each have a seed that is never used: a state that was saved
        # suits both.
        idle = {2 * site for site, rate in enumerate(self._rates) if not rate}
        self.others += [_key(one) for place, one in enumerate(seeds) if place not in idle]

    def __call__(
        self,
        trained: list[Any],
        others: list[Any],
        ids: Any,
        states: list[Any],
        training: bool,
        labels: Any = None,
        *,
        last: bool = False,
    ) -> tuple[Any, list[Any], list[Any]]:
        """Runs it; see `Network`."""
        fixed, seeds = others[: self._fixed], iter(others[self._fixed :])
        arrays, state = iter([*fixed, *trained]), iter(states)
        after: list[Any] = []
        used: list[Any] = []
        vectors = next(arrays)
        below = looked_up = jnp.take(vectors, ids, axis=0)
        if self._labels:
            below = below + add_labels(next(arrays), labels)
        below = self._drop(below, self._rates[0], seeds, used, training)
        for layer, rate in enumerate(self._rates[1:], 1):
            used.append(next(seeds))
            given = *(next(arrays) for _ in range(3)), next(state), next(state)
            if below is looked_up:
                # Nothing was added to the vectors or left out of them.
                outputs, h, c = run_from_symbols(ids, vectors, *given, threads=self._threads)
            else:
                outputs, h, c = run_lstm(below, *given, threads=self._threads)
            after += [h, c]
            # The output after the last step, of which all others then have no part in a gradient.
            only = last and layer == len(self._rates) - 1
            below = h[:, None] if only else outputs
            below = self._drop(below, rate, seeds, used, training, ids.shape[1] if only else 1)
        logits = run_dense(below, next(arrays), next(arrays), threads=self._threads)
        return logits, after, [*fixed, *used]

    def _drop(
        self,
        inputs: Any,
        rate: float,
        seeds: Iterator[Any],
        used: list[Any],
        training: bool,
        length: int = 1,
    ) -> Any:
        """Dropout by the next of the seeds, which is added to those that were used."""
        if not rate:
            return inputs
        seed = next(seeds)
        if not training or not round(rate * 2**16):
            used.append(seed)
            return inputs
        used.append(seed + jnp.array([0, 1], jnp.uint32))
        return drop(inputs, seed, rate, threads=self._threads, length=length)


def _key(seed: int) -> Any:
    """The key of a seed, as Keras makes it."""
    return np.array([seed, 0], np.uint32)


class Ensemble:
    """The networks of a model as one function of all their weights.

    Args:
        model: Their shape.
        size: V, the number of ids.
        seed: Seeds the first weights and the dropout.
        precision: The numbers in which the recurrent layers compute.
        labels: How many labels there are.
        threads: How many share the streams of a network, see `shares_threads`.

    Attributes:
        trained: The arrays that are trained, as they are at first, network by network.
        others: The other arrays: seeds, and what enters without being learned.
    """

    def __init__(
        self,
        model: ModelSettings,
        size: int,
        seed: int,
        precision: Precision = "float32",
        labels: int = 0,
        threads: int = 1,
    ) -> None:
        seeds = [seed, *np.random.SeedSequence([seed, 1]).generate_state(model.ensemble - 1)]
        self._each = [
            make_network(model, size, int(one), precision, labels, threads) for one in seeds
        ]
        self.trained = [array for one in self._each for array in one.trained]
        self.others = [array for one in self._each for array in one.others]

    def __call__(
        self,
        trained: list[Any],
        others: list[Any],
        ids: Any,
        states: list[Any],
        training: bool,
        labels: Any = None,
        *,
        last: bool = False,
    ) -> tuple[Any, list[Any], list[Any]]:
        """Runs all networks.

        Args:
            trained: Values of the arrays that are trained.
            others: Values of the others.
            ids: Shape (B, T).
            states: The states of all networks, each (B, U): of each layer h, and c of an LSTM.
            training: Whether dropout is on.
            labels: Those of each place, shape (B, T, columns), where there are labels.
            last: Whether only the logits after the last step are wanted.

        Returns:
            Logits of each network (N, B, T, V), or (N, B, 1, V); the states after them; and the
            other arrays.
        """
        results = [
            one(values, rest, ids, state, training, labels, last=last)
            for one, values, rest, state in zip(
                self._each, *map(self._split, (trained, others, states)), strict=True
            )
        ]
        after = [state for _, states, _ in results for state in states]
        kept = [value for *_, rest in results for value in rest]
        return jnp.stack([logits for logits, *_ in results]), after, kept

    def first(self, count: int) -> "Ensemble":
        """The first of the networks alone; as functions, all are the same."""
        part = copy(self)
        part._each = self._each[:count]
        return part

    def _split(self, arrays: list[Any]) -> list[list[Any]]:
        """The arrays of each network."""
        each = len(arrays) // len(self._each)
        return [arrays[n * each : (n + 1) * each] for n in range(len(self._each))]


def mean_log_probabilities(logits: Any) -> Any:
    """The logarithms of the mean of the probabilities of all networks, from (N, ..., V)."""
    each = jax.nn.log_softmax(logits, -1)
    return jax.nn.logsumexp(each, 0) - np.log(np.float32(len(logits)))


def trained_array_names(model: ModelSettings, size: int, labels: int = 0) -> list[str]:
    """The names of the arrays that are trained, in the order of `Ensemble.trained`."""
    fixed = fixed_input(model, size) is not None
    names = array_shapes(model, size, labels)
    return [name for name in names if not (fixed and name.endswith("embedding"))]


def name_weights(arrays: list[Any], model: ModelSettings, size: int, labels: int = 0) -> Weights:
    """Names the arrays that are trained, as a model file does, and adds those that are not."""
    named = dict(zip(trained_array_names(model, size, labels), arrays, strict=True))
    fixed = fixed_input(model, size)
    return {
        name: np.asarray(named.get(name, fixed)).reshape(shape)
        for name, shape in array_shapes(model, size, labels).items()
    }
