"""The file beside a model that holds its memory: flat arrays, mapped, never read whole.

The bytes are those of the safetensors format, with one metadata key, `burble_memory`, that holds
JSON. Nothing in it is trusted before it was looked at. Knows nothing of networks.
"""

import json
import os
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray

from burble import header, storage
from burble.errors import ModelFileError
from burble.memory import DEPTH, LARGEST, Memory
from burble.modelfile import Model

FORMAT = 1
_KINDS = {
    "text": ("U8", "U16"),
    "contexts": ("U32",),
    "shared": ("U8",),
    "discounts": ("F32",),
}
_AGAIN = "Make it anew: burble remember MODEL TEXT"


def beside(model: Path) -> Path:
    """Where the memory of a model file is: `model.memory.safetensors` for `model.safetensors`."""
    return model.with_suffix(f".memory{model.suffix}")


def write(path: Path, memory: Memory, sha256: str) -> None:
    """Writes a memory file, whole or not at all.

    Args:
        path: Where.
        memory: The memory.
        sha256: The fingerprint of the text; see `Corpus.sha256`.

    Raises:
        ModelFileError: There is another thing at that place.
        StorageError: The disk refused.
    """
    _check_place(path)
    arrays = {name: np.ascontiguousarray(getattr(memory, name)) for name in _KINDS}
    meta = json.dumps({"format": FORMAT, "sha256": sha256}, sort_keys=True)
    data = safetensors.numpy.save(arrays, {"burble_memory": meta})
    storage.write_atomically(path, data)


def _check_place(path: Path) -> None:
    """Refuses to write over what is no memory."""
    if not os.path.lexists(path):
        return
    try:
        with path.open("rb") as file:
            _, metadata, _ = _head(file, os.fstat(file.fileno()).st_size, path)
        known = "burble_memory" in metadata
    except (OSError, ModelFileError):
        known = False
    if not known:
        raise ModelFileError(
            f"{path} is there already, and is no memory that burble wrote. The memory of a model "
            "lies beside it under that name; move that file away."
        )


def read(path: Path, model: Model) -> Memory:
    """Maps a memory file.

    Args:
        path: The file.
        model: The model that it belongs to.

    Returns:
        The memory.

    Raises:
        ModelFileError: It cannot be read, is damaged, no memory, or that of another model.
    """
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            length, metadata, entries = _head(file, size, path)
        _check_meta(metadata, path, model)
        _check_shapes(entries, path)
        arrays = {
            name: np.memmap(
                path, header.KINDS[entry.kind], "r", 8 + length + entry.start, entry.shape
            )
            for name, entry in entries.items()
        }
    except OSError as error:
        raise ModelFileError(f"cannot read the memory {path}: {error.strerror}.") from error
    _check_values(arrays, path, model.vocabulary.size)
    return Memory(**arrays)


def _head(
    file: IO[bytes], size: int, path: Path
) -> tuple[int, dict[str, Any], dict[str, header.Entry]]:
    """The length of the header, its metadata, and where each array lies."""
    kinds = sorted({kind for kinds in _KINDS.values() for kind in kinds})
    try:
        length = header.length(file.read(8), size, str(path))
        return length, *header.parse(file.read(length), size, str(path), kinds)
    except ModelFileError as error:
        raise ModelFileError(
            f"{path} is damaged, or no memory that burble wrote. {_AGAIN}"
        ) from error


def _check_meta(metadata: Mapping[str, str], path: Path, model: Model) -> None:
    """Refuses what is no memory, or that of another model."""
    try:
        meta = header.strict_json(metadata["burble_memory"])
        number, sha256 = meta["format"], meta["sha256"]
        if type(number) is not int or number < 1 or type(sha256) is not str:
            raise ValueError
    except (ValueError, TypeError, LookupError, RecursionError) as error:
        raise ModelFileError(f"{path} is no memory that burble wrote. {_AGAIN}") from error
    if number > FORMAT:
        raise ModelFileError(
            f"{path} has format {number}; this version of burble ({version('burble')}) knows "
            f"formats up to {FORMAT}. Install a newer burble to open it."
        )
    if not model.learned_from(sha256):
        raise ModelFileError(f"{path} is the memory of another model. {_AGAIN}")


def _check_shapes(entries: Mapping[str, header.Entry], path: Path) -> None:
    """Refuses arrays that cannot be those of a memory."""
    count = entries["shared"].shape[0] if entries.get("shared") and entries["shared"].shape else 0
    shapes: dict[str, tuple[int, ...]] = {
        "text": (count + DEPTH,),
        "contexts": (count,),
        "shared": (count,),
        "discounts": (DEPTH + 1, 4),
    }
    fits = entries.keys() == shapes.keys() and 0 < count <= LARGEST
    if not fits or any(
        entry.shape != shapes[name] or entry.kind not in _KINDS[name]
        for name, entry in entries.items()
    ):
        raise ModelFileError(f"{path} is damaged: its arrays are not those of a memory. {_AGAIN}")


def _check_values(arrays: Mapping[str, NDArray[Any]], path: Path, size: int) -> None:
    """Refuses numbers that would lead outside the arrays, or to no probabilities."""
    contexts, discounts = arrays["contexts"], arrays["discounts"]
    holds = (
        np.max(arrays["text"]) < size
        and 0 < np.min(contexts) <= np.max(contexts) <= len(contexts)
        and np.max(arrays["shared"]) <= DEPTH
        and np.all((discounts >= 0) & (discounts <= [0, 1, 2, 3]))
        # Without a discount, what never came would be impossible.
        and np.all(discounts[:, 1:] > 0)
    )
    if not holds:
        raise ModelFileError(f"{path} is damaged: it holds numbers that cannot be. {_AGAIN}")
