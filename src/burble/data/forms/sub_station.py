"""Subtitles of Aegisub and its like (SubStation Alpha) to speech: a line for each.

Knows nothing of files.
"""

import re
from collections.abc import Iterable, Iterator

from burble.data.cleaning import BOM
from burble.data.forms.form import Account, File, Write
from burble.data.tables import split_lines
from burble.formatting import Note

_SAID, _NOTED = "Dialogue:", "Comment:"
_EVENTS = "[Events]"
_COLUMNS = 10
"""Cells of a line, of which the last is the text, where the file does not name them."""
_OVERRIDE = re.compile(r"\{[^{}]*\}")
_DRAWING = re.compile(r"\{[^{}]*\\p[1-9]")
_BREAK = re.compile(r"\s*(?:\\[Nnh]|\u00a0)\s*")


def read(file: File, write: Write) -> list[Note]:
    """Reads subtitles; see `forms.form`."""
    write(read_speech(file.text(), file.account))
    return []


def read_speech(pieces: Iterable[str], account: Account) -> Iterator[str]:
    r"""The speech of each line; in pieces.

    >>> said = r"Dialogue: 0,0:00:01.00,0:00:02.00,Default,Ann,0,0,0,,{\i1}Well,\N come in."
    >>> list(read_speech(["[Events]\n", said], Account()))
    ['Well, come in.\n']
    """
    columns, inside = _COLUMNS, False
    for line in (line.strip().lstrip(BOM) for line in split_lines(pieces)):
        if line.startswith("["):
            inside = line == _EVENTS
        elif inside and line.startswith("Format:"):
            columns = line.count(",") + 1
        elif inside and line.startswith(_SAID):
            yield from _read_line(line.removeprefix(_SAID).split(",", columns - 1), account)
        elif inside and line.startswith(_NOTED):
            account.left["comment"] += 1
        elif line:
            account.left["line of styles and settings"] += 1


def _read_line(cells: list[str], account: Account) -> Iterator[str]:
    """The speech of one line, by its cells."""
    text = cells[-1]
    account.taken["cue"] += 1
    account.left["time"] += 1
    if _DRAWING.search(text):
        account.left["drawing"] += 1
        return
    text, marks = _OVERRIDE.subn("", text)
    account.left["tag of style"] += marks
    if clean := _BREAK.sub(" ", text).strip():
        yield f"{clean}\n"
