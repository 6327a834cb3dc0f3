"""Chats for tests, all of them made up, in the forms that programs export."""

import json
from itertools import pairwise
from pathlib import Path

from burble.data import corpus
from burble.settings import SourceSettings, TextSettings

MARK = "\u200e"
IPHONE = f"""\
{MARK}[24/12/2023, 18:03:12] Family: {MARK}Messages and calls are end-to-end encrypted.
[24/12/2023, 18:03:12] Anna Berg: Hi all
second line
[24/12/2023, 18:04:00] Ben: {MARK}image omitted
[24/12/2023, 18:05:00] ~\u202fCarl: so be it, Anna {MARK}<This message was edited>
{MARK}[24/12/2023, 18:05:10] Ben: {MARK}You deleted this message.
[24/12/2023, 18:06:00] Ben: 12:30 at Carl's: bring tea
"""
ANDROID = """\
12/24/23, 6:03\u202fPM - Messages and calls are end-to-end encrypted. Tap to learn more.
12/24/23, 6:03\u202fPM - Anna changed the subject to "tea: now"
12/24/23, 6:04\u202fPM - Anna Berg: Hello
12/24/23, 6:05\u202fPM - Ben: <Media omitted>
12/24/23, 6:05\u202fPM - Ben: IMG-20231224-WA0001.jpg (file attached)
the cat
12/24/23, 6:06\u202fPM - Anna Berg: This message was deleted
12/24/23, 6:07\u202fPM - Ben: null
12/24/23, 6:08\u202fPM - Anna Berg: fine
"""
SLACK_DAY = [
    {"type": "message", "user": "U1", "text": "hi <@U2> &amp; all", "ts": "1700000000.000100"},
    {"type": "message", "subtype": "channel_join", "user": "U2", "ts": "1700000001.000100"},
    {"type": "message", "bot_id": "B1", "text": "beep", "ts": "1700000002.000100"},
    {"type": "message", "user": "U2", "text": "yo", "ts": "1700000003.000100"},
]
SLACK_USERS = [
    {"id": "U1", "name": "a", "profile": {"display_name": "Anna"}},
    {"id": "U2", "name": "ben", "profile": {"display_name": ""}},
]


def write_slack(folder: Path) -> None:
    """A workspace of one channel and one day."""
    (folder / "general").mkdir(parents=True)
    (folder / "users.json").write_text(json.dumps(SLACK_USERS))
    (folder / "channels.json").write_text(json.dumps([{"id": "C1", "name": "general"}]))
    (folder / "general" / "2024-01-01.json").write_text(json.dumps(SLACK_DAY))


def read_chat(path: Path, content: str = "", label=("speaker",), **reading):
    """The documents of a chat with their labels, and the notes."""
    if content:
        path.write_text(content, encoding="utf-8")
    settings = TextSettings(label=label)
    found = corpus.build([str(path)], settings, validation=0.0, reading=SourceSettings(**reading))
    edge = found.vocabulary.boundary_id
    bounds = pairwise([*found.encoded.starts.tolist(), len(found.encoded.ids)])
    parts = [found.encoded.ids[a : b - (edge is not None)] for a, b in bounds]
    texts = [*map(found.vocabulary.decode, parts)]
    if not label:
        return [*zip(texts, texts, strict=True)], found.notes
    rows = map(found.labels.names.describe, found.labels.numbers)
    return [*zip([row.get("speaker") for row in rows], texts, strict=True)], found.notes
