"""The words of a text."""

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burble.data import words
from burble.evaluation.statistics import Reference, measure_texts

TEXT = "Alice said: “Don't!” (She ran.)\n\nThe cat sat. It slept.\n"


def of(*samples, training=TEXT):
    return measure_texts(samples, Reference.from_text(training))


def test_words_are_those_of_the_training_text_in_either_case():
    found = of("ALICE didn't, the cat’s; Don't 12 sat")
    assert found.words == pytest.approx(4 / 6)
    assert found.distinct_words == 1
    assert math.isnan(of("12 + 3").words)
    assert words.find_words("हिन्दी में m² שָׁלוֹם") == ["हिन्दी", "में", "m", "שָׁלוֹם"]


@given(st.text("aé'- \u0301²\n", max_size=40), st.integers(1, 5))
def test_words_are_counted_wherever_a_text_is_cut(text, size):
    pieces = [text[i : i + size] for i in range(0, len(text), size)]
    assert words.count_words(pieces) == Counter(words.find_words(text))
