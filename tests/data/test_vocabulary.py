from collections import Counter

import numpy as np
import pytest
import regex
from hypothesis import example, given
from hypothesis import strategies as st

from burble.data import vocabulary
from burble.data.vocabulary import Vocabulary
from burble.errors import VocabularyError


@given(st.text(min_size=1), st.sampled_from(["char", "grapheme"]), st.booleans())
def test_decoding_undoes_encoding(raw, unit, boundary):
    counts = Counter(vocabulary.split(raw, unit))
    v = Vocabulary.from_counts(counts, unit=unit, boundary=boundary)
    assert v.decode(v.encode(raw)) == raw
    assert v.size == len(counts) + boundary


def test_ids_follow_code_points():
    v = Vocabulary.from_counts(Counter("ba\nc"))
    assert v.symbols == ("\n", "a", "b", "c")
    np.testing.assert_array_equal(v.encode("cab"), [3, 1, 2])


def test_the_boundary_has_an_id_and_no_text():
    v = Vocabulary(("a", "b"), boundary=True)
    assert v.boundary_id == 2
    assert v.decode([0, 2, 1]) == "ab"
    assert v.decode([0, 2, 1], separator="\n") == "a\nb"
    with pytest.raises(IndexError):
        Vocabulary(("a", "b")).decode([2])


def test_unknown_symbols_are_named():
    v = Vocabulary(("a", "b"))
    with pytest.raises(VocabularyError, match=r"2 symbols .*'é' \(U\+00E9\), '→' \(U\+2192\)"):
        v.encode("aéb→")


def test_rare_symbols_fall_away():
    v = Vocabulary.from_counts(Counter("aab"), min_count=2)
    assert v.symbols == ("a",)
    assert v.unknown("aab") == {"b": 1}


@given(st.text() | st.text(alphabet="a1\r\n\u0301\u0600é👩\u200d👧🇬🇷각\u1100\u1161"))
@example("\u06001a")
@example("a\r\n\u0301")
@example("\x80\r\n\u0301")
def test_graphemes_are_those_of_the_standard(raw):
    assert list(vocabulary.split(raw, "grapheme")) == regex.findall(r"\X", raw)


def test_a_grapheme_keeps_its_marks():
    family = "👩\u200d👧"
    assert list(vocabulary.split(f"a{family}", "grapheme")) == ["a", family]


@pytest.mark.parametrize("symbols", [(), ("a", "a"), ("",)])
def test_unusable_vocabularies_are_refused(symbols):
    with pytest.raises(VocabularyError):
        Vocabulary(symbols)


def test_ids_take_one_byte_while_they_fit():
    symbols = tuple(map(chr, range(256)))
    assert Vocabulary(symbols).dtype is np.uint8
    assert Vocabulary(symbols, boundary=True).dtype is np.uint16
