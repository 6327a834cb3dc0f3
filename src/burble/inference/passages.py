"""Passages of a text that must not be written again, and the logits processor that blocks them.

Knows nothing of models. A passage is looked up by one number, a polynomial of its symbols, so that
a text of any length can be watched for in a few microseconds a symbol.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from burble.errors import SettingsError
from burble.model.softmax import IMPOSSIBLE

BLOCK = 1 << 20
_BASE = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Passages:
    """All passages of one length in a text, each as a number.

    Attributes:
        keys: The numbers, sorted: polynomials of the symbols modulo 2^64.
        length: Symbols of a passage.
        canonical_ids: For each id, the one that it is taken for, such as its small letter's, and -1
            for what is unknown, shape (V + 1,); None where each is itself.
    """

    keys: NDArray[np.uint64]
    length: int
    canonical_ids: NDArray[np.int32] | None = None

    @classmethod
    def from_ids(
        cls, ids: NDArray[np.integer], length: int, canonical_ids: NDArray[np.int32] | None = None
    ) -> "Passages":
        """The passages of a text, 8 bytes for each symbol of it.

        Args:
            ids: Shape (N,); -1 is a symbol that the model cannot write.
            length: Symbols of a passage.
            canonical_ids: See `Passages`.

        Raises:
            SettingsError: The length is less than one.
        """
        if length < 1:
            raise SettingsError(f"a passage has {length} symbols, but must have 1 or more.")
        keys = number_passages(ids, length, canonical_ids)
        keys.sort()
        return cls(keys, length, canonical_ids)


def number_passages(
    ids: NDArray[np.integer], length: int, canonical_ids: NDArray[np.int32] | None = None
) -> NDArray[np.uint64]:
    """The number of each passage of a text, by where it begins, shape (N - length + 1,).

    Args:
        ids: See `Passages.from_ids`.
        length: Symbols of a passage.
        canonical_ids: See `Passages`.
    """
    count = max(0, len(ids) - length + 1)
    keys = np.zeros(count, np.uint64)
    for first in range(0, count, BLOCK):
        part = keys[first : first + BLOCK]
        for place in range(first, first + length):
            part *= _BASE
            read = ids[place : place + len(part)]
            read = read if canonical_ids is None else canonical_ids[read]
            part += read.astype(np.uint64) + np.uint64(1)
    return keys


def find_canonical_ids(symbols: Sequence[str], *, boundary: bool) -> NDArray[np.int32]:
    """For each id, the first one whose symbol differs in nothing but case; see `Passages`.

    >>> find_canonical_ids(("A", "B", "a"), boundary=True).tolist()
    [0, 1, 0, 3, -1]
    """
    first: dict[str, int] = {}
    found = [first.setdefault(symbol.casefold(), place) for place, symbol in enumerate(symbols)]
    return np.array([*found, *([len(symbols)] if boundary else []), -1], np.int32)


class CopyBlocker:
    """Blocks what would complete a passage that stands in a text: a `LogitsProcessor`.

    Args:
        passages: The passages of that text.
        texts: B.
    """

    def __init__(self, passages: Passages, texts: int) -> None:
        self._passages = passages
        # Of a text that is shorter than a passage, nothing can be copied.
        before = passages.length - 1 if len(passages.keys) else 0
        self._canonical_ids = passages.canonical_ids
        self._recent = [deque[int](maxlen=before) for _ in range(texts)]
        powers = [pow(int(_BASE), before - place, 2**64) for place in range(before + 1)]
        self._powers = np.array(powers, np.uint64)
        self._suffix_keys: dict[int, list[int]] = {}

    def process(self, logits: NDArray[np.float32]) -> None:
        """Makes the symbols impossible that would complete a passage, be it all of them."""
        keys, canonical = self._passages.keys, self._canonical_ids
        ids = np.arange(logits.shape[1]) if canonical is None else canonical[:-1]
        last = ids.astype(np.uint64) + np.uint64(1)
        for row, recent in enumerate(self._recent):
            if len(recent) < self._passages.length - 1 or not len(keys):
                continue
            before = (np.array(recent, np.uint64) + np.uint64(1)) * self._powers[:-1]
            completed = before.sum(dtype=np.uint64) + last
            places = np.minimum(np.searchsorted(keys, completed), len(keys) - 1)
            logits[row, keys[places] == completed] = IMPOSSIBLE

    def append_symbols(self, symbols: NDArray[np.intp]) -> None:
        """Takes the symbol that was written in each text."""
        self._suffix_keys.clear()
        if self._canonical_ids is not None:
            symbols = self._canonical_ids[symbols].astype(np.intp)
        for recent, symbol in zip(self._recent, symbols.tolist(), strict=True):
            recent.append(symbol)

    def join(self, other: Self) -> None:
        """Watches more texts."""
        self._suffix_keys.clear()
        self._recent += other._recent

    def keep_rows(self, rows: Sequence[int]) -> None:
        """Goes on with some of the texts."""
        self._suffix_keys.clear()
        self._recent = [self._recent[row] for row in rows]

    def completes_passage(self, row: int, path: Sequence[int]) -> bool:
        """Whether the last of some symbols that may follow a text would complete a passage."""
        length, keys = self._passages.length, self._passages.keys
        path = path[-length:]
        if len(self._recent[row]) + len(path) < length or not len(keys):
            return False
        key = self._find_suffix_keys(row)[length - len(path)]
        for symbol in path:
            taken = symbol if self._canonical_ids is None else int(self._canonical_ids[symbol])
            key = (key * int(_BASE) + taken + 1) % 2**64
        place = min(int(keys.searchsorted(np.uint64(key))), len(keys) - 1)
        return int(keys[place]) == key

    def _find_suffix_keys(self, row: int) -> list[int]:
        """The numbers of the last 0, 1, 2 … symbols of a text, for all that may follow it now."""
        if row not in self._suffix_keys:
            last = np.array(self._recent[row], np.uint64)[::-1] + np.uint64(1)
            sums = (last * self._powers[::-1][: len(last)]).cumsum(dtype=np.uint64)
            self._suffix_keys[row] = [0, *sums.tolist()]
        return self._suffix_keys[row]
