"""The members of a ZIP archive as sources. Knows nothing of how any form is read."""

import weakref
from collections.abc import Collection, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import PurePosixPath
from zipfile import BadZipFile, ZipFile, ZipInfo

from burble.data.dumps import archives
from burble.data.source import Source
from burble.errors import SourceError
from burble.formatting import command_line, listed, shown, some

_MOST = 20
_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")


def is_zip(head: bytes) -> bool:
    """Whether a file is a ZIP archive, by its first bytes."""
    return head.startswith(_MAGIC)


class Members:
    """The members of an archive that are files and not hidden.

    Args:
        source: The archive.

    Attributes:
        hidden: The names of those that are.

    Raises:
        SourceError: It is damaged, or made to fill a disk.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        with ExitStack() as stack:
            file = stack.enter_context(source.open())
            self._archive = archives.open_zip(file, source.name, source.size)
            # It is read as long as any member may be.
            weakref.finalize(self._archive, stack.pop_all().close)
        files = [one for one in self._archive.filelist if not one.is_dir()]
        self._found = {one.filename: one for one in files if not _is_hidden(one)}
        self.hidden = [one.filename for one in files if _is_hidden(one)]

    def __len__(self) -> int:
        """How many there are."""
        return len(self._found)

    def __iter__(self) -> Iterator[Source]:
        """All of them, by their paths."""
        for name in sorted(self._found, key=lambda name: PurePosixPath(name).parts):
            yield self._open(self._found[name])

    def find(self, named: str) -> tuple[Source, str]:
        """The member that was named, by its path or by its last part, and what follows it.

        Args:
            named: `inner.csv`, or `inner.csv:body`.

        Raises:
            SourceError: There is none, or there are several.
        """
        places = [len(named), *(i for i, letter in enumerate(named) if letter == ":")]
        for place in places:
            name, part = named[:place], named[place + 1 :]
            if name in self._found:
                return self._open(self._found[name]), part
        for place in places:
            name, part = named[:place], named[place + 1 :]
            alike = [one for one in self._found if PurePosixPath(one).name == name]
            if len(alike) == 1:
                return self._open(self._found[alike[0]]), part
            if alike:
                several = listed([*map(shown, alike)], most=_MOST)
                raise SourceError(
                    f"{self._source.name} holds {len(alike):,} files {shown(name)}: {several}. "
                    "Name one with its folder."
                )
        raise SourceError(f"{self._source.name} holds no {shown(named)}. {self.describe()}")

    def describe(self, among: Collection[str] | None = None) -> str:
        """What it holds, and the command that reads one.

        Args:
            among: Members of which one can be read; None for all of them.
        """
        if not self._found:
            return "It holds no files."
        names = [
            f"  {shown(one.filename)}  ({some(one.file_size, 'byte')})"
            for one in [*self._found.values()][:_MOST]
        ]
        more = len(self._found) - len(names)
        table = "\n".join([*names, *([f"  … and {more:,} more"] if more else [])])
        likely = [self._found[one] for one in (self._found if among is None else among)]
        if not likely:
            return f"It holds:\n{table}"
        largest = max(likely, key=lambda one: one.file_size)
        command = command_line(["burble", "corpus", f"{self._source.name}:{largest.filename}"])
        return f"It holds:\n{table}\nOne is read by its name after a colon, such as:\n  {command}"

    def _open(self, info: ZipInfo) -> Source:
        """A member as a source."""
        name = f"{self._source.name}:{shown(info.filename)}"
        read = _Reader(self._archive, info, name)
        source = Source(name, info.file_size, read.read, path=self._source.path)
        return replace(source, member=info.filename)


class _Reader:
    """Reads a member again and again."""

    def __init__(self, archive: ZipFile, info: ZipInfo, name: str) -> None:
        self._archive, self._info, self._name = archive, info, name

    def read(self, size: int) -> Iterator[bytes]:
        """Its bytes, in blocks of at most so many.

        Raises:
            SourceError: It is damaged.
        """
        try:
            with archives.open_member(self._archive, self._info, self._name) as file:
                while block := file.read(size):
                    yield block
        except (BadZipFile, *archives.DAMAGE) as error:
            raise SourceError(
                f"{self._name} cannot be unpacked: {archives.explain(error)}. Make the archive "
                "again, or fetch it again."
            ) from error


def _is_hidden(info: ZipInfo) -> bool:
    """Whether a member is hidden, or is what a Mac keeps beside a file."""
    parts = PurePosixPath(info.filename).parts
    return any(part.startswith(".") or part == "__MACOSX" for part in parts)
