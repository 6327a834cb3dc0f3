"""Figures of texts whose figures are known, and copies from a text that holds them."""

import math
import random
import string
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from burble.evaluation import overlap, statistics
from burble.evaluation.statistics import Reference, measure_texts

TEXT = "Alice said: “Don't!” (She ran.)\n\nThe cat sat. It slept.\n"


def of(*samples, training=TEXT):
    return measure_texts(samples, Reference.from_text(training))


def test_a_text_measured_against_itself():
    found = of(TEXT)
    assert (found.words, found.closed, found.looped, found.repeated) == (1, 1, 0, 0)
    assert (found.letters, found.grams) == (0, 0)
    assert found.line_length == pytest.approx((31 + 22) / 2)
    assert found.sentence_length == pytest.approx((20 + 10 + 12 + 9) / 4)


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ('He said "no" and "yes', 1 / 2),
        ("'Well,' she said, 'I won't' and 'tis 'so", 2 / 3),
        ("(a (b) [c", 1 / 3),
        ("“a” «b» „c“ ‘d’", 1),
        (") ]”", math.nan),
    ],
)
def test_quotes_and_brackets_that_close(text, share):
    assert of(text).closed == pytest.approx(share, nan_ok=True)


def test_a_loop_is_found_by_its_period_and_not_by_its_letters():
    start = "once upon a time there was "
    assert of(start + "the queen said " * 4).looped > 0.6
    assert of(start + "the queen said " * 2 + "no").looped == 0
    assert of("abcdefgh" + "x" * 20).looped == pytest.approx(20 / 28)
    # Rules, indents and rows of stars are layout, unless they go on for very long.
    assert of("A heading\n" + "-" * 60 + "\n" + " " * 40 + "x" + " *" * 30).looped == 0
    assert of("A heading\n" + "- " * 60).looped > 0.9


def test_windows_that_came_before():
    assert of("abcdefghijkl" * 2).repeated == pytest.approx(1 / 13)
    assert of("abcdefghijkl", "abcdefghijkl").repeated == 0


@given(st.text("abc", min_size=1), st.text("abc", min_size=1))
def test_divergence_is_a_distance_of_at_most_one_bit(one, other):
    a, b = Counter(one), Counter(other)
    found = statistics.jensen_shannon(a, b)
    assert 0 <= found <= 1 + 1e-12
    assert found == pytest.approx(statistics.jensen_shannon(b, a))
    assert statistics.jensen_shannon(a, a) == pytest.approx(0)


# Copies.


def longest_by_hand(sample, source):
    best = ""
    for i in range(len(sample)):
        for j in range(i + len(best) + 1, len(sample) + 1):
            if sample[i:j] not in source:
                break
            best = sample[i:j]
    return best


WORDS = st.text("aé猫b", min_size=1, max_size=30)


@given(WORDS, WORDS)
def test_the_longest_copy_is_that_of_a_search_by_hand(sample, source):
    (found,) = overlap.find_overlaps([[sample]], [source])
    assert found.longest == len(longest_by_hand(sample, source))
    assert found.text in source
    assert found.text in sample


SAMPLES = st.lists(st.text("ab", min_size=1, max_size=40), min_size=1, max_size=4)


@given(SAMPLES, st.text("ab", min_size=8, max_size=200))
def test_novel_passages_are_those_the_source_does_not_have(samples, source):
    (found,) = overlap.find_overlaps([samples], [source])
    for length in overlap.LENGTHS:
        windows = [s[i : i + length] for s in samples for i in range(len(s) - length + 1)]
        assert (length in found.novel) == bool(windows)
        if windows:
            share = sum(w not in source for w in windows) / len(windows)
            assert found.novel[length] == pytest.approx(share)


def test_what_lies_in_long_copies_is_counted_once():
    rng = random.Random(0)
    source = "".join(rng.choices(string.ascii_letters, k=2000))
    sample = "é" * 10 + source[100:145] + "é" * 20 + source[300:370] + "é" * 5
    found, other = overlap.find_overlaps([[sample, "é"], ["0"]], [source[:350], source[250:]])
    assert (other.longest, other.text) == (0, "")
    assert found.longest == 70
    assert found.text == source[300:370]
    assert found.inside_30 == pytest.approx((45 + 70) / (len(sample) + 1))
    assert found.inside_60 == pytest.approx(70 / (len(sample) + 1))


def test_the_longest_copy_is_measured_however_long_it_is():
    # 3,000 characters of two bytes each, no part of which stands elsewhere.
    written = "".join(map(chr, np.random.default_rng(0).integers(0x400, 0x500, 3_000)))
    (found,) = overlap.find_overlaps([[written]], [f"a{written}b"])
    assert (found.longest, found.text) == (3_000, written)


def test_a_divergence_counts_each_text_once_however_many_symbols_it_has():
    class Counted(Counter[str]):
        totals = 0

        def total(self):
            Counted.totals += 1
            return super().total()

    one, other = Counted(map(chr, range(400))), Counted(map(chr, range(200, 600)))
    assert statistics.jensen_shannon(one, other) == pytest.approx(0.5)
    assert Counted.totals == 2
