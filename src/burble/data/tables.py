"""Rows of CSV, TSV and JSON Lines to texts, one document a row. Knows nothing of files.

Rows without text, and rows in which it is not clear which cell is the text, are left out and
counted.
"""

import io
from collections.abc import Iterable, Iterator
from itertools import chain

from burble.data import dialects, json_lines
from burble.data.dialects import Dialect
from burble.data.records import Doubts, Records, merged
from burble.errors import SourceError
from burble.formatting import listed, some
from burble.settings import AS_IT_COMES, SourceSettings

SUFFIXES = (".csv", ".tsv", *json_lines.SUFFIXES)
SAMPLE = 1 << 16
"""Characters at the start of a table from which its dialect is found."""
_MOST = 20
_SHOWN = 60


def rows(
    pieces: Iterable[str],
    name: str,
    part: str,
    notes: list[str],
    reading: SourceSettings = AS_IT_COMES,
) -> Iterator[str]:
    """The texts of one column or field.

    Args:
        pieces: The whole table as text, cut anywhere.
        name: The file's name; its ending tells the form.
        part: A column's name or its number from 1, or the name of a JSON field.
        notes: Gets a sentence on each thing that was left out or is in doubt.
        reading: How the cells of the table are parted, where that is set.

    Yields:
        One text a row, none of them blank.

    Raises:
        SourceError: There is no such column or field, or the table is damaged.
    """
    if is_json(name):
        yield from json_lines.texts(lines(pieces), name, part, notes)
        return
    blank = 0
    for cell in _cells(pieces, name, part, reading, notes):
        if cell is None or not cell.strip():
            blank += 1
        else:
            yield cell
    if blank:
        notes.append(f"{name}: {some(blank, 'row')} without text in {part!r} skipped.")


def is_json(name: str) -> bool:
    """Whether a file of that name holds JSON Lines."""
    return name.lower().endswith(json_lines.SUFFIXES)


def lines(pieces: Iterable[str]) -> Iterator[str]:
    r"""The lines of a text that is cut anywhere, each with its line end.

    >>> list(lines(["a\r", "\nb\rc"]))
    ['a\r\n', 'b\r', 'c']
    """
    held: list[str] = []
    for piece in pieces:
        if "\n" not in piece and "\r" not in piece and not "".join(held[-1:]).endswith("\r"):
            held.append(piece)
            continue
        *whole, last = io.StringIO("".join([*held, piece]), newline="")
        yield from whole
        # A line feed may follow the carriage return at the end of a piece.
        held = [last]
        if last.endswith("\n"):
            yield last
            held = []
    if held:
        yield "".join(held)


def _cells(
    pieces: Iterable[str], name: str, part: str, reading: SourceSettings, notes: list[str]
) -> Iterator[str | None]:
    """The cells of a column; None where a row is too short to have it."""
    start, rest, ended = _sample(pieces)
    signed, skipped = dialects.sign(start)
    asked = "\t" if reading.delimiter == "tab" else reading.delimiter or signed
    start, usual = start[skipped:], _usual(name)
    ended, seen = ended and len(start) <= 2 * SAMPLE, start[: 2 * SAMPLE]
    dialect, width = dialects.find(seen, part, usual, asked, reading.quote, ended=ended)
    records = Records(lines(chain([start], rest)), dialect, name, int(bool(skipped)))
    table = iter(records)
    first = next(table, None)
    if first is None:
        return
    column = _by_name(first, part, name, dialect)
    if column is None:
        column = _by_number(first, part, name, dialect, width)
        notes.append(f"{name}: row 1 was read as text too, since the column is a number.")
        table = chain([first], table)
    else:
        width = len(first)
    doubts = Doubts(width, dialect, part)
    yield from _picked(table, records, doubts, column)
    if doubts.left_out > doubts.taken:
        raise SourceError(
            f"{name} is not read: {doubts.differing}. With {dialect.between} between cells it is "
            "not clear which cell is the text. Set --delimiter or --quote, choose the column by "
            f"its number, as in {name}:2, or mend the table."
        )
    notes += _told(name, dialect, reading, signed)
    notes += doubts.notes(name)


def _sample(pieces: Iterable[str]) -> tuple[str, Iterator[str], bool]:
    """The beginning of a table, the rest, and whether there is none."""
    stream, begun, size = iter(pieces), [], 0
    for piece in stream:
        begun.append(piece)
        size += len(piece)
        if size > SAMPLE:
            return "".join(begun).lstrip(dialects.MARK), stream, False
    return "".join(begun).lstrip(dialects.MARK), stream, True


def _usual(name: str) -> str:
    """The delimiter that a file's name promises."""
    return "\t" if name.lower().endswith(".tsv") else ","


def _picked(
    table: Iterator[list[str]], records: Records, doubts: Doubts, column: int
) -> Iterator[str | None]:
    """The cells of a column of rows in which it is clear which cell is which."""
    width, letters = doubts.width, not records.dialect.quote
    for row in table:
        if len(row) != width and not doubts.keep(row, records):
            continue
        if records.last_line > records.line and merged(row, width, records.dialect):
            doubts.add_merged(records)
        doubts.taken += 1
        cell = row[column] if column < len(row) else None
        if letters and cell and cell[0] == cell[-1] == '"' and len(cell) > 1:
            doubts.enclosed += 1
        # So databases write that there is nothing.
        yield None if cell == r"\N" else cell


def _by_name(first: list[str], part: str, name: str, dialect: Dialect) -> int | None:
    """The place of a column of that name; None if the part is a number.

    Raises:
        SourceError: There is no such column, or more than one.
    """
    names = [dialects.bared(cell) for cell in first]
    number = part.isdecimal() and len(part) < 10
    if number and (part not in names or int(part) <= len(first)):
        return None
    places = [place for place, one in enumerate(names, 1) if one == dialects.bared(part)]
    if len(places) == 1:
        return places[0] - 1
    if places:
        numbers = listed([*map(str, places)])
        raise SourceError(
            f"{name} has {len(places)} columns {part!r}, numbers {numbers}. Give each a name of "
            f"its own, or choose one by its number, as in {name}:{places[0]}."
        )
    raise SourceError(f"{name} has no column {part!r}; {_columns(first, dialect)}")


def _by_number(first: list[str], part: str, name: str, dialect: Dialect, width: int) -> int:
    """The place of the column of that number, where most rows have `width`.

    Raises:
        SourceError: There is no such column.
    """
    if 1 <= int(part) <= max(len(first), width):
        return int(part) - 1
    raise SourceError(
        f"{name} has no column {part}; its first row has {len(first):,}, counted from 1: "
        f"{_columns(first, dialect)}"
    )


def _columns(first: list[str], dialect: Dialect) -> str:
    """What columns there are, and what to do if that is wrong."""
    names = [repr(cell if len(cell) <= _SHOWN else f"{cell[:_SHOWN]}…") for cell in first]
    parted = f"with {dialect.between} between cells" if dialect.delimiter else "without a delimiter"
    return (
        f"{parted} its first row holds {listed(names, most=_MOST)}. "
        "If cells are parted otherwise, add --delimiter."
    )


def _told(name: str, dialect: Dialect, reading: SourceSettings, signed: str) -> list[str]:
    """What was found of the dialect, if a person might expect another."""
    found = []
    if signed:
        found.append(f"a first line, sep={signed}, which is no row")
    elif dialect.delimiter not in ("", _usual(name)) and not reading.delimiter:
        found.append(f"{dialect.between} between cells")
    if dialect.escaped and not reading.quote:
        found.append("a backslash before quotes inside cells")
    elif dialect.quote and dialect.delimiter and dialect.delimiter in dialects.BARE:
        found += [] if reading.quote else ["quotes around cells, which are no part of the text"]
    return [f"{name} was found to have {' and '.join(found)}."] if found else []
