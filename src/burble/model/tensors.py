"""A safetensors file, opened with distrust, by NumPy alone. Knows nothing of its arrays' use.

The header's types are checked, and that the arrays lie one behind the other up to the end of the
file, with neither gap nor overlap, as the package safetensors does; tests hold both beside each
other. What that one lets pass (0.8) is refused besides: a name that occurs twice, of which it takes
the last; keys that the format does not have; and a header of up to 100 MB, which takes many times
that memory to parse. And it has to be compiled, which not every machine that writes can.

Source: the safetensors format, https://github.com/huggingface/safetensors#format.
"""

import json
import math
import os
import stat
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from burble.errors import ModelFileError

MAX_HEADER = 8 << 20
MOST = (1 << 64) - 1
"""The largest number that the format knows."""
DTYPES: Mapping[str, np.dtype[Any]] = {
    "F16": np.dtype("<f2"),
    "F32": np.dtype("<f4"),
    "I8": np.dtype("i1"),
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

    @property
    def end(self) -> int:
        """The byte after its last one."""
        return self.start + math.prod(self.shape) * DTYPES[self.dtype].itemsize


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
            metadata, tensors = _read_header(file, dtypes)
        except (ValueError, RecursionError) as why:
            model = (
                f"{path} is not a burble model, or it is damaged or was copied only in part "
                f"({why}). Give a run folder or the model.safetensors in it; if it is one, copy it "
                "again."
            )
            raise ModelFileError(refusal or model) from why
        yield TensorFile(path, metadata, tensors, file)


def _read_header(
    file: IO[bytes], dtypes: Collection[str]
) -> tuple[Mapping[str, str], dict[str, Tensor]]:
    """The metadata, and where each array lies.

    Raises:
        ValueError: That is not what the file holds.
        RecursionError: Its header is nested too deeply.
    """
    size, length = os.fstat(file.fileno()).st_size, int.from_bytes(file.read(8), "little")
    if length > MAX_HEADER:
        raise ValueError(f"its header has more than {MAX_HEADER >> 20} MiB")
    start = 8 + length
    if start > size:
        raise ValueError("it ends before its header does")
    header = strict_json(file.read(length).decode())
    if type(header) is not dict:
        raise ValueError("its header is no object")
    metadata = header.pop("__metadata__", None)
    texts = {} if metadata is None else metadata
    if type(texts) is not dict or not all(isinstance(text, str) for text in texts.values()):
        raise ValueError("its metadata is something else than texts by name")
    tensors = {name: _tensor(value, start, size, dtypes) for name, value in header.items()}
    _check_order(tensors.values(), start, size)
    return texts, tensors


def _tensor(value: Any, start: int, size: int, dtypes: Collection[str]) -> Tensor:
    """Where an array lies, by its description in the header of a file of that size."""
    if type(value) is not dict or value.keys() != {"dtype", "shape", "data_offsets"}:
        raise ValueError("an array has a dtype, a shape and offsets, and nothing else")
    dtype, shape, offsets = value["dtype"], value["shape"], value["data_offsets"]
    if not (_are_counts(shape) and _are_counts(offsets) and len(offsets) == 2):
        raise ValueError("a shape or an offset is something else than whole numbers from 0 on")
    if not isinstance(dtype, str) or dtype not in dtypes:
        raise ValueError(f"expected {' or '.join(dtypes)}, found {dtype!r}")
    # What is empty may have any other lengths.
    count, most = 1, MOST if 0 in shape else size
    for length in shape:
        count *= length
        # Looked at each time: a product of many would take its time.
        if count > most:
            raise ValueError("an array has more numbers than the file has bytes")
    tensor = Tensor(tuple(shape), dtype, start + offsets[0])
    if tensor.end != start + offsets[1]:
        raise ValueError("an array has another size than its shape says")
    return tensor


def _are_counts(value: Any) -> bool:
    """Whether something is a list of whole numbers from 0 on."""
    return type(value) is list and all(type(one) is int and 0 <= one <= MOST for one in value)


def _check_order(tensors: Iterable[Tensor], start: int, size: int) -> None:
    """Raises ValueError unless arrays fill all from `start` to the end, one behind the other."""
    place = start
    for tensor in sorted(tensors, key=lambda one: (one.start, one.end)):
        if tensor.start != place:
            raise ValueError("between its arrays there is a gap, or two of them overlap")
        place = tensor.end
    if place != size:
        raise ValueError(f"its arrays end at byte {place:,}, and the file at {size:,}")


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
