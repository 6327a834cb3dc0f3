"""Tables with typed cells, such as those of databases and workbooks, to texts, one a row.

Knows nothing of the form the tables came in.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from burble.data.dumps.fields import ROWS, Fields
from burble.data.forms.form import File, Write
from burble.data.label_reader import LabelReader
from burble.errors import MissingFieldError, SourceError
from burble.formatting import Note, listed, some

_MOST = 20

Row = Sequence[object]


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes:
        name: What it is called in its file; empty where a file is one table.
        columns: The names of its columns, of which some may be empty.
        read: Gives the cells of some columns, row by row; None for an empty cell.
        first: The cells of the row that names the columns, where it is a row like others.
    """

    name: str
    columns: tuple[str, ...]
    read: Callable[[Sequence[int]], Iterator[Row]]
    first: Row = ()

    def name_column(self, place: int) -> str:
        """What a person types for a column: its name, or its number where it has none."""
        column = self.columns[place] or str(place + 1)
        return f"{self.name}.{column}" if self.name else column


def find_fields(tables: Iterable[Table]) -> Fields:
    """The columns of tables, each with a sample."""
    fields = Fields()
    for table in tables:
        places = range(len(table.columns))
        names = [table.name_column(place) for place in places]
        fields.add_row(names, [None] * len(names))
        for row in islice(table.read(places), ROWS):
            fields.add_row(names, row)
    return fields


def read_column(
    tables: Sequence[Table], file: File, write: Write, sample: Callable[[], Fields] | None = None
) -> list[Note]:
    """Reads the texts of the column that is named.

    Args:
        tables: All tables of the file.
        file: The file; its part is `table.column`, or a column where that is clear.
        write: Takes the text of each row, none of them blank.
        sample: Gives all columns with samples; None for those of the tables.

    Returns:
        What was passed over.

    Raises:
        SourceError: There is no such column, or no text in it.
    """
    table, column, by_number = _choose(tables, file)
    beside = _find_labels(table, column, file)
    places = [column, *(place for place in beside if place is not None)]
    passed, odd = Counter[str](), Counter[str]()
    rows, notes, taken = table.read(places), list[Note](), 0
    if by_number and table.first:
        rows = chain([[table.first[place] for place in places]], rows)
        notes.append(Note(file.name, "row 1 was read as text too, since the column is a number."))
    for row in rows:
        text = row[0]
        if type(text) is str and text and not text.isspace():
            if beside:
                _set_labels(file.labels, beside, row[1:], odd)
            taken += 1
            write((text,))
        else:
            passed[_kind(text)] += 1
    if not taken and (there := " or ".join(kind for kind in passed if kind != "empty")):
        raise SourceError(
            f"{file.name} has no text in the column {file.part!r}, but {there}. "
            f"{_list_columns(file, sample() if sample else find_fields(tables))}"
        )
    return [*notes, *_describe(file, passed, odd)]


def _list_columns(file: File, fields: Fields) -> str:
    """What columns there are."""
    return f"Its columns, each with a sample:\n{fields.tabulate()}\n{fields.advise(file.name)}"


def _choose(tables: Sequence[Table], file: File) -> tuple[Table, int, bool]:
    """The table and the place of the column that are named, and whether by its number."""
    part = file.part
    found = [
        (table, place)
        for table in tables
        for place, column in enumerate(table.columns)
        if column and part in (column, f"{table.name}.{column}", f"{table.name}!{column}")
    ]
    exact = [one for one in found if part != one[0].columns[one[1]]]
    named = exact or found
    found = named or [*_find_number(tables, part)]
    if len(found) == 1:
        return *found[0], not named
    if found:
        names = listed([table.name_column(place) for table, place in found], most=_MOST)
        if len({table.name for table, _ in found}) == len(found):
            raise SourceError(
                f"{file.name} has {len(found):,} columns {part!r}: {names}. Name one."
            )
        raise SourceError(
            f"{file.name} has {len(found):,} columns {part!r} in one table. Give each a name of "
            "its own there."
        )
    raise MissingFieldError(
        f"{file.name} has no column {part!r}. {_list_columns(file, find_fields(tables))}"
    )


def _find_number(tables: Sequence[Table], part: str) -> Iterator[tuple[Table, int]]:
    """The columns of a number, counted from 1."""
    for table in tables:
        number = part.removeprefix(f"{table.name}.")
        if number.isdecimal() and 1 <= int(number[:9]) <= len(table.columns):
            yield table, int(number) - 1


def _find_labels(table: Table, column: int, file: File) -> list[int | None]:
    """The places of the columns of labels; None for one that the table has not."""
    places: list[int | None] = []
    for label in file.labels.columns:
        known = [
            place
            for place, name in enumerate(table.columns)
            if name and label in (name, f"{table.name}.{name}")
        ]
        if known == [column]:
            raise SourceError(
                f"--label {label} is the text itself. Name another column of {file.name}."
            )
        if len(known) > 1:
            raise SourceError(
                f"{file.name} has {len(known)} columns {label!r}, so it is not clear which holds "
                "the label. Give each a name of its own."
            )
        places.append(known[0] if known else None)
    there = zip(file.labels.columns, places, strict=True)
    found = [label for label, place in there if place is not None]
    file.labels.begin_table(file.name, [name for name in table.columns if name], found)
    return places


def _set_labels(
    labels: LabelReader, beside: list[int | None], cells: Row, odd: Counter[str]
) -> None:
    """The labels of the next text."""
    stream, found = iter(cells), list[str | None]()
    for label, place in zip(labels.columns, beside, strict=True):
        value = None if place is None else next(stream)
        if isinstance(value, bytes | list | dict):
            odd[label] += 1
            value = ""
        found.append(None if place is None else "" if value is None else str(value))
    labels.set_row(found)


def _kind(value: object) -> str:
    """What a cell holds that is no text."""
    if value is None or isinstance(value, str):
        return "empty"
    kinds = {bytes: "bytes", bool: "true or false", list: "a list", dict: "an object"}
    return kinds.get(type(value), "a number" if isinstance(value, int | float) else "a date")


def _describe(file: File, passed: Counter[str], odd: Counter[str]) -> Iterator[Note]:
    """What to say of rows that were passed over, or have no label."""
    if passed:
        skipped = f"without text in {file.part!r} skipped"
        kinds = ", ".join(f"{kind} {count:,}" for kind, count in passed.most_common())
        alone = f"{some(passed.total(), 'row')} {skipped}: {kinds}."
        yield Note(file.name, f"{{}} {skipped}.", ((passed.total(), "row"),), alone)
    for label, count in odd.items():
        message = f"{{}} without a label, since {label!r} is neither text nor a number there."
        yield Note(file.name, message, ((count, "row"),))
