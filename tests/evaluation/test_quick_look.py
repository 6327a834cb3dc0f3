"""What a base is worth to a text, by hand and by models with known answers."""

import math
from dataclasses import replace

import numpy as np
import pytest

from burble.evaluation.quick_look import look_at_text
from tests.support.corpora import from_texts
from tests.support.speakers import SYMBOLS, chancy, follower, readable, reader

RNG = np.random.default_rng(0)


def draw(symbols, length):
    """A text of symbols that nothing predicts."""
    return "".join(RNG.choice([*symbols], length))


def silent(symbols, **shape):
    """A model to which every symbol is as likely as the other."""
    return chancy(symbols, scale=0.0, **shape)


def test_a_uniform_base_scores_the_logarithm_of_the_alphabet_of_the_text():
    text = from_texts(draw("abc", 2_000))
    # What the text does not have takes no part: the model would be learned without it.
    found = look_at_text(silent("abcdefgh\n"), text)
    assert found.base == pytest.approx(math.log(3), abs=1e-6)
    assert found.ngrams == pytest.approx(math.log(3), abs=0.05)
    assert 0 <= found.gain < 0.02


def test_unseen_symbols_cost_what_it_takes_to_say_that_they_come_and_which_they_are():
    text = from_texts(draw("abxyz", 20_000))
    found = look_at_text(silent("ab\n"), text)
    # Three of five symbols are unseen: whether one comes, then which of two or of three.
    expected = -(0.4 * math.log(0.4 / 2) + 0.6 * math.log(0.6 / 3))
    assert found.base == pytest.approx(expected, abs=0.01)


def test_a_base_that_knows_the_text_makes_n_grams_better_and_another_does_not():
    errs = follower(SYMBOLS, np.roll(range(len(SYMBOLS)), 1))
    text = from_texts(readable(600))
    good, bad = look_at_text(reader(), text), look_at_text(errs, text)
    assert good.base < good.ngrams
    assert good.both <= good.base
    assert good.gain > 0.1
    assert bad.base > 10
    assert bad.gain < 0.01
    assert bad.ngrams == good.ngrams


def test_the_validation_part_is_not_looked_at():
    learned = draw("abc", 900)
    one, other = (from_texts(learned + end * 100, validation=0.1) for end in "ab")
    assert one.cut == other.cut == len(learned)
    base = chancy("abc")
    assert look_at_text(base, one) == look_at_text(base, other)


def test_documents_end_for_a_base_as_for_the_text():
    # After b an end, after an end a: the base that knows ends is never wrong.
    lines = from_texts("\n".join(["ab"] * 300), documents="lines")
    ends = follower("ab", [1, 2, 0], boundary=True, separator="\n")
    assert look_at_text(ends, lines).base < 0.01
    running = replace(ends, vocabulary=replace(ends.vocabulary, symbols=("a", "c")))
    assert look_at_text(running, lines).base > 0.5


@pytest.mark.parametrize(("size", "is_scored"), [(79, False), (80, True), (2, False)])
def test_a_tiny_text_says_nothing(size, is_scored):
    assert (look_at_text(silent("ab"), from_texts(draw("ab", size))) is not None) == is_scored


def test_the_same_text_and_base_give_the_same_figures():
    texts = [from_texts(readable(length)) for length in (300, 300, 5_000)]
    small, again, large = (look_at_text(reader(), text) for text in texts)
    assert small == again
    # The more there is to learn from, the less a base adds.
    assert small.gain > large.gain > 0
