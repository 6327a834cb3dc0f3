"""Rows of a table that are damaged, or not as most are."""

import csv

import pytest

from burble.errors import SourceError
from tests.support.tables import rows


def test_a_cell_may_be_longer_than_the_csv_module_likes():
    limit = csv.field_size_limit()
    assert len(rows(["a\n", "x" * 200_000], "p.csv", "a")[0][0]) == 200_000
    assert csv.field_size_limit() == limit


SWALLOWED = '1{0}"stop, she said.\n2{0}hello there\n3{0}good day{1}\n4{0}bye now\n'


def test_cells_in_quotes_that_were_taken_for_letters_are_told():
    found, notes = rows('id\ttext\n1\t"a"\n2\t"b" c\n', "q.tsv", "text")
    assert found == ['"a"', '"b" c']
    assert notes == [
        "q.tsv: 1 cell of 'text' in quotes, which were read as letters. If quotes enclose cells "
        "there, add --quote '\"'."
    ]


@pytest.mark.parametrize("rows_after", [1, 50_000])
def test_a_quote_that_is_not_closed_is_an_error_that_names_its_row(rows_after):
    table = "id,text\n1,one\n" + '2,"stop she said.\n' + "3,hello\n" * rows_after
    said = (
        rf"^q\.csv is damaged: row 3 opens a cell with a quote, \", that is not closed in "
        rf"{1 + rows_after:,} lines\. Close it; or, if quotes are letters in this table, add "
        r"--quote none\.$"
    )
    with pytest.raises(SourceError, match=said):
        rows([table], "q.csv", "text")
    found, _ = rows([table], "q.csv", "text", quote="none")
    assert found == ["one", '"stop she said.', *["hello"] * rows_after]


def test_text_after_a_closing_quote_is_an_error_that_names_its_row():
    table = 'id,text\n1,"a\nb"\n2,"c" d\n'
    said = r"row 3 \(line 4\) has text after the quote that closes a cell\. .*--quote '\\\"'; if"
    with pytest.raises(SourceError, match=said):
        rows(table, "q.csv", "text")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_rows_between_two_stray_quotes_are_told(delimiter):
    table = f"id{delimiter}text\n" + SWALLOWED.format(delimiter, '"')
    _, notes = rows(table, "q.csv", "text", quote='"', delimiter=delimiter)
    assert notes == [
        "q.csv: 1 row of several lines may be several rows, with a quote that is a letter: "
        "row 2 to line 4. If so, add --quote none."
    ]


def test_a_poem_in_a_cell_is_no_row():
    table = 'id,text,by\n1,"Roses, red,\nviolets, blue,\nand so, on",me\n2,"a, b\nc, d",you\n'
    assert rows(table, "p.csv", "text")[1] == []


def test_rows_with_other_numbers_of_cells_are_counted_in_one_note():
    table = "text,id\na,1\nb, c,2\nd\ne,3,\nf,4,,5\ng, h, i,6\nj,7\n"
    found, notes = rows(table, "u.csv", "text")
    assert found == ["a", "d", "e", "j"]
    assert notes == [
        "u.csv: 4 rows have another number of cells than 2: row 3 has 3, row 4 has 1, row 6 has 4 "
        "and 1 more. Where there are fewer, the last were taken to be missing. Where there are "
        "more, the row was left out. A cell that holds ',' must stand in quotes."
    ]


def test_half_a_row_is_left_out_where_no_quotes_enclose_line_ends():
    found, notes = rows("id\ttext\n1\ta\n2\tb\nc\td\te\n3\tf\nx\n", "u.tsv", "text")
    assert found == ["a", "b", "f"]
    assert notes == [
        "u.tsv: 2 rows have another number of cells than 2: row 4 has 3, row 6 has 1. They were "
        "left out: without quotes no cell holds tabs or a line end."
    ]


def test_a_table_most_of_whose_rows_are_unclear_is_refused_but_not_by_number():
    table = '"text"\n"1","Hello, you"\n"2","Bye"\n'
    said = r"r\.csv is not read: 2 rows have another number .* choose the column by its number"
    with pytest.raises(SourceError, match=said):
        rows(table, "r.csv", "text")
    assert rows(table, "r.csv", "2")[0] == ["Hello, you", "Bye"]
