"""A model written as `.keras`, opened again and run before it is kept. Knows no other format.

All but the weights stands as JSON in a file beside it, and in the archive's own metadata, from
which `burble import` makes the model that it was.
"""

import io
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np

from burble import __version__
from burble.errors import BurbleError, SettingsError
from burble.exchange import keras_layers
from burble.exchange.description import describe_resets, write_description
from burble.exchange.keras_layers import OUTPUT, Built
from burble.exchange.keras_own import ARCHIVE, CONFIG, METADATA, OWN, WEIGHTS, to_keras
from burble.exchange.options import ExportOptions
from burble.formatting import some
from burble.model.engine import build_engine
from burble.model.metadata import Model
from burble.model.softmax import softmax

Log = Callable[[str], object]
STEPS = 100
TOLERANCE = 1e-5
EARLIEST = (1980, 1, 1, 0, 0, 0)
"""What a ZIP archive can say at the earliest: a file depends on no clock."""


def export(model: Model, path: Path, options: ExportOptions, log: Log) -> None:
    """Writes the file, and the JSON beside it; see `exports`.

    Raises:
        SettingsError: The model has not the tutorial's shape, which was asked for.
        BurbleError: What Keras opens again is not what the model predicts.
    """
    is_tutorial = options.keras_layout == "tutorial"
    if is_tutorial:
        _check_tutorial(model)
    build = keras_layers.build_tutorial if is_tutorial else keras_layers.build_streams
    built = build(model)
    _write(built, model, path)
    opened = keras.models.load_model(path)
    compare = _compare_windows if is_tutorial else _compare_streams
    difference, steps = compare(opened, model)
    told = f"Keras {keras.__version__} on {keras.backend.backend()}"
    if difference > TOLERANCE:
        raise BurbleError(
            f"{told} does not predict with {path.name} what the model does: a probability differs "
            f"by {difference:.2g}. It is not kept; please report that."
        )
    log(
        f"{told} predicts the same over {some(steps, 'symbol')}: the largest difference of a "
        f"probability is {difference:.1g}."
    )
    beside = path.with_name(f"{path.name}.json")
    beside.write_text(f"{write_description(model)}\n", "utf-8")
    log(f"{beside.name}, beside it, holds the alphabet in the order of its ids.")
    for note in describe_resets(model):
        log(note)


def _check_tutorial(model: Model) -> None:
    """Refuses a model that has not the shape of the Keras tutorial's.

    Raises:
        SettingsError: It has another.
    """
    shape = model.architecture
    odd = {
        f"its input is {shape.input}, and the tutorial's scalar": shape.input != "scalar",
        "it does not read windows": not model.window,
        f"its layers are {shape.cell.upper()}s": shape.cell != "lstm",
        f"it is an ensemble of {shape.ensemble} networks": shape.ensemble > 1,
    }
    if reasons := [reason for reason, holds in odd.items() if holds]:
        raise SettingsError(
            f"keras_layout is 'tutorial', but this model has another shape: {'; '.join(reasons)}. "
            "Leave it out; what the tutorial's recipes train has that shape."
        )


def _write(built: Built, model: Model, path: Path) -> None:
    """Writes a file of Keras, with what burble says of the model in its metadata."""
    built.network.save(path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in ARCHIVE}
    places = dict(keras_layers.variable_paths(built))
    _check_places(members[WEIGHTS], places, model)
    metadata = json.loads(members[METADATA])
    # When it was saved is no part of a model.
    metadata.pop("date_saved", None)
    own = {"version": __version__, "dtype": model.dtype, "arrays": places}
    metadata[OWN] = own | {"model": write_description(model)}
    members[METADATA] = json.dumps(metadata, ensure_ascii=False).encode()
    members[CONFIG] = _renumber(members[CONFIG])
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name, EARLIEST), data)


def _renumber(config: bytes) -> bytes:
    """The description of a network, where objects that layers share are counted.

    Keras (3.15) numbers them by where they lie in memory, so that no two files are alike.
    """
    numbers: dict[str, str] = {}
    pattern = rb'(?<="shared_object_id": )\d+'
    return re.sub(
        pattern,
        lambda found: numbers.setdefault(found[0].decode(), str(len(numbers))).encode(),
        config,
    )


def _check_places(weights: bytes, places: dict[str, str], model: Model) -> None:
    """Checks that the arrays lie where they are said to, for whoever imports the file.

    Raises:
        BurbleError: This Keras names them otherwise.
    """
    with h5py.File(io.BytesIO(weights)) as file:
        for name, place in places.items():
            expected = to_keras(model, name)
            if place not in file or not np.array_equal(file[place][()], expected):
                raise BurbleError(
                    f"Keras {keras.__version__} does not write {name} at {place}, where others do. "
                    "Install the version of Keras that burble was tested with."
                )


def _compare_streams(network: Any, model: Model) -> tuple[float, int]:
    """The largest difference of a probability, in two streams, whose states are handed on."""
    shape, labels = model.architecture, model.labels
    first = [min(numbers.values()) for numbers in labels.numbers]
    core = build_engine(model.weights, shape).with_labels(first)
    ids = np.random.default_rng(0).integers(model.vocabulary.size, size=(2, STEPS)).astype("i4")
    numbers = {f"label{place}": np.full((2, 1), one, "i4") for place, one in enumerate(first)}
    names = [name for name in network.output if name != OUTPUT]
    states = {name: np.zeros((2, shape.units), "f4") for name in names}
    found = []
    for part in np.split(ids, 2, axis=1):
        given = {"ids": part, **numbers, **states}
        out = network({name: keras.ops.convert_to_tensor(value) for name, value in given.items()})
        found.append(np.asarray(keras.ops.convert_to_numpy(out[OUTPUT])))
        states = {name: out[name] for name in names}
    expected = [core.read_symbols(stream, core.zero_state(1))[0] for stream in ids]
    return _differ(np.concatenate(found, 1), np.stack(expected)), STEPS * 2


def _compare_windows(network: Any, model: Model) -> tuple[float, int]:
    """The largest difference of a probability, after windows read from zero states."""
    core = build_engine(model.weights, model.architecture)
    rng = np.random.default_rng(0)
    ids = rng.integers(model.vocabulary.size, size=(8, model.window))
    windows = ids[..., None].astype("f4") / np.float32(model.vocabulary.size)
    found = np.asarray(keras.ops.convert_to_numpy(network(windows)))
    expected = [core.read_symbols(window, core.zero_state(1))[0][-1] for window in ids]
    return _differ(found, np.stack(expected)), ids.size


def _differ(found: Any, logits: Any) -> float:
    """The largest difference of a probability."""
    return float(np.abs(found - softmax(logits.astype(np.float64))).max())
