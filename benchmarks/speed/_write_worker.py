"""Writes with whichever build it runs in: a text, or many, for each line of its input.

make MODEL LAYERS UNITS | one MODEL LENGTH | many MODEL LENGTH COUNT

Prints characters a second by the clock, and the first text. Made for `writing_pace`: the imports of
the earlier build come first, today's where it has none of these.
"""

import json
import sys
import time
from importlib import import_module
from pathlib import Path

SYMBOLS, FIRST = 65, 58


def make(path: Path, layers: int, units: int) -> None:
    """Writes a model with random weights, in the earlier build's format."""
    import numpy as np

    # These modules have other names today, and no types here.
    modelfile, settings = import_module("burble.modelfile"), import_module("burble.settings")
    vocabulary = import_module("burble.vocabulary").Vocabulary(
        tuple(map(chr, range(FIRST, FIRST + SYMBOLS)))
    )
    shape, rng = settings.ModelSettings(layers=layers, units=units), np.random.default_rng(0)
    weights = {
        name: rng.normal(0, 0.1, size).astype(np.float32)
        for name, size in modelfile.shapes(shape, SYMBOLS).items()
    }
    modelfile.write(path, modelfile.Model(weights, vocabulary, shape, settings.TextSettings()))
    print(json.dumps("made"))


def serve(path: Path, length: int, count: int) -> None:
    """Writes `count` texts of a length for each line of stdin."""
    try:
        generator = import_module("burble.generation")
    except ModuleNotFoundError:
        generator = import_module("burble.inference.generator")
    writer = generator.load(path)
    for _ in sys.stdin:
        began = time.perf_counter()
        options = {"length": length, "seed": 1, "temperature": 0.8}
        texts = writer.generate_many("a", count=count, **options)
        seconds = time.perf_counter() - began
        print(json.dumps({"speed": length * count / seconds, "text": texts[0]}), flush=True)


def main() -> None:
    """Does what its arguments say."""
    mode, path, *numbers = sys.argv[1:]
    if mode == "make":
        make(Path(path), *map(int, numbers))
    else:
        serve(Path(path), int(numbers[0]), int(numbers[1]) if mode == "many" else 1)


if __name__ == "__main__":
    main()
