import csv
import io
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burble import api
from burble.data import sources, tables
from burble.errors import SourceError
from burble.settings import SourceSettings
from tests.support.tables import rows


def test_a_column_by_name():
    table = 'id,body\n1,"one, ""two""\nthree"\n2,\n3, \n4,four\n5\n'
    found, notes = rows(table, "p.csv", "body")
    assert found == ['one, "two"\nthree', "four"]
    assert notes == [
        "p.csv: 1 row has another number of cells than 2: row 6 (line 7) has 1. Where there are "
        "fewer, the last were taken to be missing. A cell that holds ',' must stand in quotes.",
        "p.csv: 3 rows without text in 'body' skipped.",
    ]


def test_a_column_by_number_takes_the_first_row_too():
    found, notes = rows("a\tb\r\nc\td\r\n", "p.tsv", "2")
    assert found == ["b", "d"]
    assert notes == ["p.tsv: row 1 was read as text too, since the column is a number."]


def test_a_missing_column_names_those_there_are():
    said = r"p\.csv has no column 'c'; with ',' between cells its first row holds 'a', 'b'\."
    with pytest.raises(SourceError, match=said):
        rows("a,b\n1,2\n", "p.csv", "c")
    with pytest.raises(SourceError, match="no column 3; its first row has 2"):
        rows("a,b\n1,2\n", "p.csv", "3")
    with pytest.raises(SourceError, match="no column 0"):
        rows("a,b\n1,2\n", "p.csv", "0")


def test_a_column_of_a_file_that_ends_otherwise_is_refused_with_what_to_do(tmp_path):
    (tmp_path / "p.txt").write_text("id\ttext\n1\ta\n", encoding="utf-8")
    argument = f"{tmp_path / 'p.txt'}:text"
    said = r"p\.txt is plain text, which has no fields\. If it is a table, add --form table\."
    with pytest.raises(SourceError, match=said):
        sources.find_sources([argument])
    ((table,), _) = sources.find_sources([argument], SourceSettings(form="table"))
    assert (table.form, table.part) == ("table", "text")


def test_a_table_without_a_column_lists_them(tmp_path):
    (tmp_path / "p.tsv").write_text("id\ttext\n1\ta b c\n", encoding="utf-8")
    said = r"(?s)p\.tsv is a table; name.*\n  id    '1'\n  text  'a b c'\n.*p\.tsv:text\n"
    with pytest.raises(SourceError, match=said):
        sources.find_sources([str(tmp_path / "p.tsv")])


def test_two_columns_of_one_name_are_refused():
    said = r"d\.csv has 2 columns 'text', numbers 1, 3\. .* as in d\.csv:1\."
    with pytest.raises(SourceError, match=said):
        rows("text,id,text\na,1,b\n", "d.csv", "text")
    assert rows("text,id,text\na,1,b\n", "d.csv", "3")[0] == ["text", "b"]


def test_a_column_that_is_not_there_is_told_with_what_was_found():
    said = r"with ';' between cells its first row holds 'id', 'text'\. If .* add --delimiter\."
    with pytest.raises(SourceError, match=said):
        rows("id;text\n1;a, b\n", "p.csv", "body")
    many = ";".join(f"c{i}" for i in range(200)) + f";{'x' * 500}\n"
    with pytest.raises(SourceError, match=r"'c19' and 181 more\.") as raised:
        rows(many, "p.csv", "body")
    assert len(str(raised.value)) < 400
    with pytest.raises(SourceError, match=r"no column '9{5000}'"):
        rows("a,b\n1,2\n", "p.csv", "9" * 5_000)


@given(
    st.lists(st.lists(st.text(alphabet='a",;\n\\'), min_size=2, max_size=2), min_size=1),
    st.sampled_from(",;"),
)
def test_what_the_csv_module_writes_is_read_back(table, delimiter):
    written = io.StringIO()
    csv.writer(written, delimiter=delimiter).writerows([["id", "text"], *table])
    found, _ = rows(written.getvalue(), "p.csv", "text", delimiter=delimiter, quote='"')
    assert found == [text for _, text in table if text.strip() and text != r"\N"]


@given(st.text(alphabet="a\r\n"), st.lists(st.integers(0, 9)))
def test_lines_are_the_same_wherever_the_text_is_cut(raw, cuts):
    edges = sorted({0, len(raw), *(c for c in cuts if c < len(raw))})
    pieces = [raw[a:b] for a, b in pairwise(edges)]
    found = list(tables.split_lines(pieces))
    assert "".join(found) == raw
    assert [line.rstrip("\r\n") for line in found] == raw.splitlines()


def test_what_holds_of_many_tables_is_said_once(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for number in range(9):
        (tmp_path / f"{number}.csv").write_text(f"id;text\n1;a{number}\n2;\n3;\n", "utf-8")
    (tmp_path / "b.jsonl").write_text('{"text": "b"}\n{"text": 1}\n', "utf-8")
    names = [*(f"{number}.csv:text" for number in range(9)), "b.jsonl:text"]
    assert api.read(names, validation=0.0).notes[:2] == (
        "9 sources (0.csv, 1.csv, 2.csv, 3.csv, 4.csv, 5.csv and 3 more): found ';' between cells.",
        "10 sources (0.csv, 1.csv, 2.csv, 3.csv, 4.csv, 5.csv and 4 more): 19 rows without text in "
        "'text' skipped.",
    )
