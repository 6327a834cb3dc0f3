"""Columns of Parquet files."""

from importlib import import_module
from importlib.util import find_spec

import pytest

from burble.data import sources
from burble.data.forms import registry
from burble.errors import SourceError
from tests.support.dumps import read


@pytest.fixture
def table(tmp_path):
    pytest.importorskip("pyarrow", reason="no reader of Parquet is installed")
    pyarrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
    rows = [
        {"text": "one and all", "by": "Ann", "said": [{"c": "x"}, {"c": "y"}]},
        {"text": None, "by": "Bob", "said": []},
        {"text": "twö", "by": "Bob", "said": [{"c": "z"}]},
    ]
    path = tmp_path / "t.parquet"
    parquet.write_table(pyarrow.Table.from_pylist(rows), path, row_group_size=2)
    return path


def test_a_column_and_what_lies_in_one(table):
    texts, told, counts = read(f"{table}:text", "by")
    assert (texts, counts) == (["one and all", "twö"], {"by": {"Ann": 1, "Bob": 1}})
    assert f"{table}: 1 row without text in 'text' skipped: empty 1." in told
    assert read(f"{table}:said[].c", "by")[0::2] == (
        ["x", "y", "z"],
        {"by": {"Ann": 2, "Bob": 1}},
    )
    with pytest.raises(SourceError, match=r"(?s)no column 'body'.*  said\[\]\.c  'x'\n"):
        read(f"{table}:body")
    with pytest.raises(SourceError, match=r"(?s)is a Parquet file; name.*t\.parquet:text$"):
        sources.find_sources([str(table)])


def test_a_damaged_file_is_one_sentence(table):
    table.write_bytes(table.read_bytes()[:-9])
    with pytest.raises(SourceError, match="cannot be read as a Parquet file"):
        read(f"{table}:text")


@pytest.mark.skipif(find_spec("pyarrow") is not None, reason="a reader of Parquet is installed")
def test_without_its_reader_the_line_that_installs_it_is_named(tmp_path):
    (tmp_path / "t.parquet").write_bytes(b"PAR1")
    with pytest.raises(SourceError, match="Install it with: pip install pyarrow"):
        sources.find_sources([str(tmp_path / "t.parquet")])
    assert registry.get_form("parquet").is_missing
