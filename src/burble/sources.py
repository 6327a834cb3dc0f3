"""Where text comes from: files, folders, standard input, built in. Gives bytes with a name.

Knows nothing of symbols or ids.
"""

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from burble.errors import SourceError

_BUILTIN = "builtin:"


@dataclass(frozen=True)
class Source:
    """One text as it came.

    Attributes:
        name: What to call it.
        data: Its bytes.
    """

    name: str
    data: bytes


def read(arguments: Iterable[str]) -> tuple[list[Source], list[str]]:
    """Reads all that the arguments name, in their order; a folder's files by their paths.

    Args:
        arguments: Paths of files or folders, `-` for standard input, `builtin:python-docs`.

    Returns:
        The sources, none of them empty, and a sentence for each thing that was passed over.

    Raises:
        SourceError: Something is missing or unreadable, or nothing is left to read.
    """
    found: list[Source] = []
    notes: list[str] = []
    for argument in arguments:
        for source in _open(argument, notes):
            if source.data.strip():
                found.append(source)
            else:
                notes.append(f"{source.name} is empty and was passed over.")
    if not found:
        raise SourceError(" ".join(["there is no text to read.", *notes]))
    return found, notes


def _open(argument: str, notes: list[str]) -> list[Source]:
    """The sources one argument names."""
    if argument == "-":
        return [Source("standard input", sys.stdin.buffer.read())]
    if argument.startswith(_BUILTIN):
        return [_builtin(argument)]
    path = Path(argument)
    if argument and path.is_dir():
        return _folder(path, notes)
    return [_file(path, argument)]


def _file(path: Path, argument: str) -> Source:
    """One file."""
    if not argument or not path.exists():
        raise SourceError(_missing(path, argument))
    try:
        return Source(str(path), path.read_bytes())
    except OSError as error:
        raise SourceError(f"cannot read {path}: {error.strerror}.") from error


def _missing(path: Path, argument: str) -> str:
    """What to say where there is no such file: what was sought, and what is there instead."""
    if not argument:
        return "the name of a source is empty; give a file, a folder, - or builtin:python-docs."
    folder = path.parent
    while not folder.is_dir():
        folder = folder.parent
    near = sorted(p.name for p in folder.iterdir() if not p.name.startswith("."))[:8]
    holds = f"it holds {', '.join(near)}" if near else "it is empty"
    return f"there is no {argument}. Looked in {folder.resolve()}: {holds}."


def _folder(folder: Path, notes: list[str]) -> list[Source]:
    """Every text file below a folder, ordered by path; what is passed over goes into `notes`."""
    sources = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        inside = path.relative_to(folder)
        if any(part.startswith(".") for part in inside.parts):
            notes.append(f"{path} is hidden and was passed over.")
            continue
        source = _file(path, str(path))
        marked = source.data.startswith((b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff"))
        if b"\x00" in source.data[:65536] and not marked:
            notes.append(f"{path} is not text and was passed over.")
            continue
        sources.append(source)
    if not sources:
        raise SourceError(" ".join([f"the folder {folder} holds no text files.", *notes]))
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
    return Source(argument, "\n\n".join(kept).encode())
