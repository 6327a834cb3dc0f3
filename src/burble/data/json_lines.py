"""Texts out of JSON Lines: one field of each line's object. Knows nothing of files."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from burble.data.labels import NO_LABELS, LabelReader
from burble.errors import SourceError
from burble.formatting import Note, listed, shown, some

Write = Callable[[str], object]
SUFFIXES = (".jsonl", ".ndjson")
MAKING = "A list becomes such lines by: jq -c '.[]' FILE.json > FILE.jsonl"
_NAMED = 3
_MOST = 20
_ABSENT = object()


@dataclass
class _Lines:
    """How many lines there are of a kind, and the first few."""

    count: int = 0
    first: list[str] = field(default_factory=list)

    def add(self, number: int) -> None:
        """One more, with its number."""
        self.count += 1
        if self.count <= _NAMED:
            self.first.append(f"{number:,}")

    def __str__(self) -> str:
        """Where they are, for a person."""
        return f"at line {listed(self.first, self.count, _NAMED)}"


@dataclass
class _Found:
    """What was found besides texts.

    Attributes:
        fields: Every field, with the fields of its first value if that is an object.
        passed: The lines that were passed over, by what the field is there.
        twice: The lines in which an object has one field more than once.
        labels: The fields of labels that were there.
        no_labels: The lines in which such a field is neither text nor a number, by the field.
    """

    fields: dict[str, list[str]] = field(default_factory=dict)
    passed: dict[str, _Lines] = field(default_factory=dict)
    twice: _Lines = field(default_factory=_Lines)
    labels: set[str] = field(default_factory=set)
    no_labels: dict[str, _Lines] = field(default_factory=dict)

    def take_label(self, row: dict[str, Any], label: str, number: int) -> str | None:
        """The label in a field of a line: a text or a number; None where there is no such field."""
        value = _value(row, label)
        if value is _ABSENT:
            # What another line has is missing here.
            return "" if label in self.labels else None
        self.labels.add(label)
        if isinstance(value, list | dict):
            self.no_labels.setdefault(label, _Lines()).add(number)
            return ""
        return value if isinstance(value, str) else json.dumps(value) if value is not None else ""


def read_field(
    lines: Iterable[str], name: str, part: str, write: Write, labels: LabelReader = NO_LABELS
) -> list[Note]:
    """Reads the texts in one field.

    Args:
        lines: The lines of the file.
        name: What to call it.
        part: The field; `a.b` is field `b` of the object in field `a`, unless a field has that
            very name.
        write: Takes each text, none of them blank.
        labels: Takes the labels of each line before its text is written.

    Returns:
        What was passed over.

    Raises:
        SourceError: A line is no object, or no line has a text there.
    """
    if part in labels.columns:
        raise SourceError(f"--label {part} is the text itself. Name another field of {name}.")
    found, empty = _Found(), True
    keys = {part, *part.split(".")}
    quoted = [f'"{key}"' for key in keys]
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        row = _object(line, name, number)
        value = _value(row, part)
        if not row.keys() <= found.fields.keys():
            new = row.keys() - found.fields.keys()
            found.fields |= {key: [*row[key]] if isinstance(row[key], dict) else [] for key in new}
        if max(map(line.count, quoted)) > 1 and _is_doubled(line, keys):
            found.twice.add(number)
        if isinstance(value, str) and value.strip():
            empty = False
            labels.set_row([found.take_label(row, label, number) for label in labels.columns])
            write(value)
        else:
            found.passed.setdefault(_kind(value), _Lines()).add(number)
    if empty and found.fields and set(found.passed) != {"empty"}:
        raise SourceError(_missing(name, part, found))
    labels.begin_table(name, sorted(found.fields), found.labels)
    return [*_describe(name, part, found)]


def _is_doubled(line: str, keys: set[str]) -> bool:
    """Whether an object in a line has one of some fields more than once."""
    twice: set[str] = set()

    def note(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        twice.update(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        return dict(pairs)

    json.loads(line, object_pairs_hook=note)
    return not twice.isdisjoint(keys)


def _object(line: str, name: str, number: int) -> dict[str, Any]:
    """The object in a line."""
    whole = f"Each line must be one object. {MAKING}"
    place = f"{name}, line {number:,},"
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        message = f"{error.msg}, at character {error.pos + 1:,}"
        raise SourceError(f"{place} is not JSON: {message}. {whole}") from error
    except (ValueError, RecursionError) as error:
        deep = isinstance(error, RecursionError)
        message = "its values lie too deep in each other" if deep else str(error)
        raise SourceError(f"{place} cannot be read as JSON: {message}. Mend that line.") from error
    if not isinstance(row, dict):
        raise SourceError(f"{place} is not an object but {_kind(row)}. {whole}")
    return row


def _value(row: dict[str, Any], part: str) -> Any:
    """The value of a field, or of a field of the object in a field."""
    if part in row:
        return row[part]
    value: Any = row
    for key in part.split("."):
        value = value.get(key, _ABSENT) if isinstance(value, dict) else _ABSENT
    return value


def _kind(value: Any) -> str:
    """What a value is that is no text."""
    if value is _ABSENT:
        return "absent"
    if isinstance(value, str):
        return "empty" if not value.strip() else "a text"
    kinds = {bool: "true or false", type(None): "null", list: "a list", dict: "an object"}
    return kinds.get(type(value), "a number")


def _missing(name: str, part: str, found: _Found) -> str:
    """What to say where no line has a text in a field."""
    if set(found.passed) != {"absent"}:
        kinds = " or ".join(kind for kind in found.passed if kind != "absent")
        message = f"{name} has no text in the field {part!r}, but {kinds}."
        inside = found.fields.get(part, [])
        if not inside:
            return f"{message} Name another field."
        inner = shown(f"{part}.{inside[0]}")
        holds = listed([repr(key) for key in inside], most=_MOST)
        return f"{message} It holds {holds}: name one of these, as in {name}:{inner}."
    fields = [
        f"{key!r} (with {listed([repr(one) for one in inside], most=_MOST)})"
        if inside
        else repr(key)
        for key, inside in sorted(found.fields.items())
    ]
    return f"{name} has no field {part!r}; its fields are {listed(fields, most=_MOST)}."


def _describe(name: str, part: str, found: _Found) -> Iterator[Note]:
    """What to say of lines that were passed over, and of doubled fields."""
    if found.passed:
        count = sum(lines.count for lines in found.passed.values())
        why = "; ".join(f"{kind} {lines}" for kind, lines in found.passed.items())
        skipped = f"without text in {part!r} skipped"
        alone = f"{some(count, 'row')} {skipped}: {why}."
        yield Note(name, f"{{}} {skipped}.", ((count, "row"),), alone)
    if found.twice.count:
        message = "with one field twice, of which the last was read"
        alone = f"{some(found.twice.count, 'row')} {message}: {found.twice}."
        yield Note(name, f"{{}} {message}.", ((found.twice.count, "row"),), alone)
    for label, lines in found.no_labels.items():
        message = f"without a label, since {label!r} is a list or an object"
        alone = f"{some(lines.count, 'row')} {message}: {lines}."
        yield Note(name, f"{{}} {message}.", ((lines.count, "row"),), alone)
