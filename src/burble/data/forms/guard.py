"""Limits of what a file may ask for, so that a hostile one is refused before it does harm.

Archives are not unpacked beyond a size, XML is read as it comes, without entities and without
fetching anything. Knows no form.
"""

import html
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from errno import EINVAL
from functools import partial
from typing import BinaryIO
from xml.parsers import expat
from zipfile import BadZipFile, ZipFile, ZipInfo
from zlib import error as ZlibError

from burble.errors import SourceError, StorageError
from burble.formatting import shown


@dataclass(frozen=True)
class Limits:
    """What a file may hold.

    Attributes:
        unpacked: Bytes of one member of an archive, unpacked.
        ratio: How many times as large it may become as it is packed, above `small`.
        small: Bytes that a member may always have.
        members: Files in one archive.
        depth: Elements within each other.
    """

    unpacked: int = 1 << 28
    ratio: int = 300
    small: int = 1 << 24
    members: int = 65_000
    depth: int = 400


LIMITS = Limits()
_BLOCK = 1 << 16


@contextmanager
def open_archive(
    file: BinaryIO, name: str, what: str, limits: Limits = LIMITS
) -> Iterator["Archive"]:
    """A ZIP archive whose members are read within limits.

    Args:
        file: Its bytes.
        name: What to call it in messages.
        what: What it should be, with its article.
        limits: What it may hold.

    Raises:
        SourceError: It is damaged, or asks for too much; also while it is read.
    """
    try:
        with ZipFile(file) as archive:
            count = len(archive.infolist())
            if count > limits.members:
                raise SourceError(
                    f"{name} holds {count:,} files, and {what} holds {limits.members:,} at most. "
                    "Leave it out."
                )
            yield Archive(archive, name, limits)
    except (StorageError, SourceError):
        raise
    except (BadZipFile, ZlibError, EOFError, NotImplementedError, ValueError, OSError) as error:
        # A damaged list of members sends the reader to places that are none (EINVAL).
        if isinstance(error, OSError) and error.errno != EINVAL:
            raise
        raise SourceError(
            f"{name} looks like {what}, but its archive is damaged: {error}. Get a whole copy of "
            "it, or save it again."
        ) from error
    except RuntimeError as error:
        if "encrypted" not in str(error):
            raise
        raise SourceError(
            f"{name} is locked with a password. Save it without one, or leave it out."
        ) from error


class Archive:
    """The members of a ZIP archive.

    Args:
        archive: The archive.
        name: What to call it.
        limits: What it may hold.
    """

    def __init__(self, archive: ZipFile, name: str, limits: Limits) -> None:
        self._archive, self._name, self._limits = archive, name, limits
        self._known = {one.filename: one for one in archive.infolist()}

    def __contains__(self, member: object) -> bool:
        """Whether there is a member of that name."""
        return member in self._known

    @property
    def members(self) -> list[str]:
        """The names of all members, in the order of the archive."""
        return [*self._known]

    def read(self, member: str) -> Iterator[bytes]:
        """The bytes of a member in blocks; none where there is no such member.

        Raises:
            SourceError: It becomes too large.
        """
        info = self._known.get(member)
        if info is None:
            return
        done = 0
        with self._archive.open(info) as file:
            while block := file.read(_BLOCK):
                done += len(block)
                self._check(info, done)
                yield block

    def read_whole(self, member: str, most: int = 1 << 26) -> bytes:
        """All bytes of a member that is small by its nature.

        Raises:
            SourceError: It has more than `most`.
        """
        parts, done = list[bytes](), 0
        for block in self.read(member):
            parts.append(block)
            done += len(block)
            if done > most:
                raise self._refuse(member, f"more than {most:,} bytes")
        return b"".join(parts)

    def _check(self, info: ZipInfo, done: int) -> None:
        """Refuses a member of which so many bytes are unpacked; what its header says is no proof.

        Raises:
            SourceError: They are too many.
        """
        packed = max(1, info.compress_size)
        if done > self._limits.unpacked:
            raise self._refuse(info.filename, f"more than {self._limits.unpacked:,} bytes")
        if done > self._limits.small and done > packed * self._limits.ratio:
            raise self._refuse(info.filename, f"more than {self._limits.ratio} times its size")

    def _refuse(self, member: str, size: str) -> SourceError:
        """What to say of a member that becomes too large."""
        return SourceError(
            f"{self._name} is not read: {shown(member)} in it unpacks to {size}, as archives do "
            "that are made to fill a memory. If it is honest, save its text by itself."
        )


Start = Callable[[str, dict[str, str]], object]
Take = Callable[[str], object]


def parse_xml(
    blocks: Iterator[bytes],
    name: str,
    start: Start,
    end: Take,
    text: Take,
    limits: Limits = LIMITS,
) -> Iterator[None]:
    """Reads XML block by block; nothing outside of it is looked at, and entities are refused.

    Args:
        blocks: Its bytes.
        name: What to call the file in messages.
        start: Takes the name of each element and its attributes. Names keep their prefixes.
        end: Takes the name of each element that ends.
        text: Takes the text between, in pieces.
        limits: What it may hold.

    Yields:
        After each block, so that what was found in it can be taken.

    Raises:
        SourceError: It is no XML, declares entities, or is nested too deep.
    """
    parser = _make_parser(name, start, end, text, limits.depth)
    try:
        for block in blocks:
            parser.Parse(block, False)
            yield
        parser.Parse(b"", True)
        yield
    except expat.ExpatError as error:
        raise SourceError(
            f"{name} is damaged: its XML breaks off at line {error.lineno:,}, column "
            f"{error.offset:,} ({expat.ErrorString(error.code)}). Save it again."
        ) from error


def _make_parser(name: str, start: Start, end: Take, text: Take, most: int) -> expat.XMLParserType:
    """A parser that refuses entities, and elements that lie more than `most` deep in each other."""
    parser, depth = expat.ParserCreate(), 0

    def begin(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > most:
            raise SourceError(
                f"{name} is not read: its elements lie more than {most} deep in each other, as no "
                "program writes them. Save it again."
            )
        start(tag, attributes)

    def finish(tag: str) -> None:
        nonlocal depth
        depth -= 1
        end(tag)

    # A piece of text is as long as the parser can make it.
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = begin, finish
    parser.CharacterDataHandler = text
    parser.EntityDeclHandler = partial(_refuse_entity, name)
    # With a document type, which is not fetched, names of letters would be passed over.
    parser.SkippedEntityHandler = lambda entity, _: text(html.unescape(f"&{entity};"))
    return parser


def _refuse_entity(name: str, entity: str, *_declared: object) -> None:
    """Refuses a declaration of an entity, in the file of that name."""
    raise SourceError(
        f"{name} is not read: it declares an entity ({shown(entity)}), which may grow without end "
        "or name other files. Save it again without a document type."
    )
