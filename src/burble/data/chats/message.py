"""Messages of a chat, and how a reader writes them as documents. Knows no program's export."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from burble.data.chats.people import People
from burble.data.forms.form import File, Write
from burble.data.private import PrivateData
from burble.errors import SourceError
from burble.formatting import Note, listed, some
from burble.settings import SourceSettings

SPEAKER = "speaker"
"""The label that a message has."""
_NAMED = 8


class Message(NamedTuple):
    """What somebody said.

    Attributes:
        speaker: Who.
        text: What, of one line or several; empty where it was no text.
        talk: The channel or chat, where a file holds several.
    """

    speaker: str
    text: str
    talk: str = ""


ReadMessages = Callable[[File], Iterator[Message]]
"""Gives the messages of a file, and counts in its account what is none."""


@dataclass
class _Counts:
    """Counts the messages of each speaker, and those that a person wants."""

    file: File
    wanted: frozenset[str]

    def take(self, message: Message) -> bool:
        """Counts a message; whether it is to be written."""
        if not message.text.strip():
            self.file.account.left["message without text"] += 1
            return False
        self.file.people.spoken[message.speaker] += 1
        if self.wanted and message.speaker.casefold() not in self.wanted:
            self.file.account.left["message (of other speakers)"] += 1
            return False
        self.file.account.taken["message"] += 1
        return True


def write_messages(file: File, write: Write, read_messages: ReadMessages) -> list[Note]:
    """Reads a chat: each message as a document, or each talk.

    Args:
        file: The export.
        write: Takes the text of each document.
        read_messages: Reads the messages of that program's exports.

    Returns:
        Nothing: of all chats that are read together it is told at once; see `describe_speakers`.
    """
    reading = file.reading
    file.people.chats.append(file.name)
    counts = _Counts(file, frozenset(one.casefold() for one in reading.speaker))
    messages = filter(counts.take, read_messages(file))
    people = file.people if reading.mask_names else None
    if reading.chat == "talk":
        if SPEAKER in file.labels.columns:
            raise SourceError(
                "--label speaker labels messages, and --chat talk makes one document of a whole "
                "talk. Leave out one of them."
            )
        file.labels.begin_table(file.name, [], ())
        _write_talks(messages, write, people)
    else:
        _write_each(messages, file, write, people)
    return []


def _write_each(
    messages: Iterable[Message], file: File, write: Write, people: People | None
) -> None:
    """Writes each message as a document, with its speaker as label."""
    columns = file.labels.columns
    file.labels.begin_table(file.name, [SPEAKER], [one for one in columns if one == SPEAKER])
    for speaker, text, _ in messages:
        if people:
            speaker, text = people.mask(speaker), people.mask_text(text)
        elif file.reading.mask_private:
            # Whoever is in no address book is called by a number.
            speaker = PrivateData(is_masked=True).mask(speaker)
        file.labels.set_row([speaker if one == SPEAKER else None for one in columns])
        write([text])


def _write_talks(messages: Iterable[Message], write: Write, people: People | None) -> None:
    """Writes each talk as a document: a line for each message, its speaker first."""
    talks = _Peekable(messages)
    while talks.first is not None:
        write(_join_talk(talks, talks.first.talk, people))


class _Peekable:
    """Messages of which the first can be looked at."""

    def __init__(self, messages: Iterable[Message]) -> None:
        self._rest = iter(messages)
        self.first = next(self._rest, None)

    def take(self) -> Message | None:
        """The first, after which the next is the first."""
        taken, self.first = self.first, next(self._rest, None)
        return taken


def _join_talk(talks: _Peekable, talk: str, people: People | None) -> Iterator[str]:
    """The lines of the messages up to the end of a talk."""
    between = ""
    while talks.first is not None and talks.first.talk == talk:
        message = talks.take()
        if message:
            speaker, text = message.speaker, message.text
            if people:
                speaker, text = people.mask(speaker), people.mask_text(text)
            yield f"{between}{speaker}: {text}"
            between = "\n"


def describe_speakers(people: People, reading: SourceSettings, columns: Sequence[str]) -> list[str]:
    """Who speaks, the most talkative first, and what can be done with that; empty without a chat.

    Args:
        people: Who speaks in all chats that were read.
        reading: How they were read.
        columns: The labels that are learned.
    """
    spoken = people.spoken
    if not spoken:
        return []
    shown = people.mask if reading.mask_names else str
    named = listed(
        [f"{shown(name)} {count:,}" for name, count in spoken.most_common()], most=_NAMED
    )
    chats = people.chats
    where = chats[0] if len(chats) == 1 else f"{len(chats):,} chats"
    found = f"{some(len(spoken), 'speaker')}: {named}."
    if reading.speaker and not {*map(str.casefold, spoken)} & {*map(str.casefold, reading.speaker)}:
        return [f"{where}: no message of {listed(reading.speaker)}. There are {found}"]
    advice = ""
    if not reading.speaker and not columns and reading.chat == "message":
        advice = " --label speaker learns who says what, --speaker NAME one of them alone."
    return [f"{where}: {found}{advice}"]


def strip_ends(lines: Sequence[str]) -> str:
    """Lines joined, without blank ones at the end."""
    return "\n".join(lines).rstrip()
