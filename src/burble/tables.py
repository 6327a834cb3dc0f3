"""Rows of CSV, TSV and JSON Lines to texts, one document a row. Knows nothing of files.

Rows without text are left out and counted.
"""

import csv
import json
import re
from collections.abc import Iterable, Iterator

from burble.errors import SourceError
from burble.wording import some

SUFFIXES = (".csv", ".tsv", ".jsonl")
_LINE_END = re.compile("\r\n?|\n")
# The csv module refuses cells of more than 131,072 characters unless told otherwise.
_CELL_LIMIT = 2**31 - 1


def rows(pieces: Iterable[str], name: str, part: str, notes: list[str]) -> Iterator[str]:
    """The texts of one column or field.

    Args:
        pieces: The whole table as text, cut anywhere.
        name: The file's name; its ending tells the form.
        part: A column's name or its number from 1, or the name of a JSON field.
        notes: Gets a sentence on what was left out.

    Yields:
        One text a row, none of them blank.

    Raises:
        SourceError: There is no such column or field, or the table is damaged.
    """
    cells = _fields(pieces, name, part) if is_json(name) else _column(pieces, name, part, notes)
    blank = 0
    for cell in cells:
        if cell is None or not cell.strip():
            blank += 1
        else:
            yield cell
    if blank:
        notes.append(f"{name}: {some(blank, 'row')} without text in {part!r} skipped.")


def is_json(name: str) -> bool:
    """Whether a file of that name holds JSON Lines."""
    return name.lower().endswith(".jsonl")


def lines(pieces: Iterable[str]) -> Iterator[str]:
    r"""The lines of a text that is cut anywhere, each with its line end.

    >>> list(lines(["a\r", "\nb\rc"]))
    ['a\r\n', 'b\r', 'c']
    """
    held = ""
    for piece in pieces:
        held += piece
        start = 0
        for end in _LINE_END.finditer(held):
            if end.end() == len(held) and end.group() == "\r":
                break
            yield held[start : end.end()]
            start = end.end()
        held = held[start:]
    if held:
        yield held


def _column(pieces: Iterable[str], name: str, part: str, notes: list[str]) -> Iterator[str | None]:
    """The cells of a column; None where a row is too short to have it."""
    table = _table(lines(pieces), name)
    first = next(table, None)
    if first is None:
        return
    if part.isdecimal():
        column = int(part) - 1
        if not 0 <= column < len(first):
            raise SourceError(
                f"{name} has no column {part}; its first row has {len(first):,}, counted from 1."
            )
        notes.append(f"{name}: row 1 was read as text too, since the column is a number.")
        yield first[column]
    elif part in first:
        column = first.index(part)
    else:
        raise SourceError(
            f"{name} has no column {part!r}; its columns are {', '.join(map(repr, first))}."
        )
    for row in table:
        yield row[column] if column < len(row) else None


def _table(source: Iterator[str], name: str) -> Iterator[list[str]]:
    """The rows of a table that are not empty."""
    first = next(source, "")
    if name.lower().endswith(".tsv"):
        delimiter = "\t"
    else:
        # Where the comma is the decimal mark, spreadsheets part cells with semicolons.
        delimiter = ";" if "," not in first and ";" in first else ","
    reader = csv.reader((line for part in ([first], source) for line in part), delimiter=delimiter)
    while True:
        before = csv.field_size_limit(_CELL_LIMIT)
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise SourceError(
                f"{name} is damaged at line {reader.line_num:,}: {error}. Mend that row."
            ) from error
        finally:
            csv.field_size_limit(before)
        if row is None:
            return
        if row:
            yield row


def _fields(pieces: Iterable[str], name: str, part: str) -> Iterator[str | None]:
    """The values of a JSON field; None where a row has none or it is no text."""
    seen: set[str] = set()
    found = False
    for number, line in enumerate(lines(pieces), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise SourceError(
                f"{name}, line {number:,}, is not JSON: {error}. Each line must be one object."
            ) from error
        if not isinstance(row, dict):
            raise SourceError(f"{name}, line {number:,}, is not an object with a field {part!r}.")
        seen.update(row)
        found = found or part in row
        value = row.get(part)
        yield value if isinstance(value, str) else None
    if seen and not found:
        raise SourceError(
            f"{name} has no field {part!r}; its fields are {', '.join(map(repr, sorted(seen)))}."
        )
