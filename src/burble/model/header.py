"""The header of a safetensors file, read with distrust. Knows nothing of what it describes.

Nothing is taken on trust: lengths are compared with the file's true size before memory is taken,
JSON must be strict (no key twice, no NaN, no number beyond range), and the arrays must lie one
behind the other with neither gap nor overlap.
"""

import json
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from burble.errors import ModelFileError

MAX_HEADER = 8 << 20
KINDS: Mapping[str, np.dtype[Any]] = {
    "F32": np.dtype("<f4"),
    "U8": np.dtype("u1"),
    "U16": np.dtype("<u2"),
    "U32": np.dtype("<u4"),
}


@dataclass(frozen=True)
class Entry:
    """Where one array lies.

    Attributes:
        shape: Its shape.
        start: Its first byte, counted from the end of the header.
        kind: What its numbers are, by the name the format gives them.
    """

    shape: tuple[int, ...]
    start: int
    kind: str

    @property
    def end(self) -> int:
        """The byte behind its last one."""
        return self.start + KINDS[self.kind].itemsize * math.prod(self.shape)


def length(prefix: bytes, size: int, name: str) -> int:
    """The length of the header.

    Args:
        prefix: The first eight bytes of the file.
        size: Bytes in the file.
        name: What to call the file.

    Returns:
        Bytes of JSON that follow the prefix.

    Raises:
        ModelFileError: There cannot be so many.
    """
    claimed = int.from_bytes(prefix, "little")
    if len(prefix) < 8 or not 2 <= claimed <= min(size - 8, MAX_HEADER):
        raise ModelFileError(
            f"{name} is not a burble model, or only the beginning of one. Give a run folder or "
            "the model.safetensors in it."
        )
    return claimed


def parse(
    data: bytes, size: int, name: str, kinds: Collection[str] = ("F32",)
) -> tuple[dict[str, Any], dict[str, Entry]]:
    """Reads a header.

    Args:
        data: The JSON.
        size: Bytes in the whole file.
        name: What to call the file.
        kinds: What the numbers of an array may be.

    Returns:
        The metadata, and where each array lies.

    Raises:
        ModelFileError: It is damaged, or does not describe this file.
    """
    try:
        header = strict_json(data.decode("utf-8"))
        if not isinstance(header, dict):
            raise ValueError("it is no JSON object")
        metadata = header.pop("__metadata__", {})
        entries = {key: _entry(value, kinds) for key, value in header.items()}
        if not isinstance(metadata, dict):
            raise ValueError("its metadata is no JSON object")
    except (ValueError, RecursionError) as error:
        why = "too deep" if isinstance(error, RecursionError) else error
        raise ModelFileError(
            f"{name} is not a burble model, or its header is damaged ({why})."
        ) from error
    end = 0
    for key, entry in sorted(entries.items(), key=lambda item: item[1].start):
        if entry.start != end:
            raise ModelFileError(f"{name} is damaged: {key} does not lie where it should.")
        end = entry.end
    held = size - 8 - len(data)
    if end != held:
        raise ModelFileError(
            f"{name} holds {held:,} bytes of weights where its header speaks of {end:,}; it is "
            "damaged or was copied only in part. Copy it again."
        )
    return metadata, entries


def strict_json(text: str) -> Any:
    """Reads JSON as RFC 8259 has it, and no key twice.

    Raises:
        ValueError: It is not that.
        RecursionError: It is nested too deeply.
    """
    return json.loads(
        text, object_pairs_hook=_object, parse_constant=_no_number, parse_float=_finite
    )


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object, each key of which occurs once."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key occurs twice")
    return found


def _no_number(said: str) -> float:
    """Refuses NaN and Infinity, which are no JSON."""
    raise ValueError(f"{said} is not a number")


def _finite(said: str) -> float:
    """A number within the range of floats."""
    value = float(said)
    if not math.isfinite(value):
        raise ValueError(f"{said} is beyond every range")
    return value


def _entry(value: Any, kinds: Collection[str]) -> Entry:
    """Where an array lies, by its description in the header."""
    if not isinstance(value, dict) or value.keys() != {"dtype", "shape", "data_offsets"}:
        raise ValueError("an array needs a dtype, a shape and offsets")
    shape, offsets = value["shape"], value["data_offsets"]
    if not isinstance(shape, list) or not isinstance(offsets, list):
        raise ValueError("shapes and offsets must be lists")
    numbers = [*shape, *offsets]
    # A bool is an int to Python, but not to JSON.
    if len(offsets) != 2 or any(type(n) is not int or not 0 <= n < 1 << 48 for n in numbers):
        raise ValueError("shapes and offsets must be whole numbers")
    if not isinstance(value["dtype"], str) or value["dtype"] not in kinds:
        raise ValueError(f"expected {' or '.join(kinds)}, found {value['dtype']!r}")
    entry = Entry(tuple(shape), offsets[0], value["dtype"])
    if entry.end != offsets[1]:
        raise ValueError("the offsets of an array do not fit its shape")
    return entry
