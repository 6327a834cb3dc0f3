"""The containers of files that Keras wrote, read with distrust: ZIP archives, HDF5 and its arrays.

No links are followed, and no data outside the file is read. Knows nothing of layers.
"""

import errno
import io
import lzma
import math
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from burble.errors import BurbleError, ModelFileError
from burble.model.tensors import strict_json

MOST_DEPTH = 16
MOST_BYTES = 4 << 30
MOST_JSON = 8 << 20
MOST_UNPACKED = 64 << 20
"""Bytes by which what is in a file may be larger than the file."""
MOST_IN_CHUNK = 1 << 26
FILTERS = {h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_FLETCHER32}
SAVE = "In Keras, save the whole model with model.save('model.h5'), and import that."


@contextmanager
def explain_damage(path: Path) -> Iterator[None]:
    """Turns what h5py and Python raise where a file is damaged into a sentence.

    Raises:
        ModelFileError: It is, or is no such file.
    """
    try:
        # Looked at before it is opened: opening a pipe would wait for its other end.
        if not stat.S_ISREG(path.stat().st_mode):
            raise OSError("it is no ordinary file")
        yield
    except BurbleError:
        raise
    except (EOFError, OSError, RuntimeError, LookupError, ValueError, TypeError) as error:
        raise ModelFileError(_unreadable(path, error)) from error


def is_archive(path: Path) -> bool:
    """Whether a file is a ZIP archive, as `.keras` is."""
    return path.is_file() and zipfile.is_zipfile(path)


@contextmanager
def open_weights(data: bytes) -> Iterator[h5py.File]:
    """The HDF5 file in an archive."""
    with h5py.File(io.BytesIO(data), "r") as file:
        yield file


def _unreadable(path: Path, error: Exception) -> str:
    """A sentence about a file that cannot be read, with what can help."""
    if isinstance(error, OSError) and error.errno in (errno.EAGAIN, errno.EWOULDBLOCK):
        return (
            f"{path} is locked by another program, perhaps the training that writes it. Wait until "
            "that has ended, or import a copy of the file."
        )
    if "truncated" in str(error):
        return (
            f"{path} is not whole ({error}): it was copied in part, or its training was ended "
            "while it was written. Copy it again, or take an earlier one."
        )
    if path.name == "checkpoint" or path.suffix == ".index" or ".data-0" in path.name:
        return f"{path} is of a TensorFlow checkpoint, which is no file of Keras. {SAVE}"
    if path.is_dir() and (path / "saved_model.pb").exists():
        return f"{path} is a TensorFlow SavedModel, which is no file of Keras. {SAVE}"
    why = " ".join(str(error).split()) or type(error).__name__
    return (
        f"cannot read {path} as HDF5 ({why:.200}). Give a file that Keras wrote, such as "
        "weights.hdf5, model.weights.h5 or model.keras."
    )


_DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, struct.error),
    *(LookupError, RuntimeError, OSError, ValueError),
)
"""What `zipfile` raises of an archive that is damaged."""


def read_members(path: Path) -> dict[str, bytes]:
    """The parts of a `.keras` file."""
    # Keras compresses nothing, and a few bytes can be unpacked to any number.
    whole = min(MOST_BYTES, path.stat().st_size + MOST_UNPACKED)
    most = {"model.weights.h5": whole, "config.json": MOST_JSON, "metadata.json": MOST_JSON}
    found = {}
    try:
        with zipfile.ZipFile(path) as archive:
            for name, limit in most.items():
                with archive.open(name) as file:
                    found[name] = file.read(limit + 1)
                if len(found[name]) > limit:
                    raise ValueError(f"{name} has more than {limit:,} bytes")
    except _DAMAGED as error:
        # zipfile (3.11) puts whole members into what it says of their names.
        why = f"{error!s:.60}" or type(error).__name__
        raise ModelFileError(
            f"{path} is an archive, but not one that Keras wrote whole ({why}). Give a .keras "
            "file, or the model.weights.h5 in it."
        ) from error
    return found


def parse_json(written: str | bytes, path: Path, name: str) -> Mapping[str, Any]:
    """An object of JSON in a file, such as the description of its network."""
    try:
        found = strict_json(written if isinstance(written, str) else written.decode())
        if not isinstance(found, dict):
            raise ValueError("it is no object")
    except (ValueError, RecursionError) as error:
        raise ModelFileError(
            f"the {name} of {path}, which describes its network, cannot be read: {error}. {SAVE}"
        ) from error
    return found


def find_dataset(file: h5py.File, way: str, path: str) -> h5py.Dataset:
    """The dataset at a place in a file, to which no link leads.

    Raises:
        ModelFileError: There is none.
    """
    held: Any = file
    for name in way.split("/")[:MOST_DEPTH]:
        is_hard = isinstance(held, h5py.Group) and isinstance(
            held.get(name, getlink=True), h5py.HardLink
        )
        held = held[name] if is_hard else None
    if not isinstance(held, h5py.Dataset):
        raise ModelFileError(f"{path} is damaged: there is no array {way!r:.80}.")
    return held


def read_plain(dataset: h5py.Dataset, expected: tuple[int, ...], name: str) -> NDArray[np.float32]:
    """An array that lies in the file itself as plain numbers, of a shape.

    Raises:
        ModelFileError: It is another.
    """
    check_plain(dataset, name)
    if dataset.shape != expected:
        raise ModelFileError(f"{name} has the shape {dataset.shape}, expected {expected}.")
    array = np.asarray(dataset[()], np.float32)
    if not np.isfinite(array).all():
        raise ModelFileError(f"{name} holds numbers that are none (NaN or infinity).")
    return array


def check_plain(dataset: h5py.Dataset, name: str) -> None:
    """Refuses an array that does not lie in the file itself as plain numbers."""
    plan = dataset.id.get_create_plist()
    filters = {plan.get_filter(i)[0] for i in range(plan.get_nfilters())}
    whole = dataset.chunks is None or math.prod(dataset.chunks) <= MOST_IN_CHUNK
    plain = not (dataset.external or dataset.is_virtual) and dataset.dtype.kind == "f" and whole
    # What was never written takes no place in the file, and any in memory.
    held = dataset.nbytes <= dataset.id.get_storage_size() + MOST_UNPACKED
    if not plain or not held or not filters <= FILTERS:
        raise ModelFileError(
            f"{name} is not stored as plain numbers in the file itself. Give a file that "
            "Keras wrote."
        )
