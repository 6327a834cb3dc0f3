"""The description of a network by Keras, checked: what cannot be run as it was is refused by name.

Knows the JSON that Keras 1 to 3 write (`model_config`, `config.json`). Knows nothing of files.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from burble.errors import ModelFileError
from burble.exchange.keras_file import bidirectional_error, custom_class_error
from burble.settings import RecurrentActivation

Layer = Mapping[str, Any]
ONLY_IN_TRAINING = {
    *("InputLayer", "Dropout", "SpatialDropout1D", "GaussianDropout", "GaussianNoise"),
    *("AlphaDropout", "ActivityRegularization"),
}
"""Layers that change nothing once a network is trained."""
IMPORTABLE = (
    "Weights can be imported of LSTM layers that read forward, one above the other, and one dense "
    "layer on top."
)


@dataclass(frozen=True)
class Network:
    """What matters of a network that can be run; a window of 0 is one that is not known."""

    recurrent_activation: RecurrentActivation
    stateful: bool
    window: int


def read_network(config: Mapping[str, Any], path: Path) -> Network:
    """Reads the description of a network.

    Raises:
        ModelFileError: The network is none whose weights can be imported.
    """
    try:
        layers = [(kind, own) for kind, own in _layers(config, path)]
        recurrent = [(kind, own) for kind, own in layers if kind in ("LSTM", "CuDNNLSTM")]
        top = [(kind, own) for kind, own in layers if kind not in ("LSTM", "CuDNNLSTM")]
        if layers[: len(recurrent)] != recurrent:
            raise _layer_error(path, top[0][1], f"a {top[0][0]} layer below an LSTM")
        for kind, own in recurrent:
            _check_recurrent(kind, own, path)
        _check_top(top, path)
        gates = {_gates(kind, own) for kind, own in recurrent}
        if len(gates) > 1:
            named = " and ".join(sorted(map(str, gates)))
            raise ModelFileError(
                f"the layers of {path} have different gates: {named}. {IMPORTABLE}"
            )
        shapes = (own.get(n) for _, own in _written(config, path) for n in _SHAPES)
        lengths = [shape[1] for shape in shapes if isinstance(shape, list) and len(shape) == 3]
        window = next((n for n in lengths if type(n) is int), 0)
        stateful = any(own.get("stateful") for _, own in recurrent)
        return Network(gates.pop() if gates else "sigmoid", stateful, window)
    except (LookupError, TypeError, AttributeError) as error:
        raise ModelFileError(
            f"the description of the network in {path} is not as Keras writes it ({error!r}). "
            f"{IMPORTABLE}"
        ) from error


_SHAPES = ("batch_input_shape", "batch_shape")


def _written(config: Mapping[str, Any], path: Path) -> Iterator[tuple[str, Layer]]:
    """Class and configuration of every layer, in order.

    Raises:
        ModelFileError: The layers do not follow one another, or their order is not known.
    """
    kind, inner = config["class_name"], config["config"]
    layers = inner if isinstance(inner, list) else inner.get("layers")
    if kind not in ("Sequential", "Model", "Functional") or layers is None:
        raise custom_class_error(path)
    if kind != "Sequential":
        _check_chain(layers, path)
    for layer in layers:
        yield layer["class_name"], layer["config"]


def _check_chain(layers: Sequence[Layer], path: Path) -> None:
    """Refuses layers of which not each takes what the one before it gives, and that alone."""
    names = {layer["config"]["name"] for layer in layers}
    before: set[str] = set()
    for layer in layers:
        nodes = layer.get("inbound_nodes", [])
        found = {name for name in _texts(nodes) if name in names}
        if found != before or len(nodes) > 1:
            raise _layer_error(
                path, layer["config"], "one that does not follow the layer before it"
            )
        before = {layer["config"]["name"]}


def _texts(value: Any) -> Iterator[str]:
    """All texts in a value of JSON, keys apart."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts(one)


def _layers(config: Mapping[str, Any], path: Path) -> Iterator[tuple[str, Layer]]:
    """Class and configuration of every layer that does something once the network is trained."""
    for kind, own in _written(config, path):
        if kind == "Bidirectional":
            raise bidirectional_error(path, own["name"])
        if kind == "TimeDistributed" and own["layer"]["class_name"] == "Dense":
            yield "Dense", own["layer"]["config"]
        elif kind in ("LSTM", "CuDNNLSTM", "Dense", "Activation", "Softmax"):
            yield kind, own
        elif kind not in ONLY_IN_TRAINING:
            raise _layer_error(path, own, f"of the class {kind}")


def _check_recurrent(kind: str, own: Layer, path: Path) -> None:
    """Refuses an LSTM layer that does something else than burble's."""
    if own.get("go_backwards"):
        raise _layer_error(path, own, "one that reads from the end to the beginning (go_backwards)")
    if own.get("activation", "tanh") != "tanh":
        raise _layer_error(path, own, f"one with the activation {own['activation']!r}, not 'tanh'")
    if _gates(kind, own) not in ("sigmoid", "hard_sigmoid"):
        known = "'sigmoid' or 'hard_sigmoid'"
        raise _layer_error(path, own, f"one with the gates {_gates(kind, own)!r}, not {known}")


def _gates(kind: str, own: Layer) -> Any:
    """What the gates of a layer are made with; Keras 1 called it otherwise."""
    if kind == "CuDNNLSTM":
        return "sigmoid"
    found = own.get("recurrent_activation", own.get("inner_activation"))
    return found if isinstance(found, str) else repr(found)


def _check_top(top: Sequence[tuple[str, Layer]], path: Path) -> None:
    """Refuses all but one dense layer, whose softmax is the output."""
    if not top or top[0][0] != "Dense":
        raise ModelFileError(f"{path} has no dense layer above its LSTM layers. {IMPORTABLE}")
    for kind, own in top[1:]:
        if kind == "Dense":
            raise _layer_error(path, own, "a second dense layer")
    last = [own.get("activation") or "linear" for kind, own in top if kind != "Softmax"]
    if [one for one in last if one != "linear"] not in ([], ["softmax"]):
        named = " and ".join(map(str, last))
        raise _layer_error(path, top[0][1], f"one with the activation {named}, not 'softmax'")


def _layer_error(path: Path, own: Layer, what: str) -> ModelFileError:
    """The error for a layer that cannot be imported."""
    return ModelFileError(f"the layer {own.get('name', '')!r} of {path} is {what}. {IMPORTABLE}")
