"""Whatever model a person has: it goes out and comes back with equal logits, or is refused."""

from dataclasses import replace

import numpy as np
import pytest

from burble.data.units import BYTES
from burble.data.vocabulary import Vocabulary
from burble.errors import InputError
from burble.exchange import textgenrnn
from burble.exchange.exports import export_model
from burble.exchange.imports import read_import
from burble.exchange.options import ExportOptions, ImportRequest
from burble.model.metadata import Model
from burble.model.mixture import build_core
from burble.settings import TextSettings
from tests.support import textgenrnn as textgenrnn_files
from tests.support.speakers import POETS, chancy, wordy

# Keras 3.15 with NumPy 2.4, where it saves weights.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
NAMES = ("m.safetensors", "m.html", "m.onnx", "m.keras")
GRAPHEMES = ("a", "e\u0301\u0323", "👩‍🚀", "\n")


def of_units(unit, symbols, **shape):
    """A model whose symbols are other than characters."""
    model = chancy(symbols, unit=unit, **shape)
    return replace(model, vocabulary=Vocabulary(symbols, unit), text=TextSettings(unit=unit))


def attending(folder):
    """A model with attention, as textgenrnn has it."""
    return textgenrnn.read(textgenrnn_files.write(folder), ImportRequest(), str).content


def halved(model):
    """A model whose weights are kept in float16."""
    half = {name: array.astype("f2").astype("f4") for name, array in model.weights.items()}
    return replace(model, weights=half, dtype="float16")


MODELS = {
    "lstm": lambda _: chancy(layers=3, scale=0.5),
    "gru with labels": lambda _: chancy(cell="gru", labels=POETS, boundary=True),
    "first gru": lambda _: chancy(cell="gru", reset_after=False, layers=1),
    "plain ensemble": lambda _: chancy(cell="rnn", ensemble=2),
    "ensemble with labels": lambda _: chancy(ensemble=3, layers=1, labels=POETS, boundary=True),
    "graphemes": lambda _: of_units("grapheme", GRAPHEMES, layers=1),
    "words": lambda _: wordy(layers=1),
    "bytes": lambda _: of_units("bytes", BYTES, layers=1),
    "windows": lambda _: replace(chancy(layers=1), window=7, excerpt="abc\nabc"),
    "float16": lambda _: halved(chancy(layers=1)),
    "attention": attending,
}
REFUSED = {
    ("first gru", "m.html"): "GRU",
    ("words", "m.html"): "is a word",
    ("bytes", "m.html"): "is a byte",
    ("attention", "m.html"): "attends",
    ("attention", "m.onnx"): "attends",
    ("attention", "m.keras"): "attends",
}


# What it takes to run Keras; its cells, ensembles and labels come back in test_keras_export.
IN_KERAS = ("graphemes", "words", "bytes", "attention")


def logits(model):
    """What it predicts after fifty symbols, with labels where it has any."""
    core = build_core(model)
    core = core.with_labels((1, 0)) if model.labels else core
    ids = np.random.default_rng(2).integers(0, model.vocabulary.size, 50)
    return core.read_symbols(ids, core.zero_state(1))[0]


@pytest.mark.parametrize("name", MODELS)
def test_what_goes_out_comes_back_with_equal_logits_or_is_refused(tmp_path, name):
    model = MODELS[name](tmp_path)
    (tmp_path / "out").mkdir()
    for file in NAMES if name in IN_KERAS else NAMES[:-1]:
        path = str(tmp_path / "out" / file)
        if reason := REFUSED.get((name, file)):
            with pytest.raises(InputError, match=reason):
                export_model(model, path, ExportOptions())
            continue
        export_model(model, path, ExportOptions())
        found = read_import(tmp_path / "out" / file, ImportRequest()).content
        assert isinstance(found, Model)
        # A page has them in 16 bits.
        expected = halved(model) if file == "m.html" else model
        assert np.array_equal(logits(found), logits(expected)), file
        assert replace(found, summary={}, weights={}) == replace(expected, summary={}, weights={})
