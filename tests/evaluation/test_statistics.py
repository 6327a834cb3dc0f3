"""Statistics of texts whose figures are known."""

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burble.evaluation import statistics
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


def test_a_divergence_counts_each_text_once_however_many_symbols_it_has():
    class Counted(Counter[str]):
        totals = 0

        def total(self):
            Counted.totals += 1
            return super().total()

    one, other = Counted(map(chr, range(400))), Counted(map(chr, range(200, 600)))
    assert statistics.jensen_shannon(one, other) == pytest.approx(0.5)
    assert Counted.totals == 2
