"""Text as word processors hold it: paragraphs that are lines, tables, and what hangs on them.

A paragraph is a line, as in what such programs save as plain text; a note or a text box stands
after the paragraph on which it hangs. Knows no form.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from burble.data.forms.form import Account

_WHITE = re.compile(r"[ \t\n]+")
TABLE = "table (cells parted by tabs)"
BOX = "text box (after its paragraph)"
FOOTNOTE, ENDNOTE = "footnote (after its paragraph)", "endnote (after its paragraph)"
INSERTED, DELETED = "inserted passage (tracked)", "deleted passage (tracked)"
HIDDEN, COMMENT, FORMULA = "hidden passage", "comment", "formula"
PICTURE = "picture (with its alternative text)"
NUMBER = "list mark (number or bullet)"
CONTENTS = "table of contents or index"
MARGIN = "running head (header or footer)"
RUBY = "reading beside a word (ruby)"
SOFT_HYPHEN = "soft hyphen"


@dataclass
class _Flow:
    """Text that is under way: the lines so far, the one at hand, what follows it, and its cells."""

    ready: list[str] = field(default_factory=list)
    line: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)
    cells: list[list[str]] = field(default_factory=list)
    row: list[str] = field(default_factory=list)


class Lines:
    """Puts the text of a document together.

    Args:
        account: Where to count.
    """

    def __init__(self, account: Account) -> None:
        self._account = account
        self._flow = _Flow()
        self._outer: list[_Flow] = []

    @property
    def in_cell(self) -> bool:
        """Whether what is added stands in a cell of a table."""
        return bool(self._flow.cells)

    @property
    def is_empty(self) -> bool:
        """Whether the line at hand has nothing yet."""
        return not any(self._flow.line)

    def add(self, text: str) -> None:
        """Adds text to the line, without soft hyphens, which are counted."""
        if "\u00ad" in text:
            self._account.left[SOFT_HYPHEN] += text.count("\u00ad")
            text = text.replace("\u00ad", "")
        self._flow.line.append(text)

    def drop(self, pattern: re.Pattern[str]) -> bool:
        """Drops the line at hand where it is what a pattern says; returns whether it is."""
        if not pattern.fullmatch("".join(self._flow.line)):
            return False
        self._flow.line.clear()
        return True

    def end_paragraph(self) -> None:
        """Ends the line, and writes what stands after it."""
        flow = self._flow
        line = "".join(flow.line)
        flow.line.clear()
        self._account.taken["paragraph"] += bool(line.strip())
        if flow.cells:
            flow.cells[-1] += [text for text in (line, *flow.after) if text]
        else:
            flow.ready += [f"{text}\n" for text in (line, *flow.after)]
        flow.after.clear()

    def begin_cell(self) -> None:
        """What follows stands in a cell, which may stand in another one."""
        self._flow.cells.append([])

    def end_cell(self) -> None:
        """Ends a cell: its paragraphs become one, since a newline or a tab would part cells."""
        flow = self._flow
        if flow.cells:
            text = _WHITE.sub(" ", " ".join(flow.cells.pop())).strip(" ")
            (flow.cells[-1] if flow.cells else flow.row).append(text)

    def end_row(self) -> None:
        """Ends a row of a table; one of a table within a cell is part of that."""
        flow = self._flow
        if not flow.cells and flow.row:
            flow.ready.append("\t".join(flow.row) + "\n")
            flow.row.clear()

    def begin_aside(self) -> None:
        """What follows hangs on the paragraph at hand: a note or a text box."""
        self._outer.append(self._flow)
        self._flow = _Flow()

    def end_aside(self) -> str:
        """Ends what hangs on a paragraph.

        Returns:
            Its text, which is not written unless it is given to `add_after`.
        """
        if not self._is_clear():
            self.end_paragraph()
        text = "".join(self._flow.ready).strip()
        if self._outer:
            self._flow = self._outer.pop()
        return text

    def add_after(self, text: str) -> None:
        """Adds what stands after the paragraph at hand."""
        if text:
            self._flow.after.append(text)

    def finish(self) -> None:
        """Ends a paragraph that the file leaves open."""
        while self._outer:
            self.add_after(self.end_aside())
        while self._flow.cells:
            self.end_cell()
        self.end_row()
        if not self._is_clear():
            self.end_paragraph()

    def take(self) -> Iterator[str]:
        """The lines so far, unless what hangs on one is under way."""
        ready = (self._outer or [self._flow])[0].ready
        if ready:
            yield "".join(ready)
            ready.clear()

    def _is_clear(self) -> bool:
        """Whether nothing is under way."""
        return self.is_empty and not self._flow.after
