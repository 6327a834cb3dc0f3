"""Weights of textgenrnn: its own write as it does, and what is no such network is refused."""

import json

import numpy as np
import pytest

import burble as package
from burble.errors import ModelFileError
from burble.exchange.imports import read_import, recognize
from burble.exchange.options import ImportRequest
from burble.inference.generator import Generator
from tests.support.attention import expected_logits
from tests.support.textgenrnn import CHARACTERS, arrays, packaged, vocabulary, write

SETTINGS = {"max_length": 6, "rnn_layers": 2, "word_level": False, "single_text": False}
GREEDY = (
    " streamer is a bad day of the state of the state of the state of the state of the state of "
)
"""What textgenrnn 2.0.0 writes after "The best" at temperature 0 (TensorFlow 2.15.1)."""
LONG = "The best way to get a new computer without paying for a single thing, "
PREDICTED = {
    "": {"[": 0.1144477, "T": 0.0933404, "I": 0.0924339, "W": 0.0767397},
    "The best": {" ": 0.9873913, ":": 0.0041728, ",": 0.0027022, "": 0.0014437},
    "A": {" ": 0.2439465, "n": 0.1943200, "l": 0.0911735, "r": 0.0611394},
    LONG: {"a": 0.1008308, "b": 0.0940998, "w": 0.0809639, "t": 0.0738047},
}
"""What it predicts after some beginnings, of which the last is longer than what it sees."""
NONE = {"": 0.00027085509, "The best": 8e-11, "A": 4e-12, LONG: 6.760250e-05}
"""What it gives the number 0, which it never writes: burble's networks do not have it."""


def imported(path, log=str):
    return read_import(path, ImportRequest(), log).content


def test_the_packaged_weights_write_and_predict_as_textgenrnn_does():
    # Those are arrays of cuDNN, written by Keras 2.1.5.
    said: list[str] = []
    model = imported(packaged(), said.append)
    assert said[0].startswith("There is no textgenrnn_config.json: it is taken to see 40 char")
    assert model.facts("origin")["version"] == "Keras 2.1.5"
    writer = Generator(model)
    how = {"temperature": 0, "break_loops": False}
    assert writer.generate("The best", length=len(GREEDY), **how) == GREEDY
    for prompt, expected in PREDICTED.items():
        found = writer.probabilities(prompt)
        for text, probability in expected.items():
            assert abs(found[text] * (1 - NONE[prompt]) - probability) < 1e-6


def as_cudnn(held):
    """The same arrays as cuDNN wants them: gates column by column, and two biases."""
    found = dict(held)
    for name, array in held.items():
        gates = np.split(array, 4, -1) if name.startswith("rnn_") else []
        if name.endswith("/kernel:0") and gates:
            turned = [gate.reshape(gate.T.shape, order="F").T for gate in gates]
            found[name] = np.concatenate(turned, -1)
        elif name.endswith("recurrent_kernel:0"):
            found[name] = np.concatenate([gate.T for gate in gates], -1)
        elif name.endswith("bias:0") and gates:
            found[name] = np.concatenate([array / 2, array / 2])
    return found


@pytest.mark.parametrize("change", [dict, as_cudnn])
def test_arrays_go_where_they_belong(tmp_path, change):
    held = arrays(len(CHARACTERS) + 2)
    path = write(tmp_path, config=SETTINGS, held=change(held))
    assert recognize(path).name == "textgenrnn"
    model, numbers = imported(path), vocabulary()
    assert (model.attention, model.separator, model.text.documents) == (6, "\n", "lines")
    assert "".join(model.vocabulary.symbols) == CHARACTERS[::-1]
    # Its number 0 is what it reads before a text; 1 here parts texts, which burble puts last.
    order = [numbers[one] for one in model.vocabulary.symbols] + [numbers["<s>"]]
    embedding = held["embedding/embedding/embeddings:0"]
    assert np.array_equal(model.weights["embedding"], embedding[order])
    assert np.array_equal(model.weights["padding"], embedding[0])
    assert np.array_equal(model.weights["output.kernel"], held["output/output/kernel:0"][:, order])
    assert np.allclose(model.weights["layer1.kernel"], held["rnn_2/rnn_2/kernel:0"])
    writer = Generator(model)
    logits = writer.engine.read_symbols(np.array([4, 0, 1]), writer.engine.zero_state(1))[0]
    assert np.abs(logits[-1] - expected_logits(model, [4, 0, 1])).max() < 1e-5


def test_a_single_text_has_no_documents(tmp_path):
    said: list[str] = []
    path = write(tmp_path, config=SETTINGS | {"single_text": True})
    model = imported(path, said.append)
    assert said == ["<s> stands for nothing in a model of a single text, and is left out."]
    assert not model.vocabulary.boundary
    assert model.vocabulary.size == len(CHARACTERS)


def test_where_texts_hold_line_ends_a_blank_line_parts_them(tmp_path):
    model = imported(write(tmp_path, config=SETTINGS, numbers=vocabulary("ab\n")))
    assert (model.separator, model.text.documents) == ("\n\n", "sources")


def test_an_imported_model_is_one_as_any_other(burble, tmp_path):
    write(tmp_path, config=SETTINGS)
    done = burble("import", "mine_weights.hdf5", "-o", "run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    shown = burble("info", "run", cwd=tmp_path).stdout.decode()
    assert "attention  over the last 6 symbols in all layers" in shown
    assert "origin     mine_weights.hdf5 of textgenrnn Keras 2.2.4 (SHA-256 " in shown
    (tmp_path / "t.txt").write_text("ab a\nba é\n" * 20, encoding="utf-8")
    done = burble("eval", "run", "t.txt", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    assert json.loads(done.stdout)["characters"] > 150
    shown = burble("eval", "run", "t.txt", cwd=tmp_path).stdout.decode()
    assert "each predicted from the 6 symbols before it" in shown
    texts = package.load(tmp_path / "run").generate_many("a", count=3, length=30, seed=1)
    assert texts == package.load(tmp_path / "run").generate_many("a", count=3, length=30, seed=1)


def no_alphabet(folder):
    (folder / "mine_vocab.json").unlink()


def set_config(**config):
    return lambda folder: write(folder, config=SETTINGS | config)


def set_array(name, array):
    def change(folder):
        write(folder, config=SETTINGS, held=arrays(len(CHARACTERS) + 2) | {name: array})

    return change


REFUSED = {
    "put the file mine_vocab.json beside it": no_alphabet,
    "says that this network reads words": set_config(word_level=True),
    "says that this network reads both ways": set_config(rnn_bidirectional=True),
    "the max_length of .* is 0, expected 1 to 4,096": set_config(max_length=0),
    r"of 2 symbols, are not of one network .*embeddings is \(6, 3\), expected \(3, 3\)": (
        lambda folder: (folder / "mine_vocab.json").write_text('{"<s>": 1, "a": 2}')
    ),
    "the numbers of .* are not 1 to 2, one for each symbol": (
        lambda folder: (folder / "mine_vocab.json").write_text('{"<s>": 0, "a": 1}')
    ),
    "cannot read .*mine_vocab.json": lambda folder: (folder / "mine_vocab.json").write_text("{"),
    "attention.W holds numbers that are none": set_array(
        "attention/attention/attention_W:0", np.full((11, 1), np.nan, "f")
    ),
    r"rnn_2.kernel is \(1, 2\), expected \(4, 16\)": set_array(
        "rnn_2/rnn_2/kernel:0", np.ones((1, 2), "f")
    ),
    r"rnn_1.bias is \(3,\), expected \(16,\)": set_array("rnn_1/rnn_1/bias:0", np.ones(3, "f")),
    "output.other is .*, expected nothing": set_array("output/output/other:0", np.ones(3, "f")),
    "'rnn_1' .* is Bidirectional": set_array("rnn_1/backward_rnn_1/kernel:0", np.ones(3, "f")),
}


@pytest.mark.parametrize("message", REFUSED)
def test_what_is_no_whole_model_of_such_a_network_is_refused(message, tmp_path):
    path = write(tmp_path, config=SETTINGS)
    REFUSED[message](tmp_path)
    with pytest.raises(ModelFileError, match=message):
        imported(path)


def test_layers_that_are_not_asked_when_it_writes_are_left_out(tmp_path):
    more = {"context_output/context_output/kernel:0": np.ones((3, 3), "f")}
    plain = imported(write(tmp_path, config=SETTINGS))
    found = imported(write(tmp_path, config=SETTINGS, held=arrays(len(CHARACTERS) + 2) | more))
    assert all(np.array_equal(found.weights[name], plain.weights[name]) for name in plain.weights)
