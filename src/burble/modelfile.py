"""The one file a model is: weights and all that is needed to write again. No code runs on reading.

The bytes are those of the safetensors format, with one metadata key, `burble`, that holds JSON.
Every length, name, dtype and shape is checked before memory is taken. Knows nothing of training.
"""

import json
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray

from burble.errors import BurbleError, ModelFileError, StorageError
from burble.settings import ModelSettings, TextSettings
from burble.vocabulary import Vocabulary

FORMAT = 1
MAX_HEADER = 16 << 20
MAX_WEIGHTS = 4 << 30
Weights = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True)
class Model:
    """A trained model, whole.

    Attributes:
        weights: float32 arrays by the names and shapes of `shapes`.
        vocabulary: The alphabet.
        architecture: The shape of the network.
        text: How the corpus was cleaned, and a prompt must be.
        separator: What is written between two documents.
        summary: Facts of the training (scores, corpus), in JSON types.
    """

    weights: Weights
    vocabulary: Vocabulary
    architecture: ModelSettings
    text: TextSettings
    separator: str = ""
    summary: Mapping[str, Any] = field(default_factory=dict)


def shapes(model: ModelSettings, size: int) -> dict[str, tuple[int, ...]]:
    """The name and shape of every array of a model with `size` ids, in layer order.

    Kernels are laid out as Keras lays them out; the LSTM's gates stand in the order input,
    forget, cell, output, the GRU's in the order update, reset, new, with two rows of bias.
    """
    gates = {"lstm": 4, "gru": 3, "rnn": 1}[model.cell] * model.units
    bias = (2, gates) if model.cell == "gru" else (gates,)
    named: dict[str, tuple[int, ...]] = {"embedding": (size, model.embedding)}
    width = model.embedding
    for layer in range(model.layers):
        named[f"layer{layer}.kernel"] = (width, gates)
        named[f"layer{layer}.recurrent"] = (model.units, gates)
        named[f"layer{layer}.bias"] = bias
        width = model.units
    return named | {"output.kernel": (width, size), "output.bias": (size,)}


def write_atomically(path: Path, data: bytes) -> None:
    """Writes `data` so that `path` holds its old bytes or all the new ones, whatever happens.

    Raises:
        StorageError: The disk is full, read-only or gone; names the path.
    """
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            with suppress(OSError):
                Path(name).unlink()
            raise
    except OSError as error:
        raise StorageError(
            f"could not write {path}: {error.strerror}. What was there before is untouched; "
            "make room or choose another folder."
        ) from error


def dump(model: Model) -> bytes:
    """The bytes of a model file; equal models give equal bytes."""
    meta = {
        "format": FORMAT,
        "architecture": asdict(model.architecture),
        "text": asdict(model.text),
        "symbols": model.vocabulary.symbols,
        "boundary": model.vocabulary.boundary,
        "separator": model.separator,
        "summary": dict(model.summary),
    }
    weights = {name: np.ascontiguousarray(a, np.float32) for name, a in model.weights.items()}
    return safetensors.numpy.save(weights, {"burble": json.dumps(meta, sort_keys=True)})


def write(path: Path, model: Model) -> None:
    """Writes a model file, whole or not at all."""
    write_atomically(path, dump(model))


def read(path: Path) -> Model:
    """Reads a model file.

    Args:
        path: The file.

    Returns:
        The model.

    Raises:
        ModelFileError: There is no such file, it is damaged, it is no burble model, or its
            format is newer than this version knows.
    """
    try:
        with path.open("rb") as file:
            header = _header(file.read(8), file.read(MAX_HEADER), path)
            meta = _meta(header, path)
            model = _model_without_weights(meta, path)
            _check_arrays(header, model, path)
            file.seek(0)
            arrays = safetensors.numpy.load(file.read())
    except OSError as error:
        raise ModelFileError(f"cannot read the model {path}: {error.strerror}.") from error
    return Model(
        weights=arrays,
        vocabulary=model.vocabulary,
        architecture=model.architecture,
        text=model.text,
        separator=model.separator,
        summary=model.summary,
    )


def _header(prefix: bytes, start: bytes, path: Path) -> dict[str, Any]:
    """The JSON header of a safetensors file, checked against the file's true size."""
    length = int.from_bytes(prefix, "little")
    if len(prefix) < 8 or not 2 <= length <= min(len(start), MAX_HEADER):
        raise ModelFileError(f"{path} is not a burble model, or only part of one.")
    try:
        header = json.loads(start[:length])
        sizes = [a["data_offsets"][1] for name, a in header.items() if name != "__metadata__"]
        total = 8 + length + max(sizes)
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise ModelFileError(f"{path} is not a burble model: its header is damaged.") from error
    held = path.stat().st_size
    if total != held or total > MAX_WEIGHTS:
        raise ModelFileError(
            f"{path} holds {held:,} bytes where its header speaks of {total:,}; it is damaged or "
            "was copied only in part. Copy it again."
        )
    return dict(header)


def _meta(header: dict[str, Any], path: Path) -> dict[str, Any]:
    """The burble part of the header, of a format this version knows."""
    try:
        meta = json.loads(header["__metadata__"]["burble"])
        number = int(meta["format"])
    except (ValueError, TypeError, LookupError, RecursionError) as error:
        raise ModelFileError(f"{path} holds weights, but not those of a burble model.") from error
    if number > FORMAT:
        raise ModelFileError(
            f"{path} has format {number}; this version of burble knows formats up to {FORMAT}. "
            "Install a newer burble to open it."
        )
    return dict(meta)


def _model_without_weights(meta: dict[str, Any], path: Path) -> Model:
    """All of a model but its weights, each part checked by its own class."""
    try:
        text = TextSettings(**meta["text"])
        return Model(
            weights={},
            vocabulary=Vocabulary(tuple(meta["symbols"]), text.unit, bool(meta["boundary"])),
            architecture=ModelSettings(**meta["architecture"]),
            text=text,
            separator=str(meta["separator"]),
            summary=dict(meta["summary"]),
        )
    except (LookupError, TypeError, ValueError, BurbleError) as error:
        raise ModelFileError(f"{path} describes a model that cannot be: {error}") from error


def _check_arrays(header: dict[str, Any], model: Model, path: Path) -> None:
    """Checks that the arrays are exactly those the architecture asks for, all float32."""
    expected = shapes(model.architecture, model.vocabulary.size)
    arrays = {name: a for name, a in header.items() if name != "__metadata__"}
    if arrays.keys() != expected.keys():
        odd = sorted(arrays.keys() ^ expected.keys())
        raise ModelFileError(f"{path} is damaged: arrays missing or too many: {', '.join(odd)}.")
    for name, shape in expected.items():
        found = (arrays[name].get("dtype"), tuple(arrays[name].get("shape", ())))
        if found != ("F32", shape):
            raise ModelFileError(
                f"{path} is damaged: {name} is {found[0]} {found[1]}, expected F32 {shape}."
            )
