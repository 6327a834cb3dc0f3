"""Where burble may write: never over what it reads, nor over what it did not write itself.

Knows nothing of what is written.
"""

import os
from collections.abc import Iterable
from pathlib import Path

from burble.data import encodings
from burble.errors import InputError
from burble.formatting import shown

_RUN = "run.json"


def check_text(path: Path, read: Iterable[Path] = (), *, overwrite: bool = False) -> None:
    """Refuses a place for a clean text.

    Args:
        path: Where the text would go.
        read: What is read.
        overwrite: Whether a text that is there may be replaced.

    Raises:
        InputError: It is read, is there already, or cannot be a file.
    """
    advice = "Choose another name."
    if str(path) == "-":
        raise InputError(f"- stands for standard input, and the clean text needs a file. {advice}")
    try:
        _check_text(path, read, advice, overwrite=overwrite)
    except OSError as error:
        raise InputError(f"cannot write {shown(path)}: {error.strerror}. {advice}") from error


def _check_text(path: Path, read: Iterable[Path], advice: str, *, overwrite: bool) -> None:
    """The same of a path that may be one the system refuses to look at."""
    if is_among(path, read):
        raise InputError(f"{shown(path)} is what is read; choose another name for the clean text.")
    if path.is_dir():
        raise InputError(f"{shown(path)} is a folder, and the clean text needs a file. {advice}")
    if not path.parent.is_dir():
        raise InputError(f"there is no folder {shown(path.parent)} to write in. Make it first.")
    if not path.exists():
        return
    if not path.is_file():
        raise InputError(f"{shown(path)} is no ordinary file. {advice}")
    with path.open("rb") as file:
        head = file.read(encodings.HEAD)
    if kind := encodings.detect_content_type(head).binary:
        raise InputError(f"{shown(path)} is there already, and is {kind}, not text. {advice}")
    # What it wrote and its last state lie in folders of their own.
    around = path.resolve().parents[:2]
    if head and any((folder / _RUN).exists() for folder in around):
        raise InputError(f"{shown(path)} belongs to a run. {advice}")
    if head and not overwrite:
        raise InputError(
            f"{shown(path)} is there already. {advice[:-1]}, or add --overwrite to replace it."
        )


def is_among(path: Path, others: Iterable[Path]) -> bool:
    """Whether a path is one of some files, by whatever name or link."""
    if not path.exists():
        return False
    return any(other.exists() and os.path.samefile(path, other) for other in others)


def check_folder(folder: Path, mark: str) -> None:
    """Refuses a folder that holds files of other kinds than those to be written.

    Args:
        folder: Where they would go.
        mark: The file that tells such a folder.

    Raises:
        InputError: It does, or is a file.
    """
    advice = "Choose another folder with -o."
    if not str(folder).isprintable() and shown(folder) != str(folder):
        # SQLite takes no other name for what a search remembers.
        raise InputError(f"the name {shown(folder)} is not UTF-8. {advice}")
    if os.path.lexists(folder) and not folder.is_dir():
        raise InputError(f"{shown(folder)} is a file, and a folder is needed. {advice}")
    if not folder.is_dir() or (folder / mark).is_file():
        return
    files = sorted(p.name for p in folder.iterdir() if not p.is_dir())
    others = [name for name in files if not name.startswith(".") and not name.endswith(".log.txt")]
    if others:
        raise InputError(
            f"{shown(folder)} holds other things ({', '.join(map(shown, others[:3]))}), and a "
            f"folder of its own is needed. {advice}"
        )
