"""Where text comes from: files, folders, tables, standard input, built in, Project Gutenberg.

Gives bytes with a name, in blocks. Knows nothing of symbols or ids.
"""

import glob
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path
from typing import BinaryIO, Literal

from burble import files
from burble.data import encodings, folders, gutenberg, json_lines, python_docs, tables
from burble.data.encoding_detection import describe_mismatch
from burble.errors import EncodingError, SourceError, StorageError
from burble.formatting import listed, shown, some
from burble.settings import DEFAULT_READING, SourceSettings, require

_BUILTIN = "builtin:"
_GUTENBERG = "gutenberg:"
_BLOCK = 1 << 20
_LOOKED_AT = 3
"""Sources of which it is looked at whether a named encoding suits them."""


@dataclass(frozen=True)
class Source:
    """One text as it came.

    Attributes:
        name: What to call it.
        size: Its bytes.
        read: Its bytes again from the start, in blocks of at most so many.
        form: Plain text, a table of which one part is text, or a book of Project Gutenberg.
        part: The column or field of a table.
        encoding_is_known: Whether a byte-order mark tells its encoding, or it comes with Python.
        path: The file it is, if it is one.
    """

    name: str
    size: int
    read: Callable[[int], Iterator[bytes]]
    form: Literal["text", "table", "book"] = "text"
    part: str = ""
    encoding_is_known: bool = False
    path: Path | None = None

    @property
    def delimited(self) -> bool:
        """Whether it is a table of cells with a delimiter between them."""
        name = self.name.removesuffix(f":{shown(self.part)}")
        return self.form == "table" and not tables.is_json(name)

    @property
    def own_labels(self) -> dict[str, str]:
        """What a file itself says of its text: its name without the ending, and its folder's."""
        if self.path is None:
            return {}
        whole = self.path.absolute()
        return {"file": shown(whole.stem), "folder": shown(whole.parent.name)}


Found = tuple[list[Source], list[str]]
"""Sources, and sentences on what is left out."""


def from_bytes(name: str, data: bytes, form: Literal["text", "table", "book"] = "text") -> Source:
    """A source whose bytes are at hand.

    >>> list(from_bytes("a", b"abc").read(2))
    [b'ab', b'c']
    """

    def read(size: int) -> Iterator[bytes]:
        return (data[i : i + size] for i in range(0, len(data), size))

    return Source(name, len(data), read, form)


def find_sources(
    arguments: Iterable[str], reading: SourceSettings = DEFAULT_READING
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
    found: dict[object, Source] = {}
    notes: list[str] = []
    again: list[tuple[str, str]] = []
    for argument in arguments:
        named, passed_over = _open(argument, reading)
        notes += passed_over
        for source in named:
            # A text read twice would stand in the validation part and in the training part too.
            first = found.setdefault(_identify(source), source)
            if first is not source:
                again.append((source.name, first.name))
    if not any(source.delimited for source in found.values()):
        for name in ("delimiter", "quote"):
            value = getattr(reading, name)
            expected = "left out: no column of a table is read here (as p.csv:text would be)"
            require(not value, name, value, expected)
    if not any(source.form == "book" for source in found.values()):
        expected = "left out: no book of Project Gutenberg is read here (as gutenberg:11 would be)"
        require(not reading.mirror, "mirror", reading.mirror, expected)
    if not found:
        none = "there is no text to read; name a file, a folder, or - for input."
        raise SourceError(" ".join([none, *notes]))
    sources = [*found.values()]
    notes += _describe_repeated(again)
    notes += _describe_read_twice(sources)
    notes += _check_encoding(sources, reading.encoding)
    return sources, notes + _suggest_forms(sources)


def _identify(source: Source) -> object:
    """What tells a source from others, by whatever name or link it is reached."""
    try:
        status = source.path.stat() if source.path else None
    except OSError as error:
        raise SourceError(_describe_unreadable(Path(source.path or ""), error)) from error
    if status is None or not status.st_ino:
        # Some disks number no files.
        return source.path.resolve() if source.path else source.name, source.part
    return status.st_dev, status.st_ino, source.part


def _check_encoding(sources: list[Source], encoding: str) -> list[str]:
    """What to say of an encoding that was named: where it hardly is the right one, or not used."""
    if not encoding:
        return []
    if not encodings.find_codec(encoding):
        raise EncodingError(encodings.describe_unknown_encoding(encoding))
    named = [source for source in sources if not source.encoding_is_known][:_LOOKED_AT]
    heads = ((source, next(source.read(encodings.HEAD), b"")) for source in named)
    wrong = ((source.name, describe_mismatch(head, encoding)) for source, head in heads)
    notes = [f"{name} {found}" for name, found in wrong if found][:1]
    known = [source.name for source in sources if source.encoding_is_known]
    if known and not encodings.find_codec(encoding).startswith("utf"):
        its = "is read in its" if len(known) == 1 else "are read in their"
        notes.append(f"{listed(known)} {its} own encoding, which is known, not in {encoding}.")
    return notes


def _describe_repeated(again: list[tuple[str, str]]) -> list[str]:
    """What to say of files that were named again, each beside the name it was read by."""
    if not again:
        return []
    if len(again) == 1:
        name, first = again[0]
        if name == first:
            return [f"{name} is named more than once and was read once."]
        return [f"{name} is the same file as {first} and was read once."]
    names = listed([name for name, _ in again])
    return [
        f"{len(again):,} names are of files that are read already, and each was read once: {names}."
    ]


def _describe_read_twice(sources: list[Source]) -> list[str]:
    """What to say of tables that are read as a whole and by a column as well."""
    parts = {source.path.resolve() for source in sources if source.path and source.part}
    whole = [s.name for s in sources if s.path and not s.part and s.path.resolve() in parts]
    if not whole:
        return []
    are = f"{listed(whole)} {'is' if len(whole) == 1 else 'are'} read as a whole and by a column"
    return [f"{are} as well, so that text stands there twice. Name one of them."]


def find_named_files(arguments: Iterable[str]) -> list[Path]:
    """The files that are named outright, with or without a column."""
    parted = ((name, _split_column(name)[0]) for name in arguments)
    return [Path(name) for pair in parted for name in pair if name and os.path.isfile(name)]


def _split_column(argument: str) -> tuple[str, str]:
    """The file and the column that an argument names; a colon may stand in the name of either."""
    places = [place for place, letter in enumerate(argument) if letter == ":"]
    pairs = ((argument[:place], argument[place + 1 :]) for place in places)
    return next((pair for pair in pairs if os.path.isfile(pair[0])), ("", ""))


def _open(argument: str, reading: SourceSettings) -> Found:
    """The sources one argument names; of a place that may not even be looked at, a sentence."""
    try:
        return _find(argument, reading)
    except StorageError:
        raise
    except OSError as error:
        message = _describe_unreadable(Path(error.filename or argument), error)
        raise SourceError(message) from error


def _find(argument: str, reading: SourceSettings) -> Found:
    """The sources one argument names, and what to say of what is left out."""
    encoding = reading.encoding
    if argument == "-":
        return [_check(_spool("standard input", sys.stdin.buffer), encoding)], []
    if argument.startswith(_BUILTIN):
        return _read_builtin(argument)
    if argument.startswith(_GUTENBERG):
        data, notes = gutenberg.fetch(argument.removeprefix(_GUTENBERG), reading.mirror)
        return [from_bytes(argument, data, "book")], notes
    path = Path(argument)
    if not argument:
        raise SourceError(folders.describe_missing(path, argument))
    if os.path.isdir(path):
        return _read_folder(path, encoding)
    if os.path.exists(path):
        return [_check(_open_file(path), encoding)], []
    table, part = _split_column(argument)
    if part and table.lower().endswith(tables.SUFFIXES):
        source = replace(_open_file(Path(table)), name=shown(argument), form="table", part=part)
        return [_check(source, encoding)], []
    if part:
        raise SourceError(_describe_no_table(table, argument))
    if any(mark in argument for mark in "*?["):
        return _expand_pattern(argument, encoding)
    raise SourceError(folders.describe_missing(path, argument))


def _describe_no_table(path: str, argument: str) -> str:
    """What to say where a column is named of a file that is no table."""
    name = shown(path)
    if path.lower().endswith(".json"):
        return (
            f"{shown(argument)} names a field, but {name} is one JSON value, not JSON lines, one "
            f"object a line in a file that ends in .jsonl. {json_lines.MAKING}"
        )
    return (
        f"{shown(argument)} names a column, but {name} does not end as a table does. Save it as "
        f"one of {', '.join(tables.SUFFIXES)}."
    )


def _expand_pattern(argument: str, encoding: str) -> Found:
    """The files that fit a pattern which the shell left as it was."""
    paths = [Path(name) for name in sorted(glob.glob(argument, recursive=True))]
    if not paths:
        raise SourceError(f"no file fits {shown(argument)}. Check the pattern, or name a folder.")
    literal = takewhile(lambda part: not glob.has_magic(part), Path(argument).parts)
    ours = folders.find_made_below(Path(*literal), paths)
    paths = [path for path in paths if ours.keys().isdisjoint((path, *path.parents))]
    passed = {folders.OURS: [*ours], "not text": [], "folders": [p for p in paths if p.is_dir()]}
    found = _open_texts([path for path in paths if path.is_file()], encoding, passed)
    notes = [
        f"{folders.count_passed(len(places), reason)} that fit{'s' * (len(places) == 1)} "
        f"{shown(argument)} passed over: {listed([shown(place) for place in places])}."
        for reason, places in passed.items()
        if places
    ]
    if not found and not passed[folders.OURS]:
        raise SourceError(" ".join([f"no text file fits {shown(argument)}.", *notes]))
    return found, notes


def _read_folder(folder: Path, encoding: str) -> Found:
    """Every text file below a folder, ordered by path."""
    paths, passed = folders.walk_folder(folder)
    found = _open_texts(paths, encoding, passed)
    notes = folders.describe_passed(folder, passed)
    if not found and not passed[folders.OURS]:
        raise SourceError(" ".join([f"the folder {shown(folder)} holds no text files.", *notes]))
    return found, notes


def _open_texts(
    paths: Iterable[Path], encoding: str, passed: dict[str, list[Path]]
) -> list[Source]:
    """Those files that are text; the others are added to `passed`, by the reason."""
    sources = []
    for path in paths:
        head = next(_open_file(path).read(encodings.HEAD), b"")
        kind = encodings.detect_content_type(head)
        if kind.binary and (kind.sure or not encoding):
            # Models and memories name burble in their headers.
            ours = head[8:9] == b"{" and b'"burble' in head
            passed[folders.OURS if ours else "not text"].append(path)
        else:
            sources.append(_check(_open_file(path), encoding))
    return sources


def _check(source: Source, encoding: str) -> Source:
    """The source, if its first bytes look like text."""
    kind = encodings.detect_content_type(next(source.read(encodings.HEAD), b""))
    if kind.binary and (kind.sure or not encoding):
        write = f" To write with it: burble sample {source.name}." if "model" in kind.binary else ""
        read = "" if kind.sure else " If it is text, name its encoding with --encoding."
        raise SourceError(f"{source.name} is {kind.binary}, not text; leave it out.{write}{read}")
    if kind.codec and not kind.marked and not encoding:
        raise EncodingError(encodings.describe_missing_mark(kind.codec, source.name))
    return replace(source, encoding_is_known=kind.marked)


def _suggest_forms(sources: list[Source]) -> list[str]:
    """Suggests a better way to read tables and books that are read as plain text."""
    plain = [source for source in sources if source.form == "text" and source.path]
    notes = []
    for what in ("column", "field"):
        names = [
            source.name
            for source in plain
            if source.name.lower().endswith(tables.SUFFIXES)
            and tables.is_json(source.name) == (what == "field")
        ]
        if names:
            are = f"{listed(names)} {'is' if len(names) == 1 else 'are'} read as plain text"
            notes.append(f"{are}; {names[0]}:NAME would read one {what} of it.")
    heads = ((source, next(source.read(encodings.HEAD), b"")) for source in plain)
    books = [source.name for source, head in heads if gutenberg.has_marks(head.decode("latin-1"))]
    if books:
        have = f"{listed(books)} {'has' if len(books) == 1 else 'have'}"
        notes.append(
            f"{have} the header of Project Gutenberg, which is read as text. "
            "gutenberg:NUMBER would leave it out, or cut it off by hand."
        )
    return notes


def _open_file(path: Path) -> Source:
    """A file as a source, opened once to see that it can be."""
    try:
        if not path.is_file():
            # A pipe or a device can be read only once.
            with path.open("rb") as file:
                return _spool(shown(path), file)
        with path.open("rb"):
            size = path.stat().st_size
    except OSError as error:
        raise SourceError(_describe_unreadable(path, error)) from error

    def read(size: int) -> Iterator[bytes]:
        try:
            with path.open("rb") as file:
                while block := file.read(size):
                    yield block
        except OSError as error:
            raise SourceError(_describe_unreadable(path, error)) from error

    return Source(shown(path), size, read, path=path)


def _describe_unreadable(path: Path, error: OSError) -> str:
    """What to say where the system refuses to read."""
    return f"cannot read {shown(path)}: {error.strerror}. Name a file that you may read."


def _spool(name: str, stream: BinaryIO) -> Source:
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


def _read_builtin(argument: str) -> Found:
    """A text that comes with Python itself."""
    if argument != f"{_BUILTIN}python-docs":
        raise SourceError(f"there is no {argument}; there is builtin:python-docs.")
    prose = python_docs.read_python_docs()
    left_out = f"{some(prose.left_out, 'line')} of tables, rules, headings and code"
    source = replace(from_bytes(argument, prose.text.encode()), encoding_is_known=True)
    return [source], [f"Left out of {argument}: {left_out}."]
