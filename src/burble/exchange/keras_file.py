"""A file that Keras wrote: its arrays by layer, and its description of the network.

Read with distrust; nothing in it is executed. Understood are legacy HDF5 files (of `save_weights`,
of checkpoints and of whole models), Keras 3's `.weights.h5`, and `.keras`. No links are followed,
and no data outside the file is read. Knows nothing of burble's models.
"""

import itertools
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py

from burble.errors import ModelFileError
from burble.exchange.keras_container import (
    MOST_DEPTH,
    MOST_JSON,
    SAVE,
    explain_damage,
    is_archive,
    open_weights,
    parse_json,
    read_members,
)

MOST_OBJECTS = 10_000
PARTS = ("kernel", "recurrent_kernel", "bias")
NOT_WEIGHTS = {"optimizer", "optimizer_weights", "metrics"}
# Keras 1 wrote the gates one by one.
_GATE = re.compile(r".*_(?P<part>[WUb])(_(?P<gate>[ifco]))?")
_GATE_PARTS = dict(zip("WUb", PARTS, strict=True))
_PART = re.compile(rf"({'|'.join(PARTS)})(_\d+)?")
_COUNT = range(MOST_OBJECTS)
Layers = dict[str, dict[str, dict[str, h5py.Dataset]]]
Parts = Mapping[str, Mapping[str, h5py.Dataset]]
"""The arrays of one layer, by part and gate."""
Paths = list[tuple[tuple[str, ...], h5py.Dataset]]


@dataclass(frozen=True)
class KerasFile:
    """What a file holds.

    Attributes:
        path: The file.
        layers: Arrays by layer, part and gate (empty for all of them), in the file's own order of
            layers; the file must stay open to read them.
        config: The description of its network; None where there is none.
        version: The version of Keras that wrote it; empty where that is not known.
        modern: Whether it is laid out as Keras does since version 2.12 or 3.
    """

    path: Path
    layers: Layers
    config: Mapping[str, Any] | None
    version: str
    modern: bool

    @property
    def recurrent(self) -> list[str]:
        """Its recurrent layers."""
        return [name for name, parts in self.layers.items() if "recurrent_kernel" in parts]

    @property
    def by_gate(self) -> bool:
        """Whether it holds the gates one by one, as Keras 1 alone did."""
        parts = (gates for parts in self.layers.values() for gates in parts.values())
        return any(gates.keys() != {""} for gates in parts)


def count_columns(parts: Parts, part: str) -> int:
    """How many columns a part has, all its gates together; 0 where it is not there."""
    return sum(one.shape[-1] if one.shape else 0 for one in parts.get(part, {}).values())


def count_rows(parts: Parts, part: str) -> int:
    """How many rows a part has; 0 where it is not there."""
    return max(
        (one.shape[0] if one.shape else 0 for one in parts.get(part, {}).values()), default=0
    )


@contextmanager
def open_keras_file(path: Path) -> Iterator[KerasFile]:
    """Opens a file.

    Raises:
        ModelFileError: It is no such file, or cannot be understood whole.
    """
    with explain_damage(path):
        if is_archive(path):
            members = read_members(path)
            with open_weights(members["model.weights.h5"]) as file:
                metadata = parse_json(members["metadata.json"], path, "metadata.json")
                config = parse_json(members["config.json"], path, "config.json")
                yield _describe(file, path, config, str(metadata.get("keras_version", "")))
        else:
            with h5py.File(path, "r") as file:
                written = _attribute(file, "model_config")
                known = None if written is None else parse_json(written, path, "model_config")
                yield _describe(file, path, known, read_version(file))


def _attribute(group: h5py.Group, name: str) -> str | None:
    """An attribute that is a text."""
    if name not in group.attrs:
        return None
    if group.attrs.get_id(name).get_storage_size() > MOST_JSON:
        raise ValueError(f"its {name} has more than {MOST_JSON:,} bytes")
    value = group.attrs[name]
    return value.decode() if isinstance(value, bytes) else str(value)


def read_version(file: h5py.File) -> str:
    """The version of Keras that wrote a file of HDF5; empty where that is not known."""
    groups = [file, file["model_weights"]] if "model_weights" in file else [file]
    return next((v for group in groups if (v := _attribute(group, "keras_version"))), "")


def _names(group: h5py.Group, name: str) -> list[str] | None:
    """A list of names that Keras keeps in one attribute, or in several where it is long."""
    numbered = itertools.takewhile(group.attrs.__contains__, map(f"{name}{{}}".format, _COUNT))
    attributes = [name] if name in group.attrs else [*numbered]
    if not attributes:
        return None
    values = [value for attribute in attributes for value in group.attrs[attribute]]
    return [value.decode() if isinstance(value, bytes) else str(value) for value in values]


def _describe(
    file: h5py.File, path: Path, config: Mapping[str, Any] | None, version: str
) -> KerasFile:
    """What a file of HDF5 holds."""
    group = file.get("model_weights", file)
    names = _names(group, "layer_names")
    modern = "layers" in file and names is None
    found = list(list_datasets(group, path))
    layers = _modern(found, path) if modern else _legacy(found, names, path)
    return KerasFile(path, layers, config, version, modern)


def list_datasets(
    group: h5py.Group,
    path: Path,
    budget: Iterator[int] | None = None,
    before: tuple[str, ...] = (),
) -> Iterator[tuple[tuple[str, ...], h5py.Dataset]]:
    """All datasets below a group that lie in the file itself, with the names on the way.

    Raises:
        ModelFileError: There are links, or more objects than weights have.
    """
    budget = iter(_COUNT) if budget is None else budget
    for name in group:
        # A group may hold itself.
        if next(budget, None) is None or len(before) > MOST_DEPTH:
            raise ModelFileError(f"{path} holds more than weights. Give a file that Keras wrote.")
        if not before and name in NOT_WEIGHTS:
            continue
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise ModelFileError(
                f"{path} links {name!r} to another place, which is not followed. Give a file that "
                "holds its weights itself."
            )
        held = group[name]
        if isinstance(held, h5py.Group):
            yield from list_datasets(held, path, budget, (*before, name))
        elif isinstance(held, h5py.Dataset):
            yield (*before, name), held


def _modern(found: Paths, path: Path) -> Layers:
    """Arrays by layer, part and gate, as Keras lays them out since version 2.12 or 3.

    The name of a layer is its class and a number, in the order of the network.
    """
    layers: Layers = {}
    for way, dataset in found:
        if "seed_generator" in way:
            continue
        _refuse_backward(way, path)
        inside, last = way[2:-2], way[-1]
        parts = PARTS if inside == ("cell",) else ("kernel", "bias")
        known = len(way) > 3 and (way[0], way[-2]) == ("layers", "vars") and last.isdecimal()
        kind = way[1].rstrip("_0123456789") if known else ""
        fits = (kind, inside) in _PLACES and int(last) < len(parts)
        if not fits:
            raise _unknown_array_error(path, way, f", a part of {way[1]!r}" if known else "")
        _add_array(layers, way[1], (parts[int(last)], ""), dataset, path)
    return dict(sorted(layers.items(), key=lambda item: _number(item[0])))


_PLACES = {("lstm", ("cell",)), ("dense", ()), ("time_distributed", ("layer",))}
"""Classes of layers whose arrays can be taken, and where they lie within such a layer."""


def _legacy(found: Paths, names: list[str] | None, path: Path) -> Layers:
    """Arrays by layer, part and gate, in the order in which the file names its layers."""
    layers: Layers = {}
    for way, dataset in found:
        _refuse_backward(way, path)
        if way[-2:-1] == ("vars",):
            raise custom_class_error(path)
        layer = _layer(way, names)
        named = _named(way[-1]) if len(way) > 1 else None
        if layer is None or named is None:
            raise _unknown_array_error(path, way)
        _add_array(layers, layer, named, dataset, path)
    order = sorted(layers, key=_number) if names is None else [n for n in names if n in layers]
    if names is None:
        _check_numbered(layers, path)
    return {name: layers[name] for name in order}


def _layer(way: tuple[str, ...], names: list[str] | None) -> str | None:
    """The layer to which the names on the way to a dataset lead; its own may hold slashes."""
    if names is None:
        return way[0]
    beginnings = ("/".join(way[:end]) for end in range(len(way) - 1, 0, -1))
    return next((beginning for beginning in beginnings if beginning in names), None)


def _check_numbered(layers: Layers, path: Path) -> None:
    """Refuses recurrent layers whose order is not known, since the file does not have it."""
    recurrent = [name for name, parts in layers.items() if "recurrent_kernel" in parts]
    if len({name.rstrip("_0123456789") for name in recurrent}) > 1:
        raise ModelFileError(
            f"{path} does not say in which order its layers {', '.join(recurrent)} stand. {SAVE}"
        )


def _add_array(
    layers: Layers, layer: str, named: tuple[str, str], dataset: h5py.Dataset, path: Path
) -> None:
    """Takes down an array; none takes the place of another."""
    part, gate = named
    gates = layers.setdefault(layer, {}).setdefault(part, {})
    if gate in gates:
        raise ModelFileError(
            f"{path} holds several layers in one, {layer!r}, such as a model within the model. In "
            "Keras, build one keras.Sequential of all the layers, give it the weights with "
            "set_weights(model.get_weights()), save it, and import that."
        )
    gates[gate] = dataset


def _refuse_backward(way: tuple[str, ...], path: Path) -> None:
    """Refuses layers that read both ways; half of one would be another network."""
    if any(name.startswith(("backward_", "bidirectional")) for name in way):
        layer = way[1] if way[0] == "layers" and len(way) > 1 else way[0]
        raise bidirectional_error(path, layer)


def bidirectional_error(path: Path, layer: str) -> ModelFileError:
    """The error for a layer that reads both ways."""
    return ModelFileError(
        f"the layer {layer!r} of {path} is Bidirectional: it also reads from the end to the "
        "beginning, which burble's networks do not, and half of it would be another network. Its "
        "weights cannot be used; train LSTM layers that read forward on the same text: burble "
        "train TEXT --recipe tutorial-small -o RUN"
    )


def custom_class_error(path: Path) -> ModelFileError:
    """The error for a model whose class, not its file, knows how layers follow one another."""
    return ModelFileError(
        f"{path} is of a model of a class of its own, which alone knows how its layers follow one "
        "another. In Keras, build the same layers as a keras.Sequential, give it the weights with "
        "set_weights(model.get_weights()), save it, and import that."
    )


def _unknown_array_error(path: Path, way: tuple[str, ...], more: str = "") -> ModelFileError:
    """The error for an array that no network has whose weights can be imported."""
    return ModelFileError(
        f"{path} holds the array {'/'.join(way)!r}{more}, which belongs to no LSTM or dense layer. "
        "Weights can be imported of LSTM layers, one above the other, and one dense layer on top."
    )


def _named(last: str) -> tuple[str, str] | None:
    """Part and gate (empty for all of them) that the name of a dataset means.

    >>> _named("recurrent_kernel:0")
    ('recurrent_kernel', '')
    >>> _named("lstm_1_U_c")
    ('recurrent_kernel', 'c')
    """
    last = last.removesuffix(":0")
    part = _PART.fullmatch(last)
    if part:
        return part[1], ""
    gate = _GATE.fullmatch(last)
    return (_GATE_PARTS[gate["part"]], gate["gate"] or "") if gate else None


def _number(layer: str) -> tuple[int, str]:
    """What sorts layers as Keras numbers them: `lstm`, `lstm_1`, …, `lstm_10`."""
    number = layer.rpartition("_")[2]
    return (int(number) if number.isdecimal() and len(number) < 9 else 0), layer
