"""The network as a Keras model, `(ids, state) -> (logits, state)`.

Knows nothing of text or files. State goes in and out as arguments: `LSTM(stateful=True)` carries
none on JAX (Keras 3.15) and says nothing.
"""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
from keras import layers

from burble import inputs
from burble.errors import BurbleError
from burble.modelfile import Weights, shapes
from burble.recurrent import LSTM, Dropout
from burble.settings import ModelSettings, Precision

_CELLS = {"lstm": LSTM, "gru": layers.GRU, "rnn": layers.SimpleRNN}


def build(model: ModelSettings, size: int, seed: int, precision: Precision = "float32") -> Any:
    """Builds the network.

    Args:
        model: Its shape.
        size: V, the number of ids.
        seed: Seeds the first weights and the dropout.
        precision: The numbers in which the recurrent layers compute.

    Returns:
        A Keras model from [ids (B, T), state...] to [logits (B, T, V), state...], where each
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
    ids = layers.Input((None,), dtype="int32")
    states_in, states_out = [], []
    fixed = inputs.fixed(model, size)
    # Ten times Keras's own range: the first steps then learn what tells symbols apart.
    learned = keras.initializers.RandomUniform(-0.5, 0.5, seed=next(seeds))
    first = learned if fixed is None else keras.initializers.Constant(fixed)
    below = layers.Embedding(
        size, model.embedding, embeddings_initializer=first, trainable=fixed is None
    )(ids)
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
    return keras.Model([ids, *states_in], [logits, *states_out])


def _recurrent(model: ModelSettings, seeds: Iterator[int], precision: Precision) -> Any:
    """One recurrent layer."""
    return _CELLS[model.cell](
        model.units,
        dtype="float32" if precision == "float32" else f"mixed_{precision}",
        return_sequences=True,
        return_state=True,
        kernel_initializer=keras.initializers.GlorotUniform(seed=next(seeds)),
        recurrent_initializer=keras.initializers.Orthogonal(seed=next(seeds)),
        seed=next(seeds),
    )


def weights_of(arrays: list[Any], model: ModelSettings, size: int) -> Weights:
    """Names the trainable arrays of a built network, in its order, as a model file does."""
    fixed = inputs.fixed(model, size)
    arrays = arrays if fixed is None else [fixed, *arrays]
    named = zip(shapes(model, size).items(), arrays, strict=True)
    return {name: np.asarray(array).reshape(shape) for (name, shape), array in named}
