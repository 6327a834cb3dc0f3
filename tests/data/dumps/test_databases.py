"""Columns of SQLite databases."""

import shutil
import sqlite3

import pytest

from burble.data import sources
from burble.errors import SourceError
from tests.support.dumps import read


@pytest.fixture
def notes(tmp_path):
    path = tmp_path / "notes.db"
    made = sqlite3.connect(path)
    made.execute("CREATE TABLE notes (id INTEGER, body TEXT, 'a.b' TEXT)")
    made.execute("CREATE INDEX sorted ON notes (body, 'a.b', id)")
    made.execute("CREATE TABLE other (body TEXT, n)")
    made.execute("CREATE VIEW view AS SELECT body AS text FROM notes")
    rows = [(1, "Zoë sat.", "x"), (2, None, "x"), (3, "Ants\nran.", "y"), (4, 5, "y")]
    made.executemany("INSERT INTO notes VALUES (?, ?, ?)", rows)
    made.execute("INSERT INTO other VALUES ('more', x'00')")
    made.commit()
    made.close()
    return path


def test_a_column_is_read_in_the_order_of_its_table(notes):
    texts, told, counts = read(f"{notes}:notes.body", "a.b")
    # 5 is text in a column of text.
    assert (texts, counts) == (["Zoë sat.", "Ants\nran.", "5"], {"a.b": {"x": 1, "y": 2}})
    assert f"{notes}: 1 row without text in 'notes.body' skipped: empty 1." in told
    assert read(f"{notes}:notes.a.b")[0] == ["x", "x", "y", "y"]
    assert read(f"{notes}:a.b")[0] == ["x", "x", "y", "y"]


def test_a_label_of_bytes_is_none(notes):
    with pytest.raises(SourceError, match="the column 'n' holds no label"):
        read(f"{notes}:other.body", "n")


def test_what_is_not_clear_lists_the_columns(notes):
    with pytest.raises(SourceError, match=r"2 columns 'body': notes\.body, other\.body\. Name one"):
        read(f"{notes}:body")
    with pytest.raises(SourceError, match=r"(?s)no column 'zz'.*  notes\.body  'Zoë sat\.'\n"):
        read(f"{notes}:zz")
    with pytest.raises(
        SourceError, match=r"(?s)is an SQLite database; name.*notes\.db:notes\.body$"
    ):
        sources.find_sources([str(notes)])


def test_nothing_is_written_beside_a_database(notes):
    notes.chmod(0o400)
    before = notes.read_bytes()
    read(f"{notes}:notes.body")
    assert [path.name for path in notes.parent.iterdir()] == ["notes.db"]
    assert notes.read_bytes() == before


def test_what_a_program_has_not_written_into_it_yet_is_read_too(notes, tmp_path):
    program = sqlite3.connect(notes)
    program.execute("PRAGMA journal_mode = WAL")
    program.execute("INSERT INTO notes VALUES (6, 'In the log.', 'z')")
    program.commit()
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in ("notes.db", "notes.db-wal"):
        shutil.copy(tmp_path / name, copy / name)
    program.close()
    texts, told, _ = read(f"{copy / 'notes.db'}:notes.body")
    assert texts[-1] == "In the log."
    assert any("read with what its program keeps in" in note for note in told)
    assert {path.name for path in copy.iterdir()} == {"notes.db", "notes.db-wal"}
    # With the log the same file is another text.
    ((found,), _) = sources.find_sources([f"{copy / 'notes.db'}:notes.body"])
    assert b"".join(found.read(99)) == b"".join(
        path.read_bytes() for path in sorted(copy.iterdir())
    )


def test_text_that_is_not_utf_8_is_one_sentence_and_can_be_read(tmp_path):
    path = tmp_path / "old.db"
    made = sqlite3.connect(path)
    made.execute("CREATE TABLE t (body TEXT)")
    made.execute("INSERT INTO t VALUES (CAST(x'636166e9' AS TEXT)), ('naïve')")
    made.commit()
    made.close()
    with pytest.raises(SourceError, match=r"not UTF-8, as a database should: .* --encoding"):
        read(f"{path}:body")
    assert read(f"{path}:body", encoding="cp1252")[0] == ["café", "naïve"]


def test_a_damaged_database_is_one_sentence(notes):
    notes.write_bytes(notes.read_bytes()[:5_000])
    with pytest.raises(SourceError, match=r"cannot be read as an SQLite database: .*malformed"):
        read(f"{notes}:notes.body")


def test_a_view_is_read_unless_it_computes_without_end(notes, monkeypatch):
    assert read(f"{notes}:view.text")[0] == ["Zoë sat.", "Ants\nran.", "5"]
    made = sqlite3.connect(notes)
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
    made.execute(f"CREATE VIEW endless AS {endless} SELECT 'a' AS never FROM n WHERE i < 0")
    made.execute(f"CREATE VIEW rows AS {endless} SELECT 'a' || i AS each FROM n")
    made.close()
    monkeypatch.setattr("burble.data.dumps.databases._PATIENCE", 20)
    with pytest.raises(SourceError, match=r"endless\.never computes for too long\. Name a table"):
        read(f"{notes}:endless.never")
    monkeypatch.setattr("burble.data.dumps.databases._MOST_ROWS", 20_000)
    with pytest.raises(SourceError, match=r"rows\.each has more than 20,\d+ rows, which are comp"):
        read(f"{notes}:rows.each")


def test_a_column_of_numbers_lists_the_others(notes):
    with pytest.raises(SourceError, match=r"no text in the column 'id', but a number\."):
        read(f"{notes}:id")
