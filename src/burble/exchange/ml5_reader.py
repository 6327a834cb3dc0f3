"""A folder of ml5's charRNN made a burble model: those that were trained for ml5, and our own.

Read with distrust: names of files, shapes and lengths are checked before anything is read. What
BasicLSTMCell adds to a gate when it runs is added to its bias here. See `ml5` for the layout.
"""

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from burble.data.vocabulary import Vocabulary
from burble.errors import BurbleError, ModelFileError
from burble.exchange.imports import Imported
from burble.exchange.ml5 import EMBEDDING, EXACT, MANIFEST, OWN, VOCABULARY, name_ids
from burble.exchange.options import ImportRequest
from burble.formatting import listed
from burble.model.architecture import array_shapes, fixed_input
from burble.model.file import MAX_FILE, Model
from burble.model.metadata import FORMAT, read_description
from burble.model.tensors import strict_json
from burble.settings import ModelSettings, TextSettings, Unit

Array = NDArray[np.float32]
Log = Callable[[str], object]
MOST_JSON = 64 << 20
MOST_ARRAYS = 100
PLAIN = "Give a folder that ml5's training script or burble wrote."
STAND_INS = "\ufffd\u25a1\u25a0\u25c7\u25c6"
"""What is written for a symbol whose text was lost; the first that is not a symbol itself."""
_CELL = re.compile(r"(?:cell|lstm)_(\d+)", re.IGNORECASE)
_OTHER_CELLS = re.compile(r"gru|gates|candidate|nas_", re.IGNORECASE)


@dataclass(frozen=True)
class _Entry:
    """An array of the manifest."""

    name: str
    file: Path
    shape: tuple[int, ...]


def read(path: Path, _options: ImportRequest, log: Log) -> Imported:
    """Reads a folder.

    Args:
        path: The folder.
        log: Takes sentences about what was not read, or is otherwise than in ml5.

    Raises:
        ModelFileError: It is damaged, or holds another network.
    """
    try:
        entries = [*_read_manifest(path)]
        symbols = _read_symbols(path, log)
        weights = _read_weights(path, _sort(entries, path, log), len(symbols), log)
        if not (path / OWN).is_file():
            return Imported(_describe(weights, symbols), "ml5 charRNN")
        return Imported(_restore(path, weights, log), "burble, for ml5 charRNN")
    except BurbleError:
        raise
    except OSError as error:
        raise ModelFileError(f"cannot read {error.filename or path}: {error.strerror}.") from error


def _read_json(path: Path) -> Mapping[str, Any]:
    """An object of JSON."""
    if not path.is_file():
        raise ModelFileError(f"there is no {path}. {PLAIN}")
    if path.stat().st_size > MOST_JSON:
        raise ModelFileError(f"{path} holds more than {MOST_JSON >> 20} MiB. {PLAIN}")
    try:
        found = strict_json(path.read_text("utf-8-sig"))
        if type(found) is not dict:
            raise ValueError("it is no object of names and values")
    except (ValueError, RecursionError) as error:
        raise ModelFileError(f"{path} is damaged: {error}. Copy it again.") from error
    return found


def _read_manifest(folder: Path) -> Iterator[_Entry]:
    """The arrays of a folder, each of the length that its shape says."""
    manifest = _read_json(folder / MANIFEST)
    if len(manifest) > MOST_ARRAYS:
        raise ModelFileError(f"{folder / MANIFEST} names {len(manifest):,} arrays. {PLAIN}")
    for name, one in manifest.items():
        file, shape = _check_entry(folder / MANIFEST, name, one)
        place = folder / file
        if not place.is_file():
            raise ModelFileError(
                f"{folder} has no file {file!r:.80}, where {MANIFEST} has {name!r:.60}. Copy the "
                "folder whole."
            )
        size, held = 4 * math.prod(shape), place.stat().st_size
        if size != held or size > MAX_FILE:
            raise ModelFileError(
                f"{place} holds {held:,} bytes, but an array of {[*shape]} has {size:,}. Copy it "
                "again."
            )
        yield _Entry(name, place, shape)


def _check_entry(manifest: Path, name: str, one: Any) -> tuple[str, tuple[int, ...]]:
    """The name of a file in the folder itself, and a shape."""
    file, shape = (one.get("filename"), one.get("shape")) if type(one) is dict else (None, None)
    is_name = type(file) is str and file not in ("", ".", "..") and not set(file) & set("/\\:\0")
    is_shape = type(shape) is list and all(type(n) is int and 0 <= n < 1 << 31 for n in shape)
    if not is_name or not is_shape:
        raise ModelFileError(
            f"{manifest} says {one!r:.60} of {name!r:.60}, expected the name of a file in the "
            f"folder and a shape. {PLAIN}"
        )
    return str(file), tuple(shape or ())


def _read_symbols(folder: Path, log: Log) -> list[str]:
    """The text of each id."""
    path = folder / VOCABULARY
    vocabulary = _read_json(path)
    texts = {number: text for text, number in vocabulary.items() if type(number) is int}
    if not texts or [*sorted(texts)] != [*range(len(vocabulary))]:
        raise ModelFileError(
            f"the numbers of {path} are not 0 to {len(vocabulary) - 1}, one for each symbol. "
            f"{PLAIN}"
        )
    symbols = [texts[number] for number in range(len(texts))]
    if "" in symbols:
        stand_in = next(one for one in STAND_INS if one not in vocabulary)
        log(
            f"{VOCABULARY} has no text for the symbol {symbols.index('')}, of which ml5 writes "
            f"nothing: here it is {stand_in}."
        )
        symbols[symbols.index("")] = stand_in
    return symbols


def _sort(entries: list[_Entry], path: Path, log: Log) -> dict[str, _Entry]:
    """The arrays that are needed, by part of the network."""
    found: dict[str, _Entry] = {}
    others = []
    for entry in entries:
        cell, matrix = _CELL.search(entry.name), len(entry.shape) == 2
        last = entry.name.rpartition("/")[2]
        if last.lower().startswith(("adam", "rmsprop", "momentum")):
            others.append(entry.name)
            continue
        if cell and _OTHER_CELLS.search(entry.name):
            raise ModelFileError(
                f"{path} holds {entry.name}, which is of no LSTM. ml5 runs LSTM cells alone, and "
                "no others can be imported from its folders."
            )
        if last == EMBEDDING:
            part = EMBEDDING
        elif cell:
            part = f"layer{int(cell[1])}.{'kernel' if matrix else 'bias'}"
        elif "softmax" in entry.name.lower():
            part = f"output.{'kernel' if matrix else 'bias'}"
        else:
            others.append(entry.name)
            continue
        if part in found:
            raise ModelFileError(f"{path} holds two arrays of {part}: {entry.name} is one. {PLAIN}")
        found[part] = entry
    if others:
        log(f"Not read, since nothing of it is needed to write: {listed(others)}.")
    return found


def _read_weights(path: Path, found: Mapping[str, _Entry], size: int, log: Log) -> dict[str, Array]:
    """The arrays by the names of the model file, and of the shapes of one network."""
    layers = sum(name.startswith("layer") and name.endswith(".bias") for name in found)
    units = found["layer0.bias"].shape[0] // 4 if "layer0.bias" in found else 0
    embedding = found[EMBEDDING].shape[-1] if EMBEDDING in found else size
    expected: dict[str, tuple[int, ...]] = {"output.kernel": (units, size), "output.bias": (size,)}
    if EMBEDDING in found:
        expected[EMBEDDING] = (size, embedding)
    for layer in range(layers):
        below = units if layer else embedding
        expected[f"layer{layer}.kernel"] = (below + units, 4 * units)
        expected[f"layer{layer}.bias"] = (4 * units,)
    shapes = {name: entry.shape for name, entry in found.items()}
    if not units or not layers or shapes != expected:
        odd = sorted(name for name in shapes | expected if shapes.get(name) != expected.get(name))
        first = odd[0] if odd else "layer0.bias"
        raise ModelFileError(
            f"the arrays of {path} are of no network of LSTM layers with {size} symbols: {first} "
            f"is {shapes.get(first, 'missing')}, expected {expected.get(first, 'nothing')}. {PLAIN}"
        )
    if layers != 2:
        log(
            f"It has {layers} layers. ml5 0.12.2 writes with the second of them whatever comes "
            "after it; here the last one counts, as when it was trained."
        )
    arrays = {name: _read_array(entry) for name, entry in found.items()}
    return _from_ml5(arrays, layers, embedding)


def _read_array(entry: _Entry) -> Array:
    """One array, every number of it finite."""
    array = np.fromfile(entry.file, "<f4").astype(np.float32, copy=False).reshape(entry.shape)
    if not np.isfinite(array).all():
        raise ModelFileError(f"{entry.file} holds numbers that are none (NaN or infinity).")
    return array


def _from_ml5(arrays: Mapping[str, Array], layers: int, below: int) -> dict[str, Array]:
    """Arrays in the order of burble's gates, the bias of the one that forgets with its 1."""
    weights = {name: array for name, array in arrays.items() if not name.startswith("layer")}
    for layer in range(layers):
        kernel = _swap(arrays[f"layer{layer}.kernel"])
        bias = _swap(arrays[f"layer{layer}.bias"])
        units = len(bias) // 4
        bias[units : 2 * units] += 1
        inputs = units if layer else below
        weights[f"layer{layer}.kernel"] = kernel[:inputs]
        weights[f"layer{layer}.recurrent"] = kernel[inputs:]
        weights[f"layer{layer}.bias"] = bias
    return weights


def _swap(array: Array) -> Array:
    """Gates in the order of TensorFlow's cell, i, c, f, o, as Keras has them: i, f, c, o."""
    i, c, f, o = np.split(array, 4, -1)
    return np.concatenate([i, f, c, o], -1)


def _describe(weights: dict[str, Array], symbols: list[str]) -> Model:
    """A model that knows of itself what a folder of ml5 says: its alphabet."""
    layers = sum(name.endswith(".recurrent") for name in weights)
    is_learned = EMBEDDING in weights
    width = weights[EMBEDDING].shape[1] if is_learned else len(symbols)
    shape = ModelSettings(
        layers=layers,
        units=len(weights["layer0.recurrent"]),
        input="embedding" if is_learned else "onehot",
        embedding=width,
    )
    return replace(_make_model(symbols, shape), weights=_complete(weights, shape, len(symbols)))


def _make_model(symbols: list[str], shape: ModelSettings) -> Model:
    """A model of an alphabet, without weights."""
    unit: Unit = "char" if all(len(symbol) == 1 for symbol in symbols) else "grapheme"
    try:
        "".join(symbols).encode()
        vocabulary = Vocabulary(tuple(symbols), unit)
    except (ValueError, BurbleError) as error:
        raise ModelFileError(f"{VOCABULARY} holds symbols that cannot be: {error}") from error
    return Model({}, vocabulary, shape, TextSettings(unit=unit))


def _complete(weights: dict[str, Array], shape: ModelSettings, size: int) -> dict[str, Array]:
    """The arrays in the order of a model file, with what enters the network unlearned."""
    fixed = fixed_input(shape, size)
    held = weights if fixed is None else weights | {EMBEDDING: fixed}
    return {name: held[name] for name in array_shapes(shape, size)}


def _restore(folder: Path, weights: dict[str, Array], log: Log) -> Model:
    """The model that burble exported, by what it wrote down of it."""
    path, own = folder / OWN, _read_json(folder / OWN)
    meta = own.get("model")
    if type(meta) is not dict or type(meta.get("format")) is not int:
        raise ModelFileError(f"{path} describes no model. Copy the folder again, or remove it.")
    if not 1 <= meta["format"] <= FORMAT:
        raise ModelFileError(f"{path} has format {meta['format']}, which a newer burble knows.")
    model = read_description(meta, path)
    size, shape = model.vocabulary.size, model.architecture
    if name_ids(model.vocabulary, model.separator) != dict(_read_json(folder / VOCABULARY)):
        raise ModelFileError(f"{path} and {VOCABULARY} are of two models. Copy the folder again.")
    expected = array_shapes(shape, size)
    found = {name: array.shape for name, array in weights.items()}
    if {EMBEDDING: expected[EMBEDDING]} | found != expected:
        raise ModelFileError(f"{path} describes a network of other shapes than {MANIFEST} has.")
    weights = _complete(weights, shape, size)
    return replace(model, weights=_take_exact(own, weights, log))


def _take_exact(own: Mapping[str, Any], weights: dict[str, Array], log: Log) -> dict[str, Array]:
    """The weights with the biases as they were, where ml5's are those but for their last bits."""
    try:
        exact = {name: np.array(own["exact"][name], np.float32) for name in EXACT}
        shift = np.array([own["shift"], 0], np.float32)
        fits = all(
            exact[name].shape == weights[name].shape
            and np.allclose(exact[name] - shift[int(name[0] == "l")], weights[name], 1e-6, 1e-5)
            for name in EXACT
        )
    except (LookupError, TypeError, ValueError, OverflowError):
        fits = False
    if not fits:
        log(f"The weights are not those that burble wrote; {OWN} is not asked for their last bits.")
    return weights | exact if fits else weights
