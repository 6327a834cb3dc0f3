"""A model's network as a graph of ONNX's own operators, and back from its arrays.

`ids (B, T), h0 (P, B, U), c0 (P, B, U) -> logits (B, T, V), h1, c1`, where P counts the layers of
all networks of an ensemble, those of the first network first. c0 and c1 are of LSTMs alone. Where
there are labels, `labels (B, columns)` holds their numbers, 0 for none. Axes as in `model.engine`.
Knows nothing of files.

Dropout is no part of a network that writes. The arrays are those of the model, put in another
order and turned, so that they come back as they were.
"""

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from burble.errors import ModelFileError
from burble.exchange.onnx_file import FLOAT, INT64, Graph, describe_value
from burble.model.architecture import LABELS, array_shapes, network_prefix
from burble.model.metadata import Model
from burble.settings import ModelSettings

Array = NDArray[np.float32]
GATES: Mapping[str, tuple[int, ...]] = {"lstm": (0, 3, 1, 2), "gru": (0, 1, 2), "rnn": (0,)}
"""Where ONNX's gates (of an LSTM i, o, f, c) stand among Keras's (i, f, c, o)."""
OPERATORS = {"lstm": "LSTM", "gru": "GRU", "rnn": "RNN"}
PARTS = ("kernel", "recurrent", "bias")
MIN_PROBABILITY = 1e-30
"""Added to each probability of an ensemble, as `model.engine` does."""


def build_graph(model: Model) -> tuple[Graph, list[bytes], list[bytes]]:
    """The graph of a model, and descriptions of what it takes and gives."""
    shape, graph = model.architecture, Graph()
    parts, states = shape.layers * shape.ensemble, state_names(shape)
    _hold_constants(graph, shape)
    entering = {name: _split(graph, f"{name}0", parts) for name in states}
    leaving: dict[str, list[str]] = {name: [] for name in states}
    each = []
    for network in range(shape.ensemble):
        prefix = network_prefix(network)
        below = _embed(graph, model, prefix)
        for layer in range(shape.layers):
            number = network * shape.layers + layer
            before = [entering[name][number] for name in states]
            below, after = _add_layer(graph, model, f"{prefix}layer{layer}", below, before)
            for name, state in zip(states, after, strict=True):
                leaving[name].append(state)
        each.append(_add_output(graph, model, prefix, below))
    _average(graph, each)
    for name, found in leaving.items():
        graph.add("Concat", *found, outputs=[f"{name}1"], axis=0)
    axes = (parts, "batch", shape.units)
    inputs = [describe_value("ids", INT64, ("batch", "length"))]
    if model.labels:
        columns = len(model.labels.columns)
        inputs.append(describe_value("labels", INT64, ("batch", columns)))
    inputs += [describe_value(f"{name}0", FLOAT, axes) for name in states]
    outputs = [describe_value("logits", FLOAT, ("batch", "length", model.vocabulary.size))]
    return graph, inputs, outputs + [describe_value(f"{n}1", FLOAT, axes) for n in states]


def state_names(shape: ModelSettings) -> tuple[str, ...]:
    """What the state of a layer is made of: h, and of an LSTM c."""
    return ("h", "c") if shape.cell == "lstm" else ("h",)


def _hold_constants(graph: Graph, shape: ModelSettings) -> None:
    """Arrays that are no weights."""
    graph.hold("one", np.array([1], np.int64))
    if shape.ensemble > 1:
        graph.hold("least", np.array(MIN_PROBABILITY, np.float32))


def _split(graph: Graph, name: str, parts: int) -> list[str]:
    """The state of each layer, (1, B, U)."""
    if parts == 1:
        return [name]
    sizes = graph.hold(f"{name}.sizes", np.ones(parts, np.int64))
    names = [f"{name}.{part}" for part in range(parts)]
    graph.add("Split", name, sizes, outputs=names, axis=0)
    return names


def _embed(graph: Graph, model: Model, prefix: str) -> str:
    """What enters a network for each symbol, (T, B, E), with the vectors of labels added."""
    steps = graph.add("Transpose", "ids", perm=[1, 0])
    table = graph.hold(f"{prefix}embedding", model.weights[f"{prefix}embedding"])
    vectors = graph.add("Gather", table, steps, axis=0)
    if not model.labels:
        return vectors
    held = graph.hold(f"{prefix}{LABELS}", model.weights[f"{prefix}{LABELS}"])
    width = model.architecture.embedding
    # Number 0 is no label, whose vector is zero.
    none = graph.hold(f"{prefix}no_label", np.zeros((1, width), np.float32))
    known = graph.add("Concat", none, held, axis=0)
    each = graph.add("Gather", known, "labels", axis=0)
    return graph.add("Add", vectors, graph.add("ReduceSum", each, "one", keepdims=0))


def _add_layer(
    graph: Graph, model: Model, place: str, below: str, before: list[str]
) -> tuple[str, list[str]]:
    """A recurrent layer; returns what it gives, (T, B, U), and its states, (1, B, U)."""
    shape, weights = model.architecture, model.weights
    arrays = encode_layer(
        shape, *(weights[f"{place}.{n}"] for n in ("kernel", "recurrent", "bias"))
    )
    held = [graph.hold(f"{place}.{n}", array) for n, array in zip("WRB", arrays, strict=True)]
    more: dict[str, list[str] | list[float] | int] = {}
    if shape.recurrent_activation == "hard_sigmoid":
        more["activations"] = ["HardSigmoid", "Tanh", "Tanh"]
        more["activation_alpha"], more["activation_beta"] = [0.2], [0.5]
    if shape.cell == "gru":
        more["linear_before_reset"] = int(shape.reset_after)
    outputs = [f"{place}.{name}" for name in ("all", *state_names(shape))]
    operator = OPERATORS[shape.cell]
    graph.add(operator, below, *held, "", *before, outputs=outputs, hidden_size=shape.units, **more)
    return graph.add("Squeeze", outputs[0], "one"), outputs[1:]


def _add_output(graph: Graph, model: Model, prefix: str, below: str) -> str:
    """The logits of a network, (B, T, V)."""
    streams = graph.add("Transpose", below, perm=[1, 0, 2])
    kernel, bias = (
        graph.hold(f"{prefix}output.{part}", model.weights[f"{prefix}output.{part}"])
        for part in ("kernel", "bias")
    )
    last = [] if model.architecture.ensemble > 1 else ["logits"]
    return graph.add("Add", graph.add("MatMul", streams, kernel), bias, outputs=last)


def _average(graph: Graph, each: list[str]) -> None:
    """The logarithm of the mean of all probabilities, where there are several networks."""
    if len(each) > 1:
        mean = graph.add("Mean", *(graph.add("Softmax", logits, axis=-1) for logits in each))
        graph.add("Log", graph.add("Add", mean, "least"), outputs=["logits"])


def encode_layer(shape: ModelSettings, kernel: Array, recurrent: Array, bias: Array) -> list[Array]:
    """The arrays W (1, G, D), R (1, G, U) and B (1, 2G) of ONNX, of those of a layer of Keras."""
    order = GATES[shape.cell]

    def turn(array: Array) -> Array:
        gates = np.split(array, len(order), axis=-1)
        return np.concatenate([gates[gate] for gate in order], axis=-1)

    rows = bias if bias.ndim == 2 else np.stack([bias, np.zeros_like(bias)])
    return [turn(kernel).T[None], turn(recurrent).T[None], turn(rows).reshape(1, -1)]


def decode_layer(shape: ModelSettings, w: Array, r: Array, b: Array) -> list[Array]:
    """The arrays of a layer of Keras, of those of ONNX; what `encode_layer` undoes."""
    order = GATES[shape.cell]

    def turn(array: Array) -> Array:
        gates = np.split(array, len(order), axis=-1)
        return np.concatenate([gates[order.index(gate)] for gate in range(len(order))], axis=-1)

    rows = turn(b.reshape(2, -1))
    whole = shape.cell == "gru" and shape.reset_after
    return [turn(w[0].T), turn(r[0].T), rows if whole else rows[0]]


def read_weights(model: Model, arrays: Mapping[str, Array], path: str) -> dict[str, Array]:
    """The weights of a model, of the arrays that `build_graph` holds.

    Args:
        model: The model without weights.
        arrays: Arrays by name.
        path: Where they stand, for messages.

    Raises:
        ModelFileError: One is missing, or of another shape.
    """
    shape, size = model.architecture, model.vocabulary.size
    found: dict[str, Array] = {}
    for name, expected in array_shapes(shape, size, len(model.labels)).items():
        place, _, part = name.rpartition(".")
        if "layer" not in place:
            found[name] = _take(arrays, name, expected, path)
        elif part == "kernel":
            layer = dict(_layer_shapes(shape, expected))
            taken = [_take(arrays, f"{place}.{n}", layer[n], path) for n in "WRB"]
            parts = zip(PARTS, decode_layer(shape, *taken), strict=True)
            found |= {f"{place}.{n}": np.ascontiguousarray(array) for n, array in parts}
    return found


def _layer_shapes(
    shape: ModelSettings, kernel: tuple[int, ...]
) -> Iterator[tuple[str, tuple[int, ...]]]:
    """The shapes of ONNX's arrays, by that of Keras's kernel, (D, G)."""
    width, gates = kernel
    yield from zip("WRB", ((1, gates, width), (1, gates, shape.units), (1, 2 * gates)), strict=True)


def _take(arrays: Mapping[str, Array], name: str, expected: tuple[int, ...], path: str) -> Array:
    """One array, of its shape and with numbers alone, in memory of its own."""
    array = arrays.get(name)
    if array is None or array.shape != expected:
        what = "is missing" if array is None else f"has the shape {array.shape}"
        raise ModelFileError(
            f"{path} is not as burble exports it: {name} {what}, expected {expected}. Export it "
            "again, without --int8."
        )
    if not np.isfinite(array).all():
        raise ModelFileError(f"{path} is damaged: {name} holds numbers that are none.")
    return array.copy()
