"""Text laid out in blocks, as a page shows it: lines, blank lines, white space. Knows no form."""

import re
from collections.abc import Iterator
from typing import Literal

_WHITE = re.compile(r"[ \t\r\n\f]+")


class Layout:
    """Puts running text and breaks together, so that neither words nor paragraphs are glued.

    White space of the file counts as one blank, as on a page; what is written as it stands keeps
    its own. Ends of blocks are noted and become as many newlines as the widest of them asks for.
    """

    def __init__(self) -> None:
        self._ready: list[str] = []
        self._breaks = 0
        self._blank = self._begun = self._at_start = self._line_ended = False
        self._cell: Literal["", "empty", "text", "blocks"] = ""

    def add(self, text: str) -> None:
        """Adds running text, in which white space is one blank."""
        text = _WHITE.sub(" ", text)
        if not text:
            return
        if text[0] == " ":
            self._blank, text = not self._at_start, text[1:]
        if not text:
            return
        self._flush(blank=self._blank)
        self._at_start, self._blank = False, text[-1] == " "
        self._ready.append(text[:-1] if self._blank else text)

    def add_exactly(self, text: str) -> None:
        """Adds text as it stands."""
        if text:
            self._flush(blank=self._blank)
            self._blank = self._at_start = False
            self._ready.append(text)

    def add_line_end(self) -> None:
        """Ends a line within a block; several leave blank lines."""
        self._flush(blank=False)
        self._blank, self._at_start = False, True
        if self._begun:
            self._ready.append("\n")
            self._line_ended = True

    def begin_cell(self, *, parted: bool) -> None:
        """Begins a cell; white space and ends of blocks at its edges are none of the text.

        Args:
            parted: Whether another cell stands before it, from which a tab parts it; but where that
                one holds several blocks, as on a page that is laid out by a table, a line end.
        """
        if parted and self._cell != "blocks":
            self._breaks = 0
            self._flush(blank=False)
            self._ready.append("\t")
            self._at_start = True
        self._blank, self._cell = False, "empty"

    def end_cell(self) -> None:
        """Ends a cell."""
        if self._cell in ("empty", "text"):
            self._breaks = 0

    def end_block(self, newlines: int) -> None:
        """What follows begins on a new line (1) or after a blank line (2)."""
        if self._cell != "empty":
            self._breaks = max(self._breaks, newlines)
        self._blank = False

    def take(self) -> Iterator[str]:
        """What is laid out so far."""
        if self._ready:
            yield "".join(self._ready)
            self._ready.clear()

    def end_table(self) -> None:
        """What follows stands in no cell."""
        self._cell = ""

    def _flush(self, *, blank: bool) -> None:
        """Writes the breaks or the blank that stand before what is added."""
        if self._cell:
            self._cell = "blocks" if self._breaks and self._cell != "empty" else self._cell
            self._cell = "text" if self._cell == "empty" else self._cell
        if not self._begun:
            self._breaks, self._begun = 0, True
        elif self._breaks:
            # A block that ends with the end of a line has no other.
            self._ready.append("\n" * (self._breaks - self._line_ended))
            self._breaks = 0
        elif blank:
            self._ready.append(" ")
        self._line_ended = False
