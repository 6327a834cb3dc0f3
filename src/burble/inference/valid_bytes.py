"""Blocks bytes that would be no UTF-8: what a model of bytes writes is always text.

Knows nothing of models. Source: table 3-7 of the Unicode standard, well-formed byte sequences.
"""

from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray

from burble.model.softmax import IMPOSSIBLE

_START, _LAST, _TWO, _THREE, _E0, _ED, _F0, _F4 = range(8)
_NONE = -1
# Of each state: bytes from the first to the last one lead to another state.
_LEADS = (
    # NUL is no text here: it never stands in one that is learned.
    (_START, 0x01, 0x7F, _START),
    (_START, 0xC2, 0xDF, _LAST),
    (_START, 0xE0, 0xE0, _E0),
    (_START, 0xE1, 0xEF, _TWO),
    (_START, 0xED, 0xED, _ED),
    (_START, 0xF0, 0xF0, _F0),
    (_START, 0xF1, 0xF3, _THREE),
    (_START, 0xF4, 0xF4, _F4),
    (_LAST, 0x80, 0xBF, _START),
    (_TWO, 0x80, 0xBF, _LAST),
    (_THREE, 0x80, 0xBF, _TWO),
    (_E0, 0xA0, 0xBF, _LAST),
    (_ED, 0x80, 0x9F, _LAST),
    (_F0, 0x90, 0xBF, _TWO),
    (_F4, 0x80, 0x8F, _TWO),
)


def _make_table() -> NDArray[np.int8]:
    """The state after each byte in each state, -1 where it cannot come; edges are behind bytes."""
    table = np.full((8, 257), _NONE, np.int8)
    for state, first, last, after in _LEADS:
        table[state, first : last + 1] = after
    table[_START, 256] = _START
    return table


_TABLE = _make_table()


class ByteConstraint:
    """Blocks bytes that cannot follow: a `LogitsProcessor`.

    Args:
        texts: B.
    """

    def __init__(self, texts: int) -> None:
        self._states = np.full(texts, _START, np.int8)

    def process(self, logits: NDArray[np.float32]) -> None:
        """Makes the bytes impossible after which the text could be no UTF-8 any more."""
        logits[_TABLE[self._states, : logits.shape[1]] == _NONE] = IMPOSSIBLE

    def append_symbols(self, symbols: NDArray[np.intp]) -> None:
        """Takes the byte that was written in each text."""
        after = _TABLE[self._states, symbols]
        # The last symbols of a prompt may begin inside a character.
        self._states = np.where(after == _NONE, _START, after)

    def join(self, other: Self) -> None:
        """Watches more texts."""
        self._states = np.concatenate([self._states, other._states])

    def keep_rows(self, rows: Sequence[int]) -> None:
        """Goes on with some of the texts."""
        self._states = self._states[list(rows)]
