"""Numbers with their nouns, and tables, for a person to read. Knows nothing else."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any


def some(count: int, noun: str) -> str:
    """A number of things.

    >>> some(1, "line"), some(2000, "line")
    ('1 line', '2,000 lines')
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def symbol_name(unit: str) -> str:
    """What a person calls one symbol.

    >>> symbol_name("char")
    'character'
    """
    return "character" if unit == "char" else unit


def markdown(names: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """A table in Markdown.

    Args:
        names: The columns.
        rows: Their values by name.

    >>> print(markdown(["a", "b"], [{"a": 1234, "b": 0.5}, {"a": None, "b": "x"}]))
    | a | b |
    | --- | --- |
    | 1,234 | 0.500 |
    |  | x |
    """
    cells = [names, ["---"] * len(names), *([_cell(row[name]) for name in names] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)


def _cell(value: Any) -> str:
    """A value as a person reads it."""
    if value is None or isinstance(value, str | bool):
        return "" if value is None else str(value)
    return f"{value:.3f}" if isinstance(value, float) else f"{value:,}"
