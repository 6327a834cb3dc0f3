"""Messages of a chat of Messenger or Instagram, in the JSON or the pages that Meta gives out.

Knows nothing of documents. The newest stands first there, and in JSON each byte of UTF-8 is written
as if it were a letter, which is mended. Chats that are encrypted from end to end have other names
for the same.
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

_ATTACHED = ("photos", "videos", "audio_files", "files", "gifs", "media")
_TYPES = ("Call", "Subscribe", "Unsubscribe", "placeholder")
"""What a message is that nobody wrote."""
_WRITTEN = re.compile(
    r".{1,80} sent an attachment\.|(?:.{1,80} )?[Ll]iked a message|"
    r"(?:.{1,80} )?[Rr]eacted .{1,20} to your message ?"
)
_SYSTEM = "system line (who joined, calls, likes)"


def read(file: File, write: Write) -> list[Note]:
    """Reads an export; see `forms.form`."""
    return write_messages(file, write, read_messages)


def read_messages(file: File) -> Iterator[Message]:
    """The messages of an export; of a whole talk the oldest first."""
    head = next(file.text(), "").lstrip(f"{BOM} \t\r\n")
    times = list[float]()
    found = _read_page(file) if head[:1] == "<" else _read(file, times)
    if file.reading.chat != "talk":
        return found
    messages = [*found]
    is_older_first = bool(times) and times[0] < times[-1]
    return iter(messages) if is_older_first else reversed(messages)


def _read_page(file: File) -> Iterator[Message]:
    """The messages of a page."""
    for message in web_pages.read_messages(file, web_pages.META):
        # What is shown below such a line is the file or the link.
        if _WRITTEN.fullmatch(message.text.partition("\n")[0]):
            file.account.left[_SYSTEM] += 1
        else:
            yield message


def _read(file: File, times: list[float]) -> Iterator[Message]:
    """The messages of JSON in the order of the file, whose times are added to a list."""
    account = file.account
    for one in read_objects(file, lambda depth, name: (depth, name) == (0, "messages")):
        content = one.get("content", one.get("text"))
        text = mend(content) if isinstance(content, str) else ""
        time = one.get("timestamp_ms", one.get("timestamp"))
        times += [float(time)] if isinstance(time, int | float) else []
        account.left["list of reactions"] += bool(one.get("reactions"))
        account.left["attachment"] += _count_attached(one)
        if one.get("is_unsent") or one.get("isUnsent"):
            account.left["deleted message"] += 1
        elif one.get("type") in _TYPES or "call_duration" in one or _WRITTEN.fullmatch(text):
            account.left[_SYSTEM] += 1
        else:
            account.changed["text (its UTF-8 put together)"] += text != (content or "")
            name = one.get("sender_name") or one.get("senderName") or "Deleted User"
            yield Message(mend(str(name)), text)


def _count_attached(message: dict[str, Any]) -> int:
    """How many pictures and other files a message has."""
    lists = (message.get(name) for name in _ATTACHED)
    files = sum(len(one) for one in lists if isinstance(one, list))
    return files + ("sticker" in message) + ("share" in message)


def mend(text: str) -> str:
    """A text whose letters are the bytes of UTF-8, as text; any other one stays.

    >>> mend("SchÃ¶n"), mend("Schön"), mend("so")
    ('Schön', 'Schön', 'so')
    """
    try:
        return text.encode("latin-1").decode()
    except UnicodeError:
        return text
