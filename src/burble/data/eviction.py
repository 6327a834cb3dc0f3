"""What burble keeps in the person's cache folder: how much, who uses it, and what goes first.

Knows nothing of what is in it.
"""

import math
import os
import secrets
import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from burble import files as _files
from burble.errors import SettingsError, StorageError
from burble.formatting import shown

if sys.platform != "win32":
    import fcntl

PARTS = {
    "corpora": "large texts, encoded: they hold what was read",
    "gutenberg": "books of Project Gutenberg, as they came",
    "compiled": "compiled training steps",
}
"""The folders in it, and what each holds."""
LIMIT = "BURBLE_CACHE_GB"
"""The variable of the environment that says how much encoded texts may take."""
MOST_GB = 10.0
_LOCK = "in-use.lock"


@dataclass(frozen=True)
class Part:
    """What lies in one folder of the cache.

    Attributes:
        name: Its name.
        entries: Files and folders in it.
        size: Bytes in all.
    """

    name: str
    entries: int
    size: int


def most_bytes() -> int:
    """How much encoded texts may take in all.

    Raises:
        SettingsError: What the environment says is no size.
    """
    said = os.environ.get(LIMIT, "")
    try:
        size = float(said or MOST_GB)
    except ValueError:
        size = math.nan
    if not 0 <= size < math.inf:
        raise SettingsError(f"{LIMIT} is {said!r}, but must be a number of gigabytes, 0 or more.")
    return int(size * 1e9)


@contextmanager
def held(entry: Path) -> Iterator[None]:
    """Notes that an entry is in use, so that it is not removed meanwhile.

    Where the disk cannot note it, or the entry is gone, nothing is noted.
    """
    with ExitStack() as stack:
        with suppress(OSError):
            file = stack.enter_context(open(entry / _LOCK, "ab"))
            if sys.platform != "win32":
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            os.utime(entry)
        yield


def remove(entry: Path) -> bool:
    """Removes an entry, unless it is in use; returns whether it is gone."""
    if not entry.is_dir():
        with suppress(OSError):
            entry.unlink(missing_ok=True)
        return not entry.exists()
    return _is_free(entry) and discard(entry)


def discard(entry: Path) -> bool:
    """Removes a folder, in use or not; returns whether it is gone."""
    # First out of sight, so that nobody meets half of it.
    going = entry.with_name(f"{_files.PARTIAL}{secrets.token_hex(6)}")
    try:
        entry.replace(going)
    except OSError:
        # Windows keeps a folder in which a file is open.
        return False
    shutil.rmtree(going, ignore_errors=True)
    return not going.exists()


def _is_free(entry: Path) -> bool:
    """Whether nobody holds an entry, as far as the disk can tell."""
    if sys.platform == "win32":
        return True
    try:
        with open(entry / _LOCK, "ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def trim(parent: Path, most: int) -> list[Path]:
    """Removes entries that were not used for longest until the rest is small enough.

    Args:
        parent: A folder of entries.
        most: Bytes that all of them may take. What is in use stays whatever it takes.

    Returns:
        What was removed.
    """
    sizes = {p: _size(p) for p in parent.iterdir() if not p.name.startswith(_files.PARTIAL)}
    total, gone = sum(sizes.values()), []
    for entry in sorted(sizes, key=_used):
        if total <= most:
            break
        if remove(entry):
            total -= sizes[entry]
            gone.append(entry)
    return gone


def _used(entry: Path) -> float:
    """When an entry was last used; what is gone meanwhile, long ago."""
    try:
        return entry.stat().st_mtime
    except OSError:
        return 0.0


def contents() -> list[Part]:
    """What lies in each part of the cache; nothing is made."""
    return [_part(_files.base() / name) for name in PARTS]


def _part(folder: Path) -> Part:
    """What lies in a folder."""
    entries = list(folder.iterdir()) if folder.is_dir() else []
    return Part(folder.name, len(entries), sum(map(_size, entries)))


def _size(entry: Path) -> int:
    """The bytes of a file, or of all files in a folder."""
    files = [entry] if entry.is_file() else entry.rglob("*")
    total = 0
    for path in files:
        with suppress(OSError):
            total += path.stat().st_size if path.is_file() else 0
    return total


def clear() -> tuple[int, list[Path]]:
    """Removes all that burble keeps but what is in use.

    Returns:
        The bytes that were freed, and what stays since it is in use.

    Raises:
        StorageError: Something cannot be removed.
    """
    freed, stays = 0, []
    for name in PARTS:
        folder = _files.base() / name
        for entry in sorted(folder.iterdir()) if folder.is_dir() else []:
            size = _size(entry)
            if remove(entry):
                freed += size
            elif entry.is_dir() and not _is_free(entry):
                stays.append(entry)
            else:
                raise StorageError(f"could not remove {shown(entry)}. Remove it by hand.")
    return freed, stays
