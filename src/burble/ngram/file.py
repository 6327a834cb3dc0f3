"""The file beside a model that holds its memory, an index: flat arrays, mapped, never read whole.

The bytes are those of the safetensors format, with one metadata key, `burble_memory`, that holds
JSON. Nothing in it is trusted before it was looked at. Knows nothing of networks.
"""

import hashlib
import json
import os
import shlex
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from burble import files
from burble.errors import ModelFileError, require_packages
from burble.model.file import MODEL_NAME, Model
from burble.model.tensors import TensorFile, open_tensors
from burble.ngram.index import MAX_CONTEXT, MAX_SYMBOLS, SuffixIndex

FORMAT = 2
_KINDS = {
    "text": ("U8", "U16"),
    "contexts": ("U32",),
    "shared": ("U8",),
    "discounts": ("F32",),
}


def index_path(model: Path) -> Path:
    """Where the memory of a model file is: `model.memory.safetensors` for `model.safetensors`."""
    return model.with_suffix(f".memory{model.suffix}")


def write_index(path: Path, index: SuffixIndex, model: Model) -> None:
    """Writes a memory file, whole or not at all.

    Raises:
        ModelFileError: There is another thing at that place.
        StorageError: The disk refused.
    """
    _check_place(path)
    arrays = {name: np.ascontiguousarray(getattr(index, name)) for name in _KINDS}
    meta = json.dumps({"format": FORMAT} | _identity(model), sort_keys=True)
    with require_packages("writing a memory"):
        import safetensors.numpy
    data = safetensors.numpy.save(arrays, {"burble_memory": meta})
    files.write_atomically(path, data)


def _check_place(path: Path) -> None:
    """Refuses to write over what is no memory."""
    if not os.path.lexists(path):
        return
    try:
        with _open_index(path) as file:
            known = "burble_memory" in file.metadata
    except (OSError, ModelFileError):
        known = False
    if not known:
        raise ModelFileError(
            f"{path} is there already, and is no memory that burble wrote. The memory of a model "
            "lies beside it under that name; move that file away."
        )


def read_index(path: Path, model: Model) -> SuffixIndex:
    """Maps a memory file.

    Raises:
        ModelFileError: It cannot be read, is damaged, no memory, or that of another text,
            alphabet or training part than the model's.
    """
    try:
        with _open_index(path) as file:
            _check_meta(file, model)
            _check_shapes(file, model)
            arrays = {name: file.map_array(name) for name in file.tensors}
    except OSError as error:
        raise ModelFileError(f"cannot read the memory {path}: {error.strerror}.") from error
    _check_values(arrays, path, model.vocabulary.size)
    return SuffixIndex(**arrays)


def _identity(model: Model) -> dict[str, Any]:
    """What identifies the symbols that a model was trained on, and their order, in JSON types.

    All that is known of its text is taken, with what decides which part is for validation;
    but not the number of sources, since the same text may come from one or from several.
    """
    alphabet = model.vocabulary
    written = json.dumps([alphabet.symbols, alphabet.unit, alphabet.boundary]).encode()
    corpus = dict(model.facts("corpus"))
    corpus.pop("sources", None)
    return {
        "corpus": corpus,
        "symbols": len(alphabet.symbols),
        "alphabet": hashlib.sha256(written).hexdigest(),
    }


def _trained(corpus: Mapping[str, Any]) -> int | None:
    """How many symbols were trained on, by the facts of a text."""
    symbols, validation = corpus.get("symbols"), corpus.get("held_out")
    if not isinstance(symbols, int) or not isinstance(validation, int):
        return None
    return symbols - validation


def _remedy(path: Path) -> str:
    """What to do about a memory that cannot be used."""
    model = path.with_name(path.name.replace(".memory", "", 1))
    named = model.parent if model.name == MODEL_NAME else model
    return f"Make it anew: burble remember {shlex.quote(str(named))} TEXT"


def _open_index(path: Path) -> AbstractContextManager[TensorFile]:
    """A memory file whose header has been checked."""
    dtypes = sorted({dtype for dtypes in _KINDS.values() for dtype in dtypes})
    refusal = f"{path} is damaged, or no memory that burble wrote. {_remedy(path)}"
    return open_tensors(path, dtypes, refusal)


def _check_meta(file: TensorFile, model: Model) -> None:
    """Refuses what is no memory, or that of another text, alphabet or training part."""
    path, own = file.path, _identity(model)
    foreign = f"{path} is no memory that burble wrote. {_remedy(path)}"
    meta = file.read_metadata("burble_memory", FORMAT, foreign)
    if meta["format"] < FORMAT:
        raise ModelFileError(
            f"{path} is of an earlier burble, which did not note what part of the text it "
            f"holds, nor in which alphabet. {_remedy(path)}"
        )
    found = {name: meta.get(name) for name in own}
    if found != own or not own["corpus"]:
        raise ModelFileError(f"{path} {_difference(found, own)} {_remedy(path)}")


def _difference(found: Mapping[str, Any], own: Mapping[str, Any]) -> str:
    """What a memory is of, if that is not what the model was trained on: the end of a sentence."""
    text, expected = found["corpus"], own["corpus"]
    if not isinstance(text, dict) or not expected or text.get("sha256") != expected.get("sha256"):
        return "is the memory of another text than the model's own."
    if found["alphabet"] != own["alphabet"]:
        return (
            f"is of the model's text, but in another alphabet: it has {found['symbols']} symbols, "
            f"the model {own['symbols']}."
        )
    if _trained(text) != _trained(expected):
        return (
            f"is of the model's text, but of {_trained(text)} symbols of it, where the model was "
            f"trained on {_trained(expected)}: the validation part is another."
        )
    return "is of the model's text, but of another part: the validation part was cut otherwise."


def _check_shapes(file: TensorFile, model: Model) -> None:
    """Refuses arrays that cannot be those of a model's memory."""
    path, entries = file.path, file.tensors
    count = entries["shared"].shape[0] if entries.get("shared") and entries["shared"].shape else 0
    shapes: dict[str, tuple[int, ...]] = {
        "text": (count + MAX_CONTEXT,),
        "contexts": (count,),
        "shared": (count,),
        "discounts": (MAX_CONTEXT + 1, 4),
    }
    trained = _trained(model.facts("corpus"))
    expected = count if trained is None else min(trained, MAX_SYMBOLS)
    fits = entries.keys() == shapes.keys() and 0 < count == expected <= MAX_SYMBOLS
    if not fits or any(
        entry.shape != shapes[name] or entry.dtype not in _KINDS[name]
        for name, entry in entries.items()
    ):
        raise ModelFileError(
            f"{path} is damaged: its arrays are not those of a memory. {_remedy(path)}"
        )


def _check_values(arrays: Mapping[str, NDArray[Any]], path: Path, size: int) -> None:
    """Refuses numbers that would lead outside the arrays, or to no probabilities."""
    contexts, discounts = arrays["contexts"], arrays["discounts"]
    holds = (
        np.max(arrays["text"]) < size
        and 0 < np.min(contexts) <= np.max(contexts) <= len(contexts)
        and np.max(arrays["shared"]) <= MAX_CONTEXT
        and np.all((discounts >= 0) & (discounts <= [0, 1, 2, 3]))
        # Without a discount, what never came would be impossible.
        and np.all(discounts[:, 1:] > 0)
    )
    if not holds:
        raise ModelFileError(f"{path} is damaged: it holds numbers that cannot be. {_remedy(path)}")
