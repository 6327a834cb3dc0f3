"""The person's cache folder: how much it may hold, what lies in it, and what goes.

What was not used for longest goes first when it takes too much, but never what is in use. Knows
nothing of texts.
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

from burble import files
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
LIMIT_VARIABLE = "BURBLE_CACHE_GB"
"""The variable of the environment that says how much encoded texts may take."""
MOST_GB = 10.0
_LOCK = "in-use.lock"


@dataclass(frozen=True)
class Part:
    """What lies in one folder of the cache, and its bytes in all."""

    name: str
    entries: int
    size: int


def read_limit() -> int:
    """How much encoded texts may take in all.

    Raises:
        SettingsError: What the environment says is no size.
    """
    given = os.environ.get(LIMIT_VARIABLE, "")
    try:
        size = float(given or MOST_GB)
    except ValueError:
        size = math.nan
    if not 0 <= size < math.inf:
        expected = "a number of gigabytes, 0 or more"
        raise SettingsError(f"{LIMIT_VARIABLE} is {given!r}, but must be {expected}.")
    return int(size * 1e9)


@contextmanager
def mark_in_use(entry: Path) -> Iterator[None]:
    """Notes that an entry is in use, so that it is not removed; nothing where that cannot be."""
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
    going = entry.with_name(f"{files.PARTIAL}{secrets.token_hex(6)}")
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
    except OSError as error:
        return not isinstance(error, BlockingIOError)
    return True


def evict(parent: Path, most: int) -> list[Path]:
    """Removes entries that were not used for longest until the rest is small enough.

    Args:
        parent: A folder of entries.
        most: Bytes that all of them may take. What is in use stays whatever it takes.

    Returns:
        What was removed.
    """
    sizes = {p: _size(p) for p in parent.iterdir() if not p.name.startswith(files.PARTIAL)}
    total, gone = sum(sizes.values()), []
    for entry in sorted(sizes, key=_find_last_use):
        if total > most and remove(entry):
            total -= sizes[entry]
            gone.append(entry)
    return gone


def _find_last_use(entry: Path) -> float:
    """When an entry was last used; what is gone meanwhile, long ago."""
    try:
        return entry.stat().st_mtime
    except OSError:
        return 0.0


def list_parts() -> list[Part]:
    """What lies in each part of the cache; nothing is made."""
    found = []
    for name in PARTS:
        folder = files.find_cache() / name
        entries = list(folder.iterdir()) if folder.is_dir() else []
        found.append(Part(name, len(entries), sum(map(_size, entries))))
    return found


def _size(entry: Path) -> int:
    """The bytes of a file, or of all files in a folder."""
    total = 0
    for path in [entry] if entry.is_file() else entry.rglob("*"):
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
        folder = files.find_cache() / name
        for entry in sorted(folder.iterdir()) if folder.is_dir() else []:
            size = _size(entry)
            if remove(entry):
                freed += size
            elif entry.is_dir() and not _is_free(entry):
                stays.append(entry)
            else:
                raise StorageError(f"could not remove {shown(entry)}. Remove it by hand.")
    return freed, stays
