"""Documents of a text's own shape: at a separator, or the records of a format."""

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from burble.data import shapes
from burble.data.corpus import build_from_sources
from burble.data.sentences import EDGE
from burble.data.source import from_bytes
from burble.data.split import Split
from burble.errors import CorpusError, SettingsError
from burble.settings import DEFAULT_READING, SourceSettings, TextSettings

GAME = '[Event "A"]\n[Site "?"]\n\n1. e4 { [%clk 0:01]\n[%clk 0:02] } e5 1-0'
DRAW = '[Event "B"]\n\n1. d4 *'


def read(text, reading=DEFAULT_READING, **settings):
    source = from_bytes("a.txt", text.encode())
    return build_from_sources([source], TextSettings(**settings), Split(0.0), reading)


def documents(text, reading=DEFAULT_READING, **settings):
    found = read(text, reading, **settings)
    ids, edge = found.encoded.ids.tolist(), found.vocabulary.boundary_id
    whole = found.vocabulary.decode(ids, EDGE) if edge is not None else "".join(found.text())
    return whole.removesuffix(EDGE).split(EDGE)


def test_blank_lines_inside_a_game_part_nothing():
    assert documents(f"\n{GAME}\n\n\n{DRAW}\n\n{GAME}\n", documents="pgn") == [GAME, DRAW, GAME]


def test_comments_before_the_first_game_are_told():
    found = read(f"; from a club\n% more\n\n{GAME}\n\n{DRAW}\n", documents="pgn")
    assert "".join(found.text()) == f"{GAME}\n\n{DRAW}"
    assert "Left out: 2 lines before the first game, of a comment." in found.notes


def test_tunes_begin_with_their_numbers_and_what_is_before_them_is_told():
    found = read("%abc-2.1\n\nX:1\nT:One\nK:D\nDEF|\n\nX: 2\nK:G\nGAB|\n", documents="abc")
    assert "".join(found.text()) == "X:1\nT:One\nK:D\nDEF|\n\nX: 2\nK:G\nGAB|"
    assert "Left out: 1 line before the first tune (X:)." in found.notes


def test_sequences_begin_with_their_names():
    assert documents(">a b\nACGT\nAC\n>c\nGG\n", documents="fasta") == [">a b\nACGT\nAC", ">c\nGG"]


def test_entries_end_with_their_braces_and_what_is_between_them_is_told():
    entries = ["@article{a,\n title = {A {B} \\}},\n}", "@Book(b,\n title={C}\n)"]
    before = "notes\n@string{x = {y}}\n@comment{\n@article{no,}\n}"
    text = "\n".join([before, entries[0], "more", entries[1], ""])
    found = read(text, documents="bibtex")
    assert documents(text, documents="bibtex") == entries
    assert "Left out: 6 lines that belong to no entry." in found.notes


def test_two_blank_lines_part_what_one_does_not():
    assert documents("a\n\nb\n\n \nc\n\n\n\nd\n", documents="blank2") == ["a\n\nb", "c", "d"]


def test_a_separator_has_escapes_and_is_found_before_capitals_and_marks_go():
    text = "One!\n---\n\n  Two.\n---\n \n---\nThree"
    found = documents(text, document_separator=r"\n---\n", lowercase=True, strip_punctuation=True)
    assert found == ["one", "  two", "three"]
    corpus = read(text, document_separator=r"\n---\n")
    assert corpus.separator == "\n---\n"
    assert "1 empty document skipped." in corpus.notes


def test_a_pattern_can_leave_what_it_finds():
    text = "Preface\nChapter 1\nx Chapter\nChapter 2\ny\n"
    wanted = ["Preface", "Chapter 1\nx Chapter", "Chapter 2\ny"]
    assert documents(text, document_pattern="(?=^Chapter)") == wanted


@given(st.lists(st.text("ab-\n", max_size=12)), st.integers(1, 7), st.sampled_from(["--", "(?=a)"]))
def test_documents_are_the_same_wherever_a_text_was_cut(parts, size, pattern):
    text = "--".join(parts)
    pieces = [text[i : i + size] for i in range(0, len(text), size)]
    found = [list(_join(shapes.split_at(cut, regex.compile(pattern)))) for cut in (pieces, [text])]
    assert found[0] == found[1]
    if pattern == "--":
        assert found[1] == [one for one in text.split("--") if one]


def test_separators_are_found_across_blocks_of_a_long_text():
    parts = [f"{i:05}" * (i % 50) for i in range(1, 3000)]
    text = "<|end|>".join(parts)
    pieces = [text[i : i + 1000] for i in range(0, len(text), 1000)]
    found = _join(shapes.split_at(pieces, regex.compile(regex.escape("<|end|>"))))
    assert list(found) == [part for part in parts if part]


def _join(pieces):
    whole = "".join(pieces)
    return filter(None, whole.split(EDGE))


def test_lengths_leave_documents_out_and_say_so():
    text = "\n".join("x" * n for n in (1, 5, 7, 9, 5))
    found = read(
        text, SourceSettings(min_length=2, max_length=7, deduplicate=True), documents="lines"
    )
    assert "".join(found.text()).split("\n") == ["xxxxx", "xxxxxxx"]
    told = ["Left out: 1 document with fewer than 2 characters."]
    told += ["Left out: 1 document with more than 7 characters."]
    told += ["Left out: 1 repeated document."]
    assert [note for note in found.notes if note.startswith("Left out")] == told
    with pytest.raises(CorpusError, match="no document is left: they have 1 to 9 characters"):
        read(text, SourceSettings(min_length=10), documents="lines")


def test_what_parts_documents_is_given_once_and_can_be_read():
    with pytest.raises(SettingsError, match="documents and document_separator are given"):
        TextSettings(documents="lines", document_separator="x")
    with pytest.raises(SettingsError, match="no regular expression: missing \\)"):
        TextSettings(document_pattern="(")
    with pytest.raises(SettingsError, match="max_length is 3, but must be 0, or 5"):
        SourceSettings(min_length=5, max_length=3)


@pytest.mark.parametrize(
    "settings",
    [
        {"document_separator": "nothere"},
        {"document_pattern": "no+where"},
        {"documents": "pgn"},
    ],
)
def test_what_parts_nothing_is_told(settings):
    notes = read("one\n\ntwo\n", **settings).notes
    assert any(note.endswith("parts nothing: there is none of it in the text.") for note in notes)


def test_an_escape_that_is_none_is_refused():
    with pytest.raises(SettingsError, match="a backslash that begins no escape"):
        TextSettings(document_separator=r"\r\n")
    assert documents("a\\b", document_separator=r"\\") == ["a", "b"]


def test_a_pattern_that_takes_for_ever_is_given_up(monkeypatch):
    monkeypatch.setattr(shapes, "PATIENCE", 0.05)
    with pytest.raises(SettingsError, match=r"takes more than 0\.05 seconds"):
        documents("a" * 5000, document_pattern="(a|a)+c")


def test_round_brackets_close_an_entry_within_a_line():
    text = '@book(b,\n title="q (r)")\n@comment{no}\n@misc{c}\n'
    assert documents(text, documents="bibtex") == ['@book(b,\n title="q (r)")', "@misc{c}"]
