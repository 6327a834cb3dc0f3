"""A model's network in layers of plain Keras, with its weights. Knows no file.

Nothing of burble's own is in it: what Keras alone has opens it, on every backend. This module and
what writes its file are all of `exchange` that imports Keras. Axes as in `model.engine`.
"""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import keras
from keras import layers

from burble.exchange.keras_own import to_keras
from burble.model.architecture import LABELS, network_prefix
from burble.model.metadata import Model
from burble.settings import ModelSettings

CELLS = {"lstm": layers.LSTM, "gru": layers.GRU, "rnn": layers.SimpleRNN}
PARTS = ("kernel", "recurrent", "bias")
OUTPUT = "probabilities"


@dataclass(frozen=True)
class Built:
    """A network of Keras.

    Attributes:
        network: The network.
        held: For each layer with weights the names that its arrays have in a model, in the order
            of Keras; one whose name is empty is none of the model's.
    """

    network: Any
    held: list[tuple[Any, tuple[str, ...]]]


def build_streams(model: Model) -> Built:
    """The network that carries its states: `{"ids", states...} -> {"probabilities", states...}`.

    Ids are (B, T) and states (B, U) each; for every column of labels there is an input (B, 1) of
    the numbers of its labels, 0 for none. What comes out by the name of a state goes in again.
    """
    shape = model.architecture
    ids = layers.Input((None,), dtype="int32", name="ids")
    columns = [
        layers.Input((1,), dtype="int32", name=f"label{place}")
        for place, _ in enumerate(model.labels.columns)
    ]
    given = {one.name: one for one in (ids, *columns)}
    leaving: dict[str, Any] = {}
    held: list[tuple[Any, tuple[str, ...]]] = []
    each = []
    for network in range(shape.ensemble):
        prefix = network_prefix(network)
        below = _embed(model, prefix, ids, columns, held)
        for layer in range(shape.layers):
            place = f"{prefix}layer{layer}"
            names = [_named(place, n) for n in ("_h", "_c")]
            states = {n: layers.Input((shape.units,), name=n) for n in _states(shape, names)}
            made = _recurrent(shape, _named(place), return_sequences=True, return_state=True)
            below, *after = made(below, initial_state=[*states.values()])
            given |= states
            leaving |= dict(zip(states, after, strict=True))
            held.append((made, tuple(f"{place}.{part}" for part in PARTS)))
        each.append(_top(model, prefix, held)(below))
    found = each[0] if len(each) == 1 else layers.Average(name="mean")(each)
    network = keras.Model(given, {OUTPUT: found, **leaving}, name="burble")
    return Built(network, _fill(model, held))


def build_tutorial(model: Model) -> Built:
    """The network of the Keras tutorial: windows (B, T, 1) in, probabilities (B, V) out."""
    shape = model.architecture
    network, held = keras.Sequential(name="burble"), list[tuple[Any, tuple[str, ...]]]()
    network.add(layers.Input((model.window, 1)))
    for layer in range(shape.layers):
        is_last = layer == shape.layers - 1
        made = _recurrent(shape, f"layer{layer}", return_sequences=not is_last)
        network.add(made)
        # It does nothing to a network that writes; whoever trains on finds it where it was.
        rate = shape.dropout_output if is_last else shape.dropout
        network.add(layers.Dropout(rate, name=f"dropout{layer}"))
        held.append((made, tuple(f"layer{layer}.{part}" for part in PARTS)))
    network.add(_top(model, "", held))
    return Built(network, _fill(model, held))


def _named(place: str, name: str = "") -> str:
    """The name of a layer: that of the model's arrays, without dots, which Keras does not take."""
    return f"{place}{name}".replace(".", "_")


def _states(shape: ModelSettings, names: list[str]) -> list[str]:
    """The names of a layer's states: h, and of an LSTM c."""
    return names if shape.cell == "lstm" else names[:1]


def _embed(
    model: Model, prefix: str, ids: Any, columns: list[Any], held: list[tuple[Any, tuple[str, ...]]]
) -> Any:
    """What enters a network for each symbol, with the vectors of labels added."""
    width = model.architecture.embedding
    # One-hot vectors, and a symbol's number, are rows of a table as well.
    learned = model.architecture.input == "embedding"
    size = model.vocabulary.size
    table = layers.Embedding(size, width, trainable=learned, name=_named(prefix, "embedding"))
    held.append((table, (f"{prefix}embedding",)))
    if not columns:
        return table(ids)
    labels = layers.Embedding(len(model.labels) + 1, width, name=_named(prefix, LABELS))
    held.append((labels, (f"{prefix}{LABELS}",)))
    return layers.Add(name=_named(prefix, "sum"))(
        [table(ids), *(labels(column) for column in columns)]
    )


def _recurrent(shape: ModelSettings, name: str, **more: Any) -> Any:
    """One recurrent layer."""
    if shape.recurrent_activation == "hard_sigmoid":
        more["recurrent_activation"] = "hard_sigmoid"
    if shape.cell == "gru":
        more["reset_after"] = shape.reset_after
    return CELLS[shape.cell](shape.units, name=name, **more)


def _top(model: Model, prefix: str, held: list[tuple[Any, tuple[str, ...]]]) -> Any:
    """The layer that gives the probabilities."""
    size = model.vocabulary.size
    made = layers.Dense(size, activation="softmax", name=_named(prefix, "output"))
    held.append((made, (f"{prefix}output.kernel", f"{prefix}output.bias")))
    return made


def _fill(
    model: Model, held: list[tuple[Any, tuple[str, ...]]]
) -> list[tuple[Any, tuple[str, ...]]]:
    """Gives the layers their weights; returns them."""
    for layer, names in held:
        layer.set_weights([to_keras(model, name) for name in names])
    return held


def variable_paths(built: Built) -> Iterator[tuple[str, str]]:
    """The name of each array in a model, and where it lies in Keras's file (3.12 and later).

    Layers are named there by their class and a number, in the order of the network.
    """
    counts: dict[str, Iterator[int]] = {}
    places: dict[int, str] = {}
    for layer in built.network.layers:
        kind = keras_name(type(layer).__name__)
        number = next(counts.setdefault(kind, itertools.count()))
        places[id(layer)] = f"layers/{kind}_{number}" if number else f"layers/{kind}"
    for layer, names in built.held:
        inner = "/cell/vars" if type(layer) in CELLS.values() else "/vars"
        for number, name in enumerate(names):
            yield name, f"{places[id(layer)]}{inner}/{number}"


def keras_name(kind: str) -> str:
    """What Keras calls a layer of a class in a file.

    >>> keras_name("SimpleRNN"), keras_name("InputLayer"), keras_name("LSTM")
    ('simple_rnn', 'input_layer', 'lstm')
    """
    return NAMES.get(kind, kind.lower())


NAMES: Mapping[str, str] = {"SimpleRNN": "simple_rnn", "InputLayer": "input_layer"}
