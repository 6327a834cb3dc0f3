"""Where in a nested value a text lies, as a person names it: `messages[].content.text`.

Knows nothing of the form the value came in.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from burble.data.dumps.fields import Fields

EACH = ""
"""The step into every value of a list, or of an object."""
ABSENT, NO_LIST = object(), object()
"""What is found where there is nothing, and where a list was expected."""
_SIMILAR = 25
"""Values of an object from which on it is no record, but a list of records with names."""
_ID = re.compile(
    r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$|[0-9a-fA-F]{24,64}$|\d{6,}$"
)
"""What names a value that is one of many: a UUID, a hash, a long number."""
_DEEP = 6
_FEW = 20
"""Values of a list whose fields are looked at."""

Found = tuple[Any, tuple[Any, ...]]
"""A value, and the records that it lies in, the innermost last."""


@dataclass(frozen=True)
class FieldPath:
    """A path.

    Attributes:
        name: As it was named.
    """

    name: str

    @cached_property
    def steps(self) -> tuple[str, ...]:
        """The key of each object on the way, and `EACH` for each list.

        >>> FieldPath("messages[].content.text").steps
        ('messages', '', 'content', 'text')
        """
        found = []
        for part in self.name.split("."):
            key = part.rstrip("[]") if part.endswith("[]") else part
            found += ([key] if key else []) + [EACH] * part[len(key) :].count("[]")
        return tuple(found)

    @cached_property
    def has_lists(self) -> bool:
        """Whether several values may be found in one record."""
        return EACH in self.steps

    @property
    def last(self) -> str:
        """What is left of the name after its last list."""
        return self.name.rpartition("[]")[2].removeprefix(".")

    def is_in_both_ways(self, record: Any) -> bool:
        """Whether a record has a field of that very name, and another to which the steps lead.

        >>> FieldPath("a.b").is_in_both_ways({"a.b": 1, "a": {"b": 2}})
        True
        """
        if len(self.steps) < 2 or not isinstance(record, dict) or self.name not in record:
            return False
        return any(value not in (ABSENT, NO_LIST) for value, _ in _walk(record, self.steps, ()))

    def find(self, record: Any, outer: tuple[Any, ...] = ()) -> Iterator[Found]:
        """Its values in a record.

        Args:
            record: The record.
            outer: What the record lies in.
        """
        if isinstance(record, dict) and self.name in record:
            yield record[self.name], (*outer, record)
        else:
            yield from _walk(record, self.steps, (*outer, record))


def _walk(value: Any, steps: tuple[str, ...], within: tuple[Any, ...]) -> Iterator[Found]:
    """The values to which some steps lead."""
    for place, step in enumerate(steps):
        if step == EACH:
            if not isinstance(value, list | dict):
                value = value if value is ABSENT else NO_LIST
                break
            values = value if isinstance(value, list) else value.values()
            for one in values:
                yield from _walk(one, steps[place + 1 :], (*within, one))
            return
        if not isinstance(value, dict):
            value = ABSENT
            break
        value = value.get(step, ABSENT)
    yield value, within


def find_value(record: Any, name: str) -> Any:
    """The value of a path without lists; `ABSENT` where there is none.

    >>> find_value({"a": {"b": 1}, "a.b": 2}, "a.b"), find_value({"a": {"b": 1}}, "a.b")
    (2, 1)
    """
    if not isinstance(record, dict):
        return ABSENT
    if name in record:
        return record[name]
    for key in name.split("."):
        record = record.get(key, ABSENT) if isinstance(record, dict) else ABSENT
    return record


def _is_list(value: dict[str, Any]) -> bool:
    """Whether an object is a list whose values have names: it has many, or the names are ids."""
    if not value or not all(isinstance(one, dict) for one in value.values()):
        return False
    return len(value) >= _SIMILAR or 2 * sum(map(bool, map(_ID.match, value))) > len(value)


def add_fields(fields: Fields, value: Any, path: str = "", depth: int = 0) -> None:
    """Notes the fields of a record, by their paths."""
    if isinstance(value, list):
        for one in value[:_FEW]:
            add_fields(fields, one, f"{path}[]", depth + 1)
    elif isinstance(value, dict) and depth < _DEEP:
        if _is_list(value):
            # The names of its values are not those of fields.
            add_fields(fields, [*value.values()], path, depth)
            return
        for key, one in value.items():
            add_fields(fields, one, f"{path}.{key}" if path else key, depth + 1)
    elif path:
        fields.add(path, None if isinstance(value, dict) else value)
