"""Models whose text another version of `regex` cut into graphemes.

Stands for it, under any version: symbols of two graphemes, which are parted here ("ab"), and
symbols that are joined here (a letter and its accent).
"""

from dataclasses import replace
from importlib.metadata import version

import pytest

from burble import api
from burble.data import encoded_texts
from burble.data.documents import ReadOptions
from burble.data.vocabulary import Vocabulary
from burble.errors import CorpusError, VocabularyError
from burble.inference import prompts
from burble.inference.generator import Generator
from burble.model.file import read_model, write_model
from burble.settings import TextSettings
from tests.support.corpora import build_corpus
from tests.support.scores import score_text
from tests.support.speakers import follower

HERE = version("regex")
# q has no accent of its own in Unicode, so nothing composes it.
SYMBOLS = ("\n", "a", "ab", "abc", "c", "q", "\u0301")


def model(cut_by, symbols=SYMBOLS):
    """A grapheme model that says which `regex` cut its text."""
    made = follower(symbols, [(i + 1) % len(symbols) for i in range(len(symbols))], unit="grapheme")
    return replace(made, vocabulary=replace(made.vocabulary, cut_by=cut_by))


@pytest.mark.parametrize("cut_by", ["2024.11.6", ""])
@pytest.mark.parametrize(
    ("text", "symbols"),
    [
        ("abcab", ["abc", "ab"]),
        ("aabc", ["a", "abc"]),
        ("abac", ["ab", "a", "c"]),
        ("q\u0301a", ["q", "\u0301", "a"]),
        # Not all of it is known, so it stays what it is here.
        ("q\u0300a", ["q\u0300", "a"]),
        ("", []),
    ],
)
def test_another_regex_leaves_cutting_to_the_symbols_of_the_model(cut_by, text, symbols):
    known = model(cut_by).vocabulary
    assert [*known.split(text)] == symbols
    assert "".join(known.split(text)) == text
    assert sum(known.unknown(text).values()) == sum(s not in SYMBOLS for s in symbols)
    if all(s in SYMBOLS for s in symbols):
        assert known.decode(known.encode(text)) == text


def test_the_same_regex_cuts_as_ever():
    known = model(HERE).vocabulary
    assert [*known.split("abq\u0301")] == ["a", "b", "q\u0301"]
    assert [*Vocabulary(("a", "b")).split("ab")] == ["a", "b"]


def test_a_prompt_is_cut_into_symbols_of_the_model_and_that_is_told():
    ready = prompts.prepare_prompt("abcq\u0301", model("2024.11.6"))
    assert ready.ids.tolist() == [3, 5, 6]
    assert ready.notes == (
        "The prompt was cut into the model's own symbols: its text was cut into graphemes by regex "
        f"2024.11.6, and regex {HERE} is here.",
    )
    assert prompts.prepare_prompt("a", model("2024.11.6")).notes == ()
    with pytest.raises(VocabularyError, match="1 symbol this model never saw"):
        prompts.prepare_prompt("q\u0301", model(HERE))
    # What it writes, and where it stops, is known by the same symbols.
    writer = Generator(model("2024.11.6"))
    assert writer.generate("a", length=9, temperature=0, stop="q\u0301") == "ababcc"
    assert prompts.prepare_stops("abc", writer.model) == ("abc",)


def test_a_text_that_is_scored_is_cut_so_too():
    writer = Generator(model("2024.11.6"))
    report = score_text(writer, "aababcc" * 4)
    assert report.unknown == {}
    assert report.characters == 27
    assert score_text(Generator(model(HERE)), "aababcc" * 4).unknown == {"b": 8}


def test_a_model_file_tells_the_version_only_of_graphemes(tmp_path):
    path = tmp_path / "m"
    for cut_by in ("2024.11.6", ""):
        write_model(path, model(cut_by))
        assert read_model(path).vocabulary.cut_by == cut_by
        assert (b"2024.11.6" in path.read_bytes()) == bool(cut_by)
    read = build_corpus(["abc"], TextSettings(unit="grapheme"), validation=0)
    assert read.vocabulary.cut_by == HERE
    write_model(path, replace(model(""), vocabulary=replace(read.vocabulary, symbols=SYMBOLS)))
    assert f'\\"regex\\": \\"{HERE}\\"'.encode() in path.read_bytes()
    characters = build_corpus(["abc"], TextSettings(), validation=0)
    assert characters.vocabulary.cut_by == ""
    write_model(path, follower("abc", [1, 2, 0]))
    assert b"regex" not in path.read_bytes()


def test_what_the_cache_keeps_is_kept_for_one_version(monkeypatch):
    """Another version of `regex` would find the ids of this one there."""
    keys = set()
    for here in (HERE, "2024.11.6"):
        monkeypatch.setattr(encoded_texts, "cut_here", lambda _, here=here: here)
        for unit in ("char", "grapheme"):
            keys.add(encoded_texts._name_entry([], ReadOptions(TextSettings(unit=unit)), ""))
    assert len(keys) == 3


def own_model(cut_by, text="abcaababcc" * 3, **corpus_facts):
    """A model that was trained on a text, the last four symbols of which were held out."""
    alphabet = model(cut_by).vocabulary
    read = build_corpus([text], TextSettings(unit="grapheme"), validation=0)
    symbols = len(alphabet.split(text))
    facts = {"sha256": read.sha256, "symbols": symbols, "held_out": 4, "documents": 1}
    return replace(model(cut_by), summary={"corpus": facts | corpus_facts})


@pytest.mark.parametrize("cut_by", ["2024.11.6", ""])
def test_a_text_is_its_own_model_s_whoever_cuts_it(burble, tmp_path, cut_by):
    path, file = tmp_path / "text.txt", tmp_path / "m.safetensors"
    path.write_text("abcaababcc" * 3, encoding="utf-8")
    write_model(file, own_model(cut_by))
    assert api.remember(file, path) == tmp_path / "m.memory.safetensors"
    writer = api.load(file)
    assert writer.memory.index.ids().tolist() == [3, 1, 2, 3, 4] * 2 + [3]
    # The whole text, told as the model's own by the command.
    done = burble("eval", file, path)
    assert done.returncode == 0, done.stderr.decode()
    assert b"This is the text the model was trained on" in done.stdout
    said = f"its text was cut into graphemes by regex 2024.11.6, and regex {HERE} is here."
    assert (said in done.stderr.decode().replace("\n", " ")) == bool(cut_by)


def test_a_text_that_cannot_be_cut_as_it_was_names_the_version_to_install(tmp_path):
    path, file = tmp_path / "text.txt", tmp_path / "m.safetensors"
    path.write_text("abcaababcc" * 3, encoding="utf-8")
    write_model(file, own_model("2024.11.6", symbols=14))
    with pytest.raises(CorpusError, match=r"but its text was .* pip install regex==2024.11.6"):
        api.remember(file, path)
    write_model(file, own_model("", symbols=16))
    with pytest.raises(CorpusError, match="this is not the text the model was trained on"):
        api.remember(file, path)
