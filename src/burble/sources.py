"""Where text comes from: files, folders, tables, standard input, built in, Project Gutenberg.

Gives bytes with a name, in blocks. Knows nothing of symbols or ids.
"""

import glob
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Literal

from burble import folders, gutenberg, sniffing, storage, tables
from burble.errors import EncodingError, SourceError
from burble.settings import AS_IT_COMES, SourceSettings
from burble.wording import shown

_BUILTIN = "builtin:"
_GUTENBERG = "gutenberg:"
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Source:
    """One text as it came.

    Attributes:
        name: What to call it.
        size: Its bytes.
        read: Its bytes again from the start, in blocks of at most so many.
        form: Plain text, a table of which one part is text, or a book of Project Gutenberg.
        part: The column or field of a table.
        marked: Whether a byte-order mark tells its encoding.
        path: The file it is, if it is one.
    """

    name: str
    size: int
    read: Callable[[int], Iterator[bytes]]
    form: Literal["text", "table", "book"] = "text"
    part: str = ""
    marked: bool = False
    path: Path | None = None


def from_bytes(name: str, data: bytes, form: Literal["text", "table", "book"] = "text") -> Source:
    """A source whose bytes are at hand.

    >>> list(from_bytes("a", b"abc").read(2))
    [b'ab', b'c']
    """

    def read(size: int) -> Iterator[bytes]:
        return (data[i : i + size] for i in range(0, len(data), size))

    return Source(name, len(data), read, form)


def read(
    arguments: Iterable[str], reading: SourceSettings = AS_IT_COMES
) -> tuple[list[Source], list[str]]:
    """Finds all that the arguments name, in their order; a folder's files by their paths.

    Args:
        arguments: Paths of files or folders, patterns, `table.csv:column`, `table.tsv:2`,
            `rows.jsonl:field`, `-` for standard input, `builtin:python-docs`, `gutenberg:11`.
        reading: How the sources are read.

    Returns:
        The sources, and a sentence for each thing that was passed over.

    Raises:
        SourceError: Something is missing, unreadable or not text.
    """
    found: list[Source] = []
    notes: list[str] = []
    seen: set[str] = set()
    for argument in arguments:
        for source in _open(argument, reading, notes):
            # A text read twice would stand in the held-out part and in the training too.
            if source.name in seen and source.form != "table":
                notes.append(f"{source.name} is named more than once and was read once.")
            else:
                found.append(source)
            seen.add(source.name)
    if not found:
        raise SourceError("there is no text to read; name a file, a folder, or - for input.")
    return found, notes


def named(arguments: Iterable[str]) -> list[Path]:
    """The files that are named outright, with or without a column."""
    parted = ((name, name.rpartition(":")[0]) for name in arguments)
    return [Path(name) for pair in parted for name in pair if name and os.path.isfile(name)]


def _open(argument: str, reading: SourceSettings, notes: list[str]) -> list[Source]:
    """The sources one argument names."""
    encoding = reading.encoding
    if argument == "-":
        return [_checked(_spooled("standard input", sys.stdin.buffer), encoding)]
    if argument.startswith(_BUILTIN):
        return [_builtin(argument)]
    if argument.startswith(_GUTENBERG):
        data = gutenberg.fetch(argument.removeprefix(_GUTENBERG), reading.mirror)
        return [from_bytes(argument, data, "book")]
    path = Path(argument)
    if not argument:
        raise SourceError(folders.missing(path, argument))
    if os.path.isdir(path):
        return _folder(path, encoding, notes)
    if os.path.exists(path):
        return [_file(path, encoding, notes)]
    table, colon, part = argument.rpartition(":")
    if colon and part and table.lower().endswith(tables.SUFFIXES) and os.path.isfile(table):
        source = replace(_reader(Path(table)), name=shown(argument), form="table", part=part)
        return [_checked(source, encoding)]
    if any(mark in argument for mark in "*?["):
        return _pattern(argument, encoding, notes)
    raise SourceError(folders.missing(path, argument))


def _pattern(argument: str, encoding: str, notes: list[str]) -> list[Source]:
    """The files that fit a pattern which the shell left as it was."""
    paths = [Path(name) for name in sorted(glob.glob(argument, recursive=True))]
    if not paths:
        raise SourceError(f"no file fits {shown(argument)}. Check the pattern, or name a folder.")
    files = [path for path in paths if path.is_file()]
    notes += [f"{shown(path)} is a folder and was passed over." for path in paths if path.is_dir()]
    return [_file(path, encoding, notes) for path in files]


def _file(path: Path, encoding: str, notes: list[str]) -> Source:
    """One file."""
    source = _reader(path)
    _hint(path, source, notes)
    return _checked(source, encoding)


def _checked(source: Source, encoding: str) -> Source:
    """The source, if its first bytes look like text."""
    kind = sniffing.kind(next(source.read(sniffing.HEAD), b""))
    if kind.binary and not (encoding and kind.binary == "a binary file"):
        write = f" To write with it: burble sample {source.name}." if "model" in kind.binary else ""
        raise SourceError(f"{source.name} is {kind.binary}, not text; leave it out.{write}")
    if kind.codec and not kind.marked and not encoding:
        raise EncodingError(
            f"{source.name} is {kind.codec} text without a byte-order mark; "
            f"add --encoding {kind.codec}."
        )
    return replace(source, marked=kind.marked)


def _hint(path: Path, source: Source, notes: list[str]) -> None:
    """Suggests a better way to read a table or a book that is read as plain text."""
    if path.suffix.lower() in tables.SUFFIXES:
        what = "field" if tables.is_json(path.name) else "column"
        notes.append(
            f"{source.name} is read as plain text; {source.name}:NAME would read one {what} of it."
        )
    head = next(source.read(sniffing.HEAD), b"")
    if gutenberg.has_marks(head.decode("latin-1")):
        notes.append(
            f"{source.name} has the header of Project Gutenberg, which is read as text. "
            "gutenberg:NUMBER would leave it out, or cut it off by hand."
        )


def _reader(path: Path) -> Source:
    """A file as a source, opened once to see that it can be."""
    try:
        if not path.is_file():
            # A pipe or a device can be read only once.
            with path.open("rb") as file:
                return _spooled(shown(path), file)
        with path.open("rb"):
            size = path.stat().st_size
    except OSError as error:
        raise SourceError(_unreadable(path, error)) from error

    def read(size: int) -> Iterator[bytes]:
        try:
            with path.open("rb") as file:
                while block := file.read(size):
                    yield block
        except OSError as error:
            raise SourceError(_unreadable(path, error)) from error

    return Source(shown(path), size, read, path=path)


def _unreadable(path: Path, error: OSError) -> str:
    """What to say where the system refuses to read."""
    return f"cannot read {shown(path)}: {error.strerror}. Name a file that you may read."


def _spooled(name: str, stream: BinaryIO) -> Source:
    """What can be read only once, kept in an unnamed file."""

    def read(size: int) -> Iterator[bytes]:
        spool.seek(0)
        while block := spool.read(size):
            yield block

    spool = storage.unnamed(read)
    while block := stream.read(_BLOCK):
        spool.write(block)
    return Source(name, spool.tell(), read)


def _folder(folder: Path, encoding: str, notes: list[str]) -> list[Source]:
    """Every text file below a folder, ordered by path; what is passed over goes into `notes`."""
    paths, passed = folders.walk(folder)
    sources = []
    for path in paths:
        kind = sniffing.kind(next(_reader(path).read(sniffing.HEAD), b""))
        if kind.binary:
            passed["not text"].append(path)
        else:
            sources.append(_file(path, encoding, notes))
    notes += folders.sentences(folder, passed)
    if not sources:
        raise SourceError(
            " ".join(
                [
                    f"the folder {shown(folder)} holds no text files.",
                    *folders.sentences(folder, passed),
                ]
            )
        )
    return sources


def _builtin(argument: str) -> Source:
    """A text that comes with Python itself; it differs between Python versions."""
    if argument != f"{_BUILTIN}python-docs":
        raise SourceError(f"there is no {argument}; there is builtin:python-docs.")
    from pydoc_data.topics import topics

    seen: set[str] = set()
    kept = []
    for name in sorted(topics):
        for paragraph in topics[name].strip().split("\n\n"):
            # Topics quote whole sections of each other; short lines may well recur by right.
            if len(paragraph) < 80 or paragraph not in seen:
                kept.append(paragraph)
            seen.add(paragraph)
    return from_bytes(argument, "\n\n".join(kept).encode())
