"""Writing to disk, so that nothing is seen before it is whole; and the person's own cache folder.

The cache keeps what burble can make again. Knows nothing of text.
"""

import mmap
import os
import secrets
import shutil
import stat
import tempfile
import time
import weakref
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from burble.errors import (
    BurbleError,
    InputError,
    RunError,
    SettingsError,
    StorageError,
    require_packages,
)
from burble.formatting import shown

Ids = NDArray[np.uint8 | np.uint16]
_DAY = 86_400.0
PARTIAL = ".partial-"
"""What the name of a folder that is not whole begins with."""


def path_names(name: str, value: Any) -> tuple[str, ...]:
    """The names of one path or of several.

    Raises:
        SettingsError: It is neither.

    >>> path_names("source", Path("a.txt")), path_names("source", ["a.txt", "-"])
    (('a.txt',), ('a.txt', '-'))
    """
    given = [value] if isinstance(value, str | os.PathLike) else value
    try:
        return tuple(map(os.fsdecode, given))
    except TypeError:
        expected = "a path, such as 'alice.txt', or several in a list"
        raise SettingsError(f"{name} is {value!r}, but must be {expected}.") from None


def find_cache() -> Path:
    """The person's cache folder for burble, whether it is there or not."""
    with require_packages("finding the folder where burble keeps what it can make again"):
        import platformdirs
    return platformdirs.user_cache_path("burble")


def find_models_folder() -> Path:
    """The person's folder of models, whether it is there or not.

    The environment variable `BURBLE_MODELS` names another one.
    """
    named = os.environ.get("BURBLE_MODELS")
    if named:
        return Path(named)
    with require_packages("finding the folder of models"):
        import platformdirs
    return platformdirs.user_data_path("burble") / "models"


def make_folder(name: str) -> Path:
    """A folder of the cache, made if need be and open to its owner alone.

    Raises:
        StorageError: It cannot be made.
    """
    whole = find_cache()
    with explain_errors(whole):
        whole.mkdir(parents=True, exist_ok=True, mode=0o700)
        (whole / name).mkdir(exist_ok=True, mode=0o700)
    return whole / name


@contextmanager
def explain_errors(place: Path) -> Iterator[None]:
    """Turns what the disk refuses into a sentence."""
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"could not write in {shown(place)}: {error.strerror}. Make room there, or set the "
            "cache or temporary folder of your system to another place."
        ) from error


def write_atomically(
    path: Path, data: bytes | Iterable[bytes], *, former: Path | None = None
) -> None:
    """Writes a file so that `path` holds its old bytes or all the new ones, whatever happens.

    A file that was there keeps its permissions; a new one gets those the umask allows. A
    symbolic link goes on pointing where it did. Both the file and its folder are flushed to the
    disk before this returns.

    Args:
        path: The file.
        data: Its bytes, or blocks of them, which are written as they come.
        former: Where what was at `path` goes, if it is to be kept; whoever is killed in between
            leaves it there, and nothing at `path`.

    Raises:
        StorageError: The disk is full, read-only or gone, or there is something else than a file.
    """
    place = Path(os.path.realpath(path))
    try:
        if place.exists() and not place.is_file():
            # A device or a pipe would be replaced by a file.
            raise OSError("there is no ordinary file at that place")
        _replace(place, [data] if isinstance(data, bytes) else data, former)
    except StorageError:
        # What was to be written could not be read.
        raise
    except OSError as error:
        raise StorageError(
            f"could not write {shown(path)} to disk: {error.strerror or error}. What was there "
            "before is untouched; make room or choose another folder."
        ) from error
    flush_folder(place.parent)


def _replace(place: Path, blocks: Iterable[bytes], former: Path | None) -> None:
    """Writes a temporary file, and moves it where it goes once the disk has all of it."""
    temporary = place.with_name(f".{secrets.token_hex(6)}.tmp")
    try:
        with open(temporary, "xb") as file:
            if place.exists():
                temporary.chmod(stat.S_IMODE(place.stat().st_mode))
            for block in blocks:
                file.write(block)
            file.flush()
            os.fsync(file.fileno())
        if former and place.exists():
            place.replace(former)
        temporary.replace(place)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


@contextmanager
def lock_folder(folder: Path, work: str, parts: Iterable[str] = ()) -> Iterator[None]:
    """Makes a folder, and folders in it, and keeps all others out of it.

    Args:
        folder: The folder.
        work: What others may be at, such as "another training".
        parts: Names of the folders in it.

    Raises:
        RunError: Another process is at work in it.
        StorageError: It cannot be made.
    """
    # Loaded here alone: most commands lock nothing.
    with require_packages("keeping others out of a folder"):
        import filelock

    lock = filelock.FileLock(folder / ".lock", blocking=False)
    try:
        for place in (folder, *(folder / part for part in parts)):
            place.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except filelock.Timeout as error:
        raise RunError(
            f"{work} is at work in {folder}. Wait for it, or choose another folder with -o."
        ) from error
    except OSError as error:
        raise StorageError(f"cannot write in {folder}: {error.strerror}.") from error
    try:
        yield
    finally:
        lock.release()


def flush_folder(folder: Path) -> None:
    """Makes the names in a folder survive a loss of power, where the system can do that."""
    if os.name == "posix":
        # Some network disks refuse; the file itself is safe there all the same.
        with suppress(OSError):
            handle = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)


@contextmanager
def new_entry(parent: Path, key: str) -> Iterator[Path]:
    """A folder to fill that becomes `parent/key` in one step, when all went well.

    A process that is killed leaves only a partial folder, which nothing ever reads and which
    is removed after a day.
    """
    _sweep(parent)
    with explain_errors(parent):
        partial = Path(tempfile.mkdtemp(dir=parent, prefix=PARTIAL))
        try:
            yield partial
            flush_folder(partial)
            try:
                partial.replace(parent / key)
                flush_folder(parent)
            except OSError:
                # Another process may have been faster; its entry is as good as this one.
                if not (parent / key).is_dir():
                    raise
        finally:
            shutil.rmtree(partial, ignore_errors=True)


def check_new_entry(
    place: Path, *, overwrite: bool = False, names: Iterable[str] | None = None
) -> None:
    """Refuses a place for a new file or folder.

    Args:
        place: Where it would go.
        overwrite: Whether a file that is there may be replaced, or a folder of the same names.
        names: The names in a new folder, none of a file; if None, they are not known yet.

    Raises:
        InputError: It is taken, or there is no folder to write in.
    """
    if not place.parent.is_dir():
        raise InputError(
            f"there is no folder {shown(place.parent)} to write in. Make it first, or choose "
            "another place."
        )
    if not os.path.lexists(place):
        return
    if place.is_dir():
        held = {entry.name for entry in place.iterdir()}
        others = sorted(held - {*names}) if names is not None else []
        if others:
            raise InputError(
                f"{shown(place)} holds other things ({', '.join(map(shown, others[:3]))}), which "
                "would be lost. Choose another folder."
            )
    elif not place.is_file():
        raise InputError(f"{shown(place)} is no ordinary file. Choose another name.")
    # Told last: it is no advice for what may not be replaced.
    if not overwrite:
        raise InputError(
            f"{shown(place)} is there already. Choose another name, or add --overwrite to replace "
            "it."
        )


@contextmanager
def new_entries(place: Path, *, overwrite: bool = False) -> Iterator[Path]:
    """Where to write a file or folder of that name, and others beside it, before all are moved.

    Nothing is moved where anything was raised, or where one of them is refused.

    Args:
        place: Where it goes in the end.
        overwrite: See `check_new_entry`, which is asked for each of them.

    Raises:
        InputError: A place is taken.
        StorageError: The disk refused.
    """
    folder = place.parent
    try:
        partial = Path(tempfile.mkdtemp(dir=folder, prefix=PARTIAL))
    except OSError as error:
        raise StorageError(f"cannot write in {shown(folder)}: {error.strerror}.") from error
    try:
        yield partial / place.name
        made = sorted(partial.iterdir())
        for entry in made:
            held = {inner.name for inner in entry.iterdir()} if entry.is_dir() else ()
            check_new_entry(folder / entry.name, overwrite=overwrite, names=held)
            _flush(entry)
        for entry in made:
            if (folder / entry.name).is_dir():
                (folder / entry.name).replace(partial / f"{PARTIAL}{entry.name}")
            entry.replace(folder / entry.name)
        flush_folder(folder)
    except BurbleError:
        raise
    except OSError as error:
        raise StorageError(
            f"could not write {shown(place)} to disk: {error.strerror or error}. Make room or "
            "choose another folder."
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _flush(entry: Path) -> None:
    """Makes a file, or all in a folder, survive a loss of power."""
    if entry.is_dir():
        for inner in entry.iterdir():
            _flush(inner)
        flush_folder(entry)
        return
    with entry.open("rb") as file:
        os.fsync(file.fileno())


def _sweep(parent: Path) -> None:
    """Removes what killed processes left more than a day ago."""
    for partial in parent.glob(f"{PARTIAL}*"):
        with suppress(OSError):
            if time.time() - partial.stat().st_mtime > _DAY:
                shutil.rmtree(partial, ignore_errors=True)


def open_unnamed(owner: object, place: Path | None = None) -> IO[bytes]:
    """A file without a name, gone when the process ends in whatever way, or `owner` before it."""
    with ExitStack() as stack, explain_errors(place or Path(tempfile.gettempdir())):
        file = stack.enter_context(tempfile.TemporaryFile(dir=place))
        weakref.finalize(owner, stack.pop_all().close)
    return file


def map_ids(blocks: Iterable[Ids], dtype: type[np.uint8 | np.uint16]) -> Ids:
    """Ids that are many: in a file without a name, mapped from there, and gone with the process."""
    place = make_folder("corpora")
    with explain_errors(place), tempfile.TemporaryFile(dir=place) as file:
        for block in blocks:
            file.write(block.data)
        file.flush()
        # The map holds on to what it shows when the file is closed.
        ids: Ids = np.memmap(file, dtype, "r")
    return ids


def release(ids: Ids) -> None:
    """Lets what was read of a mapped file leave the memory; it is read again when it is needed."""
    base: object = ids
    while isinstance(base, np.ndarray):
        base = base.base
    if isinstance(base, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        base.madvise(mmap.MADV_DONTNEED)
