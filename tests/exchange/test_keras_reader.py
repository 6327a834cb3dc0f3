"""What a Keras file tells of its own network, and what is asked of whoever brings it."""

import h5py
import numpy as np
import pytest

from burble.errors import ModelFileError, SettingsError, VocabularyError
from burble.exchange import keras_reader
from burble.exchange.options import ImportRequest
from tests.support.keras_files import U, V, bare, dense, described, legacy, lstm, modern

LOWER = "abcd\n" * 4
MIXED = "Abcd\nabcd\n" * 4
"""The same five symbols where it is put in lower case, and six as it stands."""


@pytest.fixture
def read(tmp_path):
    (tmp_path / "lower.txt").write_text(LOWER, encoding="utf-8")
    (tmp_path / "mixed.txt").write_text(MIXED, encoding="utf-8")

    def read(path, plain="", log=str, **options):
        told = {"alphabet_from": str(tmp_path / plain) if plain else ""} | options
        return keras_reader.read(path, ImportRequest(**told), log).content

    return read


def whole(path, *recurrent, shape=(None, 8, 1), **more):
    """A model as Keras 2 wrote it, with windows of 8 symbols."""
    first, *others = recurrent or (lstm("lstm", 1),)
    first[0]["config"]["batch_input_shape"] = list(shape)
    layers = [first, bare("Dropout"), *others, dense(**more)]
    return legacy(path / "m.h5", layers, config=described(layers), version="2.3.1")


def test_a_description_and_a_text_are_all_it_takes(tmp_path, read):
    said = list[str]()
    path = whole(tmp_path, lstm("lstm", 1), lstm("lstm_1"))
    for text in ("lower.txt", "mixed.txt"):
        model = read(path, text, said.append)
        assert model.vocabulary.symbols == tuple(sorted(set(LOWER)))
        assert (model.window, model.architecture.layers, model.architecture.units) == (8, 2, U)
        assert model.architecture.input == "scalar"
        assert model.text.lowercase == (text == "mixed.txt")
        assert model.weights["embedding"][:, 0].tolist() == [np.float32(n / V) for n in range(V)]
    told = "m.h5 holds a network of 2 LSTM layers of 3 units that knows 5 symbols{}, and reads "
    told += "windows of 8 symbols."
    assert said == [told.format(""), told.format(", in lower case")]


def test_by_burbles_own_reading_too(tmp_path, read):
    path = whole(tmp_path)
    model = read(path, text=(str(tmp_path / "mixed.txt"),))
    assert model.text.lowercase
    assert model.vocabulary.symbols == tuple(sorted(set(LOWER)))


def test_states_that_are_carried_on_are(tmp_path, read):
    carried = whole(tmp_path, lstm("lstm", V, stateful=True), shape=(1, 1, V))
    model = read(carried, "lower.txt")
    assert (model.window, model.architecture.input) == (0, "onehot")
    of_any_length = whole(tmp_path, lstm("lstm", V), shape=(None, None, V))
    assert read(of_any_length, "lower.txt").window == 0


@pytest.mark.parametrize(
    ("options", "asked"),
    [
        ({}, "--alphabet-from TEXT.txt --window 100"),
        ({"text": ("a b.txt",)}, "--text 'a b.txt' --window 100"),
        ({"alphabet_from": "a.txt"}, "--alphabet-from a.txt --window 100"),
        ({"window": 40}, "--alphabet-from TEXT.txt --window 40"),
    ],
)
def test_what_is_missing_is_asked_for_with_the_command(tmp_path, read, options, asked):
    path = modern(tmp_path / "w.weights.h5", [("lstm", lstm("", 1)[1]), ("dense", dense()[1])])
    with pytest.raises(SettingsError) as raised:
        read(path, **options)
    said = str(raised.value)
    network = "a network of 1 LSTM layer of 3 units that knows 5 symbols"
    assert said.startswith(f"{path} holds {network}, but not ")
    assert said.endswith(f" Type: burble import {path} {asked}")
    assert ("which these are" in said) == ("TEXT.txt" in asked)
    assert ("how many symbols it reads at a time" in said) == ("window" not in options)
    assert read(path, "lower.txt", window=40).window == 40


def test_what_is_told_twice_or_does_not_fit_is_refused(tmp_path, read):
    path = whole(tmp_path)
    with pytest.raises(SettingsError, match="says itself what windows it has: leave out --window"):
        read(path, "lower.txt", window=8)
    with pytest.raises(SettingsError, match=r"the recipe says what windows .* leave out --window"):
        read(path, "lower.txt", window=8, recipe="tutorial-small")
    (tmp_path / "other.txt").write_text("Abcdefgh", encoding="utf-8")
    with pytest.raises(VocabularyError, match="with 5 symbols, but this text has 8"):
        read(path, "other.txt")
    with pytest.raises(ModelFileError, match="reads 2 numbers of each symbol, neither one nor as"):
        read(whole(tmp_path, lstm("lstm", 2)), "lower.txt")
    with h5py.File(path, "r+") as file:
        del file.attrs["model_config"]
        place = file["model_weights/lstm/lstm"]
        for part, shape in {"kernel:0": (1, 3 * U), "recurrent_kernel:0": (U, 3 * U)}.items():
            del place[part]
            place[part] = np.ones(shape, "f4")
    with pytest.raises(ModelFileError, match=r"the layer 'lstm' of .* is a GRU"):
        read(path)
