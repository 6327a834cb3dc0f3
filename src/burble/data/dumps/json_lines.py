"""The object in each line of JSON Lines. Knows nothing of files or fields."""

import json
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from burble.data.dumps.json_text import MOST, read_pairs, scan_pairs
from burble.errors import SourceError
from burble.formatting import some

_KINDS = {bool: "true or false", type(None): "null", list: "a list", dict: "an object"}
Line = tuple[int, Any, tuple[Any, ...]]
"""The number of a line, the names and values of the object in it, and what that lies in: nothing.
"""


def read_lines(pieces: Iterable[str], name: str) -> Iterator[Line]:
    """Each object with its line.

    Args:
        pieces: The text, cut anywhere.
        name: What to call it.

    Raises:
        SourceError: A line is no object, or too long for one.
    """
    number = 0
    for text in _cut(pieces, name):
        at = 0
        while (end := text.find("\n", at)) >= 0:
            number += 1
            try:
                value, stop = scan_pairs(text, at)
            except (StopIteration, ValueError, RecursionError):
                value, stop = None, at
            if stop == end and type(value) is tuple:
                yield number, value, ()
            elif text[at:end].strip():
                # It has white space around it, or is damaged.
                yield number, _read_line(text[at:end], name, number), ()
            at = end + 1


def _cut(pieces: Iterable[str], name: str) -> Iterator[str]:
    """Parts of a text that end with a line, all of which end alike."""
    held: list[str] = []
    size = 0
    for piece in chain(pieces, ["\n"]):
        if "\n" not in piece and "\r" not in piece:
            size += len(piece)
            if size > MOST:
                raise SourceError(
                    f"{name} has a line of more than {some(MOST, 'character')}, which is no "
                    "record. If it is one JSON value, give it a name that ends in .json."
                )
            held.append(piece)
            continue
        text = "".join([*held, piece])
        # A line feed may follow the carriage return at the end of a piece.
        end = len(text) - text.endswith("\r")
        # Within a text of JSON there is neither.
        whole = text[:end].replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
        cut = whole.rfind("\n") + 1
        yield whole[:cut]
        held = [whole[cut:], text[end:]]
        size = len(held[0])


def _read_line(line: str, name: str, number: int) -> Any:
    """The object in a line, as a tuple of its names and values."""
    whole = "Each line must be one object: mend that line, or leave it out."
    place = f"{name}, line {number:,},"
    try:
        row = read_pairs(line)
    except json.JSONDecodeError as error:
        message = f"{error.msg}, at character {error.pos + 1:,}"
        raise SourceError(f"{place} is not JSON: {message}. {whole}") from error
    except RecursionError as error:
        message = "its values lie too deep in each other"
        raise SourceError(f"{place} cannot be read as JSON: {message}. Mend that line.") from error
    if not isinstance(row, tuple):
        what = "a text" if isinstance(row, str) else name_kind(row)
        raise SourceError(f"{place} is not an object but {what}. {whole}")
    return row


def name_kind(value: Any) -> str:
    """What a value is that is no text."""
    return _KINDS.get(type(value), "a number")
