"""The one file a model is: weights and all that is needed to write again. No code runs on reading.

The bytes are those of the safetensors format, with one metadata key, `burble`, that holds JSON.
Every length, name, dtype and shape is checked before memory is taken. Knows nothing of training.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from burble import files
from burble.errors import ModelFileError, require_packages
from burble.formatting import shown
from burble.model import bases
from burble.model.architecture import Weights, array_shapes
from burble.model.metadata import FORMAT as FORMAT
from burble.model.metadata import Dtype, describe_as_json, read_description
from burble.model.metadata import Model as Model
from burble.model.metadata import lowest_format as lowest_format
from burble.model.tensors import TensorFile, open_tensors

DTYPES: Mapping[str, Dtype] = {"F16": "float16", "F32": "float32"}
"""What weights may be stored as, by the names of the safetensors format."""
MODEL_NAME = "model.safetensors"
MAX_FILE = 4 << 30


def serialize_model(model: Model) -> bytes:
    """The bytes of a model file; equal models give equal bytes.

    Raises:
        ModelFileError: The weights are to be stored as float16, and one is beyond its range.
    """
    with require_packages("writing a model file"):
        import safetensors.numpy
    return safetensors.numpy.save(_stored_weights(model), _describe(model))


def save_model(path: Path, model: Model) -> None:
    """Writes a model file from where the weights lie, which takes no memory; not atomically.

    Raises:
        OSError: It cannot be written.
    """
    with require_packages("writing a model file"):
        import safetensors.numpy
    safetensors.numpy.save_file(_stored_weights(model), path, _describe(model))


def _describe(model: Model) -> dict[str, str]:
    """All of a model that is no array, as it stands in its file."""
    return {"burble": json.dumps(describe_as_json(model), sort_keys=True)}


def _stored_weights(model: Model) -> dict[str, NDArray[Any]]:
    """The weights as they are stored; see `serialize_model`."""
    with np.errstate(over="ignore"):
        stored = {n: np.ascontiguousarray(a, model.dtype) for n, a in model.weights.items()}
    for name, array in stored.items():
        if model.dtype == "float16" and not np.isfinite(array).all():
            raise ModelFileError(
                f"{name} holds numbers beyond {np.finfo(np.float16).max:,.0f}, the largest of "
                "float16. Store the model as float32."
            )
    return stored


def write_model(path: Path, model: Model) -> None:
    """Writes a model file, whole or not at all; see `serialize_model`."""
    files.write_atomically(path, serialize_model(model))


def is_model_file(path: Path) -> bool:
    """Whether a file is a model that burble wrote, by its header."""
    try:
        with open_tensors(path, DTYPES) as file:
            return "burble" in file.metadata
    except (OSError, ModelFileError):
        return False


def find_model_file(path: Path) -> Path:
    """The model file that a run folder, a path to the file itself or the name of a base means.

    What is there by that path comes before a base of that name; see `bases.describe_namesake`.

    Raises:
        ModelFileError: There is no such file, folder or base, or the folder holds no model.
    """
    if os.path.isdir(path):
        if not (path / MODEL_NAME).is_file():
            raise ModelFileError(
                f"the folder {path} holds no {MODEL_NAME}. Training writes one at its first score; "
                f"give the folder of such a run, or a model file.{_hint(path)}"
            )
        return path / MODEL_NAME
    if os.path.exists(path):
        return path
    if base := bases.find_base(path):
        return base
    raise ModelFileError(
        f"there is no {path}. Give a run folder, a model file or the name of a base. "
        f"{bases.describe_bases()}"
    )


def _hint(path: Path) -> str:
    """What to give instead of a part of a run, such as its state; empty where it is none."""
    whole = path.absolute()
    run = next((folder for folder in whole.parents[:2] if (folder / MODEL_NAME).is_file()), None)
    if run is None or whole == run / MODEL_NAME:
        return ""
    return f" It lies in a run: give {shown(run if path.is_absolute() else os.path.relpath(run))}."


def read_model(path: Path) -> Model:
    """Reads a model file.

    Raises:
        ModelFileError: There is no such file, it is damaged, it is no burble model, or its
            format is newer than this version knows.
    """
    try:
        return _read(path)
    except ModelFileError as error:
        hint = _hint(path)
        if not hint:
            raise
        within = path.absolute().parent.name == "last"
        what = f"{path} is a state of a training, and no model." if within else error
        raise ModelFileError(f"{what}{hint}") from error


def _read(path: Path) -> Model:
    """Reads a model file; see `read_model`."""
    try:
        size = path.stat().st_size
        if size > MAX_FILE:
            raise ModelFileError(f"{path} holds {size:,} bytes; a model has at most {MAX_FILE:,}.")
        with open_tensors(path, DTYPES) as file:
            foreign = f"{path} holds weights, but not those of a burble model."
            refusal = f"{foreign} Give a file that burble wrote."
            meta = file.read_metadata("burble", FORMAT, refusal)
            model = read_description(meta, path)
            _check_shapes(file, model)
            dtype = _check_dtypes(file, meta["format"])
            return replace(model, weights=_weights(file), dtype=dtype)
    except OSError as error:
        raise ModelFileError(f"cannot read the model {path}: {error.strerror}.") from error


def _check_shapes(file: TensorFile, model: Model) -> None:
    """Checks that the arrays are exactly those the architecture asks for."""
    path, tensors = file.path, file.tensors
    expected = array_shapes(
        model.architecture,
        model.vocabulary.size,
        len(model.labels),
        attends=bool(model.attention),
    )
    if tensors.keys() != expected.keys():
        odd = sorted(tensors.keys() ^ expected.keys())[:6]
        raise ModelFileError(
            f"{path} is damaged: arrays missing or too many: {', '.join(map(repr, odd))}."
        )
    for name, shape in expected.items():
        if tensors[name].shape != shape:
            raise ModelFileError(
                f"{path} is damaged: {name} has the shape {tensors[name].shape}, expected {shape}."
            )


def _check_dtypes(file: TensorFile, number: int) -> Dtype:
    """What all arrays are stored as, where a file of that format may be so."""
    found = sorted({tensor.dtype for tensor in file.tensors.values()})
    if len(found) > 1:
        raise ModelFileError(f"{file.path} is damaged: its arrays are of {' and '.join(found)}.")
    if found == ["F16"] and number < 3:
        raise ModelFileError(
            f"{file.path} is damaged: its arrays are F16, and those of format {number} are F32."
        )
    return DTYPES[found[0]]


def _weights(file: TensorFile) -> Weights:
    """The arrays in float32, every number of them finite."""
    arrays: Weights = {
        name: file.read_array(name).astype(np.float32, copy=False) for name in file.tensors
    }
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise ModelFileError(
                f"{file.path} is damaged: {name} holds numbers that are none (NaN or infinity). "
                "Take an earlier copy, or train again."
            )
    return arrays
