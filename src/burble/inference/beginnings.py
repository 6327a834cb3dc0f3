"""What a network knew after the beginnings of texts that it read lately, so as not to read again.

A text grows at its end: whoever goes on with it, or looks for what may follow, has read all but the
last of it a moment ago. Knows nothing of what the network predicts.
"""

from collections.abc import Sequence
from hashlib import blake2b
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from burble.model.engine import State

MOST = 256
"""Beginnings that are kept at most."""


class Beginnings:
    """States after beginnings of texts, by what was read. Threads may share it.

    A state that is found is the very one that reading would come to: texts are read in blocks from
    their beginning, and only what is read in the same blocks is the same.

    Args:
        labels: Those that texts are read with, on which states depend as well.
        states: Those of texts with other labels, that are kept beside.
    """

    def __init__(self, labels: bytes = b"", states: dict[bytes, State] | None = None) -> None:
        self._labels = labels
        self._states: dict[bytes, State] = {} if states is None else states

    def with_labels(self, labels: Sequence[int]) -> "Beginnings":
        """The same for texts with some labels.

        Args:
            labels: Their numbers.
        """
        return Beginnings(bytes(repr(labels), "ascii"), self._states)

    def list_keys(self, ids: NDArray[np.integer], block: int) -> list[bytes]:
        """What stands for a text up to the end of each whole block, where more follows.

        Args:
            ids: Shape (T,).
            block: Symbols of a block.
        """
        ends = range(block, len(ids), block)
        blocks = (ids[end - block : end].astype(np.int64).tobytes() for end in ends)
        return [*accumulate(blocks, _add_block, initial=self._labels)][1:]

    def find(self, keys: Sequence[bytes]) -> tuple[int, State | None]:
        """How many blocks of a text need not be read, and the state after them.

        Args:
            keys: Of all its blocks; see `list_keys`.
        """
        for blocks in range(len(keys), 0, -1):
            if (state := self._states.get(keys[blocks - 1])) is not None:
                return blocks, state
        return 0, None

    def keep(self, key: bytes, state: State) -> None:
        """Keeps the state after a beginning; all others are forgotten where there are too many."""
        if len(self._states) >= MOST:
            self._states.clear()
        self._states[key] = state


def _add_block(before: bytes, block: bytes) -> bytes:
    """What stands for a beginning and one block more."""
    return blake2b(before + block).digest()
