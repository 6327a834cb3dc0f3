"""Sheets of .ods and .fods workbooks, row by row. Knows nothing of what is read of them.

The first row that is not empty names the columns. Comments, and cells that were deleted or changed
while changes were recorded, are no part of a sheet.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from burble.data.dumps import tabular
from burble.data.dumps.fields import Fields
from burble.data.dumps.tabular import Table
from burble.data.dumps.workbooks import COLUMNS, ROWS, Cells, local, make_table, read_number
from burble.data.forms import signs
from burble.data.forms.form import File, Write
from burble.data.forms.guard import Limits, open_archive, parse_xml
from burble.errors import SourceError
from burble.formatting import Note, some

_LIMITS = Limits(unpacked=1 << 33, small=1 << 27)
_CONTENT = "content.xml"
_CELLS = ("table-cell", "covered-table-cell")
_ASIDE = {"annotation", "tracked-changes", "shapes", "note", "ruby-text", "frame", "custom-shape"}
"""Elements in which text is none of a cell's own."""
_LONGEST = 1 << 20
"""Blanks in a row at most."""
Content = Callable[[], Iterator[bytes]]
"""Gives the XML of a workbook from its start."""


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
    if signs.is_flat(next(file.blocks(), b"")):
        yield _find_tables(file.blocks, file)
        return
    with file.open() as opened, open_archive(opened, file.name, "a workbook", _LIMITS) as archive:
        yield _find_tables(lambda: archive.read(_CONTENT), file)


def _find_tables(content: Content, file: File) -> list[Table]:
    """The sheets in some XML that have a row."""
    names = dict.fromkeys(name for name, _ in _read_rows(content, file, None, None))
    tables = (_make_table(content, file, name) for name in names)
    return [table for table in tables if table]


def _make_table(content: Content, file: File, name: str) -> Table | None:
    """A sheet; see `workbooks.make_table`."""

    def rows(wanted: frozenset[int] | None) -> Iterator[Cells]:
        return (row for _, row in _read_rows(content, file, name, wanted))

    return make_table(name, rows, file.name, file.size)


def _read_rows(
    content: Content, file: File, name: str | None, wanted: frozenset[int] | None
) -> Iterator[tuple[str, Cells]]:
    """The rows of a sheet that are not empty.

    Args:
        content: The workbook.
        file: Where it is, and where comments are counted.
        name: The sheet; None for the first row of each.
        wanted: The columns; None for all.

    Yields:
        The name of the sheet, and its cells.
    """
    found = _Content(file.name, name, wanted)
    for _ in parse_xml(content(), file.name, found.start, found.end, found.text):
        for sheet, cells, times in found.rows:
            for _ in range(times if name is not None else 1):
                yield sheet, cells
        found.rows.clear()
        if found.is_past:
            break
    if wanted is not None and found.comments:
        file.account.left["comment"] = found.comments


class _Content:
    """Takes the rows of sheets as they are parsed.

    Attributes:
        rows: Those that have ended: the sheet, its cells, and how many times it comes.
        is_past: Whether the sheet that is wanted has ended.
        comments: How many there are in it.
    """

    def __init__(self, file: str, name: str | None, wanted: frozenset[int] | None) -> None:
        self.rows: list[tuple[str, Cells, int]] = []
        self.is_past, self.comments = False, 0
        self._file, self._name, self._wanted = file, name, wanted
        self._sheet, self._is_wanted = "", False
        self._aside = self._taken = 0
        self._cells: Cells = {}
        self._place, self._times, self._repeated = 0, 1, 1
        self._attributes: dict[str, str] = {}
        self._parts: list[str] = []
        self._paragraphs, self._in_paragraph = 0, False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        tag = local(tag)
        if self._aside or tag in _ASIDE:
            self.comments += tag == "annotation" and self._is_wanted and not self._aside
            self._aside += 1
        elif tag == "table":
            self._sheet = _find(attributes, "name")
            self._is_wanted = self._name in (None, self._sheet)
        elif not self._is_wanted:
            return
        elif tag == "table-row":
            self._cells, self._place = {}, 0
            self._times = _count(attributes, "number-rows-repeated")
        elif tag in _CELLS:
            self._attributes = attributes
            self._repeated = _count(attributes, "number-columns-repeated")
            self._parts, self._paragraphs = [], 0
        else:
            self._start_text(tag, attributes)

    def _start_text(self, tag: str, attributes: dict[str, str]) -> None:
        """An element within a cell begins."""
        if tag == "p":
            if self._paragraphs:
                self._parts.append("\n")
            self._paragraphs += 1
            self._in_paragraph = True
        elif tag == "s":
            self._parts.append(" " * min(_LONGEST, _count(attributes, "c")))
        elif tag in ("tab", "line-break"):
            self._parts.append("\t" if tag == "tab" else "\n")

    def text(self, text: str) -> None:
        """A piece of text."""
        if self._in_paragraph and not self._aside:
            self._parts.append(text)

    def end(self, tag: str) -> None:
        """An element ends."""
        tag = local(tag)
        if self._aside:
            self._aside -= 1
        elif not self._is_wanted:
            return
        elif tag == "p":
            self._in_paragraph = False
        elif tag in _CELLS:
            self._end_cell()
        elif tag == "table-row":
            self._end_row()
        elif tag == "table":
            self.is_past = self._name is not None
            self._is_wanted = False

    def _end_cell(self) -> None:
        """Keeps a cell, as many times as it comes."""
        value = self._read_cell()
        if value is not None:
            for place in range(self._place, min(COLUMNS, self._place + self._repeated)):
                self._cells[place] = value
        self._place += self._repeated

    def _end_row(self) -> None:
        """Keeps a row that is not empty."""
        if not self._cells:
            return
        self._taken += self._times
        if self._taken > ROWS:
            raise SourceError(
                f"{self._file} has a sheet of more than {some(ROWS, 'row')} that are not empty, "
                "which no program makes. Leave it out."
            )
        if self._name is None:
            # Of each sheet one is enough to know that it has some.
            self._is_wanted = False
        cells = self._cells
        if self._wanted is not None:
            cells = {place: cells[place] for place in self._wanted if place in cells}
        self.rows.append((self._sheet, cells, self._times))

    def _read_cell(self) -> object:
        """What a cell holds; None where it is empty."""
        kind = _find(self._attributes, "value-type")
        if kind in ("float", "percentage", "currency"):
            return read_number(_find(self._attributes, "value"))
        if kind == "date":
            return _find(self._attributes, "date-value") or None
        if kind == "boolean":
            return _find(self._attributes, "boolean-value") == "true"
        return "".join(self._parts) or None


def _find(attributes: dict[str, str], name: str) -> str:
    """An attribute by its name without a prefix; empty where there is none."""
    # Programs of late write value-type twice, the second time in a name space of their own.
    return next((v for key, v in attributes.items() if key.endswith(f":{name}")), "")


def _count(attributes: dict[str, str], name: str) -> int:
    """An attribute that is a number, from 1."""
    value = _find(attributes, name)
    return max(1, int(value[:12])) if value.isdecimal() else 1
