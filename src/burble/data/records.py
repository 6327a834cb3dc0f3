"""Rows of a table in a known dialect, read strictly, and what is odd among them."""

import csv
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Self

from burble.data.dialects import Dialect
from burble.errors import SourceError
from burble.formatting import Note, listed, some

# The csv module refuses cells of more than 131,072 characters unless told otherwise. A cell with
# more than this is no text but all rows after a quote that is not closed.
_CELL_LIMIT = 1 << 25
_NAMED = 3


class Records:
    """The rows of a table, read strictly; they are read within `with`.

    Args:
        source: Lines with their ends.
        dialect: How cells are parted.
        name: What to call the table.
        ahead: Lines that stand before the first row.

    Attributes:
        reader: Gives the cells of each row, none of a blank line, and counts lines.
        row: The number of the row that is looked at, from 1; blank ones count.
        before: Lines that were read before it.
    """

    def __init__(self, source: Iterator[str], dialect: Dialect, name: str, ahead: int) -> None:
        self.dialect, self.row, self.before = dialect, 1, 0
        self._name, self._ahead, self._limit = name, ahead, 0
        self.reader = csv.reader(
            _escaped(source, dialect) if dialect.escaped else source,
            delimiter=dialect.parting,
            quotechar=dialect.quote or None,
            quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
            escapechar="\\" if dialect.escaped else None,
            strict=True,
        )

    def __enter__(self) -> Self:
        """Lets cells be as long as texts are, in the whole process."""
        self._limit = csv.field_size_limit(_CELL_LIMIT)
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        """Puts back what cells may be.

        Raises:
            SourceError: A row was damaged.
        """
        csv.field_size_limit(self._limit)
        if isinstance(error, csv.Error):
            raise SourceError(self._describe_damage(error)) from error

    def read_first(self) -> list[str]:
        """The cells of the first row that is not blank; none where there is no row."""
        for row in self.reader:
            if row:
                return row
            self.pass_row()
        return []

    def pass_row(self) -> None:
        """Goes on from the row that was read last, which is no text."""
        self.row, self.before = self.row + 1, self.reader.line_num

    @property
    def line(self) -> int:
        """The line at which the row begins."""
        return self._ahead + self.before + 1

    @property
    def last_line(self) -> int:
        """The line at which the row ends that was read last."""
        return self._ahead + self.reader.line_num

    @property
    def place(self) -> str:
        """Where the row is."""
        line = "" if self.line == self.row else f" (line {self.line:,})"
        return f"row {self.row:,}{line}"

    def _describe_damage(self, error: csv.Error) -> str:
        """What to say of a row that cannot be read."""
        quote, last = self.dialect.quote, self.last_line
        message = f"{self._name} is damaged: {self.place}"
        if "expected after" in str(error):
            at = f", at line {last:,}" if last != self.line else ""
            return (
                f"{message} has text after the quote that closes a cell{at}. Mend that row: a "
                "quote inside a cell in quotes must be doubled. If in this table it has a "
                f"backslash before it, add --quote {shlex.quote(chr(92) + quote)}; if quotes are "
                "letters, --quote none."
            )
        if quote:
            return (
                f"{message} opens a cell with a quote, {quote}, that is not closed in "
                f"{some(last + 1 - self.line, 'line')}. Close it; or, if quotes are letters in "
                "this table, add --quote none."
            )
        return f"{message} cannot be read: {error}. Mend that row."


def _escaped(source: Iterator[str], dialect: Dialect) -> Iterator[str]:
    """Lines in which a backslash that escapes nothing is a letter, where the csv module drops it.

    It also takes a line end of two characters for an escaped one and another line end.
    """
    own = re.compile(rf"\\(\r\n|[\\{dialect.quote}{re.escape(dialect.parting)}\r\n])?")

    def kept(found: re.Match[str]) -> str:
        if found[1] is None:
            return r"\\"
        return "\\\n" if found[1] == "\r\n" else found[0]

    for line in source:
        yield own.sub(kept, line) if "\\" in line else line


@dataclass
class IrregularRows:
    """Rows that are not as most are.

    Attributes:
        width: The cells of a row as it should be.
        dialect: How cells are parted.
        part: The column.
        short: Rows with fewer cells.
        long: Rows with more.
        odd: The first few of both.
        several: Rows that may be several.
        merged: The first few of these.
        enclosed: Cells of the column that stand in quotes which were read as letters.
        taken: Rows whose cell was read.
        blank: Those of them without text.
    """

    width: int
    dialect: Dialect
    part: str
    short: int = 0
    long: int = 0
    odd: list[str] = field(default_factory=list)
    several: int = 0
    merged: list[str] = field(default_factory=list)
    enclosed: int = 0
    taken: int = 0
    blank: int = 0

    @property
    def left_out(self) -> int:
        """Rows whose cell was not read."""
        return self.long + (0 if self.dialect.quote else self.short)

    def keep(self, row: list[str], records: Records) -> bool:
        """Notes what is odd about a row; whether it is clear which cell is which."""
        if not row or (len(row) != self.width and not self._keep_width(row, records)):
            return False
        if records.last_line != records.line and looks_merged(row, self.width, self.dialect):
            self.several += 1
            if len(self.merged) < _NAMED:
                self.merged.append(f"{records.place} to line {records.last_line:,}")
        return True

    def _keep_width(self, row: list[str], records: Records) -> bool:
        """The same of one with another number of cells."""
        extra = len(row) - self.width
        if extra > 0 and not any(row[self.width :]):
            return True
        if len(self.odd) < _NAMED:
            self.odd.append(f"{records.place} has {len(row):,}")
        self.short += extra < 0
        self.long += extra > 0
        # The last cells may be missing. But where quotes enclose no line ends, it is half a row.
        return extra < 0 and bool(self.dialect.quote)

    def check(self, name: str) -> None:
        """Refuses the table of that name if more rows were left out than taken.

        Raises:
            SourceError: They were.
        """
        if self.left_out > self.taken:
            raise SourceError(
                f"{name} is not read: {self.differing}. With {self.dialect.between} between cells "
                "it is not clear which cell is the text. Set --delimiter or --quote, choose the "
                f"column by its number, as in {name}:2, or mend the table."
            )

    def describe(self, name: str) -> Iterator[Note]:
        """What to say of each kind of such rows."""
        count = self.short + self.long
        if count:
            message = f"{{}} with another number of cells than the first. {self._done}"
            yield Note(name, message, ((count, "row"),), f"{self.differing}. {self._done}")
        if self.merged:
            several = "of several lines may be several rows, with a quote that is a letter"
            cure = "If so, add --quote none."
            few = listed(self.merged, self.several, _NAMED)
            alone = f"{some(self.several, 'row')} {several}: {few}. {cure}"
            yield Note(name, f"{{}} {several}. {cure}", ((self.several, "row"),), alone)
        if self.enclosed:
            message = (
                f"{{}} of {self.part!r} in quotes, which were read as letters. If quotes enclose "
                "cells there, add --quote '\"'."
            )
            yield Note(name, message, ((self.enclosed, "cell"),))
        if self.blank:
            skipped = f"{{}} without text in {self.part!r} skipped."
            yield Note(name, skipped, ((self.blank, "row"),))

    @property
    def differing(self) -> str:
        """Which rows have another number of cells."""
        count = self.short + self.long
        few = listed(self.odd, count, _NAMED)
        verb = "has" if count == 1 else "have"
        return f"{some(count, 'row')} {verb} another number of cells than {self.width:,}: {few}"

    @property
    def _done(self) -> str:
        """What was done with such rows, and what can be."""
        between = self.dialect.between
        if not self.dialect.quote:
            return f"They were left out: without quotes no cell holds {between} or a line end."
        taken = "Where there are fewer, the last were taken to be missing. " if self.short else ""
        left = "Where there are more, the row was left out. " if self.long else ""
        return f"{taken}{left}A cell that holds {between} must stand in quotes."


def looks_merged(row: list[str], width: int, dialect: Dialect) -> bool:
    r"""Whether lines inside a cell look like rows of their own, which a stray quote swallowed.

    >>> comma = Dialect(",", '"')
    >>> looks_merged(["1", "stop\n2,go\n3,on"], 2, comma)
    True
    >>> looks_merged(["1", "Once,\nit was."], 2, comma)
    False
    """
    return any(
        _is_merged(row, place, width, dialect.parting)
        for place, cell in enumerate(row)
        if "\n" in cell or "\r" in cell
    )


def _is_merged(row: list[str], place: int, width: int, parting: str) -> bool:
    """The same of the cell at `place`."""
    inside = row[place].splitlines()
    if len(inside) < 2:
        return False
    wanted = [width - 1 - place, *[width - 1] * (len(inside) - 2), place]
    parts = [line.count(parting) for line in inside]
    # The first row ends in the first line, and the last one begins in the last.
    one, other = inside[0].split(parting)[-1], row[-1]
    if place:
        one, other = inside[-1].split(parting)[0], row[0]
    if _shape(one) != _shape(other):
        return False
    # Words with commas between them are common in any text, numbers before a comma are not.
    if "0" in _shape(one):
        return all(had >= want for had, want in zip(parts, wanted, strict=True))
    return parts == wanted


def _shape(cell: str) -> str:
    """What kind of cell it is: 0 for digits, a for letters, and all else as it is."""
    return re.sub(r"[^\W\d_]+", "a", re.sub(r"\d+", "0", cell))
