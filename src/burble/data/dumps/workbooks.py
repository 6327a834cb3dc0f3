"""Sheets of .xlsx workbooks, row by row. Knows nothing of what is read of them.

The first row that is not empty names the columns. A formula is read as the value it had when the
workbook was saved.
"""

import posixpath
import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from burble.data.dumps import tabular
from burble.data.dumps.archives import check_size
from burble.data.dumps.fields import Fields
from burble.data.dumps.tabular import Row, Table
from burble.data.forms.form import File, Write
from burble.data.forms.guard import Archive, Limits, open_archive, parse_xml
from burble.errors import SourceError
from burble.formatting import Note, some

COLUMNS = 16_384
"""Columns of a sheet at most, as the programs have it."""
ROWS = 1 << 24
"""Rows of a sheet at most: sixteen times what most programs have."""
_STRINGS = 1 << 27
"""Characters of all texts that the sheets share, which are held in memory."""
_LIMITS = Limits(unpacked=1 << 33, small=1 << 27)
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_WORKBOOK = "xl/workbook.xml"

Cells = dict[int, object]
"""The cells of a row that are not empty, by their columns from 0."""
Rows = Callable[[frozenset[int] | None], Iterator[Cells]]
"""Reads the rows of a sheet that are not empty, with all cells or those of some columns."""


def read(file: File, write: Write) -> list[Note]:
    """Reads the texts of the column that is named; see `tabular.read_column`."""
    with _open(file) as tables:
        return tabular.read_column(tables, file, write)


def find_fields(file: File) -> Fields:
    """The columns of all sheets."""
    with _open(file) as tables:
        return tabular.find_fields(tables)


@contextmanager
def _open(file: File) -> Iterator[list[Table]]:
    """The sheets of a workbook that have a row."""
    with file.open() as opened, open_archive(opened, file.name, "a workbook", _LIMITS) as archive:
        workbook = _Workbook(archive, file.name, file.size)
        yield [table for name, member in workbook.sheets if (table := workbook.open(name, member))]


class _Workbook:
    """The sheets of a workbook, and the texts that they share.

    Args:
        archive: The workbook.
        name: What to call it.
        size: Its bytes.
    """

    def __init__(self, archive: Archive, name: str, size: int) -> None:
        self._archive, self._name, self._size = archive, name, size
        self._strings: list[str] | None = None
        targets = self._read_targets()
        self._shared = next((t for kind, t in targets.values() if kind == "sharedStrings"), "")
        found: list[tuple[str, str]] = []

        def start(tag: str, attributes: dict[str, str]) -> None:
            if local(tag) == "sheet":
                links = [value for key, value in attributes.items() if local(key) == "id"]
                kind, target = targets.get(links[0] if links else "", ("", ""))
                if kind == "worksheet":
                    found.append((attributes.get("name", ""), target))

        deque(parse_xml(archive.read(_WORKBOOK), name, start, _ignore, _ignore), maxlen=0)
        self.sheets = found

    def _read_targets(self) -> dict[str, tuple[str, str]]:
        """The kind and the member of all that the workbook refers to."""
        found: dict[str, tuple[str, str]] = {}

        def start(tag: str, attributes: dict[str, str]) -> None:
            if local(tag) == "Relationship" and attributes.get("TargetMode") != "External":
                kind = attributes.get("Type", "").rpartition("/")[2]
                target = posixpath.join("/xl", attributes.get("Target", ""))
                found[attributes.get("Id", "")] = kind, posixpath.normpath(target).lstrip("/")

        blocks = self._archive.read("xl/_rels/workbook.xml.rels")
        deque(parse_xml(blocks, self._name, start, _ignore, _ignore), maxlen=0)
        return found

    def open(self, name: str, member: str) -> Table | None:
        """A sheet; see `make_table`."""

        def rows(wanted: frozenset[int] | None) -> Iterator[Cells]:
            sheet = _Sheet(self._read_strings(), wanted)
            blocks = self._archive.read(member)
            for _ in parse_xml(blocks, self._name, sheet.start, sheet.end, sheet.text):
                yield from sheet.rows
                sheet.rows.clear()

        return make_table(name, rows, self._name, self._size)

    def _read_strings(self) -> list[str]:
        """The texts that the sheets share, in order."""
        if self._strings is None:
            strings = _Strings(self._name)
            blocks = self._archive.read(self._shared)
            if self._shared:
                read = parse_xml(blocks, self._name, strings.start, strings.end, strings.text)
                deque(read, maxlen=0)
            self._strings = strings.found
        return self._strings


class _Strings:
    """Takes the texts that sheets share; how they are pronounced is no part of them."""

    def __init__(self, name: str) -> None:
        self.found: list[str] = []
        self._name, self._size = name, 0
        self._parts: list[str] = []
        self._inside = self._phonetic = False

    def start(self, tag: str, _: dict[str, str]) -> None:
        """An element begins."""
        tag = local(tag)
        if tag == "t":
            self._inside = not self._phonetic
        elif tag == "rPh":
            self._phonetic = True

    def text(self, text: str) -> None:
        """A piece of text."""
        if self._inside:
            self._parts.append(text)

    def end(self, tag: str) -> None:
        """An element ends."""
        tag = local(tag)
        if tag == "t":
            self._inside = False
        elif tag == "rPh":
            self._phonetic = False
        elif tag == "si":
            self.found.append(unescape("".join(self._parts)))
            self._parts.clear()
            self._size += len(self.found[-1])
            if self._size > _STRINGS:
                raise SourceError(
                    f"{self._name} shares texts of more than {some(_STRINGS, 'character')} between "
                    "its cells, which would not fit into memory. Save the sheet as CSV."
                )


class _Sheet:
    """Takes the cells of a sheet as they are parsed.

    Attributes:
        rows: Those that have ended.
    """

    def __init__(self, strings: list[str], wanted: frozenset[int] | None) -> None:
        self.rows: list[Cells] = []
        self._strings, self._wanted = strings, wanted
        self._columns: dict[str, int] = {}
        self._row: Cells = {}
        self._place, self._kind, self._parts = -1, "n", list[str]()
        self._inside = self._phonetic = self._seen = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        tag = local(tag)
        if tag == "c":
            reference = attributes.get("r", "").rstrip("0123456789")
            self._place = self._find_column(reference) if reference else self._place + 1
            self._kind = attributes.get("t", "n")
        elif tag in ("v", "t"):
            self._inside = not self._phonetic
        elif tag == "row":
            self._row, self._place, self._seen = {}, -1, False
        elif tag == "rPh":
            self._phonetic = True

    def text(self, text: str) -> None:
        """A piece of text."""
        if self._inside:
            self._parts.append(text)

    def end(self, tag: str) -> None:
        """An element ends."""
        tag = local(tag)
        if tag in ("v", "t"):
            self._inside = False
        elif tag == "c":
            if self._parts:
                self._seen = True
                if self._wanted is None or self._place in self._wanted:
                    self._row[self._place] = self._read_cell("".join(self._parts))
                self._parts.clear()
        elif tag == "row" and self._seen:
            self.rows.append(self._row)
        elif tag == "rPh":
            self._phonetic = False

    def _find_column(self, letters: str) -> int:
        """The place of a column, from 0, by its letters."""
        if letters not in self._columns:
            place = 0
            for letter in letters.upper()[:4]:
                place = place * 26 + ord(letter) - ord("A") + 1
            self._columns[letters] = min(max(place - 1, 0), COLUMNS)
        return self._columns[letters]

    def _read_cell(self, value: str) -> object:
        """What a cell holds."""
        if self._kind == "s":
            number = int(value) if value.strip().isdecimal() else -1
            return self._strings[number] if 0 <= number < len(self._strings) else None
        if self._kind in ("str", "inlineStr", "d"):
            return unescape(value)
        if self._kind == "b":
            return value == "1"
        return None if self._kind == "e" else read_number(value)


def unescape(text: str) -> str:
    r"""Text in which Excel wrote some characters by their numbers.

    >>> unescape("one_x000A_two"), unescape("_x005F_x000A_")
    ('one\ntwo', '_x000A_')
    """
    if "_x" not in text:
        return text
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)


def read_number(value: str) -> object:
    """A number as a person writes it: whole where it is; as it stands where it is none.

    >>> read_number("2019.0"), read_number("0.5")
    (2019, 0.5)
    """
    try:
        number = float(value)
    except ValueError:
        return value
    return int(number) if number.is_integer() and abs(number) < 1 << 53 else number


def local(tag: str) -> str:
    """The name of an element without its prefix."""
    return tag if ":" not in tag else tag.rpartition(":")[2]


def _ignore(_: str) -> None:
    """Takes what is of no use."""


def make_table(name: str, rows: Rows, file: str, size: int) -> Table | None:
    """A sheet whose first row that is not empty names its columns; None where there is none.

    Args:
        name: The sheet's name.
        rows: Reads it.
        file: What to call the file.
        size: The bytes of it.
    """
    first = next(rows(None), None)
    if first is None:
        return None
    width = min(COLUMNS, max(first, default=0) + 1)
    columns = tuple(str(first.get(place, "")).strip() for place in range(width))

    def read(places: Sequence[int]) -> Iterator[Row]:
        stream = rows(frozenset(places))
        next(stream, None)
        taken = 0
        for number, row in enumerate(stream):
            cells = [row.get(place) for place in places]
            # One text may stand in millions of cells.
            taken += sum(len(cell) for cell in cells if isinstance(cell, str))
            if number >= ROWS:
                raise SourceError(
                    f"{file} has a sheet of more than {some(ROWS, 'row')}, which no program "
                    "makes. Leave it out."
                )
            check_size(taken, size, file)
            yield cells

    return Table(name, columns, read, [first.get(place) for place in range(width)])
