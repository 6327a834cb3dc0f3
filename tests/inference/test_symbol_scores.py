"""What a model predicted of each symbol of a text."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from burble.inference.generator import Generator
from burble.inference.symbol_scores import align_text, score_symbols
from tests.support.speakers import chancy, remembered

RUNNING = Generator(chancy())
DOCUMENTS = Generator(chancy("abc\n", boundary=True))
REMEMBERED = remembered(chancy(), "abc\ncab\n" * 40)


@pytest.mark.parametrize(
    ("writer", "memory", "given"),
    [(RUNNING, 0.0, 1), (DOCUMENTS, 0.0, 0), (REMEMBERED, 0.5, 1)],
    ids=["running text", "documents", "with memory"],
)
def test_each_symbol_has_the_probability_that_it_is_predicted_with(writer, memory, given):
    text = "abca\nbca"
    scores = score_symbols(writer, text, count=2, memory=memory)
    assert "".join(one.text for one in scores) == text
    assert [one.at for one in scores] == [*range(len(text))]
    for place, one in enumerate(scores):
        if place < given:
            assert one.log_probability is None
            assert one.likeliest == ()
            continue
        expected = writer.probabilities(text[:place], memory=memory)
        np.testing.assert_allclose(math.exp(one.log_probability), expected[text[place]], rtol=1e-4)
        assert [s.text for s in one.likeliest] == [*expected][:2]
        found = [s.probability for s in one.likeliest]
        np.testing.assert_allclose(found, [*expected.values()][:2], rtol=1e-4)


def test_the_edge_of_documents_is_one_symbol_however_it_is_written():
    text = "ab--ca--"
    scores = score_symbols(DOCUMENTS, text)
    assert [(one.at, one.text) for one in scores] == [
        *((0, "a"), (1, "b"), (2, "--"), (4, "c"), (5, "a"), (6, "--")),
    ]
    expected = {0: ("", "a"), 1: ("a", "b"), 2: ("ab", ""), 3: ("ab--", "c"), 5: ("ab--ca", "")}
    for place, (before, symbol) in expected.items():
        found = math.exp(scores[place].log_probability)
        np.testing.assert_allclose(found, DOCUMENTS.probabilities(before)[symbol], rtol=1e-4)


def test_an_unknown_symbol_is_left_out_and_the_others_stand_where_they_stood():
    scores = score_symbols(RUNNING, "a→→bC", unknown="nearest")
    assert [(one.at, one.text) for one in scores] == [(0, "a"), (3, "b"), (4, "c")]
    assert score_symbols(RUNNING, "→", unknown="skip") == []
    assert score_symbols(DOCUMENTS, "") == []


@given(st.text("aB \t\n", max_size=40))
def test_a_text_is_aligned_with_itself_and_with_its_small_letters(text):
    assert align_text(text, text) == [*range(len(text))]
    assert align_text(text, text.lower()) == [*range(len(text))]
