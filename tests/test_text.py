import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burble import text
from burble.errors import EncodingError
from burble.settings import TextSettings

SETTINGS = st.builds(
    TextSettings, lowercase=st.booleans(), strip_punctuation=st.booleans(), unit=st.just("char")
)


@given(st.text(), SETTINGS)
def test_cleaning_twice_changes_nothing_more(raw, settings):
    once, _ = text.clean(raw, settings)
    again, changes = text.clean(once, settings)
    assert again == once
    assert changes.sentences() == []


@given(st.text(), SETTINGS)
def test_clean_text_is_composed_and_has_plain_newlines(raw, settings):
    cleaned, _ = text.clean(raw, settings)
    assert unicodedata.is_normalized("NFC", cleaned)
    assert "\r" not in cleaned


def test_every_change_is_counted():
    cleaned, changes = text.clean("A\r\nB\rc\ufeff! e\u0301", TextSettings())
    assert cleaned == "A\nB\nc! \u00e9"
    assert (changes.newlines, changes.marks, changes.composed) == (2, 1, 1)


def test_lowering_and_stripping_are_counted():
    settings = TextSettings(lowercase=True, strip_punctuation=True)
    cleaned, changes = text.clean("Oh, ALICE!", settings)
    assert cleaned == "oh alice"
    assert (changes.lowercased, changes.punctuation) == (6, 2)


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_marked_encodings_are_recognised(codec):
    assert text.decode("naïve → 猫".encode(codec), "f") == "naïve → 猫"


def test_a_curly_quote_in_cp1252_names_line_byte_and_cure():
    data = "one\ntwo \u2018three\u2019".encode("cp1252")
    with pytest.raises(EncodingError, match=r"f\.txt .* line 2, byte 8 is 0x91.*--encoding cp1252"):
        text.decode(data, "f.txt")
    assert text.decode(data, "f.txt", "cp1252") == "one\ntwo \u2018three\u2019"


def test_an_unknown_encoding_is_refused_by_name():
    with pytest.raises(EncodingError, match="'klingon' is no encoding"):
        text.decode(b"a", "f", "klingon")


def test_binary_bytes_are_called_binary():
    with pytest.raises(EncodingError, match="binary file"):
        text.decode(b"\xff\xd8\xff\xe0\x00\x10JFIF", "cat.jpg")


@given(st.text(alphabet="ab\n"), st.integers(1, 9))
def test_blocks_join_to_the_text(raw, size):
    assert "".join(text.blocks(raw, size)) == raw
