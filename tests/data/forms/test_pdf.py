"""PDF documents, made here letter by letter, and what is told of them."""

import io
import sys

import pytest

from burble.data.forms.form import File
from burble.data.forms.registry import get_form
from burble.errors import SourceError
from tests.support.documents import pdf, read_form

WIDE = "It copies only what changed and it checks what it has copied once more"


def down(*lines, left=72, top=700):
    return [(left, top - 14 * place, text) for place, text in enumerate(lines)]


def test_lines_of_prose_become_a_paragraph_and_those_of_verse_stay():
    prose = down(WIDE, WIDE, "and never more than that.")
    verse = down("The kettle ticks,", "the window is grey,", "and nobody has", "come", top=500)
    (text,), account = read_form("pdf", pdf([prose, verse]))
    assert text.startswith(f"{WIDE} {WIDE} and never more than that.\n")
    assert text.endswith("The kettle ticks,\nthe window is grey,\nand nobody has\ncome\n")
    assert account.taken["page"] == 2


def test_words_are_joined_at_the_end_of_a_line_and_compounds_keep_their_hyphen():
    text = down(
        f"{WIDE} well, and known inter-", "national well well known known to a well-", "known end"
    )
    (read,), account = read_form("pdf", pdf([text]))
    assert "international" in read
    assert "well-known end" in read
    assert account.changed["hyphen at the end of a line (its word joined)"] == 1
    assert account.taken["hyphen at the end of a line (kept)"] == 1


def test_running_heads_and_page_numbers_are_left_out_and_counted():
    head = (250, 760, "THE BOOK OF LARDERS")
    pages = [
        [
            head,
            *down(f"Page {word} has", f"a line {word}", f"{word} more"),
            (300, 40, f"- {number} -"),
        ]
        for number, word in enumerate(["one", "two", "three", "four"], 11)
    ]
    (text,), account = read_form("pdf", pdf(pages))
    assert (
        text.split()
        == " ".join(
            f"Page {word} has a line {word} {word} more" for word in ("one", "two", "three", "four")
        ).split()
    )
    assert account.left["running head"] == account.left["page number"] == 4


def test_columns_are_read_one_after_the_other():
    left = down(*["In the left column there are words"] * 3)
    right = down(*["and on the right there are others"] * 3, left=330)
    (text,), account = read_form("pdf", pdf([left + right]))
    assert text.index("right") > text.rindex("left")
    assert account.taken["page in columns"] == 1


def test_letters_that_pdfium_tells_in_halves_are_whole_and_lines_keep_their_places():
    lines = down("x first x", "y second y", "x" * 3000)
    (text,), _ = read_form("pdf", pdf([lines], letters={"x": "🐸", "y": "𝑦"}))
    assert text == f"🐸 first 🐸\n𝑦 second 𝑦\n{'🐸' * 3000}\n"


def test_a_scanned_page_is_named_and_a_blank_one_counted():
    data, texts = pdf([down("Some text"), [], [], []], pictures=(1, 2)), []
    file = File("a.pdf", len(data), lambda: io.BytesIO(data))
    (note,) = get_form("pdf").read(file, lambda pieces: texts.append("".join(pieces)))
    assert texts == ["Some text\n"]
    assert str(note).startswith("a.pdf: pages 2-3 are pictures without a text layer.")
    assert file.account.left["scanned page"] == 2
    assert file.account.left["blank page"] == 1


def test_a_damaged_document_is_refused():
    with pytest.raises(SourceError, match="file is damaged: PDFium says"):
        read_form("pdf", b"%PDF-1.4\nnothing")


def test_without_the_package_the_file_is_named_with_the_line_that_installs_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "pypdfium2", None)
    with pytest.raises(SourceError, match=r"pip install 'burble\[texts\]'"):
        get_form("pdf").check("a.pdf")
