"""A safetensors file, opened with distrust. Knows nothing of what its arrays are for.

The reader of safetensors itself checks the header's types, and that the arrays lie one behind the
other up to the end of the file, with neither gap nor overlap. What it lets pass (0.8) is refused
here: a name that occurs twice, of which it takes the last; keys that the format does not have; and
a header of up to 100 MB, which takes many times that memory to parse.
"""

import json
import math
import stat
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from burble.errors import ModelFileError

MAX_HEADER = 8 << 20
DTYPES: Mapping[str, np.dtype[Any]] = {
    "F16": np.dtype("<f2"),
    "F32": np.dtype("<f4"),
    "U8": np.dtype("u1"),
    "U16": np.dtype("<u2"),
    "U32": np.dtype("<u4"),
}


@dataclass(frozen=True)
class Tensor:
    """Where one array lies.

    Attributes:
        shape: Its shape.
        dtype: What its numbers are, by the name the format gives them.
        start: Its first byte, counted from the beginning of the file.
    """

    shape: tuple[int, ...]
    dtype: str
    start: int


@dataclass(frozen=True)
class TensorFile:
    """A file whose header has been checked."""

    path: Path
    metadata: Mapping[str, str]
    tensors: Mapping[str, Tensor]
    file: IO[bytes]

    def read_metadata(self, key: str, newest: int, refusal: str) -> dict[str, Any]:
        """The object of JSON that one text of the metadata is, of a format that is known.

        Args:
            key: Which text.
            newest: The highest format that is known.
            refusal: The message of the error where there is no such object.

        Raises:
            ModelFileError: There is none, or its format is a newer one.
        """
        try:
            meta = strict_json(self.metadata[key])
            number = meta["format"]
            if type(meta) is not dict or type(number) is not int or number < 1:
                raise ValueError
        except (ValueError, TypeError, LookupError, RecursionError) as error:
            raise ModelFileError(refusal) from error
        if number > newest:
            raise ModelFileError(
                f"{self.path} has format {number}; this version of burble ({version('burble')}) "
                f"knows formats up to {newest}. Install a newer burble to open it."
            )
        return meta

    def read_array(self, name: str) -> NDArray[Any]:
        """One array, in memory."""
        tensor = self.tensors[name]
        # The file's map, through which safetensors would copy it, would count as memory as well.
        self.file.seek(tensor.start)
        count = math.prod(tensor.shape)
        return np.fromfile(self.file, DTYPES[tensor.dtype], count).reshape(tensor.shape)

    def map_array(self, name: str) -> NDArray[Any]:
        """One array, read from the disk where it is looked at."""
        tensor = self.tensors[name]
        return np.memmap(self.path, DTYPES[tensor.dtype], "r", tensor.start, tensor.shape)


@contextmanager
def open_tensors(
    path: Path, dtypes: Collection[str] = ("F32",), refusal: str = ""
) -> Iterator[TensorFile]:
    """Opens a file and checks its header.

    Args:
        path: The file.
        dtypes: What the numbers of an array may be; see `DTYPES`.
        refusal: The message of the error; if empty, one about a model.

    Raises:
        ModelFileError: It is damaged, or no such file.
        OSError: It cannot be opened.
    """
    # Looked at before it is opened: opening a pipe would wait for its other end.
    if not stat.S_ISREG(path.stat().st_mode):
        model = f"{path} is no ordinary file. Give a run folder or a model file."
        raise ModelFileError(refusal or model)
    with path.open("rb") as file:
        try:
            header, start = _read_header(path, file)
            metadata = header.pop("__metadata__", None) or {}
            tensors = {name: _tensor(value, start, dtypes) for name, value in header.items()}
        except (SafetensorError, ValueError) as error:
            why = str(error).removeprefix("Error while deserializing header: ")
            model = (
                f"{path} is not a burble model, or it is damaged or was copied only in part "
                f"({why}). Give a run folder or the model.safetensors in it; if it is one, copy it "
                "again."
            )
            raise ModelFileError(refusal or model) from error
        yield TensorFile(path, metadata, tensors, file)


def _read_header(path: Path, file: IO[bytes]) -> tuple[dict[str, Any], int]:
    """A header that safetensors accepts, and the byte after it."""
    length = int.from_bytes(file.read(8), "little")
    if length > MAX_HEADER:
        raise ValueError(f"its header has more than {MAX_HEADER >> 20} MiB")
    with safe_open(path, "numpy"):
        return strict_json(file.read(length).decode()), 8 + length


def _tensor(value: Mapping[str, Any], start: int, dtypes: Collection[str]) -> Tensor:
    """Where an array lies, by a description that safetensors has accepted."""
    if value.keys() != {"dtype", "shape", "data_offsets"}:
        raise ValueError("an array has a dtype, a shape and offsets, and nothing else")
    if value["dtype"] not in dtypes:
        raise ValueError(f"expected {' or '.join(dtypes)}, found {value['dtype']!r}")
    return Tensor(tuple(value["shape"]), value["dtype"], start + value["data_offsets"][0])


def strict_json(text: str) -> Any:
    """Reads JSON as RFC 8259 has it, and no key twice.

    Raises:
        ValueError: It is not that.
        RecursionError: It is nested too deeply.
    """
    return json.loads(
        text, object_pairs_hook=_object, parse_constant=_refuse_constant, parse_float=_finite_float
    )


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object, each key of which occurs once."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key occurs twice")
    return found


def _refuse_constant(written: str) -> float:
    """Refuses NaN and Infinity, which are no JSON."""
    raise ValueError(f"{written} is not a number")


def _finite_float(written: str) -> float:
    """A number within the range of floats."""
    value = float(written)
    if not math.isfinite(value):
        raise ValueError(f"{written} is beyond every range")
    return value
