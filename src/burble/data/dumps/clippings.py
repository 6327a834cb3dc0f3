"""Passages that people marked on a Kindle, and their notes, out of its `My Clippings.txt`.

Each is a document; the book and its author are labels. Knows nothing of where such a file lies.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from burble.data.cleaning import BOM
from burble.data.forms.form import Account, File, Write
from burble.data.tables import split_lines
from burble.formatting import Note

RULE = "=" * 10
"""The line below each of them."""
COLUMNS = ("book", "author", "kind")
"""The labels that each has; its kind is highlight or note."""
# What a Kindle calls a note in the languages that it speaks, before the place or after it.
_NOTE = re.compile(
    r"\b(?:note|notiz|nota|notitie|notat|anteckning|замет\w+|not|notatka)\b|メモ|笔记|筆記|메모|노트",
    re.IGNORECASE,
)
_AUTHOR = re.compile(r"(.*\S)\s*\(((?:[^()]|\([^()]*\))*)\)$")
_LIMIT = re.compile(r"<[^<>\n]{10,200}>")
"""What stands for a passage of which the publisher allows no more."""


class Clipping(NamedTuple):
    """What somebody marked or noted.

    Attributes:
        text: The passage, or the note.
        labels: The book, its author and the kind.
    """

    text: str
    labels: tuple[str, str, str]


def read(file: File, write: Write) -> list[Note]:
    """Reads each clipping as a document; see `forms.form`."""
    columns, found = file.labels.columns, Counter[str]()
    for text, labels in parse(file.text(), file.account):
        known = dict(zip(COLUMNS, labels, strict=True))
        found.update(column for column in columns if known.get(column))
        file.labels.set_row([known.get(column) for column in columns])
        write([text])
    file.labels.begin_table(file.name, COLUMNS, found)
    return []


def parse(pieces: Iterable[str], account: Account) -> Iterator[Clipping]:
    r"""The clippings in a text.

    >>> told = "- Your Highlight on page 3 | Location 40-41 | Added on Sunday"
    >>> [*parse([f"Emma (Jane Austen)\n{told}\n\nHandsome\n==========\n"], Account())]
    [Clipping(text='Handsome', labels=('Emma', 'Jane Austen', 'highlight'))]
    """
    lines = list[str]()
    for line in (line.strip().lstrip(BOM) for line in split_lines(pieces)):
        if line == RULE:
            yield from _finish(lines, account)
            lines = []
        else:
            lines.append(line)
    yield from _finish(lines, account)


def _finish(lines: list[str], account: Account) -> Iterator[Clipping]:
    """The clipping whose lines are all there, if it holds a text."""
    title, told, text = _part(lines)
    if not told:
        account.left["line (of no clipping)"] += sum(map(bool, lines))
    elif not text:
        account.left["bookmark"] += 1
    elif _LIMIT.fullmatch(text):
        account.left["passage (more of the book than may be copied)"] += 1
    else:
        kind = "note" if _NOTE.search(told) else "highlight"
        account.taken[kind] += 1
        named = _AUTHOR.match(title)
        book, author = (named[1], named[2]) if named else (title, "")
        yield Clipping(text, (book, author, kind))


def _part(lines: list[str]) -> tuple[str, str, str]:
    """The title of the book, what is told of the clipping, and its text."""
    filled = [place for place, line in enumerate(lines) if line]
    if len(filled) < 2 or not lines[filled[1]].startswith("- "):
        return "", "", ""
    told = lines[filled[1]]
    text = "\n".join(lines[filled[1] + 1 :]).strip("\n")
    # The day stands last, and may be in a month that sounds like a note.
    return lines[filled[0]], told.rpartition("|")[0] or told, text
