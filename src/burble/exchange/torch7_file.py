"""A file that Torch7 wrote: its tables, objects and tensors, by a list of what there can be.

Read with distrust: nothing in it is executed, each length is checked against what is left of the
file before memory is taken, and no object is made but the few here. Knows nothing of networks.

Source: the documentation of Torch7's serialisation, and files that it wrote.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from burble.errors import ModelFileError
from burble.exchange.torch7_stream import NUMBER, Binary, DamagedError, Input, Numbers, Text

NIL, _, STRING, TABLE, OBJECT, BOOLEAN = range(6)
FUNCTIONS = (6, 7, 8)
MOST_OBJECTS = 1 << 19
MOST_DIMENSIONS = 16
MOST_BYTES = 4 << 30
LONG_LIST = 1_000
"""Numbers in a list, such as the losses of a training, from which on the list is passed over."""
_KINDS = """
Byte=<u1 Char=<i1 Short=<i2 Int=<i4 Long=long Half=<f2 Float=<f4 Double=<f8 Cl=<f4 Cuda=<f4
CudaByte=<u1 CudaChar=<i1 CudaShort=<i2 CudaInt=<i4 CudaLong=long CudaHalf=<f2 CudaDouble=<f8
"""
ELEMENTS: Mapping[str, str] = dict(kind.split("=") for kind in _KINDS.split())
"""The numbers of tensors and storages, by the beginning of the names of their classes."""
_ARRAY = re.compile(r"torch\.(\w+)(Tensor|Storage)")
_CLASS = re.compile(r"[A-Za-z_][\w.]{0,200}")


@dataclass(eq=False, repr=False, slots=True)
class Table:
    """A table of Lua, or the fields of an object.

    Attributes:
        entries: Values by key; strings are bytes, and so are the names of fields.
        name: The class of the object that these are the fields of; empty for a table.
    """

    entries: dict[Any, Any] = field(default_factory=dict)
    name: str = ""

    def get(self, name: str | float) -> Any:
        """A value by the name of its field or its number; None where there is none."""
        return self.entries.get(name.encode() if isinstance(name, str) else name)

    @property
    def items(self) -> list[Any]:
        """The values of a list: those from 1 on, to the first number that is missing."""
        found: list[Any] = []
        while (value := self.entries.get(len(found) + 1)) is not None:
            found.append(value)
        return found


@dataclass(eq=False, repr=False)
class Tensor:
    """A tensor: sizes, and steps (in numbers) from one to the next, of a storage."""

    sizes: tuple[int, ...]
    strides: tuple[int, ...]
    first: int
    storage: Numbers

    def array(self) -> NDArray[np.float32]:
        """Its numbers in float32.

        Raises:
            ModelFileError: It reaches beyond its storage.
        """
        steps = zip(self.sizes, self.strides, strict=True)
        last = self.first + sum((size - 1) * stride for size, stride in steps)
        count = np.prod(np.array(self.sizes, object)) if self.sizes else 0
        fits = min(self.strides, default=0) >= 0 <= self.first and last < len(self.storage)
        if not 0 < count <= len(self.storage) or not fits:
            raise ModelFileError(
                f"a tensor of {' by '.join(map(str, self.sizes)) or 'no'} numbers came, which its "
                f"storage of {len(self.storage):,} does not hold. The file is damaged: copy it "
                "again, or take an earlier checkpoint."
            )
        size = self.storage.itemsize
        strides = [stride * size for stride in self.strides]
        view = np.lib.stride_tricks.as_strided(self.storage[self.first :], self.sizes, strides)
        # What is beyond float32 becomes infinity, which is refused later.
        with np.errstate(over="ignore"):
            return np.ascontiguousarray(view, np.float32)


def read_torch7(path: Path) -> Table:
    """Reads a file that holds a table or an object.

    Raises:
        ModelFileError: There is no such file, or it is none that Torch7 wrote whole.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ModelFileError(f"{path} has more than {MOST_BYTES:,} bytes, the most for a file.")
        data = path.read_bytes()
    except OSError as error:
        raise ModelFileError(f"cannot read {path}: {error.strerror}.") from error
    # A file does not say how long its long integers are; nearly all machines have 64 bits.
    texts = data[:1].isdigit()
    readings: list[Input] = [Text(data)] if texts else [Binary(data, 8), Binary(data, 4)]
    why: list[str] = []
    for reading in readings:
        try:
            found = _read_object(reading)
            if isinstance(found, Table):
                return found
            raise DamagedError(f"a {type(found).__name__} came where a table is")
        except DamagedError as error:
            why.append(f"{error}, at byte {reading.place:,} of {len(data):,}")
    raise ModelFileError(
        f"{path} is no file that Torch7 wrote whole: {why[0]}. Copy it again, or take another "
        "checkpoint."
    )


@dataclass(repr=False)
class _Part:
    """A value of which so many parts are missing, which come in order."""

    value: Any
    missing: int

    def add(self, part: Any) -> None:
        """Takes the next part, of which nothing is kept here."""


@dataclass(repr=False)
class _Entries(_Part):
    """The entries of a table: key, value, key, value."""

    key: Any = None

    def add(self, part: Any) -> None:
        if self.missing % 2:
            if part is None or isinstance(part, np.ndarray):
                raise DamagedError("an entry of a table has no key, or one that is none")
            self.key = part
        else:
            self.value.entries[self.key] = part


class _Fields(_Part):
    """The fields of an object, a table."""

    def add(self, part: Any) -> None:
        if not isinstance(part, Table):
            raise DamagedError(f"the fields of a {self.value.name} are no table")
        self.value.entries = part.entries


class _Storage(_Part):
    """The storage of a tensor, or none."""

    def add(self, part: Any) -> None:
        if part is not None:
            if not isinstance(part, np.ndarray):
                raise DamagedError("the storage of a tensor is none")
            self.value.storage = part


def _read_object(file: Input) -> Any:
    """Reads an object with all that is in it, however deep, without recursion."""
    known: dict[int, Any] = {}
    waiting: list[_Part] = []
    for _ in range(MOST_OBJECTS):
        made = _begin_object(file, known)
        if isinstance(made, _Part):
            waiting.append(made)
            made = made.value
            if waiting[-1].missing:
                continue
            waiting.pop()
        while waiting:
            waiting[-1].missing -= 1
            waiting[-1].add(made)
            if waiting[-1].missing:
                break
            made = waiting.pop().value
        else:
            return made
    raise DamagedError(f"it holds more than {MOST_OBJECTS:,} values, the most for a file")


def _begin_object(file: Input, known: dict[int, Any]) -> Any:
    """Reads a value, or of one that has others in it what stands before these."""
    kind = file.integer()
    if kind == NIL:
        return None
    if kind == NUMBER:
        return file.number()
    if kind == STRING:
        return file.string()
    if kind == BOOLEAN:
        # In Python, a key that is true would be the key 1.
        return _Truth(file.integer() == 1)
    if kind not in (TABLE, OBJECT, *FUNCTIONS):
        raise DamagedError(f"a value of the kind {kind} came, of which there is none")
    if kind == FUNCTIONS[0]:
        file.string()
        return _Part(_FUNCTION, 1)
    index = file.integer()
    if index in known:
        return known[index]
    if kind in FUNCTIONS:
        # The code of a function, which is never run.
        file.string()
        made = _Part(_FUNCTION, 1)
    elif kind == TABLE:
        made = _begin_table(file)
    else:
        made = _begin_instance(file)
    known[index] = made.value
    return made


@dataclass(frozen=True, slots=True)
class _Truth:
    """True or false."""

    value: bool

    def __bool__(self) -> bool:
        return self.value


_FUNCTION = "a function"
"""Stands for each function of a file."""


def _begin_table(file: Input) -> _Part:
    """Reads how many entries a table has."""
    size = file.integer()
    if not 0 <= size <= file.left // file.least_entry:
        raise DamagedError(f"a table of {size:,} entries came, which the file does not hold")
    skipped = size >= LONG_LIST and file.skip_list(size)
    return _Entries(Table(), 0 if skipped else 2 * size)


def _begin_instance(file: Input) -> _Part:
    """Reads the class of an object and, of a storage, all of it; of a tensor, its shape."""
    name = file.string()
    if name.startswith(b"V "):
        name = file.string()
    known = name.decode("latin-1")
    if not _CLASS.fullmatch(known):
        raise DamagedError(f"{known!r:.40} came where the name of a class is")
    array = _ARRAY.fullmatch(known)
    if not array:
        return _Fields(Table(name=known), 1)
    kind = ELEMENTS.get(array[1])
    if kind is None:
        raise DamagedError(f"{known} came, whose numbers are not known")
    if array[2] == "Storage":
        return _Part(file.numbers(kind, file.long()), 0)
    dimensions = file.integer()
    if not 0 <= dimensions <= MOST_DIMENSIONS:
        raise DamagedError(f"a tensor of {dimensions:,} dimensions came")
    sizes, strides = file.longs(dimensions), file.longs(dimensions)
    return _Storage(Tensor(sizes, strides, file.long() - 1, np.zeros(0, np.float32)), 1)
