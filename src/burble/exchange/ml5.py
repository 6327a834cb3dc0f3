"""The folder that ml5's charRNN reads (0.12.2, for p5.js sketches), and a player beside it.

Raw little-endian float32 by `manifest.json`, an alphabet in `vocab.json`, two LSTM layers as
TensorFlow's BasicLSTMCell has them. What ml5 does not ask for lies in `burble.json`. See
`ml5_reader` for the way back.
"""

import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from burble.data.labels import UNLABELLED
from burble.data.vocabulary import Vocabulary
from burble.errors import SettingsError
from burble.exchange.options import ExportOptions
from burble.formatting import some
from burble.model.architecture import LABELS, Weights
from burble.model.engine import build_engine
from burble.model.file import Model
from burble.model.metadata import describe_as_json
from burble.settings import ModelSettings

Array = NDArray[np.float32]
LAYERS = 2
EMBEDDING = "embedding"
CELL = "rnnlm/multi_rnn_cell/cell_{}/basic_lstm_cell/{}"
OUTPUT = {"output.kernel": "rnnlm/softmax_w", "output.bias": "rnnlm/softmax_b"}
MANIFEST, VOCABULARY, OWN = "manifest.json", "vocab.json", "burble.json"
PLAYER = "charrnn.js"
EXACT = ("layer0.bias", "layer1.bias", "output.bias")
"""Arrays that ml5 needs changed, so that rounding may lose a bit of them."""
LARGEST = 87
"""Logits over temperature that float32 can still take the exponential of, either way."""
_STREAMS, _STEPS = 32, 64


def export(model: Model, path: Path, _options: ExportOptions, log: Callable[[str], object]) -> None:
    """Writes the folder.

    Args:
        model: The model.
        path: The folder to make.
        log: Takes sentences about what ml5 cannot do with it.

    Raises:
        SettingsError: ml5 cannot hold this model.
    """
    if reasons := [*_find_reasons(model)]:
        others = ".html or .onnx" if model.architecture.reset_after else ".onnx"
        raise SettingsError(
            f"ml5's charRNN holds one network of two LSTM layers that reads characters, and this "
            f"model {' and '.join(reasons)}. Export it as {others}."
        )
    if model.labels:
        log("ml5 knows no labels: what it writes has none.")
        model = _leave_labels(model)
    least, most = find_range(model.weights, model.architecture)
    shift = np.float32((least + most) / 2)
    path.mkdir()
    arrays = to_ml5(model.weights, model.architecture, shift)
    manifest = {}
    for name, array in arrays.items():
        file = name.replace("/", "_")
        (path / file).write_bytes(np.ascontiguousarray(array, "<f4").tobytes())
        manifest[name] = {"filename": file, "shape": list(array.shape)}
    _write_json(path / MANIFEST, manifest)
    _write_json(path / VOCABULARY, name_ids(model.vocabulary, model.separator))
    exact = {name: model.weights[name].tolist() for name in EXACT}
    own = {"model": describe_as_json(model), "shift": float(shift), "exact": exact}
    own |= {} if model.reset_id is None else {"reset_id": model.reset_id}
    _write_json(path / OWN, own)
    player = files("burble.exchange").joinpath("ml5_player.js").read_bytes()
    (path / PLAYER).write_bytes(player)
    for note in _describe(model, (most - least) / 2):
        log(note)


def _find_reasons(model: Model) -> Iterator[str]:
    """What ml5 cannot hold of a model."""
    shape, unit = model.architecture, model.vocabulary.unit
    if not model.weights:
        yield "is a mixture of several"
    if shape.ensemble > 1:
        yield f"is an ensemble of {shape.ensemble}"
    if shape.cell != "lstm":
        yield f"is of {shape.cell.upper()} layers"
    if shape.layers != LAYERS:
        # It would take the second for the last, whatever comes after it.
        yield f"has {some(shape.layers, 'layer')}"
    if shape.recurrent_activation != "sigmoid":
        yield f"has gates of {shape.recurrent_activation}"
    if model.window:
        yield f"reads windows of {some(model.window, 'symbol')}"
    if unit not in ("char", "grapheme"):
        yield f"has symbols of the unit {unit}"


def _leave_labels(model: Model) -> Model:
    """The same model without its labels."""
    weights = {name: array for name, array in model.weights.items() if name != LABELS}
    text = replace(model.text, label=())
    return replace(model, weights=weights, labels=UNLABELLED, text=text)


def to_ml5(weights: Weights, shape: ModelSettings, shift: np.float32) -> dict[str, Array]:
    """The arrays of a folder, by the names of its manifest.

    Args:
        weights: By the names of the model file.
        shape: Of the network.
        shift: What is taken from every logit, which changes no probability.
    """
    arrays: dict[str, Array] = {}
    if shape.input != "onehot":
        arrays[EMBEDDING] = weights["embedding"]
    for layer in range(shape.layers):
        kernel, recurrent, bias = (
            weights[f"layer{layer}.{part}"] for part in ("kernel", "recurrent", "bias")
        )
        arrays[CELL.format(layer, "kernel")] = _swap(np.concatenate([kernel, recurrent]))
        # ml5 adds 1 to the gate that forgets.
        forget = np.repeat(np.array([0, 1, 0, 0], np.float32), len(bias) // 4)
        arrays[CELL.format(layer, "bias")] = _swap(bias - forget)
    arrays[OUTPUT["output.kernel"]] = weights["output.kernel"]
    arrays[OUTPUT["output.bias"]] = weights["output.bias"] - shift
    return arrays


def _swap(array: Array) -> Array:
    """Gates in Keras's order i, f, c, o as TensorFlow's cell has them: i, c, f, o."""
    i, f, c, o = np.split(array, 4, -1)
    return np.concatenate([i, c, f, o], -1)


def name_ids(vocabulary: Vocabulary, separator: str) -> dict[str, int]:
    """The id of each text that ml5 may write; what stands between documents is one of them."""
    ids = dict(vocabulary.ids)
    if vocabulary.boundary_id is not None:
        between = separator
        while between in ids:
            between += separator
        ids[between] = vocabulary.boundary_id
    return ids


def find_range(weights: Weights, shape: ModelSettings) -> tuple[float, float]:
    """The lowest and the highest of the largest logits while the network writes.

    ml5 takes exponentials of logits over temperature as they are: what is far from 0 leaves the
    range of numbers. Which logits come up is seen on what the network writes itself.
    """
    engine, rng = build_engine(weights, shape), np.random.default_rng(0)
    size = len(weights["output.bias"])
    ids, state, found = np.arange(_STREAMS) % size, engine.zero_state(_STREAMS), []
    for step in range(_STEPS):
        logits, state = engine.step(ids, state)
        found.append(logits.max(1))
        # Half as sure, and twice: what is unusual comes up, and what is repeated.
        noise = rng.gumbel(size=logits.shape)
        ids = (logits * (0.7 if step % 2 else 2) + noise).argmax(1)
    return float(np.min(found)), float(np.max(found))


def _describe(model: Model, half: float) -> Iterator[str]:
    """What ml5 itself cannot do, that the player beside it can."""
    coldest = math.ceil(100 * (half + 1) / LARGEST) / 100
    yield (
        f"ml5 0.12.2 can write with it at temperatures of about {coldest:.2f} and more; "
        f"{PLAYER}, which is in the folder, at any."
    )
    longer = [symbol for symbol in model.vocabulary.symbols if len(symbol) > 1]
    if longer:
        yield (
            f"ml5 reads code point by code point, so that it cannot be fed "
            f"{some(len(longer), 'symbol')} that are several, such as {longer[0]!r}; {PLAYER} can."
        )
    boundary = model.vocabulary.boundary_id
    if boundary is not None:
        ids = name_ids(model.vocabulary, model.separator)
        text = next(text for text, one in ids.items() if one == boundary)
        yield f"Between two documents ml5 writes {text!r}."
    if model.reset_id is not None:
        yield (
            "This model learned each document from a zero state, and ml5 carries its state on: of "
            f"what it writes, the first document is the best. {PLAYER} begins each anew."
        )


def _write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Writes JSON, in one line and UTF-8."""
    path.write_text(json.dumps(value, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")
