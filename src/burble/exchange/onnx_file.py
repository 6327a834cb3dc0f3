"""An ONNX file: written from nodes and arrays, and read back to its arrays and metadata.

Knows the messages of onnx.proto3 (IR version 8) that burble needs, and no network. Nothing in a
file is executed when it is read.

Source: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3
"""

import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from burble.errors import ModelFileError
from burble.formatting import shown
from burble.protobuf import Value, encode_field, encode_message, read_fields

IR_VERSION, OPSET = 8, 17
"""Of 2022: what reads ONNX at all mostly reads these."""
MOST_BYTES = (1 << 31) - 1
"""A message of protocol buffers can hold no more."""
FLOAT, INT64 = 1, 7
TYPES = {np.dtype("<f4"): FLOAT, np.dtype("<i8"): INT64}
Attribute = int | float | str | Sequence[int] | Sequence[float] | Sequence[str]
Axis = int | str
"""A length, or the name of one that is not fixed."""


@dataclass
class Graph:
    """A graph as it is built up: nodes in order, and the arrays that they take."""

    nodes: list[bytes] = field(default_factory=list)
    arrays: list[bytes] = field(default_factory=list)
    _names: int = 0

    def hold(self, name: str, array: NDArray[Any]) -> str:
        """Keeps an array of float32 or int64; returns its name."""
        dtype = np.dtype(array.dtype).newbyteorder("<")
        fields: list[tuple[int, Any]] = [(1, length) for length in array.shape]
        fields += [(2, TYPES[dtype]), (8, name)]
        self.arrays.append(encode_message([*fields, (9, array.astype(dtype, "C").tobytes())]))
        return name

    def add(
        self, operator: str, *inputs: str, outputs: Sequence[str] = (), **attributes: Attribute
    ) -> str:
        """Adds a node; returns the name of its first output.

        Args:
            operator: Its type.
            inputs: What it takes; an empty name is an input that is left out.
            outputs: Names of what it gives; if none, one output gets a name of its own.
            attributes: By name.
        """
        self._names += 1
        given = list(outputs) or [f"{operator.lower()}{self._names}"]
        fields: list[tuple[int, Any]] = [(1, name) for name in inputs]
        fields += [(2, name) for name in given]
        fields += [(3, f"{operator}_{self._names}"), (4, operator)]
        fields += [(5, _attribute(name, value)) for name, value in attributes.items()]
        self.nodes.append(encode_message(fields))
        return next(name for name in given if name)


def _attribute(name: str, value: Attribute) -> bytes:
    """An attribute of a node."""
    if isinstance(value, int | float | str):
        place, kind = {int: (3, 2), float: (2, 1), str: (4, 3)}[type(value)]
        values: Sequence[int | float | str] = [value]
    else:
        place, kind = {int: (8, 7), float: (7, 6), str: (9, 8)}[type(value[0])]
        values = [*value]
    held = b"".join(encode_field(place, one) for one in values)
    return encode_message([(1, name)]) + held + encode_message([(20, kind)])


def describe_value(name: str, kind: int, axes: Sequence[Axis]) -> bytes:
    """What the graph takes or gives by a name: numbers of a kind, of a shape."""
    dims = [(1, encode_message([(2 if isinstance(axis, str) else 1, axis)])) for axis in axes]
    tensor = encode_message([(1, kind), (2, encode_message(dims))])
    return encode_message([(1, name), (2, encode_message([(1, tensor)]))])


def encode_model(
    graph: Graph,
    inputs: Sequence[bytes],
    outputs: Sequence[bytes],
    metadata: Mapping[str, str],
    producer: tuple[str, str],
) -> bytes:
    """A whole file.

    Args:
        graph: Its nodes and arrays.
        inputs: What it takes; see `describe_value`.
        outputs: What it gives.
        metadata: Texts by name.
        producer: The program that writes it, and its version.
    """
    held: list[tuple[int, Value]] = [*((1, node) for node in graph.nodes), (2, producer[0])]
    held += [(5, array) for array in graph.arrays]
    held += [*((11, one) for one in inputs), *((12, one) for one in outputs)]
    named = [(14, encode_message([(1, key), (2, value)])) for key, value in metadata.items()]
    opset = encode_message([(1, ""), (2, OPSET)])
    written: list[tuple[int, Value]] = [(1, IR_VERSION), (2, producer[0]), (3, producer[1])]
    return encode_message([*written, (7, encode_message(held)), (8, opset), *named])


@dataclass(frozen=True)
class OnnxFile:
    """What a file holds.

    Attributes:
        path: The file.
        producer: The program that wrote it, and its version.
        metadata: Texts by name.
        arrays: float32 arrays by name, which lie in the file itself and are read-only.
    """

    path: Path
    producer: tuple[str, str]
    metadata: Mapping[str, str]
    arrays: Mapping[str, NDArray[np.float32]]


def read_onnx(path: Path) -> OnnxFile:
    """Reads a file.

    Raises:
        ModelFileError: It is damaged, or no such file.
    """
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise ValueError(f"it holds {size:,} bytes, and an ONNX file at most {MOST_BYTES:,}")
        return _read_file(memoryview(path.read_bytes()), path)
    except (OSError, ValueError, TypeError, LookupError, struct.error) as error:
        raise ModelFileError(
            f"{shown(path)} is damaged, or no ONNX file: {error}. Export or copy it again."
        ) from error


def _read_file(data: memoryview, path: Path) -> OnnxFile:
    """What a file holds; see `read_onnx`."""
    metadata: dict[str, str] = {}
    arrays: dict[str, NDArray[np.float32]] = {}
    producer = {2: "", 3: ""}
    for number, value in read_fields(data):
        if number in producer:
            producer[number] = _text(value)
        elif number == 14:
            pair = {key: _text(part) for key, part in read_fields(_bytes(value))}
            metadata[pair[1]] = pair.get(2, "")
        elif number == 7:
            for kind, part in read_fields(_bytes(value)):
                if kind == 5:
                    name, array = _read_array(_bytes(part))
                    if name in arrays:
                        raise ValueError(f"the array {name!r:.60} occurs twice")
                    if array is not None:
                        arrays[name] = array
    return OnnxFile(path, (producer[2], producer[3]), metadata, arrays)


def _read_array(data: memoryview) -> tuple[str, NDArray[np.float32] | None]:
    """An array and its name; none where it is not float32 in one piece."""
    dims: list[int] = []
    name, kind = "", 0
    raw: memoryview | None = None
    for number, value in read_fields(data):
        if number == 1 and isinstance(value, int):
            dims.append(value)
        elif number == 2 and isinstance(value, int):
            kind = value
        elif number == 8:
            name = _text(value)
        elif number == 9:
            raw = _bytes(value)
    if kind != FLOAT or raw is None:
        return name, None
    if math.prod(dims) * 4 != len(raw):
        raise ValueError(f"the array {name!r:.60} of {dims} has {len(raw):,} bytes")
    return name, np.frombuffer(raw, "<f4").reshape(dims)


def _bytes(value: int | memoryview) -> memoryview:
    """Bytes, where a field should hold them."""
    if isinstance(value, int):
        raise ValueError("a number stands where a message should")
    return value


def _text(value: int | memoryview) -> str:
    """A text."""
    return str(_bytes(value), "utf-8")
