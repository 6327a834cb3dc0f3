"""What lies in a folder, in a stable order, and what to say of the rest. Reads no text."""

import os
from pathlib import Path

from burble.errors import SourceError
from burble.wording import shown

_RUN = {"run.json", "model.safetensors"}
_NAMED = 6


def walk(folder: Path) -> tuple[list[Path], dict[str, list[Path]]]:
    """All files below a folder, ordered by their paths, links to folders not followed.

    Args:
        folder: A folder.

    Returns:
        The files to read; and what is passed over, by the reason.

    Raises:
        SourceError: It is a run folder, or cannot be read.
    """
    passed: dict[str, list[Path]] = {"hidden": [], "not text": [], "not plain files": []}
    found: list[Path] = []

    def refuse(error: OSError) -> None:
        raise SourceError(f"cannot read {shown(error.filename)}: {error.strerror}.") from error

    for place, inside, names in os.walk(folder, onerror=refuse):
        if set(names) >= _RUN:
            raise SourceError(
                f"{shown(place)} is a run folder, not text; to write with it: "
                f"burble sample {shown(place)}."
            )
        hidden = [name for name in [*inside, *names] if name.startswith(".")]
        passed["hidden"] += [Path(place, name) for name in hidden]
        inside[:] = [name for name in inside if not name.startswith(".")]
        for path in (Path(place, name) for name in names if not name.startswith(".")):
            (found if path.is_file() else passed["not plain files"]).append(path)
    found.sort(key=lambda path: path.relative_to(folder).parts)
    return found, passed


def sentences(folder: Path, passed: dict[str, list[Path]]) -> list[str]:
    """One sentence for each reason to pass things over, naming the first few.

    >>> sentences(Path("f"), {"hidden": [Path("f/.a")]})
    ['1 hidden in f passed over: .a.']
    """
    said = []
    for reason, paths in passed.items():
        names = sorted(shown(path.relative_to(folder).as_posix()) for path in paths)
        more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
        if names:
            listed = ", ".join(names[:_NAMED])
            said.append(f"{len(names):,} {reason} in {shown(folder)} passed over: {listed}{more}.")
    return said


def missing(path: Path, argument: str) -> str:
    """What to say where there is no such file: what was sought, and what is there instead."""
    if not argument:
        return "the name of a source is empty; give a file, a folder, - or builtin:python-docs."
    folder = path.parent
    while not os.path.isdir(folder):
        folder = folder.parent
    try:
        near = sorted(shown(p.name) for p in folder.iterdir() if not p.name.startswith("."))
    except OSError as error:
        return f"there is no {shown(argument)}; {shown(folder)} cannot be read: {error.strerror}."
    more = ", …" if len(near) > 8 else ""
    holds = f"it holds {', '.join(near[:8])}{more}" if near else "it is empty"
    return f"there is no {shown(argument)}. Looked in {shown(folder.resolve())}: {holds}."
