"""A small model file, whole or taken apart and put together otherwise."""

import json
import struct
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from burble.data.vocabulary import Vocabulary
from burble.model.architecture import array_shapes
from burble.model.file import Model, read_model, serialize_model
from burble.settings import ModelSettings, TextSettings


def small_model():
    vocabulary = Vocabulary(("\n", "a", "é", "猫"), boundary=True)
    architecture = ModelSettings(layers=2, units=3, embedding=2)
    rng = np.random.default_rng(0)
    named = array_shapes(architecture, vocabulary.size).items()
    weights = {name: rng.normal(size=shape).astype(np.float32) for name, shape in named}
    text = TextSettings(lowercase=True)
    return Model(weights, vocabulary, architecture, text, "\n\n", {"held_out_loss": 1.5})


VALID = serialize_model(small_model())
HALF = serialize_model(replace(small_model(), dtype="float16"))


def parts(data=VALID):
    """The header, the burble metadata and the weights' bytes of a model file."""
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + length])
    return header, json.loads(header["__metadata__"]["burble"]), data[8 + length :]


def assemble(header, weights):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + weights


def with_meta(text):
    """The small model with other burble metadata, as JSON text."""
    header, _, weights = parts()
    header["__metadata__"]["burble"] = text
    return assemble(header, weights)


def read(data):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "m"
        path.write_bytes(data)
        return read_model(path)
