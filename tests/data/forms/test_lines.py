"""Paragraphs, cells and what hangs on them, put together."""

from burble.data.forms.form import Account
from burble.data.forms.lines import Lines


def test_what_hangs_on_a_paragraph_stands_after_it_wherever_it_begins():
    lines = Lines(Account())
    lines.add("One")
    lines.begin_aside()
    lines.add(" note ")
    lines.end_paragraph()
    lines.add_after(lines.end_aside())
    lines.add(" two")
    assert list(lines.take()) == []
    lines.end_paragraph()
    assert "".join(lines.take()) == "One two\nnote\n"


def test_a_table_in_a_cell_is_part_of_it():
    lines = Lines(Account())
    for text in ("a", "b"):
        lines.begin_cell()
        lines.add(text)
        lines.end_paragraph()
        if text == "b":
            lines.begin_cell()
            lines.add("inner")
            lines.end_paragraph()
            lines.end_cell()
            lines.end_row()
        lines.end_cell()
    lines.end_row()
    assert "".join(lines.take()) == "a\tb inner\n"


def test_what_a_file_leaves_open_is_not_lost():
    lines = Lines(Account())
    lines.begin_cell()
    lines.add("cell")
    lines.begin_aside()
    lines.add("aside")
    lines.finish()
    assert "".join(lines.take()).split() == ["cell", "aside"]
