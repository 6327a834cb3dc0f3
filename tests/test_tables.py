import csv
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burble import tables
from burble.errors import SourceError


def rows(table, name, part):
    notes = []
    # Cut everywhere, so that no line end is found whole.
    return list(tables.rows(table, name, part, notes)), notes


def test_a_column_by_name():
    table = 'id,body\n1,"one, ""two""\nthree"\n2,\n3, \n4,four\n5\n'
    found, notes = rows(table, "p.csv", "body")
    assert found == ['one, "two"\nthree', "four"]
    assert notes == ["p.csv: 3 rows without text in 'body' skipped."]


def test_a_column_by_number_takes_the_first_row_too():
    found, notes = rows("a\tb\r\nc\td\r\n", "p.tsv", "2")
    assert found == ["b", "d"]
    assert notes == ["p.tsv: row 1 was read as text too, since the column is a number."]


def test_semicolons_part_cells_where_there_are_no_commas():
    assert rows("a;b\r1;2,5\r", "p.csv", "b")[0] == ["2,5"]


def test_a_missing_column_names_those_there_are():
    with pytest.raises(SourceError, match=r"p\.csv has no column 'c'; its columns are 'a', 'b'\."):
        rows("a,b\n1,2\n", "p.csv", "c")
    with pytest.raises(SourceError, match="no column 3; its first row has 2"):
        rows("a,b\n1,2\n", "p.csv", "3")
    with pytest.raises(SourceError, match="no column 0"):
        rows("a,b\n1,2\n", "p.csv", "0")


def test_a_cell_may_be_longer_than_the_csv_module_likes():
    limit = csv.field_size_limit()
    assert len(rows(["a\n", "x" * 200_000], "p.csv", "a")[0][0]) == 200_000
    assert csv.field_size_limit() == limit


def test_a_json_field():
    lines = '{"text": "one\\ntwo", "n": 1}\n\n{"n": 2}\n{"text": 3}\n{"text": ""}\n{"text": "é"}'
    found, notes = rows(lines, "p.jsonl", "text")
    assert found == ["one\ntwo", "é"]
    assert notes == ["p.jsonl: 3 rows without text in 'text' skipped."]


def test_damaged_json_is_named_by_its_line():
    with pytest.raises(SourceError, match=r"p\.jsonl, line 2, is not JSON"):
        rows('{"a": "b"}\n{"a"\n', "p.jsonl", "a")
    with pytest.raises(SourceError, match="line 1, is not an object"):
        rows("[1]\n", "p.jsonl", "a")
    with pytest.raises(SourceError, match="no field 'b'; its fields are 'a', 'c'"):
        rows('{"a": "1"}\n{"c": "2"}\n', "p.jsonl", "b")


@given(st.text(alphabet="a\r\n"), st.lists(st.integers(0, 9)))
def test_lines_are_the_same_wherever_the_text_is_cut(raw, cuts):
    edges = sorted({0, len(raw), *(c for c in cuts if c < len(raw))})
    pieces = [raw[a:b] for a, b in pairwise(edges)]
    found = list(tables.lines(pieces))
    assert "".join(found) == raw
    assert [line.rstrip("\r\n") for line in found] == raw.splitlines()
