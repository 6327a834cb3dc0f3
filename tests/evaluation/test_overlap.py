"""What of a text stands in another, against a search by hand."""

import random
import string

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from burble.evaluation import overlap


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
def test_the_longest_overlap_is_that_of_a_search_by_hand(sample, source):
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


def test_what_lies_in_long_overlaps_is_counted_once():
    rng = random.Random(0)
    source = "".join(rng.choices(string.ascii_letters, k=2000))
    sample = "é" * 10 + source[100:145] + "é" * 20 + source[300:370] + "é" * 5
    found, other = overlap.find_overlaps([[sample, "é"], ["0"]], [source[:350], source[250:]])
    assert (other.longest, other.text) == (0, "")
    assert found.longest == 70
    assert found.text == source[300:370]
    assert found.inside_30 == pytest.approx((45 + 70) / (len(sample) + 1))
    assert found.inside_60 == pytest.approx(70 / (len(sample) + 1))


def test_the_longest_overlap_is_measured_however_long_it_is():
    # 3,000 characters of two bytes each, no part of which stands elsewhere.
    written = "".join(map(chr, np.random.default_rng(0).integers(0x400, 0x500, 3_000)))
    (found,) = overlap.find_overlaps([[written]], [f"a{written}b"])
    assert (found.longest, found.text) == (3_000, written)
