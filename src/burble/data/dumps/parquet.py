"""Columns of Parquet files, read in batches by pyarrow. Knows nothing of what is read of them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from burble.data.dumps import tabular
from burble.data.dumps.fields import ROWS, Fields
from burble.data.dumps.json_rows import Row, RowReader, Rows
from burble.data.dumps.paths import FieldPath, add_fields
from burble.data.dumps.tabular import Table
from burble.data.forms.form import File, Write
from burble.errors import BurbleError, SourceError
from burble.formatting import Note

_BATCH = 1_000
"""Rows that are held at once."""


def read(file: File, write: Write) -> list[Note]:
    """Reads the texts of the column that is named; one within others as in JSON, as `a[].b`."""
    path = FieldPath(file.part)
    with _open(file) as parquet:
        known = parquet.schema_arrow.names
        if not path.has_lists and {file.part, *file.labels.columns} <= {*known}:
            table = _make_table(parquet, known)
            return tabular.read_column([table], file, write, lambda: _sample(parquet))
        if _first(known, file.part) not in known:
            fields = _sample(parquet)
            raise SourceError(
                f"{file.name} has no column {file.part!r}. Its columns, each with a sample:\n"
                f"{fields.tabulate()}\n{fields.advise(file.name)}"
            )
        wanted = {_first(known, name) for name in (file.part, *file.labels.columns)}
        records = _read_rows(parquet, [name for name in known if name in wanted])
        reader = RowReader(Rows("row", path, records), file, _sample(parquet))
        reader.read(write)
        return reader.finish()


def _make_table(parquet: Any, known: list[str]) -> Table:
    """The file as a table."""

    def read(places: Sequence[int]) -> Iterator[tabular.Row]:
        wanted = [known[place] for place in places]
        for batch in parquet.iter_batches(batch_size=_BATCH, columns=wanted):
            yield from zip(*(batch.column(name).to_pylist() for name in wanted), strict=True)

    return Table("", tuple(known), read)


def find_fields(file: File) -> Fields:
    """The columns."""
    with _open(file) as parquet:
        return _sample(parquet)


def _sample(parquet: Any) -> Fields:
    """The columns of the first rows."""
    fields = Fields()
    for batch in parquet.iter_batches(batch_size=ROWS):
        for row in batch.to_pylist():
            add_fields(fields, row)
        break
    return fields


def _first(known: list[str], name: str) -> str:
    """The column that a path begins with."""
    return name if name in known else FieldPath(name).steps[0] if FieldPath(name).steps else name


def _read_rows(parquet: Any, columns: list[str]) -> Iterator[Row]:
    """Each row as an object of some columns."""
    number = 0
    for batch in parquet.iter_batches(batch_size=_BATCH, columns=columns):
        for value in batch.to_pylist():
            number += 1
            yield number, value, ()


@contextmanager
def _open(file: File) -> Iterator[Any]:
    """A Parquet file."""
    refused = import_module("pyarrow").ArrowException
    try:
        parquet = import_module("pyarrow.parquet")
        with file.open() as opened, parquet.ParquetFile(opened) as table:
            yield table
    except BurbleError:
        raise
    except (refused, OSError, ValueError) as error:
        why = str(error).rstrip(". \n")
        raise SourceError(
            f"{file.name} cannot be read as a Parquet file: {why}. Get a whole copy of it."
        ) from error
