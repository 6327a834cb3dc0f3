"""A whole small file or folder of each format that can be imported, to be damaged by a test."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from burble.exchange.exports import export_model
from burble.exchange.options import ExportOptions
from tests.support import keras_files, speakers, textgenrnn, torch7_files

RECIPE = 'framing = "windows"\nlength = 8\ninput = "scalar"\nlayers = 1\nunits = 3\n'


@dataclass(frozen=True)
class Sample:
    """What is damaged.

    Attributes:
        make: Makes a whole small file or folder in a folder, and returns its path.
        options: What import is told of it: names of files beside it.
        beside: Names of files beside it that belong to it, and are damaged as well.
    """

    make: Callable[[Path], Path]
    options: Mapping[str, str] = field(default_factory=dict)
    beside: tuple[str, ...] = ()


def _exported(name, **shape):
    """A file or folder of that name, which burble itself exports."""
    model = speakers.chancy(layers=2, units=6, **shape)

    def make(folder):
        return export_model(model, f"{folder}/{name}", ExportOptions())

    return Sample(make)


def _keras(write):
    """A file that Keras wrote, with the recipe and the text that import wants."""

    def make(folder):
        (folder / "mine.toml").write_text(RECIPE, encoding="utf-8")
        (folder / "text.txt").write_text("abcde", encoding="utf-8")
        return write(folder)

    return Sample(make, {"recipe": "mine.toml", "alphabet_from": "text.txt"})


def _modern(folder):
    """Weights as Keras 3 writes them."""
    layers = [("lstm", keras_files.PLAIN[0][1]), ("dense", keras_files.PLAIN[1][1])]
    return keras_files.modern(folder / "m.weights.h5", layers)


def _archive(folder):
    """A model as Keras 3 writes it."""
    weights = _modern(folder).read_bytes()
    return keras_files.archive(
        folder / "m.keras", weights, keras_files.described(keras_files.PLAIN)
    )


def _legacy(folder):
    """A model as Keras 2 wrote it."""
    config = keras_files.described(keras_files.PLAIN)
    return keras_files.legacy(folder / "m.h5", keras_files.PLAIN, config=config, version="2.3.1")


def _torch7(value):
    """A file of Torch7."""

    def make(folder):
        path = folder / "m.t7"
        path.write_bytes(torch7_files.serialize(value))
        return path

    return Sample(make)


def _markovify(folder):
    """A model of markovify, with its sentences and without all of its chain."""
    sentences = [["The", "cat", "sat."], ["A", "dog", "“ran”", "off."]] * 5
    chain = [[["___BEGIN__", "___BEGIN__"], {"The": 5, "A": 5}]]
    held = {"state_size": 2, "chain": json.dumps(chain), "parsed_sentences": sentences}
    path = folder / "m.json"
    path.write_text(json.dumps(held), encoding="utf-8")
    return path


SAMPLES: dict[str, Sample] = {
    "safetensors": _exported("m.safetensors"),
    "onnx": _exported("m.onnx", ensemble=2),
    "html": _exported("m.html"),
    "ml5": _exported("m/", input="onehot", embedding=4),
    "keras, exported": _exported("m.keras", cell="gru"),
    "keras .keras": _keras(_archive),
    "keras .weights.h5": _keras(_modern),
    "keras .h5": _keras(_legacy),
    "textgenrnn": Sample(textgenrnn.write, beside=("mine_vocab.json",)),
    "torch-rnn .t7": _torch7(torch7_files.torch_rnn()[0]),
    "char-rnn .t7": _torch7(torch7_files.char_rnn()[0]),
    "markovify": Sample(_markovify),
}
"""What is damaged, by the name of its format."""
