"""Makes `format-5-words.safetensors`: a model of words with random weights.

Every later release must read it alike; never run this again for a format that has been released.
"""

from pathlib import Path

import numpy as np

from burble.data.vocabulary import Vocabulary
from burble.model.architecture import array_shapes
from burble.model.file import Model, write_model
from burble.settings import ModelSettings, TextSettings

SYMBOLS = ("\n", " ", "'", ".", "a", "b", "bro", "brown", "don't", "n", "o", "r", "the", "w", "猫")

if __name__ == "__main__":
    vocabulary = Vocabulary(SYMBOLS, "word", boundary=True)
    shape = ModelSettings(layers=1, units=8, embedding=4)
    rng = np.random.default_rng(5)
    # Eighths, which every float holds as they are.
    weights = {
        name: (rng.integers(-8, 9, size) / np.float32(8)).astype(np.float32)
        for name, size in array_shapes(shape, vocabulary.size).items()
    }
    text = TextSettings(unit="word", min_word_count=3, max_words=9)
    place = Path(__file__).parent / "format-5-words.safetensors"
    write_model(place, Model(weights, vocabulary, shape, text, "\n\n"))
