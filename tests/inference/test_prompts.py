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


LINES = Generator(follower("ab", [1, 2, 0], boundary=True, separator="\n"))


def test_what_stands_between_two_documents_parts_those_of_a_prompt():
    edge = LINES.model.vocabulary.boundary_id
    ready = prompts.prepare_prompt("ab\n\nb\n", LINES.model)
    assert ready.ids.tolist() == [edge, 0, 1, edge, edge, 1, edge]
    assert ready.text == "ab\n\nb\n"
    # Its own text can be gone on with as if it had gone on by itself.
    written = LINES.generate("a", length=11, temperature=0)
    assert written == "b\nab\nab\nab\n"
    for end in range(len(written)):
        rest = LINES.generate("a" + written[:end], length=11 - end, temperature=0)
        assert rest == written[end:]


def test_other_symbols_of_such_a_prompt_are_dealt_with_as_ever():
    with pytest.raises(VocabularyError, match="1 symbol this model never saw: 'z'"):
        prompts.prepare_prompt("a\nz", LINES.model)
    ready = prompts.prepare_prompt("z\nA", LINES.model, "nearest")
    assert (ready.text, len(ready.notes)) == ("\na", 2)


def test_what_a_length_cut_off_between_two_documents_parts_them_as_well():
    writer = Generator(follower("ab", [1, 2, 0], boundary=True, separator="\n--\n"))
    whole = prompts.prepare_prompt("ab\n--\n", writer.model)
    for cut in ("ab\n", "ab\n-", "ab\n--"):
        ready = prompts.prepare_prompt(cut, writer.model)
        assert (ready.text, ready.ids.tolist()) == (whole.text, whole.ids.tolist())
    with pytest.raises(VocabularyError, match="never saw"):
        prompts.prepare_prompt("ab\n-ab", writer.model)


def test_a_separator_of_known_symbols_is_text():
    writer = Generator(follower("a\n", [1, 1, 0], boundary=True, separator="\n\n"))
    assert prompts.prepare_prompt("a\n\n", writer.model).ids.tolist() == [2, 0, 1, 1]


def test_new_documents_after_others_are_told_by_themselves():
    model = follower("ab", [1, 2, 0], boundary=True, separator="\n", strength=0.5)
    options = {"temperature": 1.0, "seed": 1, "new": {"ab", "a"}}
    for seed in range(9):
        written = Generator(model).generate("b\na", **options | {"seed": seed})
        assert "a" + written not in {"ab", "a"}
