"""Where a document ends in clean text that comes in pieces: at lines, at blank lines, or nowhere.

The edge is a character that clean text never holds. Knows nothing of sources.
"""

import re
from collections.abc import Iterable, Iterator

from burble.data import artifacts
from burble.data.artifacts import INVISIBLE
from burble.data.sentences import EDGE

_BLANK_LINES = rf"(?:(?:[^\S\n]|[{INVISIBLE}])*\n)"
_EDGES = {
    "lines": re.compile(rf"\n{_BLANK_LINES}*"),
    "blank": re.compile(rf"\n{_BLANK_LINES}+"),
    "blank2": re.compile(rf"\n{_BLANK_LINES}{{2,}}"),
}
_LEADING = re.compile(rf"\A{_BLANK_LINES}+")


def mark_edges(pieces: Iterable[str], kind: str) -> Iterator[str]:
    """Clean text with edges where lines or blank lines part documents; nothing of a blank text.

    What is held back is blank: only what follows tells whether an edge lies in it.
    """
    edges = _EDGES.get(kind)
    begun, held = False, ""
    for piece in pieces:
        held += piece
        if not begun:
            if not artifacts.strip_end(held):
                continue
            held = _LEADING.sub("", held) if edges else held
            begun = True
        ready, held = _part(held) if edges else (held, "")
        yield edges.sub(EDGE, ready) if edges else ready


def trim(pieces: Iterable[str]) -> Iterator[str]:
    """The same text without white space at its beginning and its end."""
    held, begun = "", False
    for piece in pieces:
        held = held + piece if begun else piece.lstrip()
        full = held.rstrip()
        begun = begun or bool(full)
        if full:
            yield full
            held = held[len(full) :]


def _part(held: str) -> tuple[str, str]:
    """What can be passed on, and the blank end, from its first newline, that can't be yet."""
    full = artifacts.strip_end(held)
    end = held.find("\n", len(full))
    return (held, "") if end < 0 else (held[:end], held[end:])
