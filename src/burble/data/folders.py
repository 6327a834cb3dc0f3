"""What lies in a folder, in a stable order, and what is passed over. Reads no text."""

import os
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from burble.errors import SourceError
from burble.formatting import command_line, listed, shown

_RUN = {"run.json", "model.safetensors"}
_COMPARISON = {"compare.json", "compare.csv"}
_SEARCH = "study.db"
RUN = "a run folder"
OURS = "made by burble"
NOT_PLAIN, LINKS = "not plain files", "links to folders"
FIELDLESS = "files with fields, of which none is named (`burble corpus FILE` lists them),"
ARCHIVES = "archives, which are read if they are named by themselves,"
SCRIVENER = (
    "files of a Scrivener project that are not its text, whose pieces are read in the order of "
    "their ids (compile it in Scrivener for its own order),"
)
_PIECES = (("Files", "Data"), ("Files", "Docs"))
"""The folders of a Scrivener project in which its pieces lie, in its versions."""
_BESIDE = (".checksum", ".styles", ".comments", ".links")
"""Endings of what a Scrivener project keeps beside its pieces."""
FOREIGN = "documents in forms that are not read (`burble corpus FILE` tells what to do)"
_ONE = {
    SCRIVENER: SCRIVENER.replace("files", "file", 1).replace("that are", "that is", 1),
    FOREIGN: FOREIGN.replace("documents in forms that are", "document in a form that is", 1),
    ARCHIVES: "archive, which is read if it is named by itself,",
    FIELDLESS: FIELDLESS.replace("files", "file", 1),
    "files without fields": "file without fields",
    NOT_PLAIN: "not a plain file",
    LINKS: "link to a folder",
    "folders": "folder",
}
"""Why runs, comparisons, searches and models that lie in a folder are passed over."""


def walk_folder(folder: Path) -> tuple[list[Path], dict[str, list[Path]]]:
    """All files below a folder, ordered by their paths, links to folders not followed.

    Runs, comparisons and searches that lie in it are passed over, so that a text and what was
    learned from it may share a folder.

    Returns:
        The files to read; and what is passed over, by the reason.

    Raises:
        SourceError: It is itself a run, comparison or search, or cannot be read.
    """
    reasons = ("hidden", OURS, "not text", NOT_PLAIN, LINKS)
    passed: dict[str, list[Path]] = {reason: [] for reason in reasons}
    found: list[Path] = []
    projects: list[Path] = []
    for place, inside, names in os.walk(folder, onerror=_refuse_unreadable):
        if ours := _name_made({*names, *inside}):
            if Path(place) == folder:
                write = f"to write with it: {command_line(['burble', 'sample', str(place)])}"
                cure = write if ours == RUN else "leave it out"
                raise SourceError(f"{shown(place)} is {ours}, not text; {cure}.")
            passed[OURS].append(Path(place))
            inside.clear()
            continue
        links = [name for name in inside if Path(place, name).is_symlink()]
        passed[LINKS] += [Path(place, name) for name in links if name[0] != "."]
        hidden = [name for name in [*inside, *names] if name.startswith(".")]
        passed["hidden"] += [Path(place, name) for name in hidden]
        inside[:] = [name for name in inside if not name.startswith(".")]
        if any(name.endswith(".scrivx") for name in names):
            projects.append(Path(place))
        for path in (Path(place, name) for name in names if not name.startswith(".")):
            if any(map(partial(_is_no_piece, path), projects)):
                passed.setdefault(SCRIVENER, []).append(path)
            else:
                (found if path.is_file() else passed[NOT_PLAIN]).append(path)
    found.sort(key=lambda path: path.relative_to(folder).parts)
    return found, passed


def _refuse_unreadable(error: OSError) -> None:
    """Refuses a folder that cannot be looked into."""
    raise SourceError(f"cannot read {shown(error.filename)}: {error.strerror}.") from error


def _is_no_piece(path: Path, project: Path) -> bool:
    """Whether a file of a Scrivener project is no piece of its text, but an index or a copy."""
    if not path.is_relative_to(project):
        return False
    return path.relative_to(project).parts[:2] not in _PIECES or path.suffix in _BESIDE


def find_made_below(root: Path, paths: Iterable[Path]) -> dict[Path, None]:
    """The runs, comparisons and searches below a folder that some paths are, or lie in."""
    found: dict[Path, None] = {}
    plain: set[Path] = {root}
    for path in paths:
        for place in reversed((path, *path.parents)):
            if place in plain or not place.is_relative_to(root):
                continue
            if place in found or (place.is_dir() and _name_made({*os.listdir(place)})):
                found[place] = None
                break
            plain.add(place)
    return found


def _name_made(names: set[str]) -> str:
    """What a folder with those names in it is, where burble made it; otherwise empty."""
    if names >= _RUN or names >= {"run.json", "last"}:
        return RUN
    if names >= _COMPARISON:
        return "a comparison's folder"
    searched = _SEARCH in names and any(name.startswith("trial-") for name in names)
    return "a search's folder" if searched else ""


def describe_passed(folder: Path, passed: dict[str, list[Path]]) -> list[str]:
    """One sentence for each reason to pass things over, naming the first few.

    >>> describe_passed(Path("f"), {"hidden": [Path("f/.a")]})
    ['1 hidden in f passed over: .a.']
    """
    sentences = []
    for reason, paths in passed.items():
        names = sorted(shown(path.relative_to(folder).as_posix()) for path in paths)
        if names:
            what = count_passed(len(names), reason)
            sentences.append(f"{what} in {shown(folder)} passed over: {listed(names)}.")
    return sentences


def count_passed(count: int, reason: str) -> str:
    """How many things are passed over for a reason."""
    return f"{count:,} {_ONE.get(reason, reason) if count == 1 else reason}"


def describe_missing(path: Path, argument: str) -> str:
    """What to say where there is no such file: what was sought, and what is there instead."""
    if not argument:
        return "the name of a source is empty; give a file, a folder, - or builtin:python-docs."
    if path.is_symlink():
        return f"{shown(argument)} is a link to {shown(os.readlink(path))}, which is not there."
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
