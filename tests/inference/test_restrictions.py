"""What the training text restricts, by one set of options in Python and on the command line."""

import json
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from burble.cli import app
from burble.data import words
from burble.errors import SettingsError
from burble.evaluation.overlap import find_overlaps
from burble.inference.generator import Generator
from burble.inference.settings import WritingSettings
from burble.model.file import write_model
from burble.ngram.training_text import write_training_index
from burble.settings import SourceSettings, TextSettings
from tests.support.corpora import build_corpus
from tests.support.speakers import chancy, remembered

NAMES = ["ab", "ba", "aab", "bba", "abab", "baba", "aa", "b"]


def test_numbers_and_words_are_looked_up_in_the_memory():
    source = "abc cab bca acb " * 9
    writer = remembered(chancy(" abc", scale=0.1), source)
    text = writer.generate(novel=5, length=400, seed=1)
    assert find_overlaps([[text]], [source])[0].longest <= 5
    text = writer.generate(words="known", length=400, seed=1)
    assert {*words.find_words(text)[1:-1]} <= {"abc", "cab", "bca", "acb"}
    with pytest.raises(SettingsError, match="of 0 known words"):
        writer.generate(words="known", word_count=10)
    with pytest.raises(SettingsError, match="need the text the model was trained on"):
        Generator(chancy("abc ")).generate(novel=5)


def test_a_training_text_can_be_given(tmp_path):
    path = tmp_path / "text.txt"
    path.write_bytes("abc cab ".encode("utf-16") * 1)
    writer = Generator(chancy("abc ", scale=0.1))
    options = {"training_text": path, "encoding": "utf-16", "length": 99, "seed": 1}
    with pytest.warns(UserWarning, match="This is not the text the model was trained on"):
        text = writer.generate(words="known", word_count=1, **options)
    assert {*text.split()[:-1]} <= {"abc", "cab"}
    with pytest.raises(SettingsError, match="--training-text is for --novel"):
        writer.generate(**options)
    with pytest.raises(ValueError, match=r"^--encoding: this says how a text is read, and none is"):
        writer.generate(encoding="utf-16")


def test_numpy_numbers_are_numbers():
    numbers: Any = {"length": np.int64(3), "top_k": np.int32(2), "temperature": np.float32(0.5)}
    how = WritingSettings(**numbers)
    assert len(Generator(chancy()).generate(**vars(how))) == 3
    writer = remembered(chancy(" abc", scale=0.1), "abc cab " * 9)
    assert len(writer.generate(novel=np.int64(5), words="known", word_count=np.int8(2))) == 400


@pytest.fixture
def sample(monkeypatch, capsys, tmp_path):
    """Samples a model of names with its memory beside it."""
    text = build_corpus(["\n".join(NAMES)], TextSettings(documents="lines"), validation=0.0)
    facts = {"sha256": text.sha256, "symbols": len(text.ids), "held_out": 1}
    model = replace(chancy("ab", scale=0.2, boundary=True), text=TextSettings(documents="lines"))
    model = replace(model, separator="\n", summary={"corpus": facts})
    write_model(tmp_path / "names.safetensors", model)
    (tmp_path / "names.txt").write_text("\n".join(NAMES), "utf-8")
    names = [str(tmp_path / "names.txt")]
    write_training_index(tmp_path / "names.safetensors", names, SourceSettings())

    def run(*flags):
        asked = ["burble", "sample", str(tmp_path / "names.safetensors"), *map(str, flags)]
        monkeypatch.setattr(sys, "argv", asked)
        with pytest.raises(SystemExit) as end:
            app.main()
        return end.value.code, *capsys.readouterr()

    return run


def test_the_command_writes_new_and_distinct_documents(sample):
    flags = ["--new", "--distinct", "-l", 4, "--seed", 1, "-t", 1]
    code, out, err = sample(*flags, "-n", 12)
    assert code == 0
    assert "With --training-text those of the validation part are left out, too." in err
    texts = out.splitlines()
    assert len({*texts}) == len(texts) == 12
    assert not {*texts} & {*NAMES, ""}
    assert sample(*flags)[1] == f"{texts[0]}\n"
    code, out, _ = sample(*flags, "-n", 2, "--jsonl")
    rows = [json.loads(line) for line in out.splitlines()]
    assert [row["text"] for row in rows] == texts[:2]
    assert all(row["new"] is row["distinct"] is True for row in rows)


def test_the_command_says_when_there_is_no_more(sample):
    code, out, err = sample(
        "--distinct", "--until-document", "-l", 1, "-n", 5, "-t", 1, "--seed", 1
    )
    assert (code, {*out.splitlines()}) == (2, {"", "a", "b"})
    assert "burble: 3 of 5 texts were written" in err
    code, out, err = sample("--new", "-p", "aab", "-l", 0)
    assert (code, out) == (2, "")
    assert "burble: 0 of 1 text was written" in err
