"""The weights with which a network begins. Knows neither JAX nor Keras.

Drawn as Keras draws those of its layers, by its distributions but with NumPy's numbers: JAX would
compile a function for each shape first, which takes longer than to train for a step.

Source: Glorot and Bengio, Understanding the difficulty of training deep feedforward neural
networks, 2010; Saxe et al., Exact solutions to the nonlinear dynamics of learning, 2014.
"""

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from burble.model.architecture import array_shapes, fixed_input
from burble.settings import ModelSettings

Array = NDArray[np.float32]
RANGE = 1.0
"""The largest number that stands for a symbol: twenty times Keras's own. The first steps then learn
what distinguishes symbols."""


def draw_weights(model: ModelSettings, size: int, seed: int, labels: int = 0) -> list[Array]:
    """The first weights of one network, but for what enters it without being learned.

    Args:
        model: Its shape.
        size: V, the number of ids.
        seed: Makes them what they are.
        labels: How many labels there are.

    Returns:
        Arrays in the order of `array_shapes`.
    """
    shapes = array_shapes(replace(model, ensemble=1), size, labels)
    if fixed_input(model, size) is not None:
        del shapes["embedding"]
    seeds = np.random.SeedSequence(seed).spawn(len(shapes))
    rngs = map(np.random.default_rng, seeds)
    arrays = {name: _draw(name, shapes[name], rng) for name, rng in zip(shapes, rngs, strict=True)}
    if model.cell == "lstm":
        for layer in range(model.layers):
            # The gate that forgets: what a cell holds stays at first.
            arrays[f"layer{layer}.bias"][model.units : 2 * model.units] = 1
    return list(arrays.values())


def _draw(name: str, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """The array of a name, biases and labels zero."""
    if name == "embedding":
        return _draw_uniform(rng, shape, RANGE)
    if name.endswith(".kernel"):
        return _draw_uniform(rng, shape, math.sqrt(6 / sum(shape)))
    if name.endswith(".recurrent"):
        return _draw_orthogonal(rng, *shape)
    # A label changes nothing until it has learned, in a model that is started from as well.
    return np.zeros(shape, np.float32)


def _draw_uniform(rng: np.random.Generator, shape: tuple[int, ...], limit: float) -> Array:
    """Numbers between -limit and limit."""
    return (rng.random(shape, np.float32) * 2 - 1) * np.float32(limit)


def _draw_orthogonal(rng: np.random.Generator, units: int, gates: int) -> Array:
    """Rows of length 1 that are orthogonal to each other, shape (U, G)."""
    q, r = np.linalg.qr(rng.standard_normal((gates, units), np.float32))
    # Without the signs some matrices would be likelier than others.
    return np.ascontiguousarray((q * np.sign(np.diag(r))).T)
