"""FictionBook e-books (.fb2) to text: the book, then its notes, as the file holds them.

Knows nothing of files, fetches nothing.
"""

from collections.abc import Iterator

from burble.data.forms.form import Account, File, Write
from burble.data.forms.guard import parse_xml
from burble.data.forms.layout import Layout
from burble.formatting import Note

_LEFT_OUT = {
    "description": "description of the book",
    "binary": "picture (with its alternative text)",
    "stylesheet": "",
}
_WIDE = {"section", "title", "subtitle", "epigraph", "cite", "poem", "stanza", "p", "table"}
_NARROW = {"v", "text-author", "date", "tr"}


def read(file: File, write: Write) -> list[Note]:
    """Reads a book; see `forms.form`."""
    write(read_book(file.blocks(), file.name, file.account))
    return []


def read_book(blocks: Iterator[bytes], name: str, account: Account) -> Iterator[str]:
    """The text of a book, in pieces."""
    book = _Book(account)
    for _ in parse_xml(blocks, name, book.begin, book.finish, book.take):
        yield from book.layout.take()
    yield "\n"


class _Book:
    """Takes the elements of a book.

    Attributes:
        layout: The text so far.
    """

    def __init__(self, account: Account) -> None:
        self.layout = Layout()
        self._account = account
        self._skipped = ""
        self._in_notes = False
        self._cells = 0

    def begin(self, tag: str, given: dict[str, str]) -> None:
        """Takes the beginning of an element."""
        if self._skipped:
            return
        local = tag.rpartition(":")[2]
        if local in _LEFT_OUT:
            self._skip(tag, _LEFT_OUT[local])
        elif (local == "title" and self._in_notes) or (
            local == "a" and given.get("type") == "note"
        ):
            self._skip(tag, "mark of a note")
        elif local == "body":
            self._in_notes = given.get("name", "") in ("notes", "comments", "footnotes")
        elif local == "section":
            what = "note (at the end)" if self._in_notes else "section"
            self._account.taken[what] += 1
        elif local == "p":
            self._account.taken["paragraph"] += 1
        elif local == "empty-line":
            self.layout.end_block(2)
        elif local in ("td", "th"):
            self.layout.begin_cell(parted=self._cells > 0)
            self._cells += 1
        elif local == "tr":
            self._cells = 0
        self._break(local)

    def finish(self, tag: str) -> None:
        """Takes the end of an element."""
        if self._skipped:
            self._skipped = "" if tag == self._skipped else self._skipped
            return
        local = tag.rpartition(":")[2]
        if local in ("td", "th"):
            self.layout.end_cell()
        elif local == "table":
            self.layout.end_table()
        self._break(local)

    def take(self, text: str) -> None:
        """Takes text."""
        if self._skipped:
            return
        if "\u00ad" in text:
            self._account.left["soft hyphen"] += text.count("\u00ad")
            text = text.replace("\u00ad", "")
        self.layout.add(text)

    def _skip(self, tag: str, what: str) -> None:
        """Leaves out an element, and counts it."""
        self._skipped = tag
        if what:
            self._account.left[what] += 1

    def _break(self, tag: str) -> None:
        """Ends a line or a block."""
        if tag in _WIDE:
            self.layout.end_block(2)
        elif tag in _NARROW:
            self.layout.end_block(1)
