"""What may follow a text: next symbols, and next words found letter by letter."""

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from burble.errors import SettingsError, VocabularyError
from burble.inference import suggestions
from burble.inference.generator import Generator
from burble.inference.suggestions import LEAST
from burble.model.mixture import build_mixture
from tests.support.speakers import POETS, chancy, follower, remembered

LETTERS = "ab '"
CHANCY = Generator(chancy(LETTERS, scale=0.6))
POEMS = Generator(chancy(LETTERS, boundary=True, scale=0.6))


def score(writer, text, more, **how):
    """The probability that a text goes on with `more`, one symbol after the other."""
    product = 1.0
    for place, symbol in enumerate(more):
        product *= writer.probabilities(text + more[:place], **how)[symbol]
    return product


def is_word(text):
    """Whether a text is what stands before a word, and that; of the letters above."""
    lead = len(text) - len(text.lstrip(" '"))
    return bool(text[lead:]) and " " not in text[lead:] and "''" not in text[lead:]


def find_all(writer, longest, **how):
    """All words after a text that ends with a blank, by scoring every string there is."""
    found = {}
    for length in range(1, longest + 1):
        for symbols in itertools.product(LETTERS, repeat=length):
            text = "".join(symbols)
            if not is_word(text):
                continue
            after = writer.probabilities(" " + text, **how)
            goes_on = {"a", "b"} | ({"'"} if text[-1] != "'" else set())
            ends = sum(p for symbol, p in after.items() if symbol not in goes_on)
            found[text] = score(writer, " ", text, **how) * ends
    return found


@pytest.mark.parametrize("writer", [CHANCY, POEMS])
def test_no_likelier_word_is_missed(writer):
    found = writer.suggest(" ", count=12)
    assert found.complete
    every = sorted(find_all(writer, longest=5).items(), key=lambda one: -one[1])
    assert [one.text for one in found.words] == [text for text, _ in every[:12]]
    np.testing.assert_allclose(
        [one.probability for one in found.words], [p for _, p in every[:12]], atol=1e-6
    )


WRITERS: dict[str, tuple[Generator, dict[str, Any]]] = {
    "network": (CHANCY, {}),
    "documents": (POEMS, {}),
    "memory": (remembered(chancy("ab c", scale=0.6), "ab cab abba caba b " * 9), {"memory": 0.7}),
    "labels": (Generator(chancy(LETTERS, labels=POETS)), {"label": {"poet": "Whitman"}}),
    "mixture": (Generator(build_mixture([CHANCY.model, chancy("abc ")], [0.7, 0.3])), {}),
}


@settings(max_examples=12)
@given(kind=st.sampled_from([*WRITERS]), text=st.text("ab ", min_size=1, max_size=6))
def test_what_is_suggested_has_the_probability_that_scoring_it_gives(kind, text):
    writer, how = WRITERS[kind]
    found = writer.suggest(text, **how)
    assert {one.text: one.probability for one in found.symbols} == dict(
        [*writer.probabilities(text, **how).items()][:5]
    )
    probabilities = [one.probability for one in found.words]
    assert probabilities == sorted(probabilities, reverse=True)
    assert min([1.0, *probabilities]) > LEAST
    assert sum(probabilities) <= 1
    for word in found.words:
        after = writer.probabilities(text + word.text, **how)
        goes_on = sum(p for symbol, p in after.items() if symbol.isalpha())
        goes_on += 0 if word.text.endswith("'") else after.get("'", 0)
        whole = score(writer, text, word.text, **how) * (1 - goes_on)
        assert word.probability == pytest.approx(whole, abs=1e-6)


def certain(text, **how):
    """A model that writes `text` over and over; no symbol stands in it twice."""
    symbols = [*text]
    return Generator(follower(symbols, np.roll(range(len(symbols)), -1), **how))


def words(writer, text, **how):
    return [(one.text, round(one.probability, 6)) for one in writer.suggest(text, **how).words]


@pytest.mark.parametrize(
    ("text", "after", "word"),
    [
        ("cats. ho,", "ca", "ts"),
        ("cats. ho,", "cats", ". ho"),
        ("cats. ho,", "cats.", " ho"),
        ("cats. ho,", "cats. ho", ",cats"),
        ("don't ,", ",", "don't"),
        ("don't ,", "don", "'t"),
        ("don't ,", "don'", "t"),
        ("'no, ", " ", "'no"),
        ("1984 ,", ",", "1984"),
        # Where no blanks are written between words: one letter, with its marks.
        ("我是学生", "我", "是"),
        ("ที่ก", "ก", "ที่"),
        ("アメリの", "の", "アメリ"),
        ("한국 ,", " ,", "한국"),
        # U+200C is inside words of Persian.
        ("می\u200cخو ", " ", "می\u200cخو"),
        (("e\u0323", "x", " "), " ", "e\u0323x"),
    ],
)
def test_a_word_goes_up_to_the_next_boundary_with_what_stands_before_it(text, after, word):
    unit = "grapheme" if isinstance(text, tuple) else "char"
    assert words(certain(text, unit=unit), after) == [(word, 1.0)]


def test_a_document_ends_a_word_and_no_word_follows_it():
    poems = Generator(follower("ab", [1, 2, 0], boundary=True))
    assert words(poems, "") == [("ab", 1.0)]
    assert words(poems, "ab") == []
    (last, *_) = poems.suggest("ab").symbols
    assert last.text == ""


def test_a_text_is_cleaned_as_the_models_own_was():
    small = certain("cats ", lowercase=True)
    assert words(small, "CA") == [("ts", 1.0)]
    with pytest.raises(VocabularyError, match="never saw"):
        small.suggest("xca")
    assert words(small, "xca", unknown="skip") == [("ts", 1.0)]


def test_what_is_found_is_true_where_the_search_is_cut_off(monkeypatch):
    whole = {one.text: one.probability for one in CHANCY.suggest(" ", count=1000).words}
    monkeypatch.setattr(suggestions, "WIDTH", 2)
    found = CHANCY.suggest(" ", count=12)
    assert not found.complete
    for word in found.words:
        assert word.probability == pytest.approx(whole[word.text], abs=1e-6)


def test_a_word_without_end_is_none():
    found = Generator(follower("a ", [0, 0])).suggest(" ")
    assert (found.words, found.complete) == ((), False)


def test_it_is_the_same_every_time_and_leaves_the_model_as_it_was():
    before = CHANCY.generate("a", length=50, seed=1)
    assert CHANCY.suggest("ab ") == CHANCY.suggest("ab ")
    assert CHANCY.generate("a", length=50, seed=1) == before
    with pytest.raises(SettingsError, match="count is 0"):
        CHANCY.suggest("a", count=0)
