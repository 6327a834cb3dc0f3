"""Prompts and stop strings as a model reads them."""

from dataclasses import replace

import pytest

from burble.data import vocabulary
from burble.errors import VocabularyError
from burble.inference import prompts
from burble.inference.generator import Generator
from tests.support.speakers import follower

HERE = vocabulary.cut_here("grapheme")
CYCLE = Generator(follower("abc", [1, 2, 0]))


def test_a_stop_string_is_cleaned_like_the_text():
    writer = Generator(follower("abc", [1, 2, 0], lowercase=True))
    assert writer.generate("A", stop="C", temperature=0) == "b"


def test_a_stop_string_that_cannot_occur_is_refused():
    for stop in ("Z", "", ["a", "aZ"]):
        with pytest.raises(VocabularyError, match="can never write the stop string"):
            CYCLE.generate(stop=stop)


def test_unknown_symbols_are_named_or_dealt_with():
    writer = Generator(follower("e'", [1, 0]))
    with pytest.raises(VocabularyError, match=r"'é' \(U\+00E9\)"):
        writer.generate("é’")
    assert prompts.prepare_prompt("é’☃", writer.model, "nearest").text == "e'"
    assert prompts.prepare_prompt("é’e", writer.model, "skip").text == "e"
    assert prompts.prepare_prompt("É", writer.model, "nearest").notes == (
        "The prompt's 'É' (U+00C9) was left out.",
    )


def test_what_joins_once_an_unknown_symbol_is_gone_goes_too():
    model = follower(["🇦", "🇧", "c"], [1, 2, 0], unit="grapheme")
    writer = Generator(replace(model, vocabulary=replace(model.vocabulary, cut_by=HERE)))
    ready = prompts.prepare_prompt("🇦x🇧c", writer.model, "skip")
    assert ready.text == "c"
    assert len(ready.notes) == 2
    assert writer.generate("🇦x🇧c", length=1, temperature=0, unknown="nearest") == "🇦"


def test_a_prompt_with_one_unknown_symbol_is_called_a_prompt():
    with pytest.raises(
        VocabularyError, match=r"^the prompt has 1 symbol this model never saw: 'é'"
    ):
        CYCLE.generate("aéé")
