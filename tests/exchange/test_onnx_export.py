"""ONNX files, run by onnxruntime and looked at by onnx: what they predict, and what they say."""

import json
import subprocess
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest

from burble.data.units import BYTES
from burble.data.vocabulary import Vocabulary
from burble.errors import BurbleError, InputError, ModelFileError, SettingsError
from burble.exchange import onnx_check, onnx_export, onnx_file
from burble.exchange.description import write_description
from burble.exchange.exports import export_model
from burble.exchange.imports import read_import
from burble.exchange.onnx_file import Graph, describe_value, encode_model, read_onnx
from burble.exchange.onnx_network import build_graph
from burble.exchange.options import ExportOptions, ImportRequest
from burble.model.file import serialize_model, write_model
from burble.model.metadata import Model
from burble.model.mixture import build_core
from burble.settings import TextSettings
from tests.support.speakers import POETS, apart, chancy

PLAIN = ExportOptions()
SHAPES: dict[str, dict[str, Any]] = {
    "lstm": {},
    "one layer": {"layers": 1},
    "gru": {"cell": "gru"},
    "first gru": {"cell": "gru", "reset_after": False},
    "rnn": {"cell": "rnn"},
    "hard gates": {"recurrent_activation": "hard_sigmoid"},
    "ensemble": {"ensemble": 3, "layers": 2},
    "labels": {"labels": POETS, "boundary": True},
    "ensemble with labels": {"ensemble": 2, "cell": "gru", "labels": POETS},
    "deep": {"layers": 4, "cell": "lstm"},
}


def brought_back(path):
    found = read_import(path, ImportRequest()).content
    assert isinstance(found, Model)
    return found


def session(path):
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("name", SHAPES)
def test_onnxruntime_predicts_what_the_model_does(tmp_path, name):
    model = chancy(scale=0.4, **SHAPES[name])
    told = list[str]()
    path = tmp_path / "m.onnx"
    export_model(model, str(path), PLAIN, log=told.append)
    assert told[0].startswith("onnxruntime ")
    assert "predicts the same over 1,000 symbols: the largest difference of a logit is " in told[0]
    onnx.checker.check_model(onnx.load(path), full_check=True)
    # Two streams of three symbols from states that differ, h from c and stream from stream.
    shape = model.architecture
    rng = np.random.default_rng(1)
    names = ["h0", "c0"] if shape.cell == "lstm" else ["h0"]
    size = (shape.layers * shape.ensemble, 2, shape.units)
    given = {one: rng.uniform(-0.5, 0.5, size).astype("f") for one in names}
    ids, labels = np.array([[0, 1, 2], [2, 2, 0]]), np.array([[0, 3], [1, 0]])
    feeds = given | {"ids": ids} | ({"labels": labels} if model.labels else {})
    logits, *after = session(path).run(None, feeds)
    assert logits.shape == (2, 3, model.vocabulary.size)
    for stream in range(2):
        core = build_core(model)
        core = core.with_labels(labels[stream].tolist()) if model.labels else core
        state = tuple(
            np.stack([given[n][part, stream] for part in network for n in names])[:, :, None]
            for network in np.arange(size[0]).reshape(shape.ensemble, -1)
        )
        for step in range(3):
            expected, state = core.step(ids[stream, step : step + 1], state)
            np.testing.assert_allclose(logits[stream, step], expected[0], atol=1e-5)
        whole = np.concatenate([part[:, :, 0] for part in state])
        for place, array in enumerate(after):
            np.testing.assert_allclose(array[:, stream], whole[place :: len(names)], atol=1e-5)


@pytest.mark.parametrize("name", SHAPES)
def test_what_comes_back_is_the_model_to_the_bit(tmp_path, name):
    model = replace(chancy(**SHAPES[name]), summary={"best": {"loss": 1.25}}, window=7)
    model = replace(model, excerpt="abc")
    path = tmp_path / "m.onnx"
    onnx_export.export(model, path, PLAIN, str)
    found = brought_back(path)
    assert serialize_model(replace(found, summary=model.summary)) == serialize_model(model)
    assert found.facts("origin")["format"] == "onnx"


def test_a_model_of_float16_comes_back_as_one(tmp_path):
    model = chancy(units=4)
    half = {n: a.astype("f2").astype("f") for n, a in model.weights.items()}
    model = replace(model, weights=half, dtype="float16")
    onnx_export.export(model, tmp_path / "m.onnx", PLAIN, str)
    assert brought_back(tmp_path / "m.onnx").dtype == "float16"


def test_models_of_words_and_of_bytes_go_out_and_come_back(tmp_path):
    byte = Vocabulary(BYTES, "bytes")
    word = Vocabulary((" ", "a", "cat"), "word")
    for alphabet in (byte, word):
        model = chancy(alphabet.symbols, layers=1)
        model = replace(model, vocabulary=alphabet, text=TextSettings(unit=alphabet.unit))
        path = export_model(model, str(tmp_path / f"{alphabet.unit}.onnx"), PLAIN)
        found = brought_back(path)
        assert serialize_model(replace(found, summary={})) == serialize_model(model)


def test_the_metadata_and_the_file_beside_it_hold_alphabet_and_cleaning(burble, tmp_path):
    write_model(tmp_path / "m", chancy("abé\n", boundary=True))
    done = burble("export", "m", "m.onnx", cwd=tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    assert b"predicts the same over 1,000 symbols" in done.stderr
    beside = json.loads((tmp_path / "m.onnx.json").read_text("utf-8"))
    found = session(tmp_path / "m.onnx").get_modelmeta().custom_metadata_map
    assert json.loads(found["burble"]) == beside
    assert beside["symbols"] == ["a", "b", "é", "\n"]
    assert beside["text"]["lowercase"] is False
    again = burble("import", "m.onnx", "-o", "run", cwd=tmp_path)
    assert again.returncode == 0, again.stderr.decode()
    shown = burble("info", "run", cwd=tmp_path).stdout.decode()
    assert "origin     m.onnx of burble 0" in shown


def test_whoever_runs_the_network_is_told_what_to_do_between_documents(tmp_path):
    model = chancy(boundary=True)
    for number, one in enumerate((model, apart(model))):
        told = list[str]()
        path = export_model(one, str(tmp_path / f"{number}.onnx"), PLAIN, log=told.append)
        assert any("gives states of zero along with the id 4," in said for said in told) == number
        assert brought_back(path).reset_id == one.reset_id


def test_weights_of_8_bits_are_smaller_and_their_cost_is_told(tmp_path, caplog):
    model, told = chancy("abcdefgh", units=96, embedding=32, scale=0.15), list[str]()
    export_model(model, str(tmp_path / "whole.onnx"), PLAIN)
    export_model(model, str(tmp_path / "m.onnx"), ExportOptions(int8=True), log=told.append)
    assert caplog.records == []
    sizes = [(tmp_path / name).stat().st_size for name in ("m.onnx", "whole.onnx")]
    assert sizes[0] < 0.4 * sizes[1]
    (line,) = [one for one in told if "8 bits" in one]
    assert f"it has {sizes[0] / sizes[1]:.0%} of the size" in line
    cost = float(line.split("loses ")[1].split(" nats")[0])
    # More than nothing, and what is written differently is little of it.
    assert 0 <= cost < 0.05
    assert json.loads(session(tmp_path / "m.onnx").get_modelmeta().custom_metadata_map["burble"])
    with pytest.raises(ModelFileError, match=r"embedding is missing, .*without --int8"):
        read_import(tmp_path / "m.onnx", ImportRequest())
    with pytest.raises(SettingsError, match="int8 says nothing of safetensors"):
        export_model(model, str(tmp_path / "m.safetensors"), ExportOptions(int8=True))


@pytest.mark.parametrize(("cell", "kind"), [("gru", "GRU"), ("rnn", "plain")])
def test_layers_that_stay_as_they_are_with_8_bits_are_told(tmp_path, cell, kind):
    model, told = chancy("abcdefgh", cell=cell, units=32, scale=0.15), list[str]()
    export_model(model, str(tmp_path / "m.onnx"), ExportOptions(int8=True), log=told.append)
    assert any(f"leaves {kind} layers as they are, in float32" in one for one in told)
    held = onnx.load(tmp_path / "m.onnx").graph.initializer
    largest = max(held, key=lambda one: len(one.raw_data))
    assert largest.data_type == onnx.TensorProto.FLOAT


def test_a_file_that_predicts_otherwise_is_not_kept(tmp_path, monkeypatch):
    model = chancy()
    other = model.weights | {"output.kernel": model.weights["output.kernel"] * np.float32(1.01)}
    wrong = build_graph(replace(model, weights=other))
    monkeypatch.setattr(onnx_export, "build_graph", lambda _: wrong)
    with pytest.raises(BurbleError, match=r"does not predict with m.onnx what the model does: a"):
        export_model(model, str(tmp_path / "m.onnx"), PLAIN)
    assert [*tmp_path.iterdir()] == []


def test_a_network_in_which_differences_grow_is_looked_at_step_by_step(tmp_path):
    # Ten times the weights of one that learns: after a hundred steps two states have nothing in
    # common, however little they differed at first.
    model, told = chancy(cell="rnn", layers=1, units=40, scale=1.5), list[str]()
    export_model(model, str(tmp_path / "m.onnx"), PLAIN, log=told.append)
    assert "predicts the same" in told[0]


def test_without_onnxruntime_the_file_is_written_and_not_run(tmp_path):
    write_model(tmp_path / "m", chancy())
    code = """
import importlib.util, sys
from burble.exchange import onnx_export
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, *more: None if name == "onnxruntime" else find(name, *more)
sys.modules["onnxruntime"] = None
from burble.cli.app import main
main()
"""
    for more, code_ in ((), 0), (("--int8", "--overwrite"), 2):
        done = subprocess.run(
            [sys.executable, "-c", code, "export", "m", "m.onnx", *more],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code_, done.stderr
        said = "pip install 'burble[onnx]'"
        assert said in " ".join(done.stderr.split())
    assert read_import(tmp_path / "m.onnx", ImportRequest()).program == "burble"


def test_a_model_that_no_onnx_file_holds_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(onnx_export, "MOST_BYTES", 1000)
    with pytest.raises(InputError, match=r"bytes of weights, and an ONNX file holds 1,000 at most"):
        export_model(chancy(), str(tmp_path / "m.onnx"), PLAIN)


def foreign(path, metadata, arrays=()):
    graph = Graph()
    for name, array in arrays:
        graph.hold(name, array)
    made = encode_model(graph, [describe_value("x", 1, ("n",))], [], metadata, ("other", "1"))
    path.write_bytes(made)
    return path


def test_what_is_not_burbles_is_refused(tmp_path):
    path = tmp_path / "m.onnx"
    cases = [
        ({}, "an ONNX file of other, whose network and alphabet it does not say"),
        ({"burble": "{"}, "what .* says of its model is damaged"),
        ({"burble": "{}"}, "no format that is known|damaged"),
        ({"burble": '{"format": 99}'}, "is of a newer burble"),
        ({"burble": '{"format": 1}'}, "describes a model that cannot be"),
    ]
    for metadata, message in cases:
        with pytest.raises(ModelFileError, match=message):
            read_import(foreign(path, metadata), ImportRequest())
    whole = {"burble": write_description(chancy())}
    with pytest.raises(ModelFileError, match="embedding is missing"):
        read_import(foreign(path, whole), ImportRequest())
    arrays = [("embedding", np.full((4, 5), np.nan, "f"))]
    with pytest.raises(ModelFileError, match="embedding holds numbers that are none"):
        read_import(foreign(path, whole, arrays), ImportRequest())
    twice = [("a", np.ones(1, "f"))] * 2
    with pytest.raises(ModelFileError, match="the array 'a' occurs twice"):
        read_import(foreign(path, whole, twice), ImportRequest())


def test_reading_takes_arrays_as_they_stand(tmp_path):
    arrays = [("a", np.arange(6, dtype="f").reshape(2, 3)), ("n", np.array([5]))]
    found = read_onnx(foreign(tmp_path / "m.onnx", {"k": "é"}, arrays))
    assert found.producer == ("other", "1")
    assert found.metadata == {"k": "é"}
    assert [*found.arrays] == ["a"]
    np.testing.assert_array_equal(found.arrays["a"], arrays[0][1])
    assert onnx.load(tmp_path / "m.onnx").opset_import[0].version == onnx_file.OPSET
    assert sum(onnx_check.PARTS) == onnx_check.STEPS
