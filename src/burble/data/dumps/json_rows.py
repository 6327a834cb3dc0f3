"""Texts out of JSON: a field of each line's object, of each in a list, or of lists within lists.

Knows nothing of where the JSON comes from.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, count, islice, repeat
from typing import Any

from burble.data.dumps import json_lines
from burble.data.dumps.fields import ROWS, Fields
from burble.data.dumps.json_text import DEEPEST, JsonText, to_plain
from burble.data.dumps.paths import ABSENT, EACH, NO_LIST, FieldPath, add_fields, find_value
from burble.data.forms.form import File, Write
from burble.errors import MissingFieldError, SourceError
from burble.formatting import Note, listed, some

LINES = (".jsonl", ".ndjson")
"""Endings of JSON Lines."""
Row = tuple[int, Any, tuple[Any, ...]]
"""A record: its number or line, what is in it, with objects as tuples of names and values, and what
its list lies in, as far as that stands before it."""
_ASSIGNED = re.compile(r"\A\s*window\.YTD\.[\w.]{1,60}\s*=\s*(?=[\[{])")
"""How the files of an archive of Twitter begin: with a name for what follows."""
_NAMED = 3
_WITHIN = 1 << 20
"""Characters in which the first line is looked for."""


@dataclass
class Rows:
    """The records of a JSON text.

    Attributes:
        place: What their numbers count: line or item.
        path: Where in each the text is.
        records: They themselves, read as they are taken.
        before: What leads to them, in the names of fields.
    """

    place: str
    path: FieldPath
    records: Iterator[Row]
    before: str = ""


@dataclass
class _Lines:
    """How many records there are of a kind, and the first few."""

    place: str
    count: int = 0
    first: list[str] = field(default_factory=list)

    def add(self, number: int) -> None:
        """One more, with its number."""
        self.count += 1
        if self.count <= _NAMED:
            self.first.append(f"{number:,}")

    def __str__(self) -> str:
        """Where they are, for a person."""
        return f"at {self.place} {listed(self.first, self.count, _NAMED)}"


def read(file: File, write: Write) -> list[Note]:
    """Reads the texts in one field.

    Args:
        file: The JSON. Its part is the field: `a.b` is field `b` of the object in field `a`,
            unless a field has that very name, and `a[]` every value of the list in field `a`.
        write: Takes each text, none of them blank.

    Returns:
        What was passed over.

    Raises:
        SourceError: It is damaged, or no record has a text there.
    """
    if file.part in file.labels.columns:
        raise SourceError(
            f"--label {file.part} is the text itself. Name another field of {file.name}."
        )
    rows = _open_rows(file, FieldPath(file.part))
    reader = RowReader(rows, file)
    reader.read(write)
    return reader.finish()


def find_fields(file: File) -> Fields:
    """The fields of the first records."""
    fields = Fields()
    for _, record, _ in islice(_open_rows(file, None).records, ROWS):
        value = to_plain(record, _ignore)
        # What is no object has no name of its own in a list.
        add_fields(fields, value, "" if isinstance(value, dict) else "[]")
    return fields


class RowReader:
    """Takes the texts of records, and notes what else there is.

    Args:
        rows: The records.
        file: Where they are.
        fields: The fields that there are, where not all of them are in the records.
    """

    def __init__(self, rows: Rows, file: File, fields: Fields | None = None) -> None:
        self._path, self._place, self._before = rows.path, rows.place, rows.before
        self._records = rows.records
        self._file, self._fields, self._looked_at = file, fields or Fields(), 0
        self._last_names = [FieldPath(label).last for label in file.labels.columns]
        self._passed: dict[str, _Lines] = {}
        self._twice, self._both = _Lines(rows.place), False
        self._found_labels: set[str] = set()
        self._no_labels: dict[str, _Lines] = {}
        self._taken = 0
        self._keys = {rows.path.name, *rows.path.steps} - {""}

    def read(self, write: Write) -> None:
        """Writes the texts of all records; the labels of each are set before it is written."""
        for row in islice(self._records, ROWS):
            add_fields(self._fields, self._take(row, write), self._before)
            self._looked_at += 1
        if self._last_names or self._path.has_lists:
            for row in self._records:
                self._take(row, write)
            return
        # The usual case, without a call for each record.
        name, steps = self._path.name, self._path.steps
        for row in self._records:
            text = row[1]
            for step in steps:
                inside, text, times = text, None, 0
                for key, value in inside if type(inside) is tuple else ():
                    if key == step:
                        text = value
                        times += 1
                    elif key == name:
                        times = 2
                if times > 1:
                    text = None
                    break
            if type(text) is str and text and not text.isspace():
                self._taken += 1
                write((text,))
            else:
                self._take(row, write)

    def _take(self, row: Row, write: Write) -> Any:
        """Writes the texts of one record, and returns it with objects as dictionaries."""
        number, record, outer = row
        twice: set[str] = set()
        try:
            value = to_plain(record, twice.add)
        except RecursionError as error:
            raise SourceError(
                f"{self._file.name}: {self._place} {number:,} cannot be read as JSON: its values "
                "lie too deep in each other. Leave it out."
            ) from error
        if not twice.isdisjoint(self._keys):
            self._twice.add(number)
        self._both |= self._path.is_in_both_ways(value)
        for text, within in self._path.find(value, outer):
            if isinstance(text, str) and text.strip():
                self._taken += 1
                if self._last_names:
                    self._set_labels(within, number)
                write((text,))
            else:
                self._passed.setdefault(_kind(text), _Lines(self._place)).add(number)
        return value

    def finish(self) -> list[Note]:
        """What to say of all records.

        Raises:
            SourceError: None had a text.
        """
        if not self._taken and self._before and not self._looked_at:
            self._fields = find_fields(self._file)
        if not self._taken and self._fields.found and set(self._passed) != {"empty"}:
            is_there = any(kind != "absent" for kind in self._passed)
            raise (SourceError if is_there else MissingFieldError)(self._describe_missing())
        names = sorted(self._fields.found)
        self._file.labels.begin_table(self._file.name, names, self._found_labels)
        return [*self._describe()]

    def _set_labels(self, within: tuple[Any, ...], number: int) -> None:
        """The labels of a text, from the innermost record that has such a field."""
        found = []
        for label, last in zip(self._file.labels.columns, self._last_names, strict=True):
            values = (find_value(record, last) for record in reversed(within))
            value = next((one for one in values if one is not ABSENT), ABSENT)
            found.append(self._make_label(label, value, number))
        self._file.labels.set_row(found)

    def _make_label(self, label: str, value: Any, number: int) -> str | None:
        """A label: a text or a number; None where there is no such field."""
        if value is ABSENT:
            # What another record has is missing here.
            return "" if label in self._found_labels else None
        self._found_labels.add(label)
        if isinstance(value, list | dict):
            self._no_labels.setdefault(label, _Lines(self._place)).add(number)
            return ""
        return value if isinstance(value, str) else json.dumps(value) if value is not None else ""

    def _describe_missing(self) -> str:
        """What to say where no record has a text in the field."""
        name, there = self._file.name, [kind for kind in self._passed if kind != "absent"]
        what = f"no text in the field {self._file.part!r}, but {' or '.join(there)}"
        has = what if there else f"no field {self._file.part!r}"
        return (
            f"{name} has {has}. Its fields, each with a sample:\n{self._fields.tabulate()}\n"
            f"{self._fields.advise(name)}"
        )

    def _describe(self) -> Iterator[Note]:
        """What to say of records that were passed over, and of doubled fields."""
        name, part = self._file.name, self._file.part
        if self._passed:
            count = sum(lines.count for lines in self._passed.values())
            why = "; ".join(f"{kind} {lines}" for kind, lines in self._passed.items())
            skipped = f"without text in {part!r} skipped"
            alone = f"{some(count, 'row')} {skipped}: {why}."
            yield Note(name, f"{{}} {skipped}.", ((count, "row"),), alone)
        if self._twice.count:
            message = "with one field twice, of which the last was read"
            alone = f"{some(self._twice.count, 'row')} {message}: {self._twice}."
            yield Note(name, f"{{}} {message}.", ((self._twice.count, "row"),), alone)
        if self._both:
            called = f"has fields called {self._path.name!r} and others on that way"
            yield Note(name, f"{called}; the former are read.")
        for label, lines in self._no_labels.items():
            message = f"without a label, since {label!r} is a list or an object"
            alone = f"{some(lines.count, 'row')} {message}: {lines}."
            yield Note(name, f"{{}} {message}.", ((lines.count, "row"),), alone)


def _ignore(_name: str) -> None:
    """Where it does not matter that a field comes twice."""


def _kind(value: Any) -> str:
    """What a value is that is no text."""
    if value is ABSENT or value is NO_LIST:
        return "absent" if value is ABSENT else "no list"
    return "empty" if isinstance(value, str) else json_lines.name_kind(value)


def _open_rows(file: File, path: FieldPath | None) -> Rows:
    """The records of a JSON text; those of its first list where no path is given."""
    start, stream, name = "", file.text(), file.name
    for piece in stream:
        start += piece
        if "\n" in start.lstrip() or len(start) > _WITHIN:
            break
    start = _ASSIGNED.sub("", start, count=1)
    whole, first = chain([start], stream), start.lstrip()
    if not first:
        return Rows("item", FieldPath(""), iter(()))
    if first.startswith("["):
        steps = path or FieldPath("[]")
        inside = FieldPath(re.sub(r"^\[\]\.?", "", steps.name))
        return Rows("item", inside, _read_lists(JsonText(whole, name, file.text, pairs=True), ()))
    if _is_lines(first, name):
        return Rows("line", path or FieldPath(""), json_lines.read_lines(whole, name))
    text = JsonText(whole, name, file.text, pairs=True)
    if path and not path.has_lists:
        return Rows("item", path, _read_one(text))
    if path:
        at = path.steps.index(EACH)
        before, mark, rest = path.name.partition("[]")
        inside = FieldPath(rest.removeprefix("."))
        return Rows("item", inside, _read_lists(text, path.steps[:at]), before + mark)
    return Rows("item", FieldPath(""), iter([(1, _sample(text)[0], ())]))


def _is_lines(start: str, name: str) -> bool:
    """Whether a text that is no list is JSON Lines: by its name, or its first line."""
    inner = re.sub(r"\.(gz|zst|bz2|xz)$", "", name.lower())
    if inner.endswith(LINES):
        return True
    line, _, rest = start.partition("\n")
    try:
        return isinstance(json.loads(line), dict) and rest.lstrip().startswith("{")
    except (ValueError, RecursionError):
        return False


def _read_one(text: JsonText) -> Iterator[Row]:
    """The one value that is all of a text."""
    yield 1, text.read(), ()
    text.check_end()


def _read_lists(text: JsonText, keys: tuple[str, ...]) -> Iterator[Row]:
    """The values of the list that is all of a text, or lies under some keys in its objects."""
    # From iterator to iterator no value passes through a generator of its own.
    return chain.from_iterable(_find_lists(text, keys, ()))


def _find_lists(
    text: JsonText, keys: tuple[str, ...], outer: tuple[dict[str, Any], ...]
) -> Iterator[Iterator[Row]]:
    """The values of each list under some keys of the value that comes next, which may be large."""
    if not keys:
        yield zip(count(1), text.read_list(), repeat(outer))
    elif text.peek() != "{":
        yield iter([(1, text.read(), outer)])
    else:
        found: dict[str, Any] = {}
        for key in text.enter():
            if key == keys[0] and text.peek() in ("{", "["):
                yield from _find_lists(text, keys[1:], (*outer, found))
            elif text.peek() in ("{", "["):
                text.skip()
            else:
                found[key] = text.read()
    if not outer:
        text.check_end()


def _sample(text: JsonText, depth: int = 0) -> tuple[Any, bool]:
    """The value that comes next, with the beginning of each list; and whether that is all of it."""
    if depth == DEEPEST or text.peek() not in ("{", "["):
        return to_plain(text.read(), _ignore), True
    found: dict[str, Any] = {}
    is_list = text.peek() == "["
    for number, key in enumerate(text.enter()):
        if is_list and number == ROWS:
            # What follows a long list would be reached only after all of it.
            return [*found.values()], False
        found[key or str(number)], whole = _sample(text, depth + 1)
        if not whole:
            return ([*found.values()] if is_list else found), False
    return ([*found.values()] if is_list else found), True
