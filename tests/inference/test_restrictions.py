"""What the training text restricts, by one set of options in Python and on the command line."""

import json
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from burble.cli import app
from burble.data import corpus, words
from burble.errors import SettingsError
from burble.evaluation.overlap import find_overlaps
from burble.inference.generator import Generator
from burble.inference.settings import WritingSettings
from burble.model.file import write_model
from burble.ngram.index import build_index
from burble.ngram.training_text import write_training_index
from burble.settings import TextSettings
from tests.support.speakers import chancy, follower

NAMES = ["ab", "ba", "aab", "bba", "abab", "baba", "aa", "b"]


def remembered(model, text):
    """A model with a memory of a text."""
    ids = np.array(corpus.from_texts([text], model.text, validation=0.0).ids)
    return Generator(replace(model, summary={"corpus": {"sha256": "0"}}), lambda: build_index(ids))


def of_names(model=None):
    text = "\n".join(NAMES)
    cleaning = TextSettings(documents="lines")
    return remembered(replace(model or chancy("ab", scale=0.2, boundary=True), text=cleaning), text)


def test_new_documents_are_none_of_the_training_text():
    writer = of_names()
    options = {"length": 4, "seed": 3, "temperature": 1.0}
    usual = writer.generate_many(count=60, until_document=True, **options)
    assert set(usual) & set(NAMES)
    new = writer.generate_many(count=60, new=True, **options)
    assert not set(new) & {*NAMES, ""}
    # They are the same texts, without those that are not new.
    wanted = [text for text in usual if text not in NAMES and text]
    assert new[: len(wanted)] == wanted
    assert writer.generate(new=True, **options) == "".join(writer.stream(new=True, **options))
    assert writer.generate(new=True, **options) == new[0]
    # A prompt is part of the document.
    assert not {"a" + text for text in writer.generate_many("a", count=40, new=True, **options)} & {
        *NAMES
    }


def test_distinct_texts_are_all_that_there_are():
    writer = of_names()
    options = {"length": 2, "seed": 3, "temperature": 1.0, "until_document": True}
    every = {"", "a", "b", "aa", "ab", "ba", "bb"}
    found = writer.generate_many(count=7, distinct=True, **options)
    assert set(found) == every
    assert writer.generate_many(count=4, distinct=True, **options) == found[:4]
    with pytest.warns(UserWarning, match="7 of 8 texts were written: 1,0"):
        assert writer.generate_many(count=8, distinct=True, **options) == found
    with pytest.warns(UserWarning, match="so the model has no more to give"):
        new = writer.generate_many(count=9, distinct=True, new=True, **options)
    assert set(new) == every - {*NAMES, ""}


def test_a_model_that_knows_its_text_by_heart_has_nothing_new():
    writer = of_names(follower("ab", [1, 2, 0], boundary=True, separator="\n"))
    with pytest.raises(SettingsError, match="0 of 1 text was written"):
        writer.generate(new=True, seed=1)
    with pytest.raises(SettingsError, match=r"^new needs a model trained on documents"):
        remembered(follower("ab", [1, 0]), "abab").generate(new=True)


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


def test_without_a_seed_each_text_is_another():
    writer = Generator(chancy())
    assert writer.generate(length=60) != writer.generate(length=60)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"top_k": 0.5}, "top_k is 0.5, but must be a whole number: 0 (all symbols) or more."),
        ({"top_k": True}, "top_k is True, but must be a number."),
        ({"temperature": True}, "temperature is True, but must be a number."),
        ({"break_loops": "no"}, "break_loops is 'no', but must be True or False."),
        ({"until_document": 1}, "until_document is 1, but must be True or False."),
        ({"distinct": "yes"}, "distinct is 'yes', but must be True or False."),
        ({"length": True}, "length is True, but must be a whole number of 0 or more."),
        ({"seed": 1.0}, "seed is 1.0, but must be a whole number of 0 or more."),
        ({"rounds": 0}, "rounds is 0, but must be a whole number of 1 or more."),
        ({"novel": -1}, "novel is -1, but must be a whole number of 0 or more symbols."),
        ({"novel": "9"}, "novel is '9', but must be a whole number of 0 or more symbols."),
        ({"words": "knwon"}, "words is 'knwon', but must be any, known, or a set of words."),
        ({"word_count": 0, "words": "known"}, "word_count is 0, but must be a whole number of 1"),
        ({"word_count": 3}, "--word-count 3 is for --words known"),
        ({"word_count": 3, "words": {"a"}}, "--word-count 3 is for --words known"),
        ({"rounds": 3, "break_loops": False}, "--rounds 3 is for loops that are broken"),
        ({"new": "all"}, "new is 'all', but must be True or False, or a set of documents."),
        ({"new": {1}}, "new is {1}, but must be True or False, or a set of documents."),
        ({"words": {1}}, "words is {1}, but must be any, known, or a set of words."),
        ({"stop": 5}, "stop is 5, but must be a text, or several."),
        ({"stop": [5]}, "stop is [5], but must be a text, or several."),
        ({"memory": True}, "memory is True, but must be between 0"),
        ({"close_quotes": True}, "close_quotes is True, but must be a number of 0 or more."),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(options, said):
    with pytest.raises(SettingsError) as error:
        Generator(chancy()).generate(**options)
    assert str(error.value).startswith(said)


@pytest.mark.parametrize("count", [True, 1.5, "3", None])
def test_how_many_is_a_whole_number(count):
    with pytest.raises(SettingsError, match="but must be a whole number of 0 or more texts"):
        Generator(chancy()).generate_many(count=count)


def test_numpy_numbers_are_numbers():
    numbers: Any = {"length": np.int64(3), "top_k": np.int32(2), "temperature": np.float32(0.5)}
    how = WritingSettings(**numbers)
    assert len(Generator(chancy()).generate(**vars(how))) == 3
    writer = remembered(chancy(" abc", scale=0.1), "abc cab " * 9)
    assert len(writer.generate(novel=np.int64(5), words="known", word_count=np.int8(2))) == 400


@pytest.fixture
def sample(monkeypatch, capsys, tmp_path):
    """Samples a model of names with its memory beside it."""
    text = corpus.from_texts(["\n".join(NAMES)], TextSettings(documents="lines"), validation=0.0)
    facts = {"sha256": text.sha256, "symbols": len(text.ids), "held_out": 1}
    model = replace(chancy("ab", scale=0.2, boundary=True), text=TextSettings(documents="lines"))
    model = replace(model, separator="\n", summary={"corpus": facts})
    write_model(tmp_path / "names.safetensors", model)
    write_training_index(tmp_path / "names.safetensors", model, text)

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
