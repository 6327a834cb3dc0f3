"""Tables of SQLite databases, which are never written to. Knows nothing of what is read of them."""

import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from burble import files
from burble.data.dumps import tabular
from burble.data.dumps.fields import Fields
from burble.data.dumps.tabular import Row, Table
from burble.data.forms.form import File, Write
from burble.data.source import find_beside
from burble.errors import SourceError
from burble.formatting import Note, shown

_LONGEST = 1 << 26
"""Bytes of one cell at most."""
_PATIENCE = 20_000
"""Times that SQLite may report between two rows, each after `_STEPS`: some ten seconds."""
_STEPS = 100_000
_MOST_ROWS = 1 << 20
"""Rows of a view at most, unless its file has more bytes: a view may have rows without end."""
_TABLES = """SELECT name, type FROM sqlite_master
WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY rowid"""


def read(file: File, write: Write) -> list[Note]:
    """Reads the texts of the column that is named; see `tabular.read_column`."""
    with _open(file) as (connection, notes), _explain(file):
        tables = [*_find_tables(connection, file)]
        return notes + tabular.read_column(tables, file, write)


def find_fields(file: File) -> Fields:
    """The columns of all tables."""
    with _open(file) as (connection, _), _explain(file):
        return tabular.find_fields(_find_tables(connection, file))


@contextmanager
def _open(file: File) -> Iterator[tuple[sqlite3.Connection, list[Note]]]:
    """A database that cannot be changed, and what to say of it.

    What a program has not yet written into the file itself is read too: of a copy, since SQLite
    would else write it there.
    """
    # In these the latest changes stand, or how to undo them.
    waiting = find_beside(file.path, ("-wal", "-journal")) if file.path else []
    if file.path and not waiting:
        address = f"file:{quote(str(file.path.absolute()))}?mode=ro&immutable=1"
        with _connect(address, file) as connection:
            yield connection, []
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "copy")
        _copy(file, copy, waiting)
        with _connect(f"file:{quote(str(copy))}?mode=rw", file) as connection:
            yield (
                connection,
                [
                    Note(
                        file.name, f"read with what its program keeps in {shown(path.name)} as yet."
                    )
                    for path in waiting
                ],
            )


def _copy(file: File, copy: Path, waiting: Sequence[Path]) -> None:
    """Copies a database with what lies beside it, unless that changes meanwhile."""
    originals = [*([file.path] if file.path else []), *waiting]
    before = [path.stat() for path in originals]
    with files.explain_errors(copy.parent), file.open() as source, copy.open("wb") as target:
        shutil.copyfileobj(source, target, 1 << 20)
    for path in waiting:
        end = path.name.rpartition("-")[2]
        with files.explain_errors(copy.parent):
            shutil.copyfile(path, f"{copy}-{end}")
    after = [path.stat() for path in originals]
    if any(a.st_mtime_ns != b.st_mtime_ns for a, b in zip(before, after, strict=True)):
        raise SourceError(
            f"{file.name} is being written to. Close the program that uses it, and read it again."
        )


@contextmanager
def _connect(address: str, file: File) -> Iterator[sqlite3.Connection]:
    """A connection on which nothing that a database holds can run."""
    connection = sqlite3.connect(address, uri=True, isolation_level=None)
    try:
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST)
        connection.execute("PRAGMA trusted_schema = OFF")
        if encoding := file.reading.encoding:
            connection.text_factory = lambda data: _decode(data, encoding)
        with _explain(file):
            # Nothing is read before the first question.
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        yield connection
    finally:
        connection.close()


def _decode(data: bytes, encoding: str) -> str:
    """Text that should be UTF-8, and else is in the encoding that a person named."""
    with suppress(UnicodeDecodeError):
        return data.decode()
    return data.decode(encoding)


@contextmanager
def _explain(file: File) -> Iterator[None]:
    """Turns what SQLite refuses into a sentence."""
    try:
        yield
    except sqlite3.Error as error:
        if "decode to UTF-8" in str(error):
            raise SourceError(
                f"{file.name} holds text that is not UTF-8, as a database should: {error}. Name "
                "the encoding it is in with --encoding."
            ) from error
        if "interrupted" in str(error):
            raise SourceError(
                f"{file.name} is not read: {file.part or 'a view in it'} computes for too long. "
                "Name a table instead."
            ) from error
        raise SourceError(
            f"{file.name} cannot be read as an SQLite database: {error}. Is it whole, and not "
            "encrypted?"
        ) from error
    except UnicodeDecodeError as error:
        raise SourceError(
            f"{file.name} holds text that is neither UTF-8 nor {error.encoding}: {error.reason}. "
            "Name another with --encoding."
        ) from error


def _find_tables(connection: sqlite3.Connection, file: File) -> Iterator[Table]:
    """All tables, and views of them."""
    for name, kind in connection.execute(_TABLES).fetchall():
        described = connection.execute(f"PRAGMA table_info({_quote(name)})").fetchall()
        columns = tuple(str(row[1]) for row in described)
        view_of = file if kind == "view" else None
        if columns:
            yield Table(str(name), columns, _reader(connection, name, columns, view_of))


def _reader(
    connection: sqlite3.Connection, name: str, columns: Sequence[str], view_of: File | None
) -> Callable[[Sequence[int]], Iterator[Row]]:
    """What reads some columns of a table, in the order of the table itself."""

    def read(places: Sequence[int]) -> Iterator[Row]:
        chosen = ", ".join(_quote(columns[place]) for place in places)
        if view_of:
            return _watch(connection, f"SELECT {chosen} FROM {_quote(name)}", view_of)
        # By an index rows would come in its order.
        return connection.execute(f"SELECT {chosen} FROM {_quote(name)} NOT INDEXED")

    return read


def _watch(connection: sqlite3.Connection, question: str, file: File) -> Iterator[Row]:
    """The rows of a view, which may compute without end: then SQLite is interrupted.

    Raises:
        SourceError: It has more rows than a file of that size holds.
    """
    steps, most = 0, max(_MOST_ROWS, file.size)

    def count() -> bool:
        nonlocal steps
        steps += 1
        return steps > _PATIENCE

    # The first row is computed as soon as it is asked.
    connection.set_progress_handler(count, _STEPS)
    for number, row in enumerate(connection.execute(question)):
        if number == most:
            raise SourceError(
                f"{file.name} is not read: {file.part or 'a view in it'} has more than {most:,} "
                "rows, which are computed. Name a table instead."
            )
        steps = 0
        yield row
    connection.set_progress_handler(None, 0)


def _quote(name: str) -> str:
    """A name as SQL takes it."""
    doubled = name.replace('"', '""')
    return f'"{doubled}"'
