"""Blocks of ids that are kept to be read again. Knows nothing of what they stand for."""

from collections.abc import Iterator
from typing import IO

import numpy as np

from burble import files
from burble.files import Ids


class Spool:
    """Blocks of ids to be read again in order: in memory up to a limit, else in an unnamed file."""

    def __init__(self, limit: int) -> None:
        self.size = 0
        self._limit = limit
        self._kept: list[Ids] = []
        self._shapes: list[tuple[int, type[np.uint8 | np.uint16]]] = []
        self._file: IO[bytes] | None = None

    def append(self, ids: Ids) -> None:
        """Adds a block, shape (n,)."""
        self.size += len(ids)
        self._kept.append(ids)
        if self.size > self._limit:
            self._write()

    def _write(self) -> None:
        """Moves the blocks in memory to the file."""
        place = files.make_folder("corpora")
        with files.explain_errors(place):
            self._file = self._file or files.open_unnamed(self, place)
            for ids in self._kept:
                self._file.write(ids.data)
                wide = ids.dtype.itemsize > 1
                self._shapes.append((len(ids), np.uint16 if wide else np.uint8))
        self._kept.clear()

    def blocks(self, *, keep: bool = False) -> Iterator[Ids]:
        """All blocks in order; without `keep` they are let go as they are read."""
        if self._file:
            self._file.seek(0)
            for size, dtype in self._shapes:
                data = self._file.read(size * np.dtype(dtype).itemsize)
                yield np.frombuffer(data, dtype)
        if keep:
            yield from self._kept
            return
        self._kept.reverse()
        while self._kept:
            yield self._kept.pop()
