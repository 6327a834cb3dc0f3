"""Messages of a chat, and how a reader writes them as documents. Knows no program's export."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from burble.data.chats.people import People
from burble.data.forms.form import File, Write
from burble.data.private import PrivateData
from burble.errors import SourceError
from burble.formatting import Note, listed, some

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
    """How many messages each speaker has, and those that a person wants."""

    file: File
    wanted: frozenset[str]
    by_speaker: dict[str, int] = field(default_factory=dict)

    def take(self, message: Message) -> bool:
        """Counts a message; whether it is to be written."""
        if not message.text.strip():
            self.file.account.left["message without text"] += 1
            return False
        self.by_speaker[message.speaker] = self.by_speaker.get(message.speaker, 0) + 1
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
        What to say of who speaks.
    """
    reading = file.reading
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
    return [*_describe_speakers(file, counts.by_speaker, counts.wanted)]


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


def _describe_speakers(
    file: File, by_speaker: dict[str, int], wanted: frozenset[str]
) -> Iterator[Note]:
    """Who speaks, the most talkative first, and what can be done with that."""
    if not by_speaker:
        return
    most = sorted(by_speaker.items(), key=lambda one: -one[1])
    shown = file.people.mask if file.reading.mask_names else str
    named = listed([f"{shown(name)} {count:,}" for name, count in most], most=_NAMED)
    found = f"{some(len(most), 'speaker')}: {named}."
    if wanted and wanted.isdisjoint(map(str.casefold, by_speaker)):
        yield Note(file.name, f"no message of {listed(file.reading.speaker)}. There are {found}")
        return
    advice = ""
    if not wanted and not file.labels.columns and file.reading.chat == "message":
        advice = " --label speaker learns who says what, --speaker NAME one of them alone."
    yield Note(file.name, f"{found}{advice}")


def strip_ends(lines: Sequence[str]) -> str:
    """Lines joined, without blank ones at the end."""
    return "\n".join(lines).rstrip()
