"""Weights of textgenrnn (2.0.0 and before) made a burble model, with what lies beside them.

Its network has LSTM layers above an embedding and attention over all of them at each of the last
40 characters; see `model.attention`. Its weights are HDF5 that Keras wrote, its alphabet and its
settings two files of JSON named alike. Read with distrust, as `keras_file` does.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from burble.data.vocabulary import Vocabulary
from burble.errors import BurbleError, ModelFileError
from burble.exchange import keras_file
from burble.exchange.imports import Imported
from burble.exchange.keras_container import check_plain
from burble.exchange.keras_weights import from_cudnn
from burble.exchange.options import ImportRequest
from burble.formatting import some
from burble.model.architecture import ATTENTION, PADDING, array_shapes
from burble.model.file import Model
from burble.model.metadata import MAX_ATTENTION
from burble.model.tensors import strict_json
from burble.settings import ModelSettings, TextSettings

Array = NDArray[np.float32]
Log = Callable[[str], object]
META = "<s>"
"""What stands before and after each text that it learned."""
SPAN = 40
"""Characters that it sees, where no settings say."""
MOST_JSON = 8 << 20
UNREAD = ("context_output", "context_input", "context_reshape")
"""Layers that learn from a second column, and are not asked when it writes."""


@dataclass(frozen=True)
class _Companions:
    """What lies beside the weights.

    Attributes:
        ids: The number of each symbol; 0 is none, and is read before a text begins.
        config: Its settings.
    """

    ids: Mapping[str, int]
    config: Mapping[str, Any]


def read(path: Path, _options: ImportRequest, log: Log) -> Imported:
    """Reads the weights, and the alphabet beside them.

    Args:
        path: The file of weights.
        log: Takes sentences about what was not read.

    Raises:
        ModelFileError: A file is damaged or missing, or the network is none that burble can run.
    """
    companions = _read_companions(path, log)
    try:
        with h5py.File(path, "r") as file:
            version = keras_file.read_version(file)
            group = file.get("model_weights", file)
            found = _sort(keras_file.list_datasets(group, path), path)
            # Before they are read: a damaged file may say that one holds any number of numbers.
            shapes = {name: one.shape or () for name, one in found.items()}
            shape = _check_shapes(path, shapes, len(companions.ids) + 1)
            arrays = {name: _read_array(one, name, path) for name, one in found.items()}
    except BurbleError:
        raise
    except (OSError, RuntimeError, LookupError, ValueError, TypeError) as error:
        # What h5py raises where a file is damaged.
        raise ModelFileError(f"cannot read {path} as HDF5: {error}. Copy it again.") from error
    model = _build(path, arrays, shape, companions, log)
    return Imported(model, "textgenrnn", f"Keras {version}" if version else "")


def _read_companions(path: Path, log: Log) -> _Companions:
    """The alphabet and the settings of some weights."""
    vocabulary = _find(path, "vocab")
    if vocabulary is None:
        raise ModelFileError(
            f"{path} holds weights of textgenrnn, and not their alphabet: put the file "
            f"{_stem(path)}_vocab.json beside it that was written with it. Weights that go on from "
            "textgenrnn's own have the textgenrnn_vocab.json of that package."
        )
    settings = _find(path, "config")
    config = _read_json(settings) if settings else {}
    if not settings:
        log(
            f"There is no {_stem(path)}_config.json: it is taken to see {SPAN} characters, and to "
            f"have learned texts one by one, as textgenrnn does by itself."
        )
    refused = {"word_level": "reads words", "rnn_bidirectional": "reads both ways"}
    for name, what in refused.items():
        if config.get(name):
            raise ModelFileError(
                f"{settings} says that this network {what}, which burble's cannot. Train on the "
                "same text: burble train TEXT -o RUN"
            )
    return _Companions(_check_ids(_read_json(vocabulary), vocabulary), config)


def _stem(path: Path) -> str:
    """What the names of the three files of a model begin with."""
    return path.stem.partition("_weights")[0]


def _find(path: Path, kind: str) -> Path | None:
    """A companion: of the same name, or the only one there."""
    named = path.with_name(f"{_stem(path)}_{kind}.json")
    if named.is_file():
        return named
    others = sorted(path.absolute().parent.glob(f"*{kind}.json"))
    return others[0] if len(others) == 1 else None


def _read_json(path: Path) -> Mapping[str, Any]:
    """An object of JSON."""
    try:
        if path.stat().st_size > MOST_JSON:
            raise ValueError(f"it has more than {MOST_JSON >> 20} MiB")
        found = strict_json(path.read_text("utf-8-sig"))
        if type(found) is not dict:
            raise ValueError("it is no object of names and values")
    except (OSError, ValueError, RecursionError) as error:
        raise ModelFileError(f"cannot read {path}: {error}. Copy it again.") from error
    return found


def _check_ids(found: Mapping[str, Any], path: Path) -> Mapping[str, int]:
    """The numbers of symbols: each once, from 1."""
    numbers = [*found.values()]
    if not all(type(one) is int for one in numbers) or sorted(numbers) != [
        *range(1, len(numbers) + 1)
    ]:
        raise ModelFileError(
            f"the numbers of {path} are not 1 to {len(numbers)}, one for each symbol. Give the "
            "file that textgenrnn wrote."
        )
    return found


def _sort(
    datasets: Iterable[tuple[tuple[str, ...], h5py.Dataset]], path: Path
) -> dict[str, h5py.Dataset]:
    """The arrays by layer and part, such as rnn_1.kernel."""
    found: dict[str, h5py.Dataset] = {}
    for way, dataset in datasets:
        layer, part = way[0], way[-1].removesuffix(":0")
        if any("backward" in one or "bidirectional" in one for one in way):
            raise keras_file.bidirectional_error(path, layer)
        if layer in UNREAD:
            continue
        name = f"{layer}.{part.removeprefix(f'{layer}_')}"
        if name in found:
            raise ModelFileError(f"{path} holds {name} twice. Give a file that textgenrnn wrote.")
        found[name] = dataset
    return found


def _read_array(dataset: h5py.Dataset, name: str, path: Path) -> Array:
    """One array, which lies in the file itself, and of which every number is finite."""
    check_plain(dataset, f"{path}: {name}")
    array = np.asarray(dataset[()], np.float32)
    if not np.isfinite(array).all():
        raise ModelFileError(f"{path}: {name} holds numbers that are none (NaN or infinity).")
    return array


def _build(
    path: Path,
    arrays: Mapping[str, Array],
    shape: ModelSettings,
    companions: _Companions,
    log: Log,
) -> Model:
    """The model of some arrays, its ids in the order of burble's."""
    ids, config = companions.ids, companions.config
    span = config.get("max_length", SPAN)
    if type(span) is not int or not 1 <= span <= MAX_ATTENTION:
        raise ModelFileError(
            f"the max_length of {path} is {span!r:.40}, expected 1 to {MAX_ATTENTION:,}."
        )
    apart = META in ids and not config.get("single_text", False)
    if META in ids and not apart:
        log(f"{META} stands for nothing in a model of a single text, and is left out.")
    symbols = sorted(ids.keys() - {META}, key=ids.__getitem__)
    order = [*map(ids.__getitem__, symbols), *([ids[META]] if apart else [])]
    lines = apart and "\n" not in ids
    try:
        return Model(
            _arrange(arrays, shape, np.array(order, np.intp)),
            Vocabulary(tuple(symbols), boundary=apart),
            shape,
            TextSettings(documents="lines" if lines else "sources"),
            separator=("\n" if lines else "\n\n") if apart else "",
            attention=span,
        )
    except BurbleError as error:
        raise ModelFileError(f"the alphabet of {path} cannot be: {error}") from error


def _check_shapes(path: Path, shapes: Mapping[str, tuple[int, ...]], size: int) -> ModelSettings:
    """The shape of the network that the arrays are of, with so many ids and all of them there."""
    layers = sum(name.startswith("rnn_") and name.endswith(".kernel") for name in shapes)
    width, units = 0, 0
    if {"embedding.embeddings", "rnn_1.recurrent_kernel"} <= shapes.keys():
        width = sum(shapes["embedding.embeddings"][-1:])
        units = sum(shapes["rnn_1.recurrent_kernel"][:1])
    joined = width + layers * units
    expected: dict[str, tuple[int, ...]] = {"embedding.embeddings": (size, width)}
    for layer in range(1, layers + 1):
        below = units if layer > 1 else width
        expected[f"rnn_{layer}.kernel"] = (below, 4 * units)
        expected[f"rnn_{layer}.recurrent_kernel"] = (units, 4 * units)
        # Those of cuDNN have two biases.
        double = shapes.get(f"rnn_{layer}.bias") == (8 * units,)
        expected[f"rnn_{layer}.bias"] = ((8 if double else 4) * units,)
    expected |= {"attention.W": (joined, 1), "output.kernel": (joined, size)}
    expected["output.bias"] = (size,)
    for name in [*expected, *shapes]:
        found, wanted = shapes.get(name), expected.get(name)
        if found != wanted:
            raise ModelFileError(
                f"{path} and the alphabet beside it, of {some(size - 1, 'symbol')}, are not of one "
                f"network of textgenrnn: {name} is {found or 'missing'}, "
                f"expected {wanted or 'nothing'}. Put the files together that were written "
                "together."
            )
    return ModelSettings(layers=layers, units=units, embedding=width)


def _arrange(
    arrays: Mapping[str, Array], shape: ModelSettings, order: NDArray[np.intp]
) -> dict[str, Array]:
    """Arrays by the names of the model file; of ids those that it has, in their order."""
    held = {"embedding": arrays["embedding.embeddings"][order]}
    for layer in range(shape.layers):
        parts = [
            arrays[f"rnn_{layer + 1}.{part}"] for part in ("kernel", "recurrent_kernel", "bias")
        ]
        if len(parts[2]) == 8 * shape.units:
            parts = [*from_cudnn(*parts)]
        for part, array in zip(("kernel", "recurrent", "bias"), parts, strict=True):
            held[f"layer{layer}.{part}"] = array
    held["output.kernel"] = arrays["output.kernel"][:, order]
    held["output.bias"] = arrays["output.bias"][order]
    held[ATTENTION] = arrays["attention.W"][:, 0]
    held[PADDING] = arrays["embedding.embeddings"][0]
    return {name: held[name] for name in array_shapes(shape, len(order), attends=True)}
