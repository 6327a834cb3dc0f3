"""Weights that plain Keras scripts wrote, in the formats of three generations of Keras."""

import re
import tempfile
from contextlib import suppress
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import layers

from burble import settings
from burble.errors import EncodingError, ModelFileError, SettingsError, SourceError, VocabularyError
from burble.exchange import keras_weights
from burble.exchange.keras_file import open_keras_file
from burble.inference import generator
from burble.model import keras_network
from burble.runs import recipes
from burble.settings import SourceSettings

TEXT = "\ufeffThe ‘cat’ sat on the mat.\r\nThe dog lay on the log.\r\n" * 9
# Keras 3.15 with NumPy 2.4, where it saves weights.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
RECIPE = """
lowercase = true
framing = "windows"
length = 8
input = "scalar"
layers = {layers}
units = 6
"""


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "text.txt"
    path.write_bytes(TEXT.encode())
    return path


@pytest.fixture
def recipe(tmp_path):
    def write(count=1, more=""):
        path = tmp_path / "mine.toml"
        path.write_text(RECIPE.format(layers=count) + more, encoding="utf-8")
        return str(path)

    return write


def imported(path, recipe, *text):
    """A model of weights, by the settings of a recipe."""
    made = settings.make_settings(recipes.read_recipe(recipe))
    with open_keras_file(path) as file:
        return keras_weights.import_model(file, made, keras_weights.read_alphabet(made, *text))


WHOLE: list[bytes] = []


def plainly(path, encoding="utf-8"):
    """The alphabet as the tutorial's script makes it."""
    return sorted(set(path.read_text(encoding).lower()))


def trained(symbols, count=1, width=1, gates="sigmoid"):
    """What a plain script builds, with random weights."""
    net = keras.Sequential([layers.Input((8, width))])
    for last in [False] * (count - 1) + [True]:
        net.add(layers.LSTM(6, return_sequences=not last, recurrent_activation=gates))
        net.add(layers.Dropout(0.2))
    net.add(layers.Dense(symbols, activation="softmax"))
    rng = np.random.default_rng(count)
    for variable in net.weights:
        variable.assign(rng.normal(0, 0.5, variable.shape))
    return net


def keras_1(net, path):
    """The file that the first Keras wrote: each gate of an LSTM by itself."""
    number = {"lstm": 0, "dense": 0}
    with h5py.File(path, "w") as file:
        for layer in net.layers:
            kind = layer.name.partition("_")[0]
            if kind not in number:
                continue
            number[kind] += 1
            name = f"{kind}_{number[kind]}"
            arrays = [np.asarray(w.value) for w in layer.weights]
            if kind == "dense":
                for part, array in zip("Wb", arrays, strict=True):
                    file[f"{name}/{name}_{part}"] = array
                continue
            for part, array in zip("WUb", arrays, strict=True):
                for gate, piece in zip("ifco", np.split(array, 4, -1), strict=True):
                    file[f"{name}/{name}_{part}_{gate}"] = piece


def keras_2(net, path):
    """The file of a checkpoint of Keras 2: a whole model, weights one level down."""
    names = {3: ("kernel:0", "recurrent_kernel:0", "bias:0"), 2: ("kernel:0", "bias:0")}
    with h5py.File(path, "w") as file:
        file["optimizer_weights/Adam/kernel:0"] = np.zeros(3)
        file.create_group("model_weights").attrs["keras_version"] = b"2.3.1"
        for layer in net.layers:
            for name, w in zip(names.get(len(layer.weights), ()), layer.weights, strict=True):
                file[f"model_weights/{layer.name}/{layer.name}/{name}"] = np.asarray(w.value)


def keras_3(net, path):
    net.save_weights(path)


def keras_3_whole(net, path):
    net.save(path)


FORMATS = {
    "w.hdf5": (keras_1, keras_network.hard_sigmoid),
    "w2.hdf5": (keras_2, "sigmoid"),
    "w.weights.h5": (keras_3, "sigmoid"),
    "w.keras": (keras_3_whole, "hard_sigmoid"),
}


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("count", [1, 2])
def test_the_model_predicts_what_keras_does(burble, text, recipe, tmp_path, name, count):
    symbols = plainly(text)
    write, gates = FORMATS[name]
    net = trained(len(symbols), count, gates=gates)
    write(net, tmp_path / name)
    out = tmp_path / "run"
    # A whole model tells its network itself.
    told = [] if name == "w.keras" else ["--recipe", recipe(count)]
    done = burble("import", tmp_path / name, *told, "--alphabet-from", text, "-o", out)
    assert done.returncode == 0, done.stderr.decode()
    writer = generator.load(out)
    assert list(writer.model.vocabulary.symbols) == symbols
    assert writer.model.window == 8
    seed = writer.draw_prompt(3)
    assert seed in text.read_text("utf-8").lower()
    ids = np.array([symbols.index(s) for s in seed])
    expected = np.asarray(net(ids[None, :, None] / len(symbols)))[0]
    found = writer.probabilities(seed)
    np.testing.assert_allclose([found[s] for s in symbols], expected, atol=1e-5)
    # And it writes what a loop that always takes the likeliest writes.
    written, window = "", ids
    for _ in range(12):
        likeliest = int(np.asarray(net(window[None, :, None] / len(symbols)))[0].argmax())
        written, window = written + symbols[likeliest], np.append(window[1:], likeliest)
    assert writer.generate(seed, length=12, temperature=0) == written


def test_one_hot_weights_open_too(text, recipe, tmp_path):
    symbols = plainly(text)
    net = trained(len(symbols), width=len(symbols))
    keras_3(net, tmp_path / "w.weights.h5")
    path = recipe()
    with open(path, encoding="utf-8") as file:
        changed = file.read().replace('"scalar"', '"onehot"')
    with open(path, "w", encoding="utf-8") as file:
        file.write(changed)
    model = imported(tmp_path / "w.weights.h5", path, (), text)
    writer = generator.Generator(model)
    seed = writer.draw_prompt(1)
    ids = np.array([symbols.index(s) for s in seed])
    expected = np.asarray(net(np.eye(len(symbols))[ids][None]))[0]
    found = writer.probabilities(seed)
    np.testing.assert_allclose([found[s] for s in symbols], expected, atol=1e-5)


def test_an_alphabet_depends_on_how_the_file_was_read(burble, text, recipe, tmp_path):
    as_utf_8, as_cp1252 = plainly(text), plainly(text, "cp1252")
    assert len(as_utf_8) != len(as_cp1252)
    path = tmp_path / "w.hdf5"
    keras_2(trained(len(as_utf_8)), path)
    given = [path, "--recipe", recipe(), "-o", tmp_path / "run"]
    # burble's own reading leaves out the byte-order mark, which a plain script keeps.
    done = burble("import", *given, "--text", text)
    assert done.returncode == 2
    message = f"was trained with {len(as_utf_8)} symbols, but this text has {len(as_utf_8) - 1}."
    assert message in done.stderr.decode().replace("\n", " ")
    done = burble("import", *given, "--alphabet-from", text, "--encoding", "cp1252")
    assert f"this text has {len(as_cp1252)}" in done.stderr.decode()
    assert not (tmp_path / "run" / "model.safetensors").exists()
    keras_2(trained(len(as_utf_8) - 1), path)
    done = burble("import", *given, "--text", text)
    assert done.returncode == 0, done.stderr.decode()
    done = burble("import", *given, "--text", text)
    assert done.returncode == 2


def changed(path, change):
    with h5py.File(path, "r+") as file:
        change(file)


def soft(file):
    file["lstm_2"] = h5py.SoftLink("/lstm_1")


def external(file):
    file["lstm_2"] = h5py.ExternalLink("other.h5", "/x")


def outside(file):
    del file["dense_1/dense_1_b"]
    size = file["dense_1/dense_1_W"].shape[1]
    storage = [("/dev/zero", 0, 4 * size)]
    file["dense_1"].create_dataset("dense_1_b", (size,), "f4", external=storage)


def other_shape(file):
    del file["lstm_1/lstm_1_U_i"]
    file["lstm_1/lstm_1_U_i"] = np.zeros((7, 6))


def huge(file):
    del file["lstm_1/lstm_1_U_i"]
    file["lstm_1"].create_dataset("lstm_1_U_i", (1 << 40, 1 << 10), "f4", chunks=(1024, 1024))


def missing(file):
    del file["lstm_1/lstm_1_U_i"]


def not_finite(file):
    file["lstm_1/lstm_1_b_f"][0] = np.nan


def words(file):
    del file["lstm_1/lstm_1_b_f"]
    file["lstm_1/lstm_1_b_f"] = np.array([b"word"] * 6)


def itself(file):
    file["lstm_1/again"] = file["lstm_1"]


def one_more(file):
    file["dense_2/dense_2_b"] = np.zeros(3)


def empty(file):
    del file["dense_1/dense_1_b"]
    file["dense_1/dense_1_b"] = h5py.Empty("f4")


def wide_chunk(file):
    del file["lstm_1/lstm_1_b_f"]
    plan = {"maxshape": (None,), "chunks": (1 << 28,), "compression": "gzip"}
    file["lstm_1"].create_dataset("lstm_1_b_f", (6,), "f4", **plan)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (wide_chunk, "not stored as plain numbers"),
        (soft, "links 'lstm_2' to another place, which is not followed"),
        (external, "links 'lstm_2' to another place"),
        (outside, "not stored as plain numbers in the file itself"),
        (empty, "has the shape ()"),
        (other_shape, "has the shape"),
        (huge, "has the shape"),
        (missing, "layer0.recurrent is missing"),
        (not_finite, "numbers that are none"),
        (words, "not stored as plain numbers"),
        (itself, "holds more than weights"),
        (one_more, "holds 1 recurrent and 2 other layers"),
    ],
)
def test_a_file_that_is_not_what_it_should_be_is_refused(text, recipe, tmp_path, change, message):
    path = tmp_path / "w.hdf5"
    keras_1(trained(len(plainly(text))), path)
    changed(path, change)
    with pytest.raises(ModelFileError, match=re.escape(message)):
        imported(path, recipe(), (), text)


@given(st.data())
def test_damage_is_refused_in_a_sentence(data):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "text.txt").write_bytes(TEXT.encode())
        (folder / "mine.toml").write_text(RECIPE.format(layers=1), encoding="utf-8")
        given_text = folder / "text.txt", folder / "w.hdf5"
        if not WHOLE:
            keras_1(trained(len(plainly(given_text[0]))), given_text[1])
            WHOLE.append(given_text[1].read_bytes())
        damaged = bytearray(WHOLE[0])
        for _ in range(3):
            damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
        given_text[1].write_bytes(damaged)
        with suppress(ModelFileError, SettingsError, VocabularyError):
            imported(given_text[1], str(folder / "mine.toml"), (), given_text[0])


def test_anything_else_is_refused(text, recipe, tmp_path):
    path = tmp_path / "w.hdf5"
    path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(50))
    for weights in (path, text, tmp_path / "none", tmp_path):
        with pytest.raises(ModelFileError, match="as HDF5"):
            imported(weights, recipe(), (), text)
    keras_1(trained(len(plainly(text)), 2), path)
    with pytest.raises(ModelFileError, match="holds 2 recurrent"):
        imported(path, recipe(), (), text)
    with pytest.raises(SourceError, match="cannot read"):
        imported(path, recipe(), (), tmp_path / "none")
    with pytest.raises(SourceError, match="cannot read"):
        imported(path, recipe(), (), text, SourceSettings(encoding="no such encoding"))
    (tmp_path / "old.txt").write_bytes("Les élèves étaient déjà à la fête.".encode("cp1252"))
    with pytest.raises(EncodingError, match=r"line 1, byte 4 is 0xe9.*--encoding cp1252 "):
        imported(path, recipe(), (), tmp_path / "old.txt")
    for sources, alphabet_from in (((), None), ((str(text),), text)):
        with pytest.raises(SettingsError, match="not both"):
            imported(path, recipe(), sources, alphabet_from)
    with pytest.raises(SettingsError, match="deduplicate cannot be given with --alphabet-from"):
        imported(path, recipe(), (), text, SourceSettings(deduplicate=True))
    with pytest.raises(SettingsError, match="weights can be imported of LSTM layers"):
        imported(path, recipe(more='cell = "gru"'), (), text)
