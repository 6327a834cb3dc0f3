"""Messages of a channel that DiscordChatExporter wrote as JSON, CSV, text or a web page.

Knows nothing of documents.
"""

import csv
import re
from collections.abc import Iterable, Iterator

from burble.data.chats import web_pages
from burble.data.chats.message import Message, strip_ends, write_messages
from burble.data.cleaning import BOM
from burble.data.dumps.json_objects import read_objects
from burble.data.forms.form import Account, File, Write
from burble.data.tables import split_lines
from burble.errors import SourceError
from burble.formatting import Note

COLUMNS = ("AuthorID", "Author", "Date", "Content")
"""The first columns of its tables."""
RULE = "=" * 62
"""The line at the beginning and at the end of its texts."""
_SAID = ("Default", "Reply", 0, 19)
_HEAD = re.compile(r"\[[^\]\n]*\d[:.]\d\d[^\]\n]*\] (.+?)(?: \(pinned\))?$")
_BLOCKS = {
    "{Attachments}": "list of attachments",
    "{Embed}": "embed",
    "{Stickers}": "list of stickers",
    "{Reactions}": "list of reactions",
}
_BESIDE = {"attachments": "attachment", "embeds": "embed", "stickers": "sticker"}
_BESIDE |= {"reactions": "list of reactions"}


def read(file: File, write: Write) -> list[Note]:
    """Reads an export of Discord; see `forms.form`."""
    return write_messages(file, write, read_messages)


def read_messages(file: File) -> Iterator[Message]:
    """The messages of an export, in whichever form it is."""
    head = next(file.text(), "").lstrip(f"{BOM} \t\r\n")
    if head.startswith("{"):
        return _read_json(file)
    if head.startswith("<"):
        return web_pages.read_messages(file, web_pages.DISCORD)
    return _read_table(file) if head.startswith(COLUMNS[0]) else _read_text(file)


def _read_json(file: File) -> Iterator[Message]:
    """The messages in JSON."""
    for one in read_objects(file, lambda depth, name: (depth, name) == (0, "messages")):
        author = one.get("author")
        author = author if isinstance(author, dict) else {}
        if one.get("type", "Default") not in _SAID:
            file.account.left["system line (who joined, calls, pins)"] += 1
        elif author.get("isBot"):
            file.account.left["bot message"] += 1
        else:
            speaker = author.get("nickname") or author.get("name") or "Deleted User"
            content = one.get("content")
            for name, counted in _BESIDE.items():
                many = one.get(name)
                count = len(many) if isinstance(many, list) else 0
                file.account.left[counted] += min(count, 1) if name == "reactions" else count
            yield Message(str(speaker), content if isinstance(content, str) else "")


def _read_table(file: File) -> Iterator[Message]:
    """The messages in a table, whose cells may hold line ends."""
    lines = (line.lstrip(BOM) for line in split_lines(file.text()))
    rows = csv.DictReader(lines)
    try:
        for row in rows:
            file.account.left["list of attachments"] += bool(row.get("Attachments"))
            file.account.left["list of reactions"] += bool(row.get("Reactions"))
            yield Message(row.get("Author") or "Deleted User", row.get("Content") or "")
    except csv.Error as error:
        raise SourceError(
            f"{file.name}, line {rows.line_num:,}, is damaged: {error}. Export the chat anew."
        ) from error


def _read_text(file: File) -> Iterator[Message]:
    """The messages in a text."""
    return parse(file.text(), file.account)


def parse(pieces: Iterable[str], account: Account) -> Iterator[Message]:
    r"""The messages in a text: each below a line with its time and author.

    >>> list(parse(["[2024-01-02 10:00] anna\nHi\n\n{Reactions}\n+1\n"], Account()))
    [Message(speaker='anna', text='Hi', talk='')]
    """
    speaker, lines, inside = "", list[str](), True
    for line in (line.rstrip("\r\n") for line in split_lines(pieces)):
        head = _HEAD.match(line)
        if line == RULE or head:
            if speaker:
                yield Message(speaker, strip_ends(lines))
            speaker, lines, inside = head[1] if head else "", [], True
        elif line in _BLOCKS:
            account.left[_BLOCKS[line]] += 1
            inside = False
        elif speaker and inside:
            lines.append(line)
    if speaker:
        yield Message(speaker, strip_ends(lines))
