"""Messages of a chat of Messenger or Instagram, in the JSON that Meta gives to its people.

Knows nothing of documents. The newest stands first there, and each byte of UTF-8 is written as if
it were a letter, which is mended.
"""

import re
from collections.abc import Iterator
from typing import Any

from burble.data.chats.json_chats import read_objects
from burble.data.chats.message import Message, write_messages
from burble.data.forms.form import File, Write
from burble.formatting import Note

_ATTACHED = ("photos", "videos", "audio_files", "files", "gifs")
_CALLS = ("Call", "Subscribe", "Unsubscribe")
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
    found = _read(file)
    return reversed([*found]) if file.reading.chat == "talk" else found


def _read(file: File) -> Iterator[Message]:
    """The messages in the order of the file."""
    account = file.account
    for one in read_objects(file, lambda depth, name: (depth, name) == (0, "messages")):
        content = one.get("content")
        text = mend(content) if isinstance(content, str) else ""
        account.left["list of reactions"] += bool(one.get("reactions"))
        account.left["attachment"] += _count_attached(one)
        if one.get("is_unsent"):
            account.left["deleted message"] += 1
        elif one.get("type") in _CALLS or "call_duration" in one or _WRITTEN.fullmatch(text):
            account.left[_SYSTEM] += 1
        else:
            account.changed["text (its UTF-8 put together)"] += text != (content or "")
            yield Message(mend(str(one.get("sender_name") or "Deleted User")), text)


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
