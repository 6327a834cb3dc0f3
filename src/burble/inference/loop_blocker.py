"""A logits processor that blocks what would make a passage stand too often in a row.

Knows nothing of models, or of other processors.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Self

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from burble.data.words import LAYOUT
from burble.inference.settings import ROUNDS
from burble.model.softmax import IMPOSSIBLE
from burble.native.choosing import Counts, build_watch

LONGEST_PERIOD = 400
MOST_ROUNDS = 1_000_000
SHORTEST_LOOP = 12
"""Symbols: "-----" and a few blank lines are none yet."""


class LoopBlocker:
    """Blocks what would make a passage stand too often in a row.

    A passage of period p goes round as long as each symbol is the one p before it. Only periods
    count, not single symbols, so that spelling stays as it is; and passages without a letter or
    digit, such as rules and indents, may be longer.

    Args:
        symbols: The text of each id.
        texts: B.
        rounds: Times that it may stand in a row.
        before: The symbols that all texts go on from.

    Attributes:
        acted: Whether the likeliest symbol was blocked at some step of each text, shape (B,).
        watch: What does all of it in the compiled kernels, if they are in use.
    """

    def __init__(
        self,
        symbols: Sequence[str],
        texts: int,
        rounds: int = ROUNDS,
        before: Sequence[int] = (),
    ) -> None:
        self.acted = np.zeros(texts, bool)
        self._speaks = _find_speaking(tuple(symbols))
        self._silent = np.zeros(texts, np.int32)
        self._past = np.full((texts, LONGEST_PERIOD), -1, np.int32)
        self._same = np.zeros((texts, LONGEST_PERIOD), np.int32)
        self._periods = np.arange(1, LONGEST_PERIOD + 1, dtype=np.int32)
        least = min(rounds, MOST_ROUNDS) * self._periods
        self._limits = np.maximum(least, SHORTEST_LOOP) - 1
        self.watch = build_watch(self._limits, self._speaks, LAYOUT)
        if len(before):
            self._read(np.array(before, np.int32))
        self._set_texts(self._past, self._same, self._silent)
        # Without the kernels it is looked at each time.
        self._is_closing = True

    def _read(self, before: Counts) -> None:
        """Takes symbols, (T,), into all texts: at once what `append_symbols` does one by one."""
        padded = np.concatenate([np.full(LONGEST_PERIOD, -1, np.int32), before])
        # A row for each symbol, the last first, and in it how far before it the same one stands.
        windows = sliding_window_view(padded, LONGEST_PERIOD + 1)[::-1, ::-1]
        differs = windows[:, 1:] != windows[:, :1]
        self._same[:] = np.where(differs.any(0), differs.argmax(0), len(before))
        self._past[:] = padded[: -LONGEST_PERIOD - 1 : -1]
        speaks = self._speaks[before[::-1]]
        self._silent[:] = speaks.argmax() if speaks.any() else len(before)

    def _set_texts(self, past: Counts, same: Counts, silent: Counts) -> None:
        """Watches these texts from now on."""
        self._past, self._same, self._silent = past, same, silent
        if self.watch is not None:
            self.watch.set_texts(past, same, silent)

    def process(self, logits: NDArray[np.float32]) -> None:
        """Makes the symbols impossible that would close one round more than a period may have.

        Where another processor leaves nothing else, the loop goes on.
        """
        if not self._is_closing:
            return
        closing = self._same >= self._limits
        if not closing.any():
            return
        # A period is without letters where the last one came before it began.
        layout = self._periods <= self._silent[:, None]
        rows, periods = (closing & (~layout | (self._same + 1 >= LAYOUT))).nonzero()
        symbols = self._past[rows, periods]
        before, likeliest = logits[rows, symbols], logits[rows].max(axis=1, initial=IMPOSSIBLE)
        logits[rows, symbols] = IMPOSSIBLE
        stuck = logits[rows].max(axis=1, initial=IMPOSSIBLE) <= IMPOSSIBLE
        logits[rows[stuck], symbols[stuck]] = before[stuck]
        self.acted[rows[~stuck & (before > IMPOSSIBLE) & (before >= likeliest)]] = True

    def append_symbols(self, symbols: NDArray[np.intp]) -> None:
        """Takes the symbol that was written in each text."""
        if self.watch is not None:
            self._is_closing = self.watch.append_symbols(symbols)
            return
        self._same += 1
        self._same *= self._past == symbols.astype(np.int32)[:, None]
        self._past[:, 1:] = self._past[:, :-1]
        self._past[:, 0] = symbols
        self._silent = np.where(self._speaks[symbols], 0, self._silent + 1)

    def has_acted(self, row: int, step: int) -> bool:
        """Whether the likeliest symbol was blocked in a text, up to a step of the last call.

        Args:
            row: The text.
            step: Of the symbols that the kernels wrote in one call, the one up to which.
        """
        broken = -1 if self.watch is None else self.watch.broken[row]
        return bool(self.acted[row] or 0 <= broken <= step)

    def take_written(self) -> None:
        """Takes note of what the kernels did in their last call, before something else is done."""
        if self.watch is not None:
            self.acted |= self.watch.broken >= 0
            self.watch.broken.fill(-1)
            self._is_closing = True

    def join(self, other: Self) -> None:
        """Watches more texts."""
        self.take_written()
        other.take_written()
        self._set_texts(
            np.concatenate([self._past, other._past]),
            np.concatenate([self._same, other._same]),
            np.concatenate([self._silent, other._silent]),
        )
        self.acted = np.concatenate([self.acted, other.acted])

    def keep_rows(self, rows: Sequence[int]) -> None:
        """Goes on with some of the texts."""
        self.take_written()
        self._set_texts(self._past[rows], self._same[rows], self._silent[rows])
        self.acted = self.acted[rows]


@lru_cache(8)
def _find_speaking(symbols: tuple[str, ...]) -> NDArray[np.bool_]:
    """Whether each symbol has a letter or digit, shape (V,)."""
    return np.array([any(map(str.isalnum, symbol)) for symbol in symbols])
