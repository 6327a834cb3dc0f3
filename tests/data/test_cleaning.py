import unicodedata
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from burble.data import cleaning
from burble.data.cleaning import Changes
from burble.settings import TextSettings

SETTINGS = st.builds(
    TextSettings, lowercase=st.booleans(), strip_punctuation=st.booleans(), unit=st.just("char")
)
# Letters that are hard to cut between: marks, a sigma that looks at its neighbours, a letter
# that lowers to two, Hangul that joins, a mark of two files, line ends of every kind.
HARD = st.text(
    alphabet="aA1 \n\r\u0085\u2028.'\u0301\u0323ΣσΑİ\u1100\u1161\u11a8か\u3099一é\ufeff\0"
)
CUTS = st.lists(st.integers(0, 40))


def clean_whole(raw, settings):
    return cleaning.clean(raw, settings)


def clean_in_pieces(raw, cuts, settings):
    edges = sorted({0, len(raw), *(c for c in cuts if c < len(raw))})
    pieces = [raw[a:b] for a, b in pairwise(edges)]
    joined, total = "", Changes()
    for block in cleaning.cut_blocks(pieces):
        cleaned, changes = cleaning.clean(block, settings)
        joined += cleaned
        total.add(changes)
    return joined, total


@given(st.text() | HARD, SETTINGS)
def test_cleaning_twice_changes_nothing_more(raw, settings):
    once, _ = cleaning.clean(raw, settings)
    again, changes = cleaning.clean(once, settings)
    assert again == once
    assert changes.describe() == []


@given(st.text(st.characters(codec=None)) | HARD, SETTINGS)
def test_clean_text_is_composed_and_can_be_written(raw, settings):
    cleaned, _ = cleaning.clean(raw, settings)
    assert unicodedata.is_normalized("NFC", cleaned)
    assert not set("\r\u0085\u2028\u2029\ufeff\0") & set(cleaned)
    assert cleaned.encode().decode() == cleaned


@given(st.text() | HARD, CUTS, SETTINGS)
@example("ab", [1], TextSettings(lowercase=True))
@example("ΑΣ", [1], TextSettings(lowercase=True))
@example("e\u0301", [1], TextSettings())
@example("a\r\nb", [2], TextSettings())
@example("a\r\r\nb", [2], TextSettings())
def test_cleaning_in_pieces_is_cleaning_the_whole(raw, cuts, settings):
    assert clean_in_pieces(raw, cuts, settings) == clean_whole(raw, settings)


def test_text_without_any_white_space_is_cut_all_the_same():
    assert len(list(cleaning.cut_blocks(["abc" * 10] * 9))) == 10
    assert len(list(cleaning.cut_blocks(["一二三" * 10] * 9))) == 10
    assert list(cleaning.cut_blocks(["\u0301"] * 9)) == ["\u0301" * 9]


def test_every_change_is_counted():
    cleaned, changes = cleaning.clean("A\r\nB\rc\ufeff!\0 e\u0301\ud800", TextSettings())
    assert cleaned == "A\nB\nc! \u00e9"
    assert vars(changes) == {
        "marks": 1,
        "unusable": 2,
        "newlines": 2,
        "doubled": 0,
        "composed": 1,
        "lowercased": 0,
        "punctuation": 0,
    }


@pytest.mark.parametrize("cut", range(6))
@pytest.mark.parametrize(
    ("raw", "cleaned", "newlines", "doubled"),
    [
        ("a\r\r\nb", "a\nb", 0, 1),
        ("a\r\r\n\r\r\nb\r\n", "a\n\nb\n", 1, 2),
        ("a\r\r\r\nb", "a\nb", 0, 1),
        ("a\r\rb\r", "a\n\nb\n", 3, 0),
        ("a\n\r\nb", "a\n\nb", 1, 0),
    ],
)
def test_line_ends_with_two_returns_are_one_and_counted(raw, cleaned, newlines, doubled, cut):
    found, changes = clean_in_pieces(raw, [cut], TextSettings())
    assert (found, changes.newlines, changes.doubled) == (cleaned, newlines, doubled)


def test_line_ends_with_two_returns_are_told():
    assert cleaning.clean("a\r\r\nb\r\n", TextSettings())[1].describe() == [
        "1 line end made plain newlines",
        "1 doubled line end (\\r\\r\\n) made one newline each",
    ]


def test_lowering_and_stripping_are_counted():
    settings = TextSettings(lowercase=True, strip_punctuation=True)
    cleaned, changes = cleaning.clean("Oh, ALICE!", settings)
    assert cleaned == "oh alice"
    assert (changes.lowercased, changes.punctuation) == (6, 2)


def test_a_letter_that_lowers_to_two_is_one_change():
    cleaned, changes = cleaning.clean("İI", TextSettings(lowercase=True))
    assert cleaned == "i\u0307i"
    assert changes.lowercased == 2


def test_stripping_keeps_letters_digits_and_blanks_of_every_script():
    kept = "γ 猫\t٣ e\n"
    cleaned, changes = cleaning.clean(f"«{kept}»—…😀", TextSettings(strip_punctuation=True))
    assert cleaned == kept
    assert changes.punctuation == 5


def test_only_u0130_becomes_longer_when_lowered():
    # `_lower` counts changes on the strength of this.
    points = (p for p in range(0x110000) if not 0xD800 <= p < 0xE000)
    assert [p for p in points if len(chr(p).lower()) != 1] == [0x130]


@given(st.text())
def test_code_points_are_those_of_the_characters(raw):
    np.testing.assert_array_equal(cleaning.code_points(raw), [ord(c) for c in raw])


@pytest.mark.parametrize(("letter", "base"), [("é", "e"), ("Å", "A"), ("ﬁ", "fi"), ("x", "x")])
def test_bare_letters(letter, base):
    assert cleaning.strip_accents(letter) == base
