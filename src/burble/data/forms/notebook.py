"""Notebooks of Jupyter (.ipynb) to text: what was typed in their cells, in their order.

Cells have a blank line between them. What came out of them is left out. Knows nothing of files.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from burble.data.dumps.json_objects import read_objects
from burble.data.forms.form import Account, File, Write
from burble.formatting import Note

_TAKEN = {"code": "cell of code", "markdown": "cell of text", "heading": "cell of text"}


def read(file: File, write: Write) -> list[Note]:
    """Reads a notebook; see `forms.form`."""
    write(read_cells(read_objects(file, _Way().leads), file.account))
    return []


class _Way:
    """The way to the cells, which in notebooks of before 2015 lie on sheets."""

    def __init__(self) -> None:
        self._first = ""

    def leads(self, depth: int, name: str) -> bool:
        """Whether it leads into the value of a name; see `read_objects`."""
        if depth == 0:
            self._first = name
            return name in ("cells", "worksheets")
        return self._first == "worksheets" and (depth, name) in ((1, "[]"), (2, "cells"))


def read_cells(cells: Iterable[dict[str, Any]], account: Account) -> Iterator[str]:
    r"""What was typed in cells, in pieces.

    >>> cells = [{"cell_type": "markdown", "source": ["# A\n", "b"]}, {"source": "1 + 1"}]
    >>> "".join(read_cells(cells, Account()))
    '# A\nb\n\n1 + 1\n'
    """
    begun = False
    for cell in cells:
        typed = cell.get("source", cell.get("input", ""))
        lines = typed if isinstance(typed, list) else [typed]
        text = "".join(line for line in lines if isinstance(line, str)).strip("\n")
        outputs, files = cell.get("outputs"), cell.get("attachments")
        account.left["output"] += len(outputs) if isinstance(outputs, list) else 0
        account.left["picture"] += len(files) if isinstance(files, dict) else 0
        if text.strip():
            account.taken[_TAKEN.get(str(cell.get("cell_type")), "other cell")] += 1
            yield f"\n{text}\n" if begun else f"{text}\n"
            begun = True
