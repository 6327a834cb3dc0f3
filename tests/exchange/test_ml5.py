"""Folders of ml5's charRNN: what goes out comes in again, and what is no such folder is refused."""

import json
import os
from dataclasses import replace

import numpy as np
import pytest

import burble as package
from burble.data.vocabulary import Vocabulary
from burble.errors import InputError, ModelFileError, SettingsError
from burble.exchange.exports import ML5, export_model
from burble.exchange.imports import read_import
from burble.exchange.ml5 import find_range, to_ml5
from burble.exchange.options import ExportOptions, ImportRequest
from burble.model.architecture import fixed_input
from burble.model.engine import build_engine
from burble.model.file import write_model
from tests.support.speakers import POETS, apart, chancy

PLAIN = ExportOptions()
CELL = "rnnlm/multi_rnn_cell/cell_{}/basic_lstm_cell/{}"


def exported(model, folder, log=str):
    export_model(model, f"{folder}/", PLAIN, log=log)
    return folder


def imported(folder, log=str):
    return read_import(folder, ImportRequest(), log).content


def predictions(model, ids):
    engine = build_engine(model.weights, model.architecture)
    return engine.read_symbols(np.array(ids), engine.zero_state(1))[0]


def with_fixed_input(kind):
    model = chancy("abc\nλ", input=kind, embedding=5 if kind == "onehot" else 1)
    return replace(
        model, weights=dict(model.weights) | {"embedding": fixed_input(model.architecture, 5)}
    )


MODELS = {
    "letters": chancy(),
    "documents": replace(
        chancy("ab ", boundary=True), separator=" ", summary={"best": {"loss": 2}}
    ),
    "graphemes": replace(
        chancy("abc"), vocabulary=Vocabulary(("a", "e\u0301\u0323", "👩‍🚀"), "grapheme")
    ),
    "scalar": with_fixed_input("scalar"),
    "onehot": with_fixed_input("onehot"),
}
MODELS["graphemes"] = replace(
    MODELS["graphemes"], text=replace(MODELS["graphemes"].text, unit="grapheme")
)


@pytest.mark.parametrize("name", MODELS)
def test_what_goes_out_comes_in_again_to_the_bit(name, tmp_path):
    model = MODELS[name]
    found = imported(exported(model, tmp_path / "out"))
    assert found.facts("origin")["program"] == "burble, for ml5 charRNN"
    assert replace(found, summary=dict(model.summary), weights={}) == replace(model, weights={})
    assert found.weights.keys() == model.weights.keys()
    assert all(np.array_equal(found.weights[part], model.weights[part]) for part in model.weights)


def test_the_command_line_does_both(burble, tmp_path):
    write_model(tmp_path / "m.safetensors", chancy())
    done = burble("export", "m.safetensors", "sketch/", cwd=tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    assert "ml5 0.12.2 can write with it at temperatures of about 0." in done.stderr.decode()
    files = {"manifest.json", "vocab.json", "burble.json", "charrnn.js", "embedding"}
    assert files <= {*os.listdir(tmp_path / "sketch")}
    done = burble("import", "sketch", "-o", "run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    plain = package.load(tmp_path / "m.safetensors").generate(seed=3, length=80)
    assert package.load(tmp_path / "run").generate(seed=3, length=80) == plain


def test_a_folder_is_replaced_where_it_holds_nothing_else(tmp_path):
    exported(chancy(), tmp_path / "out")
    assert {*os.listdir(tmp_path / "out")} == {*ML5}
    export_model(chancy(seed=1), f"{tmp_path}/out/", PLAIN, overwrite=True)
    (tmp_path / "out" / "sketch.js").touch()
    said: list[str] = []
    with pytest.raises(InputError, match=r"out holds other things \(sketch.js\), which would be"):
        export_model(chancy(), f"{tmp_path}/out/", PLAIN, overwrite=True, log=said.append)
    assert said == []


def test_a_model_with_labels_goes_out_without_them(tmp_path):
    model = chancy(labels=POETS)
    said: list[str] = []
    found = imported(exported(model, tmp_path / "out", said.append))
    assert said[0] == "ml5 knows no labels: what it writes has none."
    moved, plain = (predictions(one, [0, 1, 2]) for one in (found, model))
    assert np.array_equal(moved, plain)
    assert not found.labels


def test_ml5_itself_carries_its_state_on_where_that_was_not_learned_which_is_said(tmp_path):
    told: dict[str, list[str]] = {"streams": [], "apart": []}
    model = chancy(boundary=True)
    exported(model, tmp_path / "streams", told["streams"].append)
    exported(apart(model), tmp_path / "apart", told["apart"].append)
    assert told["apart"][:-1] == told["streams"]
    assert "This model learned each document from a zero state, and ml5" in told["apart"][-1]
    own = [json.loads((tmp_path / one / "burble.json").read_text("utf-8")) for one in told]
    assert [one.get("reset_id") for one in own] == [None, 4]
    assert imported(tmp_path / "apart").reset_id == 4


def test_logits_are_moved_to_where_ml5_can_take_their_exponentials():
    model = chancy()
    far = dict(model.weights) | {"output.bias": model.weights["output.bias"] + 500}
    least, most = find_range(far, model.architecture)
    assert 400 < least <= most < 600
    shift = np.float32((least + most) / 2)
    moved = to_ml5(far, model.architecture, shift)["rnnlm/softmax_b"]
    assert np.allclose(moved, far["output.bias"] - shift)


REFUSED = {
    "is an ensemble of 2": chancy(ensemble=2),
    "is of GRU layers": chancy(cell="gru"),
    "has 3 layers": chancy(layers=3),
    "has 1 layer": chancy(layers=1),
    "has gates of hard_sigmoid": chancy(recurrent_activation="hard_sigmoid"),
    "reads windows of 9 symbols": replace(chancy(), window=9, excerpt="abc"),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_what_ml5_cannot_hold_is_refused_by_name(reason, tmp_path):
    with pytest.raises(SettingsError, match=f"two LSTM layers .* this model {reason}. Export it"):
        exported(REFUSED[reason], tmp_path / "out")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(("reset_after", "others"), [(True, ".html or .onnx"), (False, ".onnx")])
def test_what_is_advised_instead_takes_the_model(reset_after, others, tmp_path):
    model = chancy(cell="gru", reset_after=reset_after)
    with pytest.raises(SettingsError, match=rf"is of GRU layers. Export it as {others}\.$"):
        exported(model, tmp_path / "out")
    export_model(model, str(tmp_path / f"m{others[-5:]}"), PLAIN)


def trained_for_ml5(folder, layers=2, extra=()):
    """A folder as ml5's training script leaves it: other names, no facts of burble's."""
    exported(chancy("abc"), folder)
    (folder / "burble.json").unlink()
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    names = {"bias": "biases", "kernel": "weights"}
    changed = {}
    for name, entry in manifest.items():
        head, _, last = name.rpartition("/")
        changed[f"{head}/{names[last]}" if last in names else name] = entry
    for layer in range(2, layers):
        for old, new in names.items():
            changed[CELL.format(layer, new)] = manifest[CELL.format(1, old)]
    for name in extra:
        changed[name] = {"filename": "Variable", "shape": []}
    (folder / "Variable").write_bytes(b"\1\0\0\0")
    (folder / "manifest.json").write_text(json.dumps(changed), encoding="utf-8")
    return folder


def test_a_folder_that_was_trained_for_ml5_is_read(tmp_path):
    said: list[str] = []
    found = imported(trained_for_ml5(tmp_path / "m", extra=["Variable"]), said.append)
    assert found.facts("origin")["program"] == "ml5 charRNN"
    assert said == ["Not read, since nothing of it is needed to write: Variable."]
    assert found.vocabulary.symbols == ("a", "b", "c")
    model = chancy("abc")
    moved, plain = (predictions(one, [0, 2, 1, 1]) for one in (found, model))
    # ml5's folder holds them moved, and its bias may have lost a bit.
    assert np.allclose(moved - moved[:1, :1], plain - plain[:1, :1], atol=1e-5)


def test_of_more_layers_the_last_counts_and_that_is_said(tmp_path):
    said: list[str] = []
    found = imported(trained_for_ml5(tmp_path / "m", layers=3), said.append)
    assert found.architecture.layers == 3
    assert "ml5 0.12.2 writes with the second of them whatever comes after it" in said[0]


def test_a_symbol_without_a_text_gets_a_sign(tmp_path):
    folder = trained_for_ml5(tmp_path / "m")
    said: list[str] = []
    (folder / "vocab.json").write_text('{"a": 2, "": 0, "\ufffd": 1}', encoding="utf-8")
    assert imported(folder, said.append).vocabulary.symbols == ("□", "\ufffd", "a")
    assert said[0] == (
        "vocab.json has no text for the symbol 0, of which ml5 writes nothing: here it is □."
    )


def change_manifest(**changes):
    """Changes an entry of the manifest, or takes it away."""

    def change(folder):
        place = folder / "manifest.json"
        manifest = json.loads(place.read_text("utf-8"))
        manifest["embedding"] = manifest["embedding"] | changes
        place.write_text(json.dumps(manifest), encoding="utf-8")

    return change


def replace_file(name, held):
    return lambda folder: (folder / name).write_bytes(held)


DAMAGES = {
    r"has no file 'gone'": change_manifest(filename="gone"),
    r"expected the name of a file in the folder": change_manifest(filename="../../etc/passwd"),
    r"and a shape\. Give a folder": change_manifest(shape=[-1, 3]),
    r"holds 60 bytes, but an array of \[9, 9\] has 324": change_manifest(shape=[9, 9]),
    r"embedding is \(15, 1\), expected \(3, 1\)": change_manifest(shape=[15, 1]),
    r"holds 8 bytes, but an array of \[3\] has 12": replace_file("rnnlm_softmax_b", b"\0" * 8),
    r"softmax_b holds numbers that are none": replace_file("rnnlm_softmax_b", b"\xff" * 12),
    r"vocab.json is damaged": replace_file("vocab.json", b"{"),
    r"the numbers of .*vocab.json are not 0 to 1": replace_file("vocab.json", b'{"a":0,"b":"1"}'),
    r"are not 0 to 2, one for each": replace_file("vocab.json", b'{"a":0,"b":1,"c":1}'),
    r"of no network of LSTM layers with 2 symbols": replace_file("vocab.json", b'{"a":0,"b":1}'),
    r"holds symbols that cannot be": replace_file("vocab.json", b'{"a":0,"b":1,"\\ud800":2}'),
    r"manifest.json is damaged: it is no object": replace_file("manifest.json", b"[]"),
    r"there is no .*vocab.json": lambda folder: (folder / "vocab.json").unlink(),
}


@pytest.mark.parametrize("message", DAMAGES)
def test_what_is_no_whole_folder_is_refused_with_a_sentence(message, tmp_path):
    folder = trained_for_ml5(tmp_path / "m")
    DAMAGES[message](folder)
    with pytest.raises(ModelFileError, match=message):
        imported(folder)


def test_cells_that_ml5_does_not_run_are_refused(tmp_path):
    folder = trained_for_ml5(
        tmp_path / "m", extra=["rnnlm/multi_rnn_cell/cell_0/gru_cell/gates/bias"]
    )
    with pytest.raises(ModelFileError, match=r"gru_cell/gates/bias, which is of no LSTM"):
        imported(folder)


def test_facts_of_another_model_are_refused_and_changed_weights_are_said(tmp_path):
    folder = exported(chancy("abc"), tmp_path / "m")
    said: list[str] = []
    bias = np.fromfile(folder / "rnnlm_softmax_b", "<f4")
    (bias + np.float32(0.5)).tofile(folder / "rnnlm_softmax_b")
    found = imported(folder, said.append)
    assert said == [
        "The weights are not those that burble wrote; burble.json is not asked for their last bits."
    ]
    assert np.allclose(found.weights["output.bias"], bias + 0.5)
    exported(chancy("abd"), tmp_path / "other")
    os.replace(tmp_path / "other" / "vocab.json", folder / "vocab.json")
    with pytest.raises(ModelFileError, match=r"burble.json and vocab.json are of two models"):
        imported(folder)
    (folder / "burble.json").write_text('{"model": {"format": 99}}', encoding="utf-8")
    with pytest.raises(InputError, match=r"has format 99, which a newer burble knows"):
        imported(folder)
