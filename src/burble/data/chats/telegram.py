"""Messages of a chat, or of all chats, that Telegram Desktop exported as JSON or as web pages.

Knows nothing of documents. A text with links or bold words is a list of its parts.
"""

import re
from collections.abc import Iterator
from typing import Any

from burble.data.chats import web_pages
from burble.data.chats.message import Message, write_messages
from burble.data.cleaning import BOM
from burble.data.dumps.json_objects import read_objects
from burble.data.forms.form import File, Write
from burble.formatting import Note

_ENTERED = {
    (0, "messages"),
    (0, "chats"),
    (0, "left_chats"),
    (1, "list"),
    (2, "[]"),
    (3, "messages"),
}
_PAGE = re.compile(r"(.*?)messages(\d{0,9})\.html")
_ATTACHED = ("photo", "file", "media_type", "location_information", "contact_information")


def read(file: File, write: Write) -> list[Note]:
    """Reads an export of Telegram; see `forms.form`."""
    return write_messages(file, write, read_messages)


def read_messages(file: File) -> Iterator[Message]:
    """The messages of an export, in whichever form it is."""
    head = next(file.text(), "").lstrip(f"{BOM} \t\r\n")
    return _read_page(file) if head[:1] == "<" else _read(file)


def _read_page(file: File) -> Iterator[Message]:
    """The messages of a page; who goes on speaking at its beginning stands in the one before it."""
    before, last = file.people.last
    speaker = last if _follows(file.name, before) else ""
    for message in web_pages.read_messages(file, web_pages.TELEGRAM, speaker):
        speaker = message.speaker
        yield message
    file.people.last = file.name, speaker


def _follows(name: str, before: str) -> bool:
    """Whether a page is the next one of a chat.

    >>> _follows("a/messages2.html", "a/messages.html"), _follows("messages3.html", "messages.html")
    (True, False)
    """
    pages = [_PAGE.fullmatch(one) for one in (before, name)]
    (folder, number), (other, next_number) = (
        (p[1], int(p[2] or 1)) if p else ("", 0) for p in pages
    )
    return all(pages) and folder == other and next_number == number + 1


def _read(file: File) -> Iterator[Message]:
    """The messages in JSON."""
    seen: dict[str, Any] = {}
    for one in read_objects(file, lambda depth, name: (depth, name) in _ENTERED, seen):
        if one.get("type") != "message":
            file.account.left["system line (who joined, calls, pins)"] += 1
        elif one.get("forwarded_from"):
            file.account.left["forwarded message"] += 1
        else:
            left = file.account.left
            left["attachment"] += any(one.get(name) for name in _ATTACHED)
            left["poll"] += "poll" in one
            left["list of reactions"] += bool(one.get("reactions"))
            speaker = one.get("from") or one.get("from_id") or "Deleted Account"
            yield Message(str(speaker), join_text(one.get("text")), str(seen.get("id", "")))


def join_text(text: Any) -> str:
    """A text that may be a list of parts.

    >>> join_text(["see ", {"type": "link", "text": "example.org"}, "!"])
    'see example.org!'
    """
    if isinstance(text, str):
        return text
    parts = text if isinstance(text, list) else []
    found = (one.get("text") if isinstance(one, dict) else one for one in parts)
    return "".join(one for one in found if isinstance(one, str))
