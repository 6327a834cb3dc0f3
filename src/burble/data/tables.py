"""Rows of CSV and TSV to texts, one document a row. Knows nothing of files.

Rows without text, and rows in which it is not clear which cell is the text, are left out and
counted.
"""

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice

from burble.data import dialects
from burble.data.cleaning import BOM
from burble.data.dialects import Dialect
from burble.data.dumps.archives import inner_name
from burble.data.dumps.fields import ROWS, Fields
from burble.data.forms.form import File, Write
from burble.data.label_reader import NO_LABELS, LabelReader
from burble.data.records import IrregularRows, Records
from burble.errors import MissingFieldError, SourceError
from burble.formatting import Note, listed
from burble.settings import DEFAULT_READING, SourceSettings

SAMPLE = 1 << 16
"""Characters at the start of a table from which its dialect is detected."""
_FIRST = "row 1 was read as text too, since the column is a number."
"""What to say where no row is taken for names of columns."""
_MOST = 20
_SHOWN = 60


def read(file: File, write: Write) -> list[Note]:
    """Reads the texts of the column that is named; see `read_rows`."""
    return read_rows(file.text(), file.name, file.part, write, file.reading, file.labels)


def find_fields(file: File) -> Fields:
    """The columns of a table, by the cells of its first row."""
    records, _, _ = _open_records(file.text(), file.name, "1", file.reading)
    fields = Fields()
    with records:
        first = records.read_first()
        names = [dialects.strip_name(cell) or str(n) for n, cell in enumerate(first, 1)]
        fields.add_row(names, [None] * len(names))
        for row in islice(filter(None, records.reader), ROWS):
            fields.add_row(names, row)
    return fields


def read_rows(
    pieces: Iterable[str],
    name: str,
    part: str,
    write: Write,
    reading: SourceSettings = DEFAULT_READING,
    labels: LabelReader = NO_LABELS,
) -> list[Note]:
    """Reads the texts of one column.

    Args:
        pieces: The whole table as text, cut anywhere.
        name: The file's name; its ending tells what parts cells as a rule.
        part: A column's name or its number from 1.
        write: Takes the text of each row, none of them blank.
        reading: How the cells of the table are parted, where that is set.
        labels: Takes the labels of each row before its text is written.

    Returns:
        What to say of rows that were left out or are in doubt.

    Raises:
        SourceError: There is no such column, or the table is damaged.
    """
    records, width, separator = _open_records(pieces, name, part, reading)
    with records:
        if not (first := records.read_first()):
            return []
        column, by_number = _find_column(first, part, name, records.dialect, width)
        if not by_number:
            width = len(first)
            records.pass_row()
        irregular = IrregularRows(width, records.dialect, part)
        beside = _note_labels(_find_labels(first, name, column, width, labels), labels)
        rows: Iterable[list[str]] = chain([first], records.reader) if by_number else records.reader
        _read_column(rows, records, irregular, column, beside, write)
    irregular.check(name)
    notes = [Note(name, _FIRST)] if by_number else []
    notes += _describe_dialect(name, records.dialect, reading, separator)
    return [*notes, *irregular.describe(name)]


def _open_records(
    pieces: Iterable[str], name: str, part: str, reading: SourceSettings
) -> tuple[Records, int, str]:
    """The rows of a table, how many cells most have, and what its first line says parts them."""
    start, rest, ended = _take_sample(pieces)
    separator, skipped = dialects.read_separator_line(start)
    delimiter = "\t" if reading.delimiter == "tab" else reading.delimiter or separator
    start, usual = start[skipped:], _usual_delimiter(name)
    ended, seen = ended and len(start) <= 2 * SAMPLE, start[: 2 * SAMPLE]
    dialect, width = dialects.detect(seen, part, usual, delimiter, reading.quote, ended=ended)
    lines = split_lines(chain([start], rest))
    return Records(lines, dialect, name, int(bool(skipped))), width, separator


def split_lines(pieces: Iterable[str]) -> Iterator[str]:
    r"""The lines of a text that is cut anywhere, each with its line end.

    >>> list(split_lines(["a\r", "\nb\rc"]))
    ['a\r\n', 'b\r', 'c']
    """
    # From list to list no line passes through a generator of its own.
    return chain.from_iterable(_cut_lines(pieces))


def _cut_lines(pieces: Iterable[str]) -> Iterator[list[str]]:
    """The same in lists, one for each piece that ends a line."""
    held: list[str] = []
    for piece in pieces:
        if "\n" not in piece and "\r" not in piece and not "".join(held[-1:]).endswith("\r"):
            held.append(piece)
            continue
        lines = [*io.StringIO("".join([*held, piece]), newline="")]
        # A line feed may follow the carriage return at the end of a piece.
        held = [] if lines[-1].endswith("\n") else [lines.pop()]
        yield lines
    if held:
        yield ["".join(held)]


def _take_sample(pieces: Iterable[str]) -> tuple[str, Iterator[str], bool]:
    """The beginning of a table, the rest, and whether there is none."""
    stream, begun, size = iter(pieces), [], 0
    for piece in stream:
        begun.append(piece)
        size += len(piece)
        if size > SAMPLE:
            return "".join(begun).lstrip(BOM), stream, False
    return "".join(begun).lstrip(BOM), stream, True


def _usual_delimiter(name: str) -> str:
    """The delimiter that a file's name promises."""
    return "\t" if inner_name(name.lower()).endswith(".tsv") else ","


def _read_column(
    rows: Iterable[list[str]],
    records: Records,
    irregular: IrregularRows,
    column: int,
    note: Callable[[Sequence[str]], object] | None,
    write: Write,
) -> None:
    """Writes the cells of a column, of rows in which it is clear which cell is which."""
    width, letters, taken, blank = irregular.width, not records.dialect.quote, 0, 0
    reader, number, before = records.reader, records.row - 1, records.before
    try:
        # What a row tells that is as it should be is not told of each of millions.
        for number, row in enumerate(rows, records.row):
            usual = len(row) == width and reader.line_num == before + 1
            if not usual:
                records.row, records.before = number, before
            before = reader.line_num
            if not usual and not irregular.keep(row, records):
                continue
            taken += 1
            cell = row[column] if column < len(row) else ""
            if letters and cell and cell[0] == cell[-1] == '"' and len(cell) > 1:
                irregular.enclosed += 1
            if not cell or cell.isspace() or cell == r"\N":
                blank += 1
            else:
                if note:
                    note(row)
                write((cell,))
    finally:
        records.row, records.before = number + 1, before
    irregular.taken, irregular.blank = taken, blank


def _is_empty(cell: str) -> bool:
    """Whether a cell holds nothing, or what databases write for it."""
    return cell == r"\N" or not cell.strip()


def _note_labels(
    places: Sequence[int | None], labels: LabelReader
) -> Callable[[Sequence[str]], object] | None:
    """What reads the labels in some places of a row; None where there are none."""

    def note(row: Sequence[str]) -> None:
        cells = [None if i is None else row[i] if i < len(row) else "" for i in places]
        labels.set_row(["" if cell and _is_empty(cell) else cell for cell in cells])

    return note if places else None


def _find_labels(
    first: list[str], name: str, column: int, width: int, labels: LabelReader
) -> list[int | None]:
    """The places of the columns of labels; None for one that the table has not."""
    names, places = [dialects.strip_name(cell) for cell in first], list[int | None]()
    for label in labels.columns:
        found = [place for place, one in enumerate(names) if one == dialects.strip_name(label)]
        if not found and label.isdecimal() and 1 <= int(label[:9]) <= max(len(first), width):
            found = [int(label) - 1]
        if len(found) > 1:
            raise SourceError(
                f"{name} has {len(found)} columns {label!r}, so it is not clear which holds the "
                "label. Give each a name of its own, or name it by its number, as in "
                f"--label {found[0] + 1}."
            )
        if found == [column]:
            raise SourceError(f"--label {label} is the text itself. Name another column of {name}.")
        places.append(found[0] if found else None)
    there = zip(labels.columns, places, strict=True)
    labels.begin_table(name, names, [label for label, place in there if place is not None])
    return places


def _find_column(
    first: list[str], part: str, name: str, dialect: Dialect, width: int
) -> tuple[int, bool]:
    """The place of the column that is named, and whether by its number."""
    place = _find_by_name(first, part, name, dialect)
    if place is not None:
        return place, False
    return _find_by_number(first, part, name, dialect, width), True


def _find_by_name(first: list[str], part: str, name: str, dialect: Dialect) -> int | None:
    """The place of a column of that name; None if the part is a number."""
    names = [dialects.strip_name(cell) for cell in first]
    number = part.isdecimal() and len(part) < 10
    if number and (part not in names or int(part) <= len(first)):
        return None
    places = [place for place, one in enumerate(names, 1) if one == dialects.strip_name(part)]
    if len(places) == 1:
        return places[0] - 1
    if places:
        numbers = listed([*map(str, places)])
        raise SourceError(
            f"{name} has {len(places)} columns {part!r}, numbers {numbers}. Give each a name of "
            f"its own, or choose one by its number, as in {name}:{places[0]}."
        )
    raise MissingFieldError(f"{name} has no column {part!r}; {_describe_columns(first, dialect)}")


def _find_by_number(first: list[str], part: str, name: str, dialect: Dialect, width: int) -> int:
    """The place of the column of that number, where most rows have `width`."""
    if 1 <= int(part) <= max(len(first), width):
        return int(part) - 1
    raise SourceError(
        f"{name} has no column {part}; its first row has {len(first):,}, counted from 1: "
        f"{_describe_columns(first, dialect)}"
    )


def _describe_columns(first: list[str], dialect: Dialect) -> str:
    """What columns there are, and what to do if that is wrong."""
    names = [repr(cell if len(cell) <= _SHOWN else f"{cell[:_SHOWN]}…") for cell in first]
    parted = f"with {dialect.between} between cells" if dialect.delimiter else "without a delimiter"
    return (
        f"{parted} its first row holds {listed(names, most=_MOST)}. "
        "If cells are parted otherwise, add --delimiter."
    )


def _describe_dialect(
    name: str, dialect: Dialect, reading: SourceSettings, separator: str
) -> list[Note]:
    """What was detected of the dialect, if a person might expect another."""
    found = []
    if separator:
        found.append(f"a first line, sep={separator}, which is no row")
    elif dialect.delimiter not in ("", _usual_delimiter(name)) and not reading.delimiter:
        found.append(f"{dialect.between} between cells")
    if dialect.escaped and not reading.quote:
        found.append("a backslash before quotes inside cells")
    elif dialect.quote and dialect.delimiter and dialect.delimiter in dialects.BARE:
        found += [] if reading.quote else ["quotes around cells, which are no part of the text"]
    return [Note(name, f"found {' and '.join(found)}.")] if found else []
