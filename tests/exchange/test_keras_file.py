"""Files as Keras wrote them: order of layers, gates, layouts, damage."""

import fcntl
import io
import zipfile
from contextlib import suppress

import h5py
import numpy as np
import pytest

from burble.errors import ModelFileError, SettingsError, VocabularyError
from burble.exchange import keras_container, keras_weights
from burble.exchange.keras_file import open_keras_file
from burble.model.file import read_model, write_model
from burble.settings import make_settings
from tests.support.keras_files import (
    ONE,
    PLAIN,
    THREE,
    TWO,
    VOCABULARY,
    U,
    V,
    archive,
    bare,
    brought,
    check,
    dense,
    described,
    legacy,
    lstm,
    modern,
)

NAMED = [lstm("alpha", 1), lstm("zulu"), lstm("bravo"), dense("aa")]


@pytest.mark.parametrize("whole", [False, True])
def test_layers_come_in_the_order_in_which_the_file_names_them(tmp_path, whole):
    config = described(NAMED) if whole else None
    check(brought(legacy(tmp_path / "w.h5", NAMED, config=config, version="2.4"), THREE), NAMED)


def test_a_long_list_of_names_is_kept_in_parts(tmp_path):
    path = legacy(tmp_path / "w.h5", NAMED, version="2.4", names=None)
    with h5py.File(path, "r+") as file:
        file.attrs["layer_names0"] = [b"alpha", b"zulu"]
        file.attrs["layer_names1"] = ["bravo", "aa"]
    check(brought(path, THREE), NAMED)


def test_an_order_that_is_not_known_is_not_guessed(tmp_path):
    path = legacy(tmp_path / "w.h5", NAMED, version="2.4", names=None)
    with pytest.raises(ModelFileError, match="does not say in which order its layers alpha, bravo"):
        brought(path, THREE)
    numbered = [lstm("lstm_9", 1), lstm("lstm_10"), lstm("lstm_11"), dense()]
    check(brought(legacy(path, numbered, version="2.4", names=None), THREE), numbered)


def test_a_name_may_hold_slashes_and_another_name(tmp_path):
    layers = [lstm("a", 1), lstm("a/b"), dense("a/b/c")]
    check(brought(legacy(tmp_path / "w.h5", layers, version="2.4"), TWO), layers)


@pytest.mark.parametrize(
    ("version", "gates"),
    [
        ("1.2.2", "hard_sigmoid"),
        ("2.2.5", "hard_sigmoid"),
        ("2.1.6-tf", "hard_sigmoid"),
        ("2.3.0", "sigmoid"),
        ("2.3.0-tf", "sigmoid"),
        ("2.15.0", "sigmoid"),
    ],
)
def test_gates_are_those_of_the_keras_that_wrote_the_weights(tmp_path, version, gates):
    logged: list[str] = []
    path = legacy(tmp_path / "w.h5", PLAIN, version=version)
    with open_keras_file(path) as file:
        model = keras_weights.import_model(file, ONE, (VOCABULARY, "abc"), log=logged.append)
    assert model.architecture.recurrent_activation == gates
    assert logged == [
        "w.h5 holds weights and no description of their network, which is taken as you say it, "
        f"with gates of {gates}, the default of the Keras that wrote it. If it was trained with "
        "others, give --recurrent-activation."
    ]
    other = {"sigmoid": "hard_sigmoid", "hard_sigmoid": "sigmoid"}[gates]
    assert brought(path, gates=other).architecture.recurrent_activation == other


@pytest.mark.parametrize("version", [None, "2.2.4-tf", "unknown"])
def test_gates_are_needed_where_the_file_does_not_have_them(tmp_path, version):
    path = legacy(tmp_path / "w.h5", PLAIN, version=version)
    with pytest.raises(SettingsError, match="Give --recurrent-activation hard_sigmoid if it was"):
        brought(path)
    for gates in ("sigmoid", "hard_sigmoid"):
        assert brought(path, gates=gates).architecture.recurrent_activation == gates


def test_the_recipe_may_have_the_gates(burble, tmp_path):
    (tmp_path / "text.txt").write_text("abcde", encoding="utf-8")
    recipe = tmp_path / "mine.toml"
    recipe.write_text(
        'framing = "windows"\nlength = 8\ninput = "scalar"\nlayers = 1\nunits = 3\n'
        'recurrent_activation = "hard_sigmoid"\n'
    )
    path = legacy(tmp_path / "w.h5", PLAIN, version="2.15.0")
    text = tmp_path / "text.txt"
    burble("import", path, "--recipe", recipe, "--alphabet-from", text, "-o", tmp_path / "run")
    model = read_model(tmp_path / "run" / "model.safetensors")
    assert model.architecture.recurrent_activation == "hard_sigmoid"


def test_hard_gates_of_keras_3_come_in_by_scaled_weights(tmp_path):
    """x / 6 + 0.5 is 0.2 (5 / 6 x) + 0.5; the cell's own block is no gate."""
    layers = [lstm("lstm", 1, recurrent_activation="hard_sigmoid"), dense()]
    path = legacy(tmp_path / "w.h5", layers, config=described(layers), version="3.4.1")
    found = brought(path).weights["layer0.recurrent"]
    held = layers[0][1]["recurrent_kernel"]
    np.testing.assert_array_equal(found[:, 2 * U : 3 * U], held[:, 2 * U : 3 * U])
    np.testing.assert_allclose(found[:, : 2 * U], held[:, : 2 * U] * 5 / 6, rtol=1e-6)
    np.testing.assert_allclose(found[:, 3 * U :], held[:, 3 * U :] * 5 / 6, rtol=1e-6)
    weights = modern(tmp_path / "w.weights.h5", [("lstm", layers[0][1]), ("dense", layers[1][1])])
    with pytest.raises(SettingsError, match="does not say whether Keras 2 or 3 wrote it"):
        brought(weights, gates="hard_sigmoid")


def test_a_dense_layer_for_each_symbol_is_one(tmp_path):
    own, arrays = dense("inner")
    wrapped = bare("TimeDistributed", "top", layer=own)[0], arrays
    layers = [lstm("lstm", 1, return_sequences=True), wrapped]
    check(brought(legacy(tmp_path / "w.h5", layers, config=described(layers))), layers)
    inside = io.BytesIO()
    with h5py.File(inside, "w") as file:
        for number, array in enumerate(layers[0][1].values()):
            file[f"layers/lstm/cell/vars/{number}"] = array
        for number, array in enumerate(arrays.values()):
            file[f"layers/time_distributed/layer/vars/{number}"] = array
        file["layers/dropout/seed_generator/vars/0"] = np.zeros(2, "u4")
    path = archive(tmp_path / "w.keras", inside.getvalue(), described(layers))
    check(brought(path), layers)


def test_arrays_in_the_layout_of_cudnn(tmp_path):
    """Each gate's matrices lie column by column, and its two biases add up."""
    _, wide = lstm("second")
    wide["bias"] = np.arange(8 * U, dtype="f")
    layers = [lstm("first", 1), ({"config": {"name": "second"}}, wide), dense()]
    model = brought(legacy(tmp_path / "w.h5", layers, version="2.2.4"), TWO)
    assert model.architecture.recurrent_activation == "sigmoid"
    check(model, layers[:1] + layers[-1:])
    assert model.weights["layer1.bias"].tolist() == [4 * U + 2 * i for i in range(4 * U)]
    for gate in np.split(np.arange(4 * U), 4):
        for part in ("kernel", "recurrent"):
            held = wide["kernel" if part == "kernel" else "recurrent_kernel"]
            np.testing.assert_array_equal(model.weights[f"layer1.{part}"][:, gate], held[:, gate].T)
    # What TensorFlow 2.15 makes of a matrix that is not square.
    kernel = np.concatenate([np.array([[1, 2, 3], [4, 5, 6]])] * 4, -1)
    found, *_ = keras_weights.from_cudnn(kernel, wide["recurrent_kernel"], wide["bias"])
    assert found[:, :U].tolist() == [[1, 3, 5], [2, 4, 6]]


STRANGE = "which belongs to no LSTM or dense layer"


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (("norm", {"gamma": np.ones(3, "f")}), STRANGE),
        (("embedding", {"embeddings": np.ones((V, 1), "f")}), STRANGE),
        (("gru", {"recurrent_kernel": np.ones((U, 3 * U), "f")}), "the layer 'gru' of .* is a GRU"),
        (("rnn", {"recurrent_kernel": np.ones((U, U), "f")}), "the layer 'rnn' of .* is a SimpleR"),
        (("both", {"backward_lstm/kernel": np.ones((U, U), "f")}), "'both' of .* is Bidirectional"),
        (
            ("nested", {"a/kernel": np.ones((U, U), "f"), "b/kernel": np.ones((U, U), "f")}),
            "several layers in one, 'nested'",
        ),
        (("own", {"vars/0": np.ones((U, U), "f")}), "of a model of a class of its own"),
    ],
)
def test_an_array_of_another_layer_is_never_passed_over(tmp_path, layer, message):
    name, arrays = layer
    layers = [lstm("lstm", 1), ({"config": {"name": name}}, arrays), dense()]
    path = tmp_path / "w.h5"
    legacy(path, layers, version="2.4")
    if name == "own":
        with h5py.File(path, "r+") as file:
            file.move("own/own/vars/0:0", "own/own/vars/0")
    with pytest.raises(ModelFileError, match=message):
        brought(path, TWO if "recurrent_kernel" in arrays else ONE)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("layers/embedding/vars/0", f"a part of 'embedding', {STRANGE}"),
        ("layers/gru/cell/vars/0", f"a part of 'gru', {STRANGE}"),
        ("layers/lstm/cell/vars/3", STRANGE),
        ("layers/bidirectional/backward_layer/cell/vars/0", "'bidirectional' of .* is Bidirect"),
        ("vars/0", STRANGE),
    ],
)
def test_nor_is_one_that_keras_3_wrote(tmp_path, more, message):
    layers = [("lstm", PLAIN[0][1]), ("dense", PLAIN[1][1])]
    path = modern(tmp_path / "w.weights.h5", layers, more=["optimizer/vars/0"])
    check(brought(path), PLAIN)
    modern(path, layers, more=[more])
    with pytest.raises(ModelFileError, match=message):
        brought(path)


def test_numbers_of_layers_are_sorted_as_numbers(tmp_path):
    layers = [lstm("", 1), *(lstm("") for _ in range(11))]
    named = [(f"lstm_{n}" if n else "lstm", arrays) for n, (_, arrays) in enumerate(layers)]
    path = modern(tmp_path / "w.weights.h5", [*named, ("dense", PLAIN[1][1])])
    twelve = make_settings({"framing": "windows", "input": "scalar", "layers": 12, "units": U})
    check(brought(path, twelve), [*layers, PLAIN[1]])


def test_a_file_that_another_program_holds_is_called_locked(tmp_path):
    path = legacy(tmp_path / "w.h5", PLAIN, version="2.4")
    with path.open("r+b") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(ModelFileError, match=r"is locked by another program.* import a copy"):
            brought(path)


def whole_archive(path):
    weights = modern(path / "w.weights.h5", [("lstm", PLAIN[0][1]), ("dense", PLAIN[1][1])])
    return archive(path / "w.keras", weights.read_bytes(), described(PLAIN))


def test_what_is_not_whole_or_of_another_kind_is_refused_with_what_can_help(tmp_path):
    path = whole_archive(tmp_path)
    check(brought(path), PLAIN)
    with zipfile.ZipFile(path, "w") as zipped:
        zipped.writestr("config.json", "{}")
    with pytest.raises(ModelFileError, match="an archive, but not one that Keras wrote whole"):
        brought(path)
    path = legacy(tmp_path / "w.h5", PLAIN, version="2.4")
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(ModelFileError, match=r"is not whole .* take an earlier one"):
        brought(path)
    saved = tmp_path / "saved"
    saved.mkdir()
    (saved / "saved_model.pb").write_bytes(b"x")
    (tmp_path / "model.ckpt.index").write_bytes(b"x")
    for other, kind in ((saved, "SavedModel"), (tmp_path / "model.ckpt.index", "checkpoint")):
        with pytest.raises(ModelFileError, match=rf"TensorFlow {kind}.* model.save\('model.h5'\)"):
            brought(other)


def test_damage_to_an_archive_is_refused_in_a_sentence(tmp_path):
    path = whole_archive(tmp_path)
    data = path.read_bytes()
    for seed in range(60):
        rng = np.random.default_rng(seed)
        damaged = bytearray(data)
        for place in rng.integers(0, len(data), 3):
            damaged[place] = rng.integers(256)
        path.write_bytes(damaged)
        with suppress(ModelFileError, SettingsError, VocabularyError):
            brought(path)


def test_a_model_with_hard_gates_survives_its_file(tmp_path):
    layers = [lstm("lstm", 1, recurrent_activation="hard_sigmoid"), dense()]
    model = brought(legacy(tmp_path / "w.h5", layers, config=described(layers)))
    write_model(tmp_path / "m", model)
    assert read_model(tmp_path / "m").architecture == model.architecture


def test_an_archive_that_unpacks_to_far_more_than_it_is_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(keras_container, "MOST_UNPACKED", 1000)
    path = tmp_path / "m.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("model.weights.h5", bytes(100_000))
    with pytest.raises(ModelFileError, match=r"model.weights.h5 has more than 1,\d{3} bytes"):
        brought(path)


def test_an_array_that_was_never_written_is_no_array(tmp_path, monkeypatch):
    monkeypatch.setattr(keras_container, "MOST_UNPACKED", 10)
    path = modern(tmp_path / "w.weights.h5", [("lstm", PLAIN[0][1]), ("dense", PLAIN[1][1])])
    with h5py.File(path, "r+") as file:
        del file["layers/dense/vars/0"]
        file.create_dataset("layers/dense/vars/0", (U, V), "f4")
    with pytest.raises(ModelFileError, match="not stored as plain numbers in the file itself"):
        brought(path)
