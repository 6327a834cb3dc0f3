"""Which texts are kept: new ones, and different ones."""

from dataclasses import replace

import pytest

from burble.errors import SettingsError
from burble.inference.selection import Ending, describe_shortfall
from burble.settings import TextSettings
from tests.support.speakers import chancy, follower, remembered

NAMES = ["ab", "ba", "aab", "bba", "abab", "baba", "aa", "b"]


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


def test_one_text_of_several_is_one():
    assert describe_shortfall({Ending(): 1}, 5).startswith("1 of 5 texts was written")
