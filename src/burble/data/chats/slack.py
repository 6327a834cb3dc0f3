"""Messages of a Slack workspace: a day of a channel as JSON, or the ZIP archive of all days.

Knows nothing of documents. Names of people stand in `users.json`, beside the folders of channels.
"""

import html
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from burble.data import encodings
from burble.data.chats.message import Message, write_messages
from burble.data.dumps.json_text import JsonText
from burble.data.forms import guard
from burble.data.forms.form import File, Write
from burble.formatting import Note

USERS = "users.json"
_SAID = (None, "", "thread_broadcast", "me_message", "file_share", "reply_broadcast")
_ENTITY = re.compile(r"<([@#!]?)([^<>|]*)(?:\|([^<>]*))?>")
_DAY = re.compile(r"\d{4}-\d\d-\d\d\.json")
_LARGEST = 1 << 26
"""Bytes of a list of users that is read."""


def read(file: File, write: Write) -> list[Note]:
    """Reads an export of Slack; see `forms.form`."""
    return write_messages(file, write, read_messages)


def is_day(name: str) -> bool:
    """Whether a member of an archive holds a day of a channel.

    >>> is_day("general/2024-01-31.json"), is_day("users.json")
    (True, False)
    """
    path = PurePosixPath(name)
    return len(path.parts) >= 2 and bool(_DAY.fullmatch(path.name))


def read_messages(file: File) -> Iterator[Message]:
    """The messages of an export."""
    with file.open() as opened:
        is_archive = opened.read(4) == b"PK\x03\x04"
    if not is_archive:
        names = _read_names_beside(file.path)
        yield from _read_day(file.text(), file, names, "")
        return
    with file.open() as opened, guard.open_archive(opened, file.name, "a Slack export") as archive:
        members = sorted(archive.members)
        users = [name for name in members if PurePosixPath(name).name == USERS]
        names = _parse_names(archive.read_whole(users[0])) if users else {}
        for name in filter(is_day, members):
            blocks = archive.read(name)
            text = encodings.decode_blocks(blocks, f"{file.name}:{name}", "").pieces
            yield from _read_day(text, file, names, name)


def _read_names_beside(path: Path | None) -> dict[str, str]:
    """The names of people in the file beside the folder of a channel, if it is there."""
    users = path.absolute().parents[1] / USERS if path else None
    if users is None or not users.is_file() or users.stat().st_size > _LARGEST:
        return {}
    return _parse_names(users.read_bytes())


def _parse_names(data: bytes) -> dict[str, str]:
    """The names of people by their ids; nothing of what cannot be read."""
    try:
        users = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    found = {}
    for user in users if isinstance(users, list) else []:
        if isinstance(user, dict) and isinstance(user.get("id"), str):
            found[user["id"]] = _name(user, user.get("profile")) or user["id"]
    return found


def _name(user: dict[str, Any], profile: Any) -> str:
    """What a person is called: as they wish, or by their name."""
    known = profile if isinstance(profile, dict) else {}
    names = [known.get("display_name"), known.get("real_name")]
    names += [user.get("real_name"), user.get("name")]
    return next((name for name in names if name and isinstance(name, str)), "")


def _read_day(
    text: Iterable[str], file: File, names: dict[str, str], talk: str
) -> Iterator[Message]:
    """The messages of one day."""
    values = JsonText(text, file.name)
    for _ in values.enter():
        one = values.read()
        if not isinstance(one, dict) or one.get("type") != "message":
            file.account.left["other record"] += 1
        elif one.get("bot_id") or one.get("subtype") == "bot_message":
            file.account.left["bot message"] += 1
        elif one.get("subtype") not in _SAID:
            file.account.left["system line (who joined, topics, calls)"] += 1
        else:
            files = one.get("files")
            file.account.left["attachment"] += len(files) if isinstance(files, list) else 0
            file.account.left["list of reactions"] += bool(one.get("reactions"))
            user = str(one.get("user") or "unknown")
            speaker = names.get(user) or _name({}, one.get("user_profile")) or user
            yield Message(speaker, read_text(str(one.get("text") or ""), names), talk)


def read_text(text: str, names: dict[str, str]) -> str:
    """A text as people read it: names for ids, and signs for their entities.

    >>> read_text("<@U1> see <https://a.org|this> &amp; <!here>", {"U1": "Anna"})
    '@Anna see this & @here'
    """

    def replace(found: re.Match[str]) -> str:
        mark, target, shown = found.groups()
        if mark == "@":
            return f"@{names.get(target) or shown or target}"
        if mark == "#":
            return f"#{shown or target}"
        if mark == "!":
            return shown or f"@{target.partition('^')[0]}"
        return shown or target

    return html.unescape(_ENTITY.sub(replace, text))
