"""Corpora from whole files: scripts, encodings, marks, line ends, tables."""

import random

import numpy as np
import pytest

from burble import settings
from burble.data import corpus
from burble.errors import (
    EncodingError,
    SettingsError,
    SourceError,
    VocabularyError,
)
from burble.settings import SourceSettings, TextSettings
from tests.support.corpora import from_texts, parts


def build(tmp_path, data, **chosen):
    path = tmp_path / "t.txt"
    path.write_bytes(data)
    encoding = chosen.pop("encoding", None)
    return corpus.build(
        [str(path)],
        TextSettings(**chosen),
        validation=0,
        reading=SourceSettings(encoding=encoding or ""),
    )


@pytest.mark.parametrize(
    "words",
    [
        "thirty bytes of plain English.",
        "μῆνιν ἄειδε θεὰ Πηληϊάδεω Ἀχιλῆος\n",
        "في البدء كانت الكلمة ثم جاء الصمت\n",
        "👩‍👧 ☃️ 🇬🇷 emoji 👍🏽\n",
        "吾輩は猫である。名前はまだ無い。\n",
    ],
)
@pytest.mark.parametrize("unit", ["char", "grapheme"])
def test_every_script_comes_back_letter_by_letter(tmp_path, words, unit):
    c = build(tmp_path, words.encode(), unit=unit)
    assert "".join(c.text()) == words
    assert set(c.vocabulary.symbols) == set(c.counts)


@pytest.mark.parametrize("codec", ["utf-16", "utf-32", "utf-8-sig", "cp1252"])
def test_the_encoding_makes_no_difference(tmp_path, codec):
    words = "‘Curly’ café\n"
    named = codec if codec == "cp1252" else None
    assert build(tmp_path, words.encode(codec), encoding=named).sha256 == from_texts(words).sha256


def test_line_ends_make_no_difference(tmp_path):
    shas = {build(tmp_path, end.join([b"a", b"b", b""])).sha256 for end in (b"\n", b"\r\n", b"\r")}
    assert shas == {from_texts("a\nb\n").sha256}


def test_a_mark_at_the_start_is_told_and_one_inside_counted(tmp_path):
    mark = b"\xef\xbb\xbf"
    c = build(tmp_path, mark + b"one\n" + mark + b"two\n")
    assert "".join(c.text()) == "one\ntwo\n"
    assert c.changes.marks == 1
    assert any("starts with a byte-order mark" in note for note in c.notes)


def test_one_line_of_5_mb(tmp_path):
    line = bytes(random.Random(0).choices(b"abcdefgh", k=5_000_000))
    c = build(tmp_path, line)
    assert (len(c.ids), c.lines) == (5_000_000, 1)
    np.testing.assert_array_equal(c.ids, np.frombuffer(line, np.uint8) - ord("a"))


def test_an_empty_file_is_one_sentence(tmp_path):
    with pytest.raises(SourceError, match=r"no text to read\. .*t\.txt is empty"):
        build(tmp_path, b"")


def test_a_wrong_byte_far_into_a_file_is_found_by_its_place(tmp_path):
    with pytest.raises(EncodingError, match=r"line 300,001, byte 3,000,003 is 0x92"):
        build(tmp_path, b"nine here\n" * 300_000 + b"don\x92t")


def test_a_table_gives_one_document_a_row(tmp_path):
    (tmp_path / "p.csv").write_bytes('id,body\n1,"a\nb"\n2,\n3,cé\n'.encode())
    c = corpus.build([f"{tmp_path / 'p.csv'}:body"], TextSettings(), validation=0)
    assert parts(c) == ["a\nb", "cé"]
    assert any("1 row without text in 'body'" in note for note in c.notes)


def test_more_symbols_than_ids_is_one_sentence(tmp_path):
    points = [*range(0x3400, 0xA000), *range(0xAC00, 0xD7A4), *range(0x20000, 0x2A6D0)]
    with pytest.raises(VocabularyError, match="more than 65,534 different symbols"):
        build(tmp_path, "".join(map(chr, points)).encode())


def test_settings_are_made_from_flat_names():
    made = settings.make_settings({"units": 8, "lowercase": True, "steps": 3, "batch": None})
    assert (made.model.units, made.text.lowercase, made.training.steps) == (8, True, 3)
    with pytest.raises(SettingsError, match="no setting called unitz"):
        settings.make_settings({"unitz": 8})
    with pytest.raises(SettingsError, match=r"validation is 1\.5"):
        settings.make_settings({"validation": 1.5})
    with pytest.raises(SettingsError, match="documents is 'pages', but must be sources, lines"):
        settings.make_settings({"documents": "pages"})


def test_an_empty_file_among_others_is_named_and_is_no_source(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"one")
    (tmp_path / "b.txt").write_bytes(b" \n")
    c = corpus.build([str(tmp_path)], TextSettings(), validation=0)
    assert c.names == (str(tmp_path / "a.txt"),)
    assert c.notes[0] == f"{tmp_path / 'b.txt'} is empty and was passed over."
    assert len(c.notes) == 2
