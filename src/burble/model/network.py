"""The network as a Keras model, `(ids, state) -> (logits, state)`, and several side by side.

Knows nothing of text or files. State goes in and out as arguments: `LSTM(stateful=True)` carries
none on JAX (Keras 3.15), without a warning.
"""

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
from keras import layers

from burble.errors import BurbleError
from burble.model.architecture import Weights, array_shapes, fixed_input
from burble.model.lstm import LSTM, Dropout, LabelEmbedding, hard_sigmoid
from burble.settings import ModelSettings, Precision

_CELLS = {"lstm": LSTM, "gru": layers.GRU, "rnn": layers.SimpleRNN}


def build_network(
    model: ModelSettings,
    size: int,
    seed: int,
    precision: Precision = "float32",
    labels: int = 0,
) -> Any:
    """Builds the network.

    Args:
        model: Its shape.
        size: V, the number of ids.
        seed: Seeds the first weights and the dropout.
        precision: The numbers in which the recurrent layers compute.
        labels: How many labels there are.

    Returns:
        A Keras model from [ids (B, T), state...], or with labels from [ids, labels (B, T,
        columns), state...], to [logits (B, T, V), state...], where each
        state array has the shape (B, U): h and c of each LSTM layer, h of each other layer. All
        of them, and the weights, are float32.

    Raises:
        BurbleError: Keras was imported before with another backend than JAX.
    """
    if keras.backend.backend() != "jax":
        raise BurbleError(
            f"Keras runs on {keras.backend.backend()} here, but burble trains on JAX. Set "
            "KERAS_BACKEND=jax before the first import of Keras, or import burble first."
        )
    seeds = iter(np.random.SeedSequence(seed).generate_state(4 * model.layers + 8).tolist())
    entering = [layers.Input((None,), dtype="int32")]
    states_in, states_out = [], []
    fixed = fixed_input(model, size)
    # Ten times Keras's own range: the first steps then learn what distinguishes symbols.
    learned = keras.initializers.RandomUniform(-0.5, 0.5, seed=next(seeds))
    first = learned if fixed is None else keras.initializers.Constant(fixed)
    below = layers.Embedding(
        size, model.embedding, embeddings_initializer=first, trainable=fixed is None
    )(entering[0])
    if labels:
        entering.append(layers.Input((None, None), dtype="int32"))
        below = layers.Add()([below, LabelEmbedding(labels, model.embedding)(entering[1])])
    below = Dropout(model.dropout_input, seed=next(seeds))(below)
    for layer in range(model.layers):
        states = [layers.Input((model.units,)) for _ in range(2 if model.cell == "lstm" else 1)]
        below, *after = _recurrent(model, seeds, precision)(below, initial_state=states)
        states_in += states
        states_out += [keras.ops.cast(state, "float32") for state in after]
        last = layer == model.layers - 1
        rate = model.dropout_output if last else model.dropout
        below = Dropout(rate, seed=next(seeds))(below)
    glorot = keras.initializers.GlorotUniform(seed=next(seeds))
    logits = layers.Dense(size, kernel_initializer=glorot)(below)
    return keras.Model([*entering, *states_in], [logits, *states_out])


def _recurrent(model: ModelSettings, seeds: Iterator[int], precision: Precision) -> Any:
    """One recurrent layer."""
    hard = model.recurrent_activation == "hard_sigmoid"
    gates = {"recurrent_activation": hard_sigmoid} if hard else {}
    return _CELLS[model.cell](
        model.units,
        **gates,
        dtype="float32" if precision == "float32" else f"mixed_{precision}",
        return_sequences=True,
        return_state=True,
        kernel_initializer=keras.initializers.GlorotUniform(seed=next(seeds)),
        recurrent_initializer=keras.initializers.Orthogonal(seed=next(seeds)),
        seed=next(seeds),
    )


class Ensemble:
    """The networks of a model as one function of all their weights; see `build_network`.

    Attributes:
        trained: The variables that are trained, network by network.
        others: The other variables: seeds, and what enters without being learned.
    """

    def __init__(
        self,
        model: ModelSettings,
        size: int,
        seed: int,
        precision: Precision = "float32",
        labels: int = 0,
    ) -> None:
        seeds = [seed, *np.random.SeedSequence([seed, 1]).generate_state(model.ensemble - 1)]
        self._each = [build_network(model, size, int(one), precision, labels) for one in seeds]
        self.trained = [v for one in self._each for v in one.trainable_variables]
        self.others = [v for one in self._each for v in one.non_trainable_variables]

    def __call__(
        self,
        trained: list[Any],
        others: list[Any],
        ids: Any,
        states: list[Any],
        training: bool,
        labels: Any = None,
    ) -> tuple[Any, list[Any], list[Any]]:
        """Runs all networks.

        Args:
            trained: Values of the variables that are trained.
            others: Values of the others.
            ids: Shape (B, T).
            states: The states of all networks, each (B, U).
            training: Whether dropout is on.
            labels: Those of each place, shape (B, T, columns), where there are labels.

        Returns:
            Logits of each network (N, B, T, V), the states after them, and the other variables.
        """
        entering = [ids] if labels is None else [ids, labels]
        results = [
            one.stateless_call(values, rest, [*entering, *state], training=training)
            for one, values, rest, state in zip(
                self._each, *map(self._split, (trained, others, states)), strict=True
            )
        ]
        logits = jnp.stack([outputs[0] for outputs, _ in results])
        after = [state for outputs, _ in results for state in outputs[1:]]
        return logits, after, [value for _, rest in results for value in rest]

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
