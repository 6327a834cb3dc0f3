import pytest
from hypothesis import given
from hypothesis import strategies as st

from burble.data import encodings
from burble.errors import EncodingError


def decode_blocks(data, name="f.txt", encoding="", size=1 << 20):
    blocks = [data[i : i + size] for i in range(0, len(data), size)]
    return encodings.decode_blocks(blocks, name, encoding)


def decode(data, **chosen):
    return "".join(decode_blocks(data, **chosen).pieces)


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_marked_encodings_are_recognised(codec, size):
    decoded = decode_blocks("naïve → 猫".encode(codec), size=size)
    assert "".join(decoded.pieces) == "naïve → 猫"
    assert decoded.has_mark == (codec != "utf-8")


@given(st.text(), st.integers(1, 5))
def test_blocks_of_any_size_give_the_same_text(raw, size):
    assert decode(raw.encode(), size=size) == raw.removeprefix("\ufeff")


def test_a_mark_inside_the_text_is_left_for_the_cleaning_to_count():
    assert decode(b"\xef\xbb\xbfa\xef\xbb\xbfb") == "a\ufeffb"


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_curly_quote_in_cp1252_names_line_byte_and_cure(size):
    data = "one\ntwo \u2018three\u2019".encode("cp1252")
    with pytest.raises(EncodingError, match=r"f\.txt is not utf-8 text: line 2, byte 8 is 0x91"):
        decode(data, size=size)
    assert decode(data, encoding="cp1252") == "one\ntwo \u2018three\u2019"
    with pytest.raises(EncodingError, match=r"; if so, add --encoding cp1252 "):
        decode(data)


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\r\r\n"])
def test_lines_are_counted_whatever_ends_them(end):
    data = end.join(["one", "two", "caf\xe9"]).encode("latin-1")
    with pytest.raises(EncodingError, match="line 3"):
        decode(data)


@pytest.mark.parametrize(
    ("sentence", "codec", "advised"),
    [
        ("Les élèves étaient déjà très fatigués, où êtes-vous? ", "latin-1", "cp1252"),
        ("naïve café in the town ", "latin-1", "cp1252"),
        ("«Straße», größer als “früher” ", "cp1252", "cp1252"),
        ("Příliš žluťoučký kůň úpěl ďábelské ódy, řekl že přijde. ", "cp1250", "cp1250"),
        ("Однажды в студёную зимнюю пору я из лесу вышел. ", "cp1251", "cp1251"),
        ("Однажды в студёную зимнюю пору я из лесу вышел. ", "koi8-r", "koi8_r"),
        ("吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。", "cp932", "cp932"),
    ],
)
def test_the_likely_encoding_is_advised(sentence, codec, advised):
    with pytest.raises(EncodingError, match=f"--encoding {advised}"):
        decode((sentence * 4).encode(codec))


def test_damage_in_good_utf8_is_called_damage():
    with pytest.raises(EncodingError, match="may be damaged"):
        decode("naïve ".encode() + b"\xff\xfe" + "café".encode())


def test_bytes_that_do_not_fit_the_encoding_that_was_named():
    with pytest.raises(EncodingError, match="not ascii text: line 1, byte 1 is 0xc3"):
        decode("aé".encode(), encoding="ascii")
    with pytest.raises(EncodingError, match="not utf-16-le text: line 2"):
        decode("a\nb".encode("utf-16-le") + b"\x00\xd8", encoding="utf-16")


@pytest.mark.parametrize("name", ["klingon", "hex", "rot13", "punycode", "idna", "undefined"])
def test_what_is_no_encoding_is_refused_by_name(name):
    with pytest.raises(EncodingError, match=f"'{name}' is no encoding"):
        decode(b"a", encoding=name)


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_utf16_without_its_mark_can_be_named(codec):
    assert decode("naïve".encode(codec), encoding="utf-16") == "naïve"


def test_lone_surrogates_are_not_utf8():
    with pytest.raises(EncodingError, match="byte 1 is 0xed"):
        decode(b"a\xed\xa0\x80")


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(
    "words", ["plain words, and more. ", "καὶ σὺ τέκνον; ", "吾輩は猫 である。\n"]
)
def test_utf16_shows_by_its_zero_bytes(codec, words):
    assert encodings.detect_content_type((words * 5).encode(codec)).codec == codec


@pytest.mark.parametrize(
    ("head", "what"),
    [
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "a JPEG image"),
        (b"%PDF-1.7\n", "a PDF document"),
        (b"PK\x03\x04rest", "a ZIP archive"),
        (b'\x40\x00\x00\x00\x00\x00\x00\x00{"__metadata__"', "a model"),
        (bytes(range(256)) * 8, "a binary file"),
        (b"words\x00" * 9, "a binary file"),
    ],
)
def test_what_is_not_text_is_named(head, what):
    assert encodings.detect_content_type(head).binary.startswith(what)


def test_text_is_text():
    plain = [b"", b"a", "猫".encode(), b"a\x00" + b"words " * 999, "é".encode("latin-1") * 40]
    assert [encodings.detect_content_type(head).binary for head in plain] == [""] * 5
