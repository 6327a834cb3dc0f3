"""One text as it came: its bytes, in blocks or as a file, and what to call it.

Knows nothing of where texts are looked for, nor of what is in them.
"""

import io
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol, cast

from burble import files
from burble.data.chats.people import People
from burble.data.forms.form import File
from burble.data.label_reader import NO_LABELS, LabelReader
from burble.errors import SourceError
from burble.formatting import shown
from burble.settings import SourceSettings

_BLOCK = 1 << 20
_SPOOLED = 1 << 24
"""Bytes of a source that is no file by itself, above which it is put on the disk to be read."""


@dataclass(frozen=True)
class Source:
    """One text as it came.

    Attributes:
        name: What to call it.
        size: Its bytes.
        read: Its bytes again from the start, in blocks of at most so many.
        form: Plain text, a table of which one part is text, a book of Project Gutenberg, or the
            name of a form; see `forms.registry`.
        part: The column or field of a table.
        encoding_is_known: Whether a byte-order mark tells its encoding, or it comes with Python,
            or its form tells it.
        path: The file it is, or lies in, if there is one.
        opened: Opens the file that it is by itself; None where it is none.
        member: Which part of that file it is: the member of an archive.
        is_among: Whether its part was named of several files at once, so that it may lack it.
        looks_like: What plain text looks like that may be meant to be read otherwise: marked, for
            Markdown and LaTeX; XML; book, for one of Project Gutenberg. Empty otherwise.
    """

    name: str
    size: int
    read: Callable[[int], Iterator[bytes]]
    form: str = "text"
    part: str = ""
    encoding_is_known: bool = False
    path: Path | None = None
    opened: Callable[[], BinaryIO] | None = None
    member: str = ""
    is_among: bool = False
    looks_like: str = ""

    @property
    def delimited(self) -> bool:
        """Whether it is a table of cells with a delimiter between them."""
        return self.form == "table"

    @property
    def own_labels(self) -> dict[str, str]:
        """What a file itself says of its text: its name without the ending, and its folder's."""
        if self.path is None:
            return {}
        whole = self.path.absolute() / PurePosixPath(self.member)
        return {"file": shown(whole.stem), "folder": shown(whole.parent.name)}

    def open(self) -> BinaryIO:
        """Opens it from the start; what comes can be sought in."""
        if self.opened:
            return self.opened()
        if self.size <= _SPOOLED:
            return io.BytesIO(b"".join(self.read(_BLOCK)))
        with ExitStack() as stack, files.explain_errors(Path(tempfile.gettempdir())):
            file = stack.enter_context(tempfile.TemporaryFile())
            for block in self.read(_BLOCK):
                file.write(block)
            file.seek(0)
            stack.pop_all()
        return cast(BinaryIO, file)

    def as_file(
        self,
        reading: SourceSettings,
        labels: LabelReader = NO_LABELS,
        people: People | None = None,
    ) -> File:
        """What the reader of its form gets."""
        name = self.name.removesuffix(f":{shown(self.part)}") if self.part else self.name
        path = self.path if self.opened else None
        found = File(name, self.size, self.open, path, self.part, reading, labels)
        return replace(found, people=people) if people else found


def from_bytes(name: str, data: bytes, form: str = "text") -> Source:
    """A source whose bytes are at hand.

    >>> list(from_bytes("a", b"abc").read(2))
    [b'ab', b'c']
    """

    def read(size: int) -> Iterator[bytes]:
        return (data[i : i + size] for i in range(0, len(data), size))

    return Source(name, len(data), read, form)


def open_file(path: Path) -> Source:
    """A file as a source, opened once to see that it can be."""
    try:
        if not path.is_file():
            # A pipe or a device can be read only once.
            with path.open("rb") as file:
                return spool_stream(shown(path), file)
        with path.open("rb"):
            size = path.stat().st_size
    except OSError as error:
        raise SourceError(describe_unreadable(path, error)) from error

    def read(size: int) -> Iterator[bytes]:
        try:
            with path.open("rb") as file:
                while block := file.read(size):
                    yield block
        except OSError as error:
            raise SourceError(describe_unreadable(path, error)) from error

    return Source(shown(path), size, read, path=path, opened=lambda: path.open("rb"))


def find_beside(path: Path, ends: Iterable[str]) -> list[Path]:
    """Files beside another whose names are its own with an ending, and that are not empty."""
    found = (Path(f"{path}{end}") for end in ends)
    return [path for path in found if path.is_file() and path.stat().st_size]


def with_beside(source: Source, ends: Iterable[str]) -> Source:
    """A file together with what lies beside it, by whose bytes it is known too."""
    others = [open_file(path) for path in find_beside(source.path, ends)] if source.path else []
    if not others:
        return source
    parts = [source, *others]

    def read(size: int) -> Iterator[bytes]:
        return chain.from_iterable(part.read(size) for part in parts)

    return replace(source, size=sum(part.size for part in parts), read=read)


def describe_unreadable(path: Path, error: OSError) -> str:
    """What to say where the system refuses to read."""
    return f"cannot read {shown(path)}: {error.strerror}. Name a file that you may read."


class Readable(Protocol):
    """What can be read once, from its start to its end."""

    def read(self, size: int, /) -> bytes:
        """The next bytes, at most so many; none at the end."""
        ...


def spool_stream(name: str, stream: Readable) -> Source:
    """What can be read only once, kept in an unnamed file."""

    def read(size: int) -> Iterator[bytes]:
        spool.seek(0)
        while block := spool.read(size):
            yield block

    spool = files.open_unnamed(read)
    while block := stream.read(_BLOCK):
        with files.explain_errors(Path(tempfile.gettempdir())):
            spool.write(block)
    return Source(name, spool.tell(), read)
