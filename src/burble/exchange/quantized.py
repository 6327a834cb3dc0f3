"""A model file whose weights are stored in 16 bits, or in 8 with a scale for each column.

Knows nothing of where it stands.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray

from burble.errors import ModelFileError
from burble.inference.generator import Generator
from burble.inference.prompts import prepare_prompt
from burble.inference.scoring import predict_text
from burble.model.architecture import Weights, array_shapes
from burble.model.file import DTYPES, FORMAT, Model, read_model, serialize_model
from burble.model.metadata import describe_as_json, read_description
from burble.model.mixture import build_core
from burble.model.tensors import TensorFile, open_tensors

SCALE = ".scale"
"""What the name of an array's scales ends with."""
LARGEST = 127
MEASURED = 3_000
"""Characters of a model's own text on which a cost is measured."""


def serialize_weights(model: Model, *, int8: bool) -> bytes:
    """A model file of 16 bits, or one of 8 that `read_weights` alone reads.

    Raises:
        ModelFileError: A weight is beyond the range of 16 bits.
    """
    if not int8:
        return serialize_model(replace(model, dtype="float16"))
    arrays: dict[str, NDArray[Any]] = {}
    for name, array in model.weights.items():
        if not _is_quantized(name, array):
            arrays[name] = np.ascontiguousarray(array, np.float32)
            continue
        scale = _find_scales(array)
        arrays[name] = np.rint(array / scale).astype(np.int8)
        arrays[name + SCALE] = scale
    metadata = {"burble": json.dumps(describe_as_json(model), sort_keys=True)}
    return safetensors.numpy.save(arrays, metadata)


def read_weights(path: Path) -> Model:
    """Reads what `serialize_weights` has made.

    Raises:
        ModelFileError: It is damaged.
    """
    with open_tensors(path, (*DTYPES, "I8")) as file:
        if not any(name.endswith(SCALE) for name in file.tensors):
            return read_model(path)
        refusal = f"{path} holds weights, but not those of a burble model."
        meta = file.read_metadata("burble", FORMAT, refusal)
        model = read_description(meta, path)
        shapes = array_shapes(model.architecture, model.vocabulary.size, len(model.labels))
        if {name.removesuffix(SCALE) for name in file.tensors} != shapes.keys():
            raise ModelFileError(f"{path} is damaged: it lacks arrays, or has too many.")
        return replace(model, weights={n: _read_array(file, n, s) for n, s in shapes.items()})


def _read_array(file: TensorFile, name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """An array in float32, of a shape that is expected."""
    parts = [name, *([name + SCALE] if name + SCALE in file.tensors else [])]
    kinds = [(file.tensors[part].dtype, file.tensors[part].shape) for part in parts]
    if kinds not in ([("F32", shape)], [("I8", shape), ("F32", shape[-1:])]):
        raise ModelFileError(f"{file.path} is damaged: {name} is {kinds}, expected {shape}.")
    first, *scales = map(file.read_array, parts)
    with np.errstate(over="ignore", invalid="ignore"):
        found = first.astype(np.float32) * scales[0] if scales else first
    if not np.isfinite(found).all():
        raise ModelFileError(f"{file.path} is damaged: {name} holds numbers that are none.")
    return found


def quantize(weights: Weights) -> Weights:
    """Weights as they are once they were stored in 8 bits."""
    found = dict(weights)
    for name, array in weights.items():
        if _is_quantized(name, array):
            scale = _find_scales(array)
            found[name] = np.rint(array / scale) * scale
    return found


def measure_cost(model: Model) -> float:
    """What 8 bits cost: nats that predictions lose, on average, on a text of the model's own.

    That is the Kullback-Leibler divergence from what it predicts to what it predicts then.
    """
    writer = Generator(model)
    begun = writer.draw_prompt()
    plain = {"temperature": 1.0, "break_loops": False, "close_quotes": 0.0, "seed": 0}
    text = begun + writer.generate(begun, length=MEASURED, unknown="nearest", **plain)
    ids = prepare_prompt(text, model, "nearest").ids
    other = build_core(replace(model, weights=quantize(model.weights)))
    total, count = 0.0, 0
    both = (predict_text(core, ids, model.window) for core in (writer.engine, other))
    for before, after in zip(*both, strict=True):
        p = before.log_probabilities
        total += float((np.exp(p) * (p - after.log_probabilities)).sum())
        count += len(p)
    return total / max(1, count)


def _is_quantized(name: str, array: NDArray[Any]) -> bool:
    """Whether an array is stored in 8 bits: matrices are, and biases are not."""
    return array.ndim == 2 and not name.endswith("bias")


def _find_scales(array: NDArray[np.float32]) -> NDArray[np.float32]:
    """What the whole numbers of each column are multiplied by, shape (columns,)."""
    largest = np.abs(array).max(axis=0)
    return np.where(largest > 0, largest / np.float32(LARGEST), np.float32(1)).astype(np.float32)
