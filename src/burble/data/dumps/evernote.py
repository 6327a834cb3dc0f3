"""Notes that Evernote exported (.enex): each is a document, its title above its text.

Title, tag, author and year are labels. Pictures and other files in a note are left out. Knows
nothing of where such a file lies, fetches nothing.
"""

import re
from collections import Counter
from collections.abc import Iterator

from burble.data.forms import html
from burble.data.forms.form import Account, File, Write
from burble.data.forms.guard import parse_xml
from burble.formatting import Note

COLUMNS = ("title", "tag", "author", "year")
"""The labels that a note has; of several tags it is the first."""
_TAKEN = {"title": "title", "tag": "tag", "author": "author", "created": "year"}
"""Elements of a note, by the label that each is."""
_LEFT_OUT = {"<en-todo": "box to tick", "<en-media": "picture or other file"}
_LOCKED = re.compile(r"<en-crypt\b[^<]*</en-crypt\s*>")


def read(file: File, write: Write) -> list[Note]:
    """Reads each note as a document; see `forms.form`."""
    columns, found = file.labels.columns, Counter[str]()
    for note in _read_notes(file):
        parts = [note.get("title", ""), read_note(note["content"], file.name, file.account)]
        text = "\n".join(part for part in parts if part.strip())
        if not text:
            file.account.left["note (without text)"] += 1
            continue
        file.account.taken["note"] += 1
        found.update(column for column in columns if note.get(column))
        file.labels.set_row([note.get(column) for column in columns])
        write([text])
    file.labels.begin_table(file.name, COLUMNS, found)
    return []


def _read_notes(file: File) -> Iterator[dict[str, str]]:
    """The notes of an export: the content of each, as a page, and its labels by their names."""
    notes = _Notes()
    for _ in parse_xml(file.blocks(), file.name, notes.begin, notes.finish, notes.take):
        yield from notes.ready
        notes.ready.clear()


def read_note(content: str, name: str, account: Account) -> str:
    r"""The text of a note, which is a page with some tags of its own.

    >>> read_note("<en-note><div>One</div><div><en-todo/>two</div></en-note>", "a", Account())
    'One\ntwo'
    """
    for tag, what in _LEFT_OUT.items():
        account.left[what] += content.count(tag)
    page, locked = _LOCKED.subn("", content)
    account.left["passage that is locked"] += locked
    return "".join(html.read_page([page], name, account, whole=True)).strip("\n")


class _Notes:
    """Takes the elements of an export.

    Attributes:
        ready: Notes that are whole.
    """

    def __init__(self) -> None:
        self.ready: list[dict[str, str]] = []
        self._note: dict[str, str] = {}
        self._inside, self._pieces = "", list[str]()
        self._in_file = False

    def begin(self, tag: str, _given: dict[str, str]) -> None:
        """Takes the beginning of an element."""
        if tag == "note":
            self._note = {"content": ""}
        elif tag == "resource":
            self._in_file = True
        elif tag == "content" or tag in _TAKEN:
            self._inside = tag

    def finish(self, tag: str) -> None:
        """Takes the end of an element."""
        if tag == "note":
            self.ready.append(self._note)
        elif tag == "resource":
            self._in_file = False
        elif tag == self._inside and not self._in_file:
            text = "".join(self._pieces)
            if tag == "content":
                self._note["content"] += text
            else:
                told = text[:4] if tag == "created" else " ".join(text.split())
                self._note.setdefault(_TAKEN[tag], told)
            self._inside = ""
            self._pieces.clear()

    def take(self, text: str) -> None:
        """Takes text; that of a picture or another file is none."""
        if self._inside and not self._in_file:
            self._pieces.append(text)
