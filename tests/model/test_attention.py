"""A network that attends predicts what the formulas say, alone and among others."""

import json
from dataclasses import replace

import numpy as np
import pytest

from burble.errors import ModelFileError, SettingsError
from burble.evaluation.dynamic import DynamicEvaluator
from burble.exchange.exports import export_model
from burble.exchange.options import ExportOptions
from burble.model.attention import AttentionEngine
from burble.model.file import lowest_format, read_model, write_model
from burble.native.library import load_library
from burble.runs.base import read_base
from burble.settings import TextSettings
from tests.support.attention import attending, expected_logits
from tests.support.modelfiles import assemble, parts
from tests.support.speakers import POETS


@pytest.fixture(params=["kernels", "numpy"])
def build(request, monkeypatch):
    """Builds the engine of a model, in the compiled kernels or in NumPy."""
    if request.param == "kernels" and load_library() is None:
        pytest.skip("this copy of burble has no compiled kernels")
    if request.param == "numpy":
        monkeypatch.setattr("burble.native.forward.load_library", lambda: None)
    return lambda model: AttentionEngine(model.weights, model.architecture, model.attention)


@pytest.mark.parametrize("model", [attending(), attending(1, 9), attending(3, 2)])
def test_it_predicts_what_the_formulas_say(build, model):
    engine = build(model)
    ids = np.array([5, 0, 1, 3, 2, 2, 4, 1, 0])
    logits, _ = engine.read_symbols(ids, engine.zero_state(1))
    expected = [expected_logits(model, ids[:end]) for end in range(1, len(ids) + 1)]
    assert np.abs(logits - expected).max() < 1e-5


def test_a_stream_has_the_same_bits_alone_and_among_others(build):
    model = attending(2, 24, seed=3)
    engine = build(model)
    ids = np.array([[0, 1, 5], [2, -1, 4], [3, 3, -1], [1, 0, 0]])
    state, rows = engine.zero_state(3), []
    for row in ids:
        logits, state = engine.step(row, state)
        rows.append(logits)
    for stream in range(3):
        alone, _ = engine.read_symbols(ids[:, stream], engine.zero_state(1))
        assert np.array_equal(np.stack(rows)[:, stream], alone)
    # Who reads nothing stays, and so does what is predicted.
    assert np.array_equal(rows[0][1], rows[1][1])


def test_a_file_holds_it_in_format_5(tmp_path):
    model = attending()
    assert lowest_format(model) == 5
    write_model(tmp_path / "m", model)
    found = read_model(tmp_path / "m")
    assert replace(found, weights={}) == replace(model, weights={})
    assert all(np.array_equal(found.weights[name], model.weights[name]) for name in model.weights)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"attention": -1}, "attention is -1, expected 0 to 4,096"),
        ({"attention": True}, "attention is True, expected a int"),
        ({"attention": 1 << 30}, "expected 0 to 4,096"),
        ({"attention": 0}, "arrays missing or too many: 'attention', 'padding'"),
        ({"format": 4}, "it attends, and has what no model has that does"),
        ({"window": 3, "excerpt": "a"}, "it attends, and has what no model has that does"),
    ],
)
def test_what_cannot_attend_so_is_refused(tmp_path, changes, message):
    write_model(tmp_path / "m", attending())
    header, meta, weights = parts((tmp_path / "m").read_bytes())
    header["__metadata__"]["burble"] = json.dumps(meta | changes)
    (tmp_path / "m").write_bytes(assemble(header, weights))
    with pytest.raises(ModelFileError, match=message):
        read_model(tmp_path / "m")


def test_it_is_neither_trained_nor_adapted_nor_written_as_another_network(tmp_path):
    model = attending()
    write_model(tmp_path / "m", model)
    with pytest.raises(SettingsError, match=r"attends among its last 6 symbols, .* not train"):
        read_base(str(tmp_path / "m"))
    with pytest.raises(SettingsError, match=r"Leave out --adaptive"):
        DynamicEvaluator(model)
    with pytest.raises(SettingsError, match=r"6 symbols, as textgenrnn's do, and ml5 is written"):
        export_model(model, f"{tmp_path}/sketch/", ExportOptions())
    export_model(model, f"{tmp_path}/m.safetensors", ExportOptions())
    assert (tmp_path / "m.safetensors").read_bytes() == (tmp_path / "m").read_bytes()
    write_model(tmp_path / "l", replace(model, labels=POETS, text=TextSettings(label=("x",))))
    with pytest.raises(ModelFileError, match=r"it attends, and has what no model"):
        read_model(tmp_path / "l")
