"""What a form of file is, what its reader gets, and what it tells. Knows no form.

A reader takes one file and writes the text of each document in it. Whatever it does not write it
counts, so that nothing is left out in silence.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, BinaryIO
from zipfile import BadZipFile, ZipFile
from zlib import error as ZlibError

from burble.data import encodings
from burble.data.chats.people import People
from burble.data.dumps.fields import Fields
from burble.data.label_reader import NO_LABELS, LabelReader
from burble.errors import SourceError
from burble.formatting import Note, listed, some
from burble.settings import DEFAULT_READING, SourceSettings

Write = Callable[[Iterable[str]], object]
"""Takes the text of one document, in pieces that are cut anywhere."""
EXTRA = "pip install 'burble[texts]'"
_REST = re.compile(r" (?=\(|(?:of|or|in|with|without|beside|outside|moved|at|from|that|for) )")
"""Where the name of a thing goes on after its first noun."""
_TYPE, _TYPE_SIZE = "mimetype", 256
"""The member of a document that says what it is, and how many bytes of it are looked at."""
_DAMAGE = (BadZipFile, ZlibError, OSError, EOFError, ValueError, RuntimeError)
_BLOCK = 1 << 16
_MANY = 20
"""Places that are told at most."""


@dataclass
class Account:
    """What was taken of a file and what was left, counted by what a person calls it.

    Attributes:
        taken: How many of each thing were read, by its name in the singular.
        left: How many of each were left out.
        changed: How many of each were read otherwise than they stand there.
    """

    taken: Counter[str] = field(default_factory=Counter)
    left: Counter[str] = field(default_factory=Counter)
    changed: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Account") -> None:
        """Adds the counts of another."""
        self.taken += other.taken
        self.left += other.left
        self.changed += other.changed

    def describe(self) -> str:
        """The counts as sentences; empty where there are none.

        >>> Account(Counter({"paragraph": 2}), Counter({"comment": 1})).describe()
        'Read: 2 paragraphs. Left out: 1 comment.'
        """
        parts = {"Read": self.taken, "Left out": self.left, "Changed": self.changed}
        return " ".join(
            f"{name}: {', '.join(_some(n, noun) for noun, n in counts.items() if n)}."
            for name, counts in parts.items()
            if counts.total()
        )

    def to_json(self) -> dict[str, dict[str, int]]:
        """The counts in JSON types."""
        return {name: {**+counts} for name, counts in vars(self).items()}


def _some(count: int, noun: str) -> str:
    """A number of things, of whose name the first noun has a plural.

    >>> _some(2, "block of code"), _some(2, "entry"), _some(1, "table (as lines)")
    ('2 blocks of code', '2 entries', '1 table (as lines)')
    """
    head, *_ = _REST.split(noun, maxsplit=1)
    rest = noun[len(head) :]
    if count != 1 and head.endswith("y") and head[-2:-1] not in "aeiou":
        head = f"{head[:-1]}ie"
    return f"{some(count, head)}{rest}"


@dataclass(frozen=True)
class File:
    """A file as its reader gets it.

    Attributes:
        name: What to call it in messages.
        size: Its bytes.
        open: Opens it again, from the start; what comes can be sought in.
        path: Where it lies, if it lies anywhere by itself.
        part: What was named after the colon; empty where nothing was.
        reading: How sources are read.
        labels: Takes the labels of each document before its text is written.
        account: Where to count what was taken and left.
        people: Those who speak in all chats that are read together.
    """

    name: str
    size: int
    open: Callable[[], BinaryIO]
    path: Path | None = None
    part: str = ""
    reading: SourceSettings = DEFAULT_READING
    labels: LabelReader = NO_LABELS
    account: Account = field(default_factory=Account)
    people: People = field(default_factory=People)

    def blocks(self) -> Iterator[bytes]:
        """Its bytes in blocks."""
        with self.open() as file:
            while block := file.read(_BLOCK):
                yield block

    def text(self, encoding: str = "") -> Iterator[str]:
        """It as text, as plain text is read: in pieces, its encoding checked.

        Args:
            encoding: What the file itself says; one that a person names goes before.

        Raises:
            EncodingError: It is no text in that encoding.
        """
        named = self.reading.encoding or encoding
        return encodings.decode_blocks(self.blocks(), self.name, named, self.blocks).pieces


Read = Callable[[File, Write], list[Note]]


@dataclass(frozen=True)
class Probe:
    """What is looked at of a file to tell its form.

    Attributes:
        name: Its name in small letters.
        head: Its first bytes, at most `encodings.HEAD`.
        open: See `File`.
        plain: Whether prose is wanted of what can be read as it stands, too.
    """

    name: str
    head: bytes
    open: Callable[[], BinaryIO]
    plain: bool = False

    @property
    def members(self) -> frozenset[str]:
        """The names in it, where it is a ZIP archive."""
        return self._archive[0]

    @property
    def told_type(self) -> bytes:
        """What it says that it is, where it is a ZIP archive that says so."""
        return self._archive[1]

    def read_member(self, pattern: re.Pattern[str], most: int) -> bytes:
        """The first bytes of a member of such a name, where it is a ZIP archive that has one."""
        name = min(filter(pattern.fullmatch, self.members), default="")
        if not name:
            return b""
        try:
            with self.open() as file, ZipFile(file) as archive, archive.open(name) as member:
                return member.read(most)
        except _DAMAGE:
            return b""

    @cached_property
    def _archive(self) -> tuple[frozenset[str], bytes]:
        """The names in an archive, and what it says that it is."""
        if not self.head.startswith(b"PK\x03\x04"):
            return frozenset(), b""
        try:
            with self.open() as file, ZipFile(file) as archive:
                members = frozenset(archive.namelist())
                if _TYPE not in members:
                    return members, b""
                with archive.open(_TYPE) as told:
                    return members, told.read(_TYPE_SIZE)
        except _DAMAGE:
            return frozenset(), b""


@dataclass(frozen=True)
class Form:
    """A form of file.

    Attributes:
        name: What it is called in a source and in the cache.
        what: What a person calls such a file, with its article.
        plural: The same for several.
        suffixes: Endings that such files have, in small letters.
        recognize: Whether a file is of it: by content where that tells, or by its ending.
        module: Where its `read(file, write)` is, which gives sentences besides the counts; empty
            where there is a `cure`.
        needs: The package that it cannot be read without.
        install: The line that installs that.
        has_parts: Whether `FILE:PART` names a part of such a file.
        needs_part: Whether nothing can be read of such a file unless a part is named. Its module
            then has `find_fields(file)`, too.
        tells_encoding: Whether a named encoding is none of its business.
        beside: Endings of files beside such a file that hold some of what is in it.
        cure: What to do with such a file, where it is not read at all.
    """

    name: str
    what: str
    plural: str
    suffixes: tuple[str, ...]
    recognize: Callable[[Probe], bool]
    module: str = ""
    needs: str = ""
    install: str = EXTRA
    has_parts: bool = False
    needs_part: bool = False
    tells_encoding: bool = True
    beside: tuple[str, ...] = ()
    cure: str = ""

    @property
    def is_missing(self) -> bool:
        """Whether the package that it needs is not installed."""
        return bool(self.needs) and find_spec(self.needs) is None

    def check(self, name: str) -> None:
        """Refuses a file that cannot be read here.

        Raises:
            SourceError: It is not read at all, or the package is not installed; says what to do.
        """
        if self.cure:
            raise SourceError(f"{name} is {self.what}, which is not read. {self.cure}")
        if self.is_missing:
            raise SourceError(
                f"{name} is {self.what}. To read it, {self.needs} is needed, which is not "
                f"installed. Install it with: {self.install}"
            )

    def find_fields(self, file: File) -> Fields:
        """The fields of a file of which a part must be named, each with a sample."""
        self.check(file.name)
        fields: Fields = import_module(self.module).find_fields(file)
        return fields

    def list_fields(self, file: File) -> str:
        """What to say of a file of which a part must be named, and none is."""
        fields = self.find_fields(file)
        return fields.describe(file.name, self.what, as_text=not self.tells_encoding)

    def read(self, file: File, write: Write) -> list[Note]:
        """Reads a file of this form; see `read` of its module."""
        self.check(file.name)
        read: Read = import_module(self.module).read
        return read(file, write)


def describe_accounts(accounts: Sequence[tuple[str, Form, Account]]) -> list[str]:
    """One sentence for all files of a form: how they were read, and what was left.

    Args:
        accounts: The name, the form and the account of each file.
    """
    alike: dict[Form, list[tuple[str, Account]]] = {}
    for name, form, account in accounts:
        # Whoever names a field knows what the file is.
        if not form.needs_part or account != Account():
            alike.setdefault(form, []).append((name, account))
    sentences = []
    for form, files in alike.items():
        total = Account()
        for _, account in files:
            total.add(account)
        names = [name for name, _ in files]
        first = (
            f"{names[0]} is read as {form.what}."
            if len(names) == 1
            else f"{len(names):,} files are read as {form.plural}: {listed(names)}."
        )
        sentences.append(f"{first} {total.describe()}".strip())
    return sentences


def list_places(numbers: Sequence[int]) -> str:
    """Numbers of pages or their like, ranges as such.

    >>> list_places([1, 2, 3, 7])
    '1-3, 7'
    """
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    words = [str(a) if a == b else f"{a}-{b}" for a, b in ranges]
    return listed(words, most=_MANY)


def to_json(accounts: Sequence[tuple[str, Form, Account]]) -> list[dict[str, Any]]:
    """The accounts of all files in JSON types."""
    return [
        {"source": name, "form": form.name, **account.to_json()} for name, form, account in accounts
    ]
