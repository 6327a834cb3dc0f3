"""The one file a model is: weights and all that is needed to write again. No code runs on reading.

The bytes are those of the safetensors format, with one metadata key, `burble`, that holds JSON.
Every length, name, dtype and shape is checked before memory is taken. Knows nothing of training.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray

from burble import files
from burble.data.labels import LONGEST, MOST, UNLABELLED, LabelSet, clean_label
from burble.data.vocabulary import Vocabulary
from burble.errors import BurbleError, ModelFileError
from burble.formatting import shown
from burble.model import bases
from burble.model.architecture import Weights, array_shapes, input_width
from burble.model.tensors import TensorFile, open_tensors
from burble.settings import (
    STORED,
    ModelSettings,
    TextSettings,
    with_current_names,
    with_stored_names,
)

FORMAT = 4
"""The highest known; a model is written in the lowest that can hold it."""
Dtype = Literal["float16", "float32"]
DTYPES: Mapping[str, Dtype] = {"F16": "float16", "F32": "float32"}
"""What weights may be stored as, by the names of the safetensors format."""
MODEL_NAME = "model.safetensors"
MAX_FILE = 4 << 30
MAX_WINDOW = 1 << 20
TEXT_KEYS = frozenset({"unit", "lowercase", "strip_punctuation", "min_count"})
ARCHITECTURE_KEYS = frozenset({"cell", "layers", "units", "embedding"})
_S = TypeVar("_S", TextSettings, ModelSettings)


@dataclass(frozen=True)
class Model:
    """A trained model, whole.

    Attributes:
        weights: float32 arrays by the names and shapes of `array_shapes`.
        vocabulary: The alphabet.
        architecture: The shape of the network.
        text: How the corpus was cleaned, and a prompt must be.
        separator: What is written between two documents.
        summary: Facts of the training (scores, corpus), in JSON types.
        window: Symbols it sees before each one it writes, from a zero state; 0 for all of them.
        excerpt: A piece of its text to take a first window from, where there are windows.
        labels: The labels that its documents may have; their vectors are among the weights.
        dtype: What the weights are stored as in its file; in memory they are float32 in any case.
    """

    weights: Weights
    vocabulary: Vocabulary
    architecture: ModelSettings
    text: TextSettings
    separator: str = ""
    summary: Mapping[str, Any] = field(default_factory=dict)
    window: int = 0
    excerpt: str = ""
    dtype: Dtype = "float32"
    labels: LabelSet = UNLABELLED

    def facts(self, kind: str) -> Mapping[str, Any]:
        """The facts of a kind in its summary, such as corpus; none where there are none."""
        found = self.summary.get(kind)
        return found if isinstance(found, Mapping) else {}

    @property
    def base(self) -> str | None:
        """The model that its training started from, by name; None where it began from nothing."""
        name = self.facts("base").get("name")
        return name if isinstance(name, str) else None

    def was_trained_on(self, sha256: str) -> bool:
        """Whether it was trained on the text of that fingerprint; see `Corpus.sha256`."""
        return self.facts("corpus").get("sha256") == sha256


def lowest_format(model: Model) -> int:
    """The lowest format that can hold a model.

    Readers of format 1 know no other gates than plain ones, those of format 2 no other weights
    than float32, and those of format 3 no labels.
    """
    if model.labels:
        return 4
    if model.dtype == "float16":
        return 3
    return 1 if model.architecture.recurrent_activation == "sigmoid" else 2


def serialize_model(model: Model) -> bytes:
    """The bytes of a model file; equal models give equal bytes.

    Raises:
        ModelFileError: The weights are to be stored as float16, and one is beyond its range.
    """
    architecture = with_stored_names(asdict(model.architecture))
    if model.architecture.recurrent_activation == "sigmoid":
        del architecture["recurrent_activation"]
    meta = {
        "format": lowest_format(model),
        "architecture": architecture,
        # Where there are labels, they say themselves of which columns they are.
        "text": model.text.stored,
        "symbols": model.vocabulary.symbols,
        "boundary": model.vocabulary.boundary,
        "separator": model.separator,
        "summary": dict(model.summary),
    }
    if model.vocabulary.cut_by:
        meta |= {"regex": model.vocabulary.cut_by}
    if model.window:
        meta |= {"window": model.window, "excerpt": model.excerpt}
    if model.labels:
        named = zip(model.labels.columns, model.labels.values, strict=True)
        meta |= {"labels": [{"column": column, "values": values} for column, values in named]}
    metadata = {"burble": json.dumps(meta, sort_keys=True)}
    return safetensors.numpy.save(_stored_weights(model), metadata)


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
            model = _model_without_weights(meta, path)
            _check_shapes(file, model)
            dtype = _check_dtypes(file, meta["format"])
            return replace(model, weights=_weights(file), dtype=dtype)
    except OSError as error:
        raise ModelFileError(f"cannot read the model {path}: {error.strerror}.") from error


def _model_without_weights(meta: dict[str, Any], path: Path) -> Model:
    """All of a model but its weights, each part checked."""
    try:
        meta = dict[str, Any](window=0, excerpt="", regex="", labels=[]) | meta
        kinds = {"boundary": bool, "separator": str, "symbols": list, "summary": dict}
        kinds |= {"window": int, "excerpt": str, "regex": str, "labels": list}
        for key, kind in kinds.items():
            if type(meta.get(key)) is not kind:
                raise ValueError(f"{key} is {meta.get(key)!r:.40}, expected a {kind.__name__}.")
        text = _settings(TextSettings, meta.get("text"), TEXT_KEYS)
        labels = _labels(meta["labels"])
        symbols = _symbols(meta["symbols"], text)
        vocabulary = Vocabulary(symbols, text.unit, meta["boundary"], meta["regex"])
        model = Model(
            weights={},
            vocabulary=vocabulary,
            architecture=_settings(ModelSettings, meta.get("architecture"), ARCHITECTURE_KEYS),
            text=replace(text, label=labels.columns),
            labels=labels,
            separator=meta["separator"],
            window=meta["window"],
            excerpt=meta["excerpt"],
            summary=meta["summary"],
        )
        shape = model.architecture
        if model.labels and meta["format"] < 4:
            raise ValueError(f"it has labels, and no model of format {meta['format']} has any.")
        if model.labels and shape.input != "embedding":
            raise ValueError(f"it has labels, and its input is {shape.input}.")
        if shape.embedding != (input_width(shape.input, vocabulary.size) or shape.embedding):
            raise ValueError(f"embedding is {shape.embedding}, which no {shape.input} input has.")
        if not 0 <= model.window <= MAX_WINDOW:
            raise ValueError(f"window is {model.window}, expected 0 to {MAX_WINDOW:,}.")
        (model.separator + model.excerpt + vocabulary.cut_by).encode()
        if model.vocabulary.boundary and not model.separator:
            raise ValueError("it has documents, but nothing to write between them.")
    except (LookupError, TypeError, ValueError, AttributeError, BurbleError) as error:
        raise ModelFileError(f"{path} describes a model that cannot be: {error}") from error
    return model


def _symbols(symbols: list[Any], text: TextSettings) -> tuple[str, ...]:
    """Symbols that are text, and single characters where the unit is one."""
    for symbol in symbols:
        if type(symbol) is not str or (text.unit == "char" and len(symbol) != 1):
            raise ValueError(f"{symbol!r:.40} is not a symbol.")
        # Half a surrogate pair could never be printed.
        symbol.encode()
    return tuple(symbols)


def _labels(columns: list[Any]) -> LabelSet:
    """Labels that can be: each of them a text as it is read, once in its column, in order."""
    for one in columns:
        if type(one) is not dict or one.keys() != {"column", "values"}:
            raise ValueError(f"labels hold {one!r:.40}, expected a column and its values.")
        column, values = one["column"], one["values"]
        if type(column) is not str or not column.strip() or type(values) is not list or not values:
            raise ValueError(f"labels name {column!r:.40} with {values!r:.40}.")
        for value in values:
            if (
                type(value) is not str
                or not 0 < len(value) <= LONGEST
                or clean_label(value) != value
            ):
                raise ValueError(f"{value!r:.40} is not a label.")
        if values != sorted({*values}):
            raise ValueError(f"the labels of {column!r:.40} are not in order, or one occurs twice.")
        column.encode()
    names = [one["column"] for one in columns]
    if len({*names}) != len(names):
        raise ValueError("a column of labels occurs twice.")
    found = LabelSet(tuple(names), tuple(tuple(one["values"]) for one in columns))
    if len(found) > MOST:
        raise ValueError(f"it has {len(found):,} labels, and at most {MOST:,} can be.")
    return found


def _settings(kind: type[_S], values: Any, needed: frozenset[str]) -> _S:
    """Settings from JSON, each value of the very type of its default."""
    if not isinstance(values, dict):
        raise ValueError(f"its {kind.__name__} are {values!r:.40}, expected names with values.")
    if missing := needed - values.keys():
        raise ValueError(f"it does not say {', '.join(sorted(missing))}.")
    known = {STORED.get(field_.name, field_.name): field_ for field_ in fields(kind)}
    if unknown := values.keys() - known.keys():
        raise ValueError(
            f"it names {', '.join(map(repr, sorted(unknown)))}, which this version of burble "
            f"({version('burble')}) does not know. If a newer one wrote it, open it with that."
        )
    for name, field_ in known.items():
        value = values.get(name, field_.default)
        wanted = type(field_.default)
        allowed = (int, float) if wanted is float else (wanted,)
        if type(value) not in allowed:
            raise ValueError(f"{name} is {value!r}, expected a {wanted.__name__}.")
    return kind(**with_current_names(values))


def _check_shapes(file: TensorFile, model: Model) -> None:
    """Checks that the arrays are exactly those the architecture asks for."""
    path, tensors = file.path, file.tensors
    expected = array_shapes(model.architecture, model.vocabulary.size, len(model.labels))
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
