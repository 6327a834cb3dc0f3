"""The tutorial's two recipes as plain Keras: `Sequential`, `fit`, and `predict` in a loop.

Windows of 100 characters, the character's number divided by the alphabet's size as the one input
feature, LSTM layers of 256 units, dropout 0.2, softmax over the next character. Runs on the
backend that `KERAS_BACKEND` names, or JAX.
"""

import os
import time

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

LENGTH, UNITS, DROPOUT = 100, 256, 0.2
RECIPES = {"small": (1, 128, 20, 1.9277), "large": (2, 64, 50, 1.2259)}
"""Layers, batch size, epochs, and the loss the tutorial reports after them."""


def build(layer_count: int, size: int) -> keras.Model:
    """The network for an alphabet of `size` symbols, compiled."""
    below = [layers.Input((LENGTH, 1))]
    for layer in range(layer_count):
        below.append(layers.LSTM(UNITS, return_sequences=layer < layer_count - 1))
        below.append(layers.Dropout(DROPOUT))
    model = keras.Sequential([*below, layers.Dense(size, activation="softmax")])
    model.compile(loss="categorical_crossentropy", optimizer="adam")
    return model


def windows(
    ids: NDArray[np.integer], size: int, count: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The first `count` windows (count, 100, 1) and their targets, one-hot (count, size)."""
    views = np.lib.stride_tricks.sliding_window_view(ids, LENGTH)[:count]
    inputs = (views / size).astype(np.float32)[..., None]
    return inputs, np.eye(size, dtype=np.float32)[ids[LENGTH : LENGTH + count]]


def seconds_per_epoch(ids: NDArray[np.integer], size: int, recipe: str, batches: int) -> float:
    """Seconds an epoch takes, from `batches` batches after a first few that compile."""
    layer_count, batch, _, _ = RECIPES[recipe]
    model = build(layer_count, size)
    inputs, targets = windows(ids, size, batch * batches)
    model.fit(inputs[: 4 * batch], targets[: 4 * batch], batch_size=batch, verbose=0)
    started = time.perf_counter()
    model.fit(inputs, targets, batch_size=batch, epochs=1, verbose=0)
    seconds = time.perf_counter() - started
    return seconds / batches * ((len(ids) - LENGTH) / batch)


def characters_per_second(size: int, layer_count: int, count: int) -> float:
    """How fast the tutorial's loop writes: one `predict` on a window for each character."""
    model = build(layer_count, size)
    window = list(np.random.default_rng(0).integers(size, size=LENGTH))
    times = []
    for _ in range(count + 2):
        started = time.perf_counter()
        inputs = np.reshape(window, (1, LENGTH, 1)) / float(size)
        window = [*window[1:], int(np.argmax(model.predict(inputs, verbose=0)))]
        times.append(time.perf_counter() - started)
    # The first calls compile.
    return 1 / float(np.median(times[2:]))
