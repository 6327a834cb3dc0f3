"""A text is indexed on the spot in the alphabet of any model."""

from dataclasses import replace

import numpy as np
import pytest

from burble.errors import CorpusError
from burble.ngram import memory
from burble.ngram.memory import index_text
from burble.settings import TextSettings
from tests.support.corpora import build_corpus
from tests.support.speakers import chancy


def held(model, *texts, folder):
    """What the memory of some texts holds, and what is said of it."""
    paths = [folder / f"{place}.txt" for place in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text, encoding="utf-8")
    made = index_text(model, [*map(str, paths)])
    return model.vocabulary.decode(made.index.ids(), "|"), made


def test_a_text_is_cleaned_as_the_model_s_was_and_what_it_never_saw_is_named(tmp_path):
    model = replace(chancy("abc\n"), text=TextSettings(lowercase=True))
    text, made = held(model, "ABé c\r\nb→é", folder=tmp_path)
    assert text == "abc\nb"
    assert not made.is_own
    assert "4 symbols the model does not know were left out of the memory: " in made.left_out[0]
    assert "2 × 'é' (U+00E9)" in made.left_out[0]
    assert made.notes[-1].endswith("0.txt. Symbols in it: 5.")
    with pytest.raises(CorpusError, match=r"0\.txt would be empty: this model knows none"):
        held(model, "xyz", folder=tmp_path)


def test_several_texts_are_documents_or_stand_apart(tmp_path):
    assert held(chancy("abc", boundary=True), "abc", "cab", folder=tmp_path)[0] == "abc|cab|"
    assert held(chancy("abc", boundary=True), "abc", folder=tmp_path)[0] == "abc|"
    assert held(chancy("abc\n"), "abc", "cab", folder=tmp_path)[0] == "abc\n\ncab\n\n"
    assert held(chancy("abc"), "abc", "cab", folder=tmp_path)[0] == "abccab"


def test_what_is_rare_in_a_text_is_kept_where_the_model_knows_it(tmp_path):
    model = replace(chancy("abc"), text=TextSettings(min_count=3))
    assert held(model, "abcaaa", folder=tmp_path)[0] == "abcaaa"


def test_of_the_model_s_own_text_the_training_part_alone_is_held(tmp_path):
    own = "abcacbbacab" * 9
    text = build_corpus([own], TextSettings(), validation=0.0)
    facts = {"sha256": text.sha256, "symbols": len(own), "held_out": 19}
    model = replace(chancy("abc"), summary={"corpus": facts})
    found, made = held(model, own, folder=tmp_path)
    assert (found, made.is_own) == (own[:-19], True)
    assert made.notes[-1] == (
        "The memory is of what the model was trained on, 80 symbols, without the validation part."
    )


def test_of_a_long_text_the_end_is_held_and_that_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "MAX_SYMBOLS", 50)
    text, made = held(chancy("abc"), "abc" * 30, folder=tmp_path)
    assert text == ("abc" * 30)[-50:]
    assert made.left_out == ("The memory holds the last 50 of 90 symbols.",)


def test_bytes_read_are_told(tmp_path):
    path, told = tmp_path / "a.txt", []
    path.write_text("abc" * 100, encoding="utf-8")
    index_text(chancy("abc"), [str(path)], progress=lambda *given: told.append(given))
    assert told[-1] == (300, 300)
    assert np.all(np.diff([done for done, _ in told]) >= 0)
