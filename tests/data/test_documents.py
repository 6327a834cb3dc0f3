"""Files of every kind as one stream of clean documents."""

import random

import numpy as np
import pytest

from burble.data import corpus
from burble.errors import (
    EncodingError,
    SourceError,
)
from burble.settings import TextSettings
from tests.support.corpora import build, from_texts, parts


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


def test_an_empty_file_among_others_is_named_and_is_no_source(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"one")
    (tmp_path / "b.txt").write_bytes(b" \n")
    c = corpus.build([str(tmp_path)], TextSettings(), validation=0)
    assert c.names == (str(tmp_path / "a.txt"),)
    assert c.notes[0] == f"{tmp_path / 'b.txt'} is empty and was passed over."
    assert len(c.notes) == 2


def test_each_line_is_a_document_where_asked():
    c = from_texts("one\n\n  two\n \t\nthree\n", "\nfour", documents="lines")
    assert parts(c) == ["one", "  two", "three", "four"]
    assert "3 blank lines skipped." in c.notes
    assert c.lines == 7
    assert "".join(c.text()) == "one\n  two\nthree\nfour"


def test_blank_lines_part_documents_where_asked():
    c = from_texts("\n\na\nb\n\nc\n \n\n  d\n\n", "e\n", documents="blank")
    assert parts(c) == ["a\nb", "c", "  d", "e"]
    assert "".join(c.text()) == "a\nb\n\nc\n\n  d\n\ne"


def test_empty_texts_are_skipped_and_counted():
    c = from_texts("ab", " \n", "", "cd")
    assert parts(c) == ["ab", "cd"]
    assert "2 sources are empty and were passed over: text 2, text 3." in c.notes


def test_a_field_of_a_folder_is_read_of_the_files_that_have_it(tmp_path):
    (tmp_path / "a.json").write_text('[{"text": "one"}, {"text": "two"}]')
    (tmp_path / "b.json").write_text('[{"name": "Ann"}]')
    (tmp_path / "c.csv").write_text("id,body\n1,x\n")
    (tmp_path / "d.csv").write_text("id,text\n1,three\n")
    found = corpus.build([f"{tmp_path}:text"], TextSettings(), validation=0)
    assert "".join(found.text()).split() == ["one", "two", "three"]
    told = f"2 sources ({tmp_path / 'b.json'}, {tmp_path / 'c.csv'}): no field 'text', so nothing"
    assert any(note.startswith(told) for note in found.notes)
    # Of a file that is named outright it is said what it has.
    with pytest.raises(SourceError, match=r"(?s)no field 'text'.*  name  'Ann'"):
        corpus.build([f"{tmp_path / 'b.json'}:text"], TextSettings())
