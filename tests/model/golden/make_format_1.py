"""Makes `format-1.safetensors`, the model that every later release must read alike.

Its weights come from whole numbers alone, so that every machine makes the same bytes. Run it from
this folder's parent; never run it again for a format that has been released.
"""

from pathlib import Path

import numpy as np

from burble.data.vocabulary import Vocabulary
from burble.model.architecture import array_shapes
from burble.model.file import Model, write_model
from burble.settings import ModelSettings, TextSettings

SYMBOLS = tuple("\n !,.?abcdefghilmnoprstuwyéß猫😀")


def golden() -> Model:
    """The model."""
    vocabulary = Vocabulary(SYMBOLS, boundary=True)
    shape = ModelSettings(layers=2, units=12, embedding=6)
    weights, seed = {}, 26
    for name, size in array_shapes(shape, vocabulary.size).items():
        numbers = []
        for _ in range(int(np.prod(size))):
            seed = seed * 48271 % 2147483647
            numbers.append((seed % 2001 - 1000) / 256)
        weights[name] = np.array(numbers, np.float32).reshape(size)
    return Model(weights, vocabulary, shape, TextSettings(lowercase=True), "\n\n", {"step": 300})


if __name__ == "__main__":
    write_model(Path(__file__).parent / "format-1.safetensors", golden())
