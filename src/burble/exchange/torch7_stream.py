"""The bytes of a file of Torch7, of either kind, as integers, numbers and strings.

Each length is checked against what is left of the file before memory is taken. Understood are
binary files of little-endian machines, and text files (`ascii`). Knows nothing of objects.
"""

import re
from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

NUMBER = 1
"""Stands before a number in a table."""
ENTRY = np.dtype([("key", "<i4"), ("index", "<f8"), ("kind", "<i4"), ("value", "<f8")])
"""An entry of a table of which key and value are numbers."""
Numbers = NDArray[Any]
_WORD = re.compile(rb"\s*(\S+)")


class DamagedError(Exception):
    """What cannot be in a file that is whole."""


class Input(ABC):
    """The bytes of a file, read from the first on."""

    least_entry = 12
    """Bytes that an entry of a table takes at least: a truth, and nothing."""

    def __init__(self, data: bytes) -> None:
        self.data, self.place = data, 0

    @property
    def left(self) -> int:
        """Bytes that are left."""
        return len(self.data) - self.place

    def take(self, count: int) -> bytes:
        """The next bytes."""
        if not 0 <= count <= self.left:
            raise DamagedError(f"{count:,} bytes are to come and {self.left:,} are left")
        self.place += count
        return self.data[self.place - count : self.place]

    @abstractmethod
    def integer(self) -> int:
        """The next integer of 32 bits."""

    @abstractmethod
    def long(self) -> int:
        """The next integer of 64 bits."""

    @abstractmethod
    def number(self) -> float:
        """The next number."""

    def longs(self, count: int) -> tuple[int, ...]:
        """The next long integers."""
        return tuple(self.long() for _ in range(count))

    @abstractmethod
    def string(self) -> bytes:
        """The next string, its length before it."""

    @abstractmethod
    def numbers(self, kind: str, count: int) -> Numbers:
        """The next numbers of a storage; kinds are those of NumPy, and `long`."""

    @abstractmethod
    def skip_list(self, count: int) -> bool:
        """Passes over a table of so many entries if all its keys and values are numbers."""


class Binary(Input):
    """A binary file."""

    def __init__(self, data: bytes, long_size: int) -> None:
        super().__init__(data)
        self._long = long_size

    def integer(self) -> int:
        """See `Input`."""
        return int.from_bytes(self.take(4), "little", signed=True)

    def long(self) -> int:
        """See `Input`."""
        return int.from_bytes(self.take(self._long), "little", signed=True)

    def number(self) -> float:
        """See `Input`."""
        return float(np.frombuffer(self.take(8), "<f8")[0])

    def string(self) -> bytes:
        """See `Input`."""
        return self.take(self.integer())

    def numbers(self, kind: str, count: int) -> Numbers:
        """See `Input`."""
        dtype = np.dtype(f"<i{self._long}" if kind == "long" else kind)
        if not 0 <= count <= self.left // dtype.itemsize:
            raise DamagedError(f"{count:,} numbers are to come and {self.left:,} bytes are left")
        self.place += count * dtype.itemsize
        return np.frombuffer(self.data, dtype, count, self.place - count * dtype.itemsize)

    def skip_list(self, count: int) -> bool:
        """See `Input`."""
        if count * ENTRY.itemsize > self.left:
            return False
        entries = np.frombuffer(self.data, ENTRY, count, self.place)
        if (entries["key"] != NUMBER).any() or (entries["kind"] != NUMBER).any():
            return False
        self.place += entries.nbytes
        return True


class Text(Input):
    """A text file: numbers in decimals with white space between them."""

    least_entry = 6

    def _word(self) -> bytes:
        found = _WORD.match(self.data, self.place, self.place + 100)
        if not found:
            raise DamagedError("the file ends")
        self.place = found.end()
        return found[1]

    def _end_line(self) -> None:
        """Passes over the end of a line, which stands behind what is not a number."""
        self.place += self.data[self.place : self.place + 1] == b"\n"

    def integer(self) -> int:
        """See `Input`."""
        word = self._word()
        if not re.fullmatch(rb"-?\d{1,19}", word):
            raise DamagedError(f"{word!r:.40} came where an integer is")
        self._end_line()
        return int(word)

    long = integer

    def number(self) -> float:
        """See `Input`."""
        word = self._word()
        self._end_line()
        return _to_number(word)

    def string(self) -> bytes:
        """See `Input`."""
        count = self.integer()
        found = self.take(count)
        if count:
            self._end_line()
        return found

    def numbers(self, kind: str, count: int) -> Numbers:
        """See `Input`."""
        if kind in ("<u1", "<i1"):
            found = np.frombuffer(self.take(count), kind)
        else:
            end = self.data.find(b"\n", self.place)
            end = len(self.data) if end < 0 else end
            if not 0 <= count <= (end - self.place + 1) // 2:
                raise DamagedError(f"{count:,} numbers are to come, which the line does not hold")
            words = re.compile(rb"\S+").finditer(
                self.data, self.place, end if count else self.place
            )
            try:
                found = np.fromiter((_to_number(word[0]) for word in words), np.float64, count)
            except ValueError as error:
                raise DamagedError(f"a line does not hold {count:,} numbers") from error
            self.place = end if count else self.place
        if count:
            self._end_line()
        return found

    def skip_list(self, count: int) -> bool:
        """Passes over nothing: how long a list is would be known only if it were read."""
        del count
        return False


def _to_number(word: bytes) -> float:
    """A number in decimals."""
    try:
        return float(word)
    except ValueError as error:
        raise DamagedError(f"{word!r:.40} came where a number is") from error
