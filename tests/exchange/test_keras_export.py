""".keras files: opened and run by Keras alone on each backend there is, and brought back."""

import importlib.util
import json
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from burble.errors import BurbleError, ModelFileError, SettingsError
from burble.exchange import keras_export, keras_own
from burble.exchange.exports import export_model
from burble.exchange.imports import read_import
from burble.exchange.options import ExportOptions, ImportRequest, make_options
from burble.inference.generator import Generator
from burble.model.file import serialize_model
from burble.model.metadata import Model
from tests.support.speakers import POETS, chancy

PLAIN = ExportOptions()
TUTORIAL = ExportOptions(keras_layout="tutorial")
# Keras 3.15 with NumPy 2.4, where it saves weights.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
SHAPES: dict[str, dict[str, Any]] = {
    "ensemble with labels": {"cell": "rnn", "ensemble": 2, "labels": POETS, "boundary": True},
    "gru": {"cell": "gru", "layers": 1},
    "first gru": {"cell": "gru", "reset_after": False, "layers": 1},
}
BACKENDS = ["numpy", *(n for n in ("jax", "torch", "tensorflow") if importlib.util.find_spec(n))]

WRITER = """
import json, sys
import keras, numpy as np

assert "burble" not in sys.modules
network = keras.models.load_model("m.keras")
symbols = json.load(open("m.keras.json", encoding="utf-8"))["symbols"]
states = {n: np.zeros((1, 12), "f4") for n in network.output if n != "probabilities"}
text = "ab"
given = [symbols.index(one) for one in text]
for _ in range(60):
    found = network.predict({"ids": np.array([given]), **states}, verbose=0)
    states = {name: found[name] for name in states}
    given = [int(found["probabilities"][0, -1].argmax())]
    text += symbols[given[0]]
print(json.dumps([keras.backend.backend(), text]))
"""

# As the tutorial's own script goes about it, in other words.
SCRIPT = """
import json
import keras, numpy as np
from keras import layers

text = open("text.txt", encoding="utf-8").read().lower()
letters = sorted(set(text))
width, shown = 8, 0
net = keras.Sequential()
net.add(layers.Input((width, 1)))
net.add(layers.LSTM(6, return_sequences=True))
net.add(layers.Dropout(0.2))
net.add(layers.LSTM(6))
net.add(layers.Dropout(0.2))
net.add(layers.Dense(len(letters), activation="softmax"))
net.load_weights("m.keras")
net.compile(loss="categorical_crossentropy", optimizer="adam")
window = [letters.index(one) for one in text[:width]]
written = ""
for _ in range(40):
    scaled = np.reshape(window, (1, width, 1)) / float(len(letters))
    best = int(np.argmax(net.predict(scaled, verbose=0)))
    written += letters[best]
    window = window[1:] + [best]
print(json.dumps(written))
"""


def alone(folder, code, backend):
    """What a script prints in a Python that cannot see burble."""
    (folder / "script.py").write_text(code, encoding="utf-8")
    environment = {
        "KERAS_BACKEND": backend,
        "PATH": "",
        "HOME": str(folder),
        "CUDA_VISIBLE_DEVICES": "",
    }
    done = subprocess.run(
        [sys.executable, "-I", "script.py"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def brought_back(path):
    found = read_import(path, ImportRequest()).content
    assert isinstance(found, Model)
    return found


def tutorial_model(symbols="abcde", **more):
    shape = {"input": "scalar", "embedding": 1, "units": 6, "dropout": 0.2, "dropout_output": 0.2}
    model = chancy(symbols, **shape, **more)
    fixed = np.arange(len(symbols), dtype="f")[:, None] / np.float32(len(symbols))
    weights = dict(model.weights) | {"embedding": fixed}
    return replace(model, weights=weights, window=8, excerpt=symbols * 4)


def test_keras_alone_writes_with_it_on_every_backend(tmp_path):
    model, told = chancy("abcde\n", scale=0.7), list[str]()
    path = export_model(model, str(tmp_path / "m.keras"), PLAIN, log=told.append)
    assert "predicts the same over 200 symbols: the largest difference of a prob" in told[0]
    expected = "ab" + Generator(model).generate("ab", length=60, temperature=0)
    for backend in BACKENDS:
        assert alone(tmp_path, WRITER, backend) == [backend, expected]
    # Equal models give equal files, whenever that is.
    again = export_model(model, str(tmp_path / "again.keras"), PLAIN)
    assert again.read_bytes() == path.read_bytes()
    assert serialize_model(replace(brought_back(path), summary={})) == serialize_model(model)


@pytest.mark.parametrize("name", SHAPES)
def test_what_comes_back_is_the_model_to_the_bit(tmp_path, name):
    model = replace(chancy(scale=0.5, **SHAPES[name]), summary={"best": {"loss": 1.25}})
    path = export_model(model, str(tmp_path / "m.keras"), PLAIN)
    found = brought_back(path)
    assert serialize_model(replace(found, summary=model.summary)) == serialize_model(model)
    assert found.facts("origin")["program"] == "burble, for Keras"


def test_hard_gates_come_back_but_for_the_last_bit(tmp_path):
    model = chancy(recurrent_activation="hard_sigmoid", layers=1)
    found = brought_back(export_model(model, str(tmp_path / "m.keras"), PLAIN))
    assert found.architecture == model.architecture
    for name, array in model.weights.items():
        np.testing.assert_allclose(found.weights[name], array, rtol=2e-7)


def test_the_script_of_the_tutorial_writes_what_burble_does(burble, tmp_path):
    model = tutorial_model(layers=2, seed=4, scale=3.0)
    (tmp_path / "text.txt").write_text("abcdeabCDEabcde", encoding="utf-8")
    path = export_model(model, str(tmp_path / "m.keras"), TUTORIAL)
    written = Generator(model).generate("abcdeabc", length=40, temperature=0)
    assert alone(tmp_path, SCRIPT, "numpy") == written
    assert set(written) == {*"ade"}
    assert serialize_model(replace(brought_back(path), summary={})) == serialize_model(model)
    done = burble("import", path, "--recipe", "tutorial-small", "-o", tmp_path / "run")
    assert done.returncode == 2
    assert "which says all of itself: leave out recipe" in " ".join(done.stderr.decode().split())


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (chancy(), "its input is embedding, and the tutorial's scalar; it does not read windows"),
        (tutorial_model(cell="gru"), "its layers are GRUs"),
        (tutorial_model(ensemble=2), "it is an ensemble of 2 networks"),
    ],
)
def test_the_tutorials_layout_is_for_its_shape_alone(tmp_path, model, reason):
    with pytest.raises(SettingsError, match=reason):
        export_model(model, str(tmp_path / "m.keras"), TUTORIAL)
    with pytest.raises(SettingsError, match="keras_layout is 'other', but must be states or tut"):
        make_options(ExportOptions, {"keras_layout": "other"})
    assert [*tmp_path.iterdir()] == []


def test_a_file_that_predicts_otherwise_is_not_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(keras_export, "TOLERANCE", 0.0)
    with pytest.raises(BurbleError, match=r"does not predict with m.keras what the model does: a"):
        export_model(chancy(layers=1), str(tmp_path / "m.keras"), PLAIN)
    assert [*tmp_path.iterdir()] == []


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    path = tmp_path_factory.mktemp("own") / "m.keras"
    return export_model(chancy(layers=1), str(path), PLAIN)


def changed(archive, path, **own):
    """The archive with other things in what burble says of itself."""
    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == keras_own.METADATA:
                held = json.loads(data)
                held["burble"] = held["burble"] | own
                data = json.dumps(held).encode()
            new.writestr(name, data)
    return path


@pytest.mark.parametrize(
    ("own", "message"),
    [
        ({"arrays": {}}, "does not say where embedding lies"),
        ({"arrays": 3}, "not as burble writes it"),
        ({"dtype": "int4"}, "says of its model is damaged"),
        ({"model": "[1]"}, "says of its model is damaged"),
        ({"arrays": {"embedding": "layers/none/vars/0"}}, "there is no array 'layers/none"),
        ({"arrays": {"embedding": "layers/dense/vars/1"}}, r"embedding has the shape \(4,\), exp"),
    ],
)
def test_what_does_not_fit_is_refused(archive, tmp_path, own, message):
    with pytest.raises(ModelFileError, match=message):
        read_import(changed(archive, tmp_path / "m.keras", **own), ImportRequest())


def test_the_archive_is_one_of_keras(archive):
    with zipfile.ZipFile(archive) as opened:
        assert opened.namelist() == [*keras_own.ARCHIVE]
        assert {one.date_time[0] for one in opened.infolist()} == {1980}
    assert Path(f"{archive}.json").is_file()
