"""Checkpoints of torch-rnn and char-rnn: they predict what those programs' formulas give."""

import numpy as np
import pytest

from burble.errors import ModelFileError, SettingsError
from burble.exchange.imports import read_import, recognize
from burble.exchange.options import ImportRequest
from burble.model.engine import build_engine
from burble.model.file import read_model, write_model
from burble.model.softmax import log_softmax
from burble.settings import SourceSettings
from tests.support.torch7_files import (
    TEXT,
    Function,
    Table,
    char_rnn,
    module,
    serialize,
    torch_rnn,
)


def imported(tmp_path, checkpoint, request=None, **how):
    path = tmp_path / "checkpoint.t7"
    path.write_bytes(serialize(checkpoint, **how))
    assert recognize(path).name == "torch7"
    return read_import(path, request or ImportRequest())


def check_predictions(model, predict, read=TEXT):
    engine = build_engine(model.weights, model.architecture)
    logits, _ = engine.read_symbols(model.vocabulary.encode(read), engine.zero_state(1))
    expected = [[one[s] for s in model.vocabulary.symbols] for one in predict(read)]
    np.testing.assert_allclose(logits, expected, atol=1e-5)


@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("cell", ["lstm", "rnn"])
def test_a_checkpoint_of_torch_rnn_predicts_what_its_formulas_give(tmp_path, cell, layers):
    checkpoint, predict = torch_rnn(cell, layers)
    found = imported(tmp_path, checkpoint)
    check_predictions(found.content, predict)
    assert (found.program, found.content.architecture.input) == ("torch-rnn", "embedding")
    assert found.content.facts("imported") == {"iterations": 30, "validation_loss": 2.25}


@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_a_checkpoint_of_char_rnn_predicts_what_its_formulas_give(tmp_path, cell, layers):
    checkpoint, predict = char_rnn(cell, layers)
    found = imported(tmp_path, checkpoint)
    check_predictions(found.content, predict)
    assert (found.program, found.content.architecture.input) == ("char-rnn", "onehot")
    assert found.content.architecture.reset_after == (cell != "gru")
    assert found.content.facts("imported") == {"iterations": 1000, "validation_loss": 1.25}
    # It is a model of burble, with all that it needs.
    write_model(tmp_path / "m", found.content)
    check_predictions(read_model(tmp_path / "m"), predict)


@pytest.mark.parametrize("form", ["narrow", "apart"])
@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_gates_are_found_by_what_they_compute(tmp_path, cell, form):
    checkpoint, predict = char_rnn(cell, 2, form=form, seed=3)
    check_predictions(imported(tmp_path, checkpoint).content, predict)


@pytest.mark.parametrize("how", [{"text": True}, {"long": "i"}])
@pytest.mark.parametrize("make", [torch_rnn, char_rnn])
def test_text_files_and_those_of_small_machines_are_read_alike(tmp_path, make, how):
    checkpoint, predict = make(seed=1)
    check_predictions(imported(tmp_path, checkpoint, **how).content, predict)


@pytest.mark.parametrize("kind", ["Float", "Double", "Cuda", "Cl"])
def test_tensors_of_graphics_cards_are_numbers_as_well(tmp_path, kind):
    checkpoint, predict = char_rnn(kind=kind)
    check_predictions(imported(tmp_path, checkpoint).content, predict)


def test_symbols_stand_in_order_whatever_order_the_program_has(tmp_path):
    text = "été\nœuvre ß 猫"
    checkpoint, predict = torch_rnn(text=text)
    model = imported(tmp_path, checkpoint).content
    assert model.vocabulary.symbols == tuple(sorted(set(text)))
    check_predictions(model, predict, text)


def test_an_alphabet_of_bytes_is_read_by_its_encoding(tmp_path):
    text = "caf\xe9 na\xefve"
    checkpoint, predict = char_rnn(text=text)
    vocab = dict(checkpoint.pairs)["vocab"]
    vocab.pairs = [(key.encode("latin-1"), number) for key, number in vocab.pairs]
    with pytest.raises(SettingsError, match=r"of bytes, of which 2 are no ASCII, and are"):
        imported(tmp_path, checkpoint)

    def request(encoding):
        return ImportRequest(reading=SourceSettings(encoding=encoding))

    check_predictions(imported(tmp_path, checkpoint, request("cp1252")).content, predict, text)
    with pytest.raises(SettingsError, match=r"alphabet is not of utf-8: .* Give the encoding"):
        imported(tmp_path, checkpoint, request("utf-8"))
    with pytest.raises(SettingsError, match=r"bogus"):
        imported(tmp_path, checkpoint, request("bogus"))


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_an_alphabet_of_utf_8_is_one_of_bytes(tmp_path, cell):
    text = "Ça naïve, œuvre 猫"
    read = text.encode().decode("latin-1")
    checkpoint, predict = char_rnn(cell, text=read)
    vocab = dict(checkpoint.pairs)["vocab"]
    vocab.pairs = [(key.encode("latin-1"), number) for key, number in vocab.pairs]
    model = imported(tmp_path, checkpoint).content
    write_model(tmp_path / "m", model)
    assert read_model(tmp_path / "m").vocabulary == model.vocabulary
    assert model.text.unit == "bytes"
    engine = build_engine(model.weights, model.architecture)
    logits, _ = engine.read_symbols(model.vocabulary.encode(text), engine.zero_state(1))
    found = log_softmax(logits.astype(np.float64))
    for row, one in zip(found, predict(read), strict=True):
        seen = [ord(symbol) for symbol in one]
        expected = log_softmax(np.array([*one.values()], np.float64))
        np.testing.assert_allclose(row[seen], expected, atol=1e-5)
        # What it never saw has no part in the sum.
        assert np.delete(row, seen).max() < -90


def test_bytes_that_torch_rnn_masked_are_bytes_again(tmp_path):
    text = "caf\xe9 [1]"
    checkpoint, predict = torch_rnn(text=text)
    tokens = dict(dict(checkpoint.pairs)["model"].fields.pairs)["idx_to_token"]
    tokens.pairs = [(n, "[233]" if t == "\xe9" else t) for n, t in tokens.pairs]
    request = ImportRequest(reading=SourceSettings(encoding="latin-1"))
    check_predictions(imported(tmp_path, checkpoint, request).content, predict, text)


def test_what_is_not_burbles_arithmetic_is_refused_by_name(tmp_path):
    checkpoint, _ = torch_rnn(between=[module("nn.BatchNormalization")])
    with pytest.raises(ModelFileError, match=r"batch normalisation \(-batchnorm 1\)"):
        imported(tmp_path, checkpoint)
    checkpoint, _ = torch_rnn(between=[module("nn.GRIDLSTM")])
    with pytest.raises(ModelFileError, match=r"a module nn.GRIDLSTM, which is not"):
        imported(tmp_path, checkpoint)
    checkpoint, _ = char_rnn()
    graph = dict(dict(checkpoint.pairs)["protos"].pairs)["rnn"]
    end = dict(dict(graph.fields.pairs)["outnode"].fields.pairs)["data"]
    sources = dict(end.pairs)["mapindex"]
    for number, name in ((1, "nn.Highway"), (2, "nn.Sigmoid"), (5, "nn.Tanh")):
        whole = [*sources.pairs]
        old = dict(sources.pairs)[number]
        other = Table(module=module(name), mapindex=Table(old))
        sources.pairs = [(key, other if key == number else one) for key, one in whole]
        with pytest.raises(ModelFileError, match=rf"{name}, which|in another way than in char-rnn"):
            imported(tmp_path, checkpoint)
        sources.pairs = whole


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"idx_to_token": Table("a", "b")}, r"alphabet has 2 symbols, and its network 15"),
        ({"idx_to_token": Table(*["ab", *"cdefghijklmnop"])}, r"are not characters: one is 'ab'"),
        ({"idx_to_token": Table(*"aacdefghijklmno")}, r"do not belong together"),
        ({"net": Table()}, r"a module without a name|no network and alphabet"),
    ],
)
def test_a_checkpoint_that_does_not_fit_together_is_refused(tmp_path, change, message):
    checkpoint, _ = torch_rnn()
    model = dict(checkpoint.pairs)["model"]
    model.fields.pairs = [*(dict(model.fields.pairs) | change).items()]
    with pytest.raises(ModelFileError, match=message):
        imported(tmp_path, checkpoint)


def test_other_files_of_torch7_are_refused_with_what_could_be(tmp_path):
    for other in (Table(a=1), Table(Function(b"code"), images=Table(1, 2))):
        with pytest.raises(ModelFileError, match=r"written by Torch7, but it is no checkpoint of"):
            imported(tmp_path, other)


def test_a_loss_that_is_no_number_is_not_kept(tmp_path):
    checkpoint, _ = torch_rnn()
    checkpoint.pairs = [
        (k, Table(2.5, np.nan) if "val" in str(k) else v) for k, v in checkpoint.pairs
    ]
    model = imported(tmp_path, checkpoint).content
    assert model.facts("imported") == {"iterations": 30}


def test_weights_that_are_no_numbers_are_refused(tmp_path):
    checkpoint, _ = torch_rnn()
    data = serialize(checkpoint)
    place = data.rindex(b"torch.FloatStorage") + 18 + 8
    (tmp_path / "c.t7").write_bytes(data[:place] + b"\0\0\xc0\x7f" + data[place + 4 :])
    with pytest.raises(ModelFileError, match=r"numbers that are none .* Take an earlier"):
        read_import(tmp_path / "c.t7", ImportRequest())
