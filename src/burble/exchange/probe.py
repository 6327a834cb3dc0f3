"""A first look at what is to be imported: enough to tell what it is. Knows no format."""

import stat
import struct
import zipfile
from dataclasses import dataclass
from pathlib import Path

from burble.errors import ModelFileError
from burble.formatting import shown

HEAD = 4096
MOST_NAMES = 10_000
HDF5 = b"\x89HDF\r\n\x1a\n"


@dataclass(frozen=True)
class Probe:
    """What is seen at first.

    Attributes:
        path: The file or folder.
        head: The first `HEAD` bytes of a file; empty of a folder.
        names: The members of a ZIP archive, or the entries of a folder.
    """

    path: Path
    head: bytes = b""
    names: tuple[str, ...] = ()

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return self.path.is_dir()

    @property
    def is_hdf5(self) -> bool:
        """Whether it begins as HDF5 does, at once or after a block of someone else's."""
        return any(self.head.startswith(HDF5, place) for place in (0, 512, 1024, 2048))


def look(path: Path) -> Probe:
    """Takes a first look.

    Raises:
        ModelFileError: There is nothing of that name, or it can be no model.
    """
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            names = sorted(entry.name for entry in path.iterdir())
            return Probe(path, names=tuple(names[:MOST_NAMES]))
        # Looked at before it is opened: opening a pipe would wait for its other end.
        if not stat.S_ISREG(mode):
            raise OSError("it is no ordinary file")
        with path.open("rb") as file:
            head = file.read(HEAD)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise ModelFileError(
            f"cannot read {shown(path)}: {why}. Give a model to import."
        ) from error
    if not head:
        raise ModelFileError(f"{shown(path)} is empty. Copy it again from where it came.")
    return Probe(path, head, _members(path) if head.startswith(b"PK") else ())


def _members(path: Path) -> tuple[str, ...]:
    """The names in an archive; none where it cannot be read."""
    try:
        with zipfile.ZipFile(path) as archive:
            return tuple(archive.namelist()[:MOST_NAMES])
    except (OSError, ValueError, LookupError, struct.error, zipfile.BadZipFile, RuntimeError):
        return ()
