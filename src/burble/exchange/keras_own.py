"""A `.keras` file that burble exported, as the model that it was. Knows no other file of Keras.

Nothing in it is executed: its metadata says what network it is and where the arrays lie, and these
must be those of that network.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from burble.errors import ModelFileError
from burble.exchange import keras_container
from burble.exchange.description import parse_description
from burble.exchange.imports import Imported
from burble.formatting import shown
from burble.model.architecture import LABELS, array_shapes, fixed_input
from burble.model.metadata import Model
from burble.settings import ModelSettings

Array = NDArray[np.float32]
OWN = "burble"
"""The key in the metadata of the archive."""
METADATA, CONFIG, WEIGHTS = ARCHIVE = ("metadata.json", "config.json", "model.weights.h5")
"""The members of the archive, in Keras's order."""


def read_own(path: Path) -> Imported | None:
    """Reads a file.

    Returns:
        The model; None where it is another file of Keras.

    Raises:
        ModelFileError: It is damaged.
    """
    if not keras_container.is_archive(path):
        return None
    with keras_container.explain_damage(path):
        members = keras_container.read_members(path)
        own = keras_container.parse_json(members[METADATA], path, METADATA).get(OWN)
        if own is None:
            return None
        kinds = {"model": str, "dtype": str, "version": str, "arrays": dict}
        if type(own) is not dict or any(
            type(own.get(key)) is not kind for key, kind in kinds.items()
        ):
            raise ValueError(f"its {METADATA} is not as burble writes it")
        model = parse_description(own["model"], own["dtype"], path)
        with keras_container.open_weights(members[WEIGHTS]) as file:
            weights = _read_weights(file, model, own["arrays"], shown(path))
    return Imported(replace(model, weights=weights), "burble, for Keras", own["version"])


def _read_weights(
    file: h5py.File, model: Model, places: Mapping[str, Any], path: str
) -> dict[str, Array]:
    """The arrays of a model, each from the place that is named."""
    shape, size = model.architecture, model.vocabulary.size
    found = {}
    for name, expected in array_shapes(shape, size, len(model.labels)).items():
        if name not in places:
            # In the tutorial's layout, what enters the network is computed.
            is_computed = name == "embedding" and shape.input == "scalar"
            fixed = fixed_input(shape, size) if is_computed else None
            if fixed is None:
                raise ModelFileError(f"{path} is damaged: it does not say where {name} lies.")
            found[name] = fixed
            continue
        rows = (expected[0] + 1, expected[1]) if name.endswith(LABELS) else expected
        dataset = keras_container.find_dataset(file, str(places[name]), path)
        array = keras_container.read_plain(dataset, rows, f"{path}: {name}")
        found[name] = np.ascontiguousarray(from_keras(shape, name, array))
    return found


def to_keras(model: Model, name: str) -> Array:
    """An array as Keras holds it; see `from_keras`."""
    array = model.weights[name]
    if name.endswith(LABELS):
        # Number 0 is no label, whose vector is zero.
        return np.concatenate([np.zeros_like(array[:1]), array])
    return array * _slopes(model.architecture, name)


def from_keras(shape: ModelSettings, name: str, array: Array) -> Array:
    """An array as a model holds it; of gates that are hard sigmoids but for its last bit."""
    return array[1:] if name.endswith(LABELS) else array / _slopes(shape, name)


def _slopes(shape: ModelSettings, name: str) -> Array:
    """What the gates of an array are multiplied with.

    Keras 3's hard sigmoid is x / 6 + 0.5, and burble's, that of before, 0.2 x + 0.5.
    """
    is_hard = shape.recurrent_activation == "hard_sigmoid" and "layer" in name
    if not is_hard:
        return np.ones(1, np.float32)
    return np.repeat(np.array([1.2, 1.2, 1, 1.2], np.float32), shape.units)
