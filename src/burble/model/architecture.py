"""What a network is made of: the name and shape of each array, and what enters it for a symbol.

Knows nothing of files or of how a network runs.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from burble.settings import Input, ModelSettings

Weights = Mapping[str, NDArray[np.float32]]


LABELS = "label_embedding"
"""The array of the vectors of labels, in the order of their numbers, the first of which is 1."""


ATTENTION, PADDING = "attention", "padding"
"""The arrays of a network that attends: what is looked for, and the vector of no symbol."""


def array_shapes(
    model: ModelSettings, size: int, labels: int = 0, *, attends: bool = False
) -> dict[str, tuple[int, ...]]:
    """The name and shape of every array of a model, network by network.

    Args:
        model: Its shape.
        size: V, the number of ids.
        labels: How many labels its documents may have.
        attends: Whether its output is of what attention found in all layers; see `attention`.
    """
    one = _one_network(model, size, labels).items()
    if attends:
        found = model.embedding + model.layers * model.units
        more = {ATTENTION: (found,), PADDING: (model.embedding,), "output.kernel": (found, size)}
        return {**dict(one), **more}
    return {network_prefix(n) + name: shape for n in range(model.ensemble) for name, shape in one}


def network_prefix(network: int) -> str:
    """What the names of a network's arrays begin with; nothing for the first."""
    return f"network{network}." if network else ""


def network_weights(weights: Weights, model: ModelSettings, network: int) -> Weights:
    """The weights of one of a model's networks, by their names in a model that has no other."""
    names = _one_network(model, 1, int(LABELS in weights))
    return {name: weights[network_prefix(network) + name] for name in names}


def _one_network(model: ModelSettings, size: int, labels: int) -> dict[str, tuple[int, ...]]:
    """The name and shape of every array of one network, in layer order.

    Kernels are laid out as Keras lays them out; the LSTM's gates stand in the order input,
    forget, cell, output, the GRU's in the order update, reset, new, with two rows of bias where
    it resets after the product.
    """
    gates = {"lstm": 4, "gru": 3, "rnn": 1}[model.cell] * model.units
    bias = (2, gates) if model.cell == "gru" and model.reset_after else (gates,)
    named: dict[str, tuple[int, ...]] = {"embedding": (size, model.embedding)}
    if labels:
        named[LABELS] = (labels, model.embedding)
    width = model.embedding
    for layer in range(model.layers):
        named[f"layer{layer}.kernel"] = (width, gates)
        named[f"layer{layer}.recurrent"] = (model.units, gates)
        named[f"layer{layer}.bias"] = bias
        width = model.units
    return named | {"output.kernel": (width, size), "output.bias": (size,)}


def input_width(kind: Input, size: int) -> int | None:
    """Numbers that stand for each of `size` symbols; None where that can be chosen."""
    return {"onehot": size, "scalar": 1}.get(kind)


def fixed_input(model: ModelSettings, size: int) -> NDArray[np.float32] | None:
    """What stands for each of `size` ids, shape (V, E); None where that is learned."""
    if model.input == "onehot":
        return np.eye(size, dtype=np.float32)
    if model.input == "scalar":
        return np.arange(size, dtype=np.float32)[:, None] / np.float32(size)
    return None
