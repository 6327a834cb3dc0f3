"""The network in Keras, in every shape that a model may have, from the same first weights.

What `network.make_network` takes where its own does not do: for other cells than the LSTM, and on
accelerators, where the standard LSTM layer is the fastest (cuDNN). Three layers are our own: the
LSTM with our loop, dropout with fewer random bits, and labels. State goes in and out as arguments:
`LSTM(stateful=True)` carries none on JAX (Keras 3.15), without a warning. Knows nothing of text.
"""

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
from keras import layers

from burble.errors import BurbleError
from burble.model.architecture import fixed_input
from burble.model.dropout import drop
from burble.model.initial import draw_weights
from burble.model.lstm import add_labels, run_lstm
from burble.settings import ModelSettings, Precision


class Dropout(layers.Dropout):
    """`keras.layers.Dropout`, with 16 random bits for each number in place of 32.

    The bits are drawn once: what XLA would draw again for the gradients (JAX 0.10) takes longer
    than the rest of the layer.
    """

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Sets a fraction `rate` of `inputs` (..., D) to zero and scales up the others."""
        dropped = round(self.rate * 2**16)
        if not training or not dropped:
            return inputs
        return drop(inputs, self.seed_generator.next(), self.rate)


class LabelEmbedding(layers.Layer):
    """The vectors of labels (..., columns), summed over columns: (..., E); that of 0 is zero.

    Args:
        labels: How many there are, numbered from 1.
        width: E.
    """

    def __init__(self, labels: int, width: int) -> None:
        super().__init__()
        # Zeros: until it has learned, a label changes nothing, in a model that is started from too.
        self.embeddings = self.add_weight(
            shape=(labels, width), initializer="zeros", name="embeddings"
        )

    def call(self, labels: Any) -> Any:
        """Adds up the vectors of the labels of each place."""
        return add_labels(self.embeddings.value, labels)


def hard_sigmoid(x: Any) -> Any:
    """0.2 x + 0.5, cut at 0 and 1: Keras's own before version 3, where it is x / 6 + 0.5."""
    return jnp.clip(0.2 * x + 0.5, 0, 1)


class LSTM(layers.LSTM):
    """`keras.layers.LSTM` with its default cell activation, going forward, without masks."""

    def inner_loop(
        self, sequences: Any, initial_state: Any, mask: Any, training: bool = False
    ) -> Any:
        """Runs over a sequence (B, T, D) from the states h and c, each (B, U).

        Returns:
            The last output (B, U), all outputs (B, T, U), and the states after them.
        """
        plain = self.compute_dtype == "float32" and self.recurrent_activation is not hard_sigmoid
        if jax.default_backend() != "cpu" or not plain:
            return super().inner_loop(sequences, initial_state, mask, training)
        kernel, recurrent = self.cell.kernel.value, self.cell.recurrent_kernel.value
        outputs, h, c = run_lstm(sequences, kernel, recurrent, self.cell.bias.value, *initial_state)
        return h, outputs, [h, c]


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
        columns), state...], to [logits (B, T, V), state...], where each state array has the shape
        (B, U): h and c of each LSTM layer, h of each other. All, and the weights, are float32.

    Raises:
        BurbleError: Keras was imported before with another backend than JAX.
    """
    _check_backend()
    seeds = iter(np.random.SeedSequence(seed).generate_state(2 * model.layers + 1).tolist())
    entering, below = _enter(model, size, labels, next(seeds))
    states_in, states_out = [], []
    for rate in [model.dropout] * (model.layers - 1) + [model.dropout_output]:
        states = [layers.Input((model.units,)) for _ in range(2 if model.cell == "lstm" else 1)]
        below, *after = _recurrent(model, seeds, precision)(below, initial_state=states)
        states_in += states
        states_out += [keras.ops.cast(state, "float32") for state in after]
        below = Dropout(rate, seed=next(seeds))(below)
    logits = layers.Dense(size, kernel_initializer="zeros")(below)
    made = keras.Model([*entering, *states_in], [logits, *states_out])
    drawn = draw_weights(model, size, seed, labels)
    for variable, value in zip(made.trainable_variables, drawn, strict=True):
        variable.assign(value)
    return made


def _check_backend() -> None:
    """Refuses Keras where it does not run on JAX.

    Raises:
        BurbleError: It was imported before with another backend.
    """
    backend = keras.backend.backend()
    if backend != "jax":
        raise BurbleError(
            f"Keras runs on {backend} here, but burble trains on JAX. Set KERAS_BACKEND=jax before "
            "the first import of Keras, or import burble first."
        )


def _enter(model: ModelSettings, size: int, labels: int, seed: int) -> tuple[list[Any], Any]:
    """The inputs for ids and labels, and what they make for the first recurrent layer.

    The seed is that of its dropout.
    """
    entering = [layers.Input((None,), dtype="int32")]
    fixed = fixed_input(model, size)
    first = "zeros" if fixed is None else keras.initializers.Constant(fixed)
    below = layers.Embedding(
        size, model.embedding, embeddings_initializer=first, trainable=fixed is None
    )(entering[0])
    if labels:
        entering.append(layers.Input((None, None), dtype="int32"))
        below = layers.Add()([below, LabelEmbedding(labels, model.embedding)(entering[1])])
    return entering, Dropout(model.dropout_input, seed=seed)(below)


def _recurrent(model: ModelSettings, seeds: Iterator[int], precision: Precision) -> Any:
    """One recurrent layer."""
    hard = model.recurrent_activation == "hard_sigmoid"
    gates: dict[str, Any] = {"recurrent_activation": hard_sigmoid} if hard else {}
    gates |= {} if model.reset_after else {"reset_after": False}
    return _CELLS[model.cell](
        model.units,
        **gates,
        dtype="float32" if precision == "float32" else f"mixed_{precision}",
        return_sequences=True,
        return_state=True,
        kernel_initializer="zeros",
        recurrent_initializer="zeros",
        seed=next(seeds),
    )


class KerasNetwork:
    """A `network.Network` of any cell.

    Args:
        model: Its shape.
        size: V, the number of ids.
        seed: Seeds the first weights and the dropout.
        precision: The numbers in which the recurrent layers compute.
        labels: How many labels there are.
    """

    def __init__(
        self, model: ModelSettings, size: int, seed: int, precision: Precision, labels: int
    ) -> None:
        self._network = build_network(model, size, seed, precision, labels)
        self.trained = [variable.value for variable in self._network.trainable_variables]
        self.others = [variable.value for variable in self._network.non_trainable_variables]

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
        """Runs it; see `network.Network`."""
        entering = [ids] if labels is None else [ids, labels]
        (logits, *after), others = self._network.stateless_call(
            trained, others, [*entering, *states], training=training
        )
        return logits[:, -1:] if last else logits, after, others
