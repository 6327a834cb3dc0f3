"""Cells of the tables of a page on runs, and the values in them. Knows no run."""

from html import escape
from typing import Any


def show_value(value: Any) -> str:
    """A setting as a person reads it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple | list):
        return ", ".join(map(str, value)) or "–"
    if isinstance(value, int):
        return f"{value:,}"
    return "–" if value == "" else f"{value:g}" if isinstance(value, float) else str(value)


def write_row(kind: str) -> str:
    """The beginning of a row."""
    return f'<tr class="{kind}">' if kind else "<tr>"


def write_name(name: str) -> str:
    """A cell that names what stands beside it."""
    return f'<td class="name">{escape(name)}</td>'


def write_number(value: Any) -> str:
    """A cell with a number, or none."""
    return f'<td class="n">{f"{value:,}" if isinstance(value, int) else ""}</td>'
