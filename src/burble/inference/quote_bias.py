"""A logits processor that makes what would close a quote or bracket likelier the longer it is open.

Knows nothing of models, or of other processors.
"""

from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray

from burble.data.quotes import MARKS, Quotes
from burble.data.sentences import QUOTES

FULL_BIAS = 100
"""Characters after which a quote's bias has its full strength."""
LARGEST_BIAS = 6.0
"""No bias is larger, in nats: where a mark cannot be, it stays out."""
HOTTEST = 1e28
"""Beyond this temperature a bias fades: what it adds must be a number that logits can hold."""


class QuoteBias:
    """Makes what would close a quote or bracket likelier, the longer it has been open.

    A mark that opens as well as closes, such as a straight quote, closes after what is no white
    space, and an apostrophe closes after no letter either. After white space it would open once
    more what is open, and becomes as much less likely, but for the beginning of a paragraph. The
    model still says where: a mark that it finds nearly impossible stays so.

    Args:
        strength: What the logarithm of the odds gains after `FULL_BIAS` characters, in nats.
        symbols: The text of each id, the edge of a document last: nothing is open after that.
        texts: How many are written side by side, B.
        temperature: By which logits are divided after this.
    """

    def __init__(
        self, strength: float, symbols: Sequence[str], texts: int, temperature: float = 1.0
    ) -> None:
        self._strength = strength / FULL_BIAS
        self._temperature = min(temperature, HOTTEST)
        self._symbols = symbols
        self._quotes = [Quotes() for _ in range(texts)]
        places = {symbol: place for place, symbol in enumerate(symbols[:-1])}
        self._places = {mark: places[mark] for mark in MARKS if mark in places}

    def process(self, logits: NDArray[np.float32]) -> None:
        """Adds to logits (B, V) of what closes the latest that is open."""
        for row, quotes in enumerate(self._quotes):
            if not quotes.age:
                continue
            gain = min(self._strength * quotes.age, LARGEST_BIAS) * self._temperature
            for mark in quotes.waiting[-1][0]:
                if mark in self._places:
                    logits[row, self._places[mark]] += gain * _find_direction(mark, quotes.last)

    def append_symbols(self, symbols: NDArray[np.intp]) -> None:
        """Takes the symbol that was written in each text, shape (B,)."""
        for row, symbol in enumerate(symbols.tolist()):
            if symbol == len(self._symbols) - 1:
                self._quotes[row] = Quotes()
            else:
                self._quotes[row].add(self._symbols[symbol])

    def join(self, other: Self) -> None:
        """Watches more texts."""
        self._quotes += other._quotes

    def keep_rows(self, rows: Sequence[int]) -> None:
        """Goes on with some of the texts."""
        self._quotes = [self._quotes[row] for row in rows]


def _find_direction(mark: str, last: str) -> int:
    """1 where a mark would close, -1 where it would open once more, 0 where it is neither."""
    if QUOTES.get(mark) != mark:
        return 1
    if last[-1:].isspace():
        return 0 if last == "\n\n" else -1
    return 0 if mark in "'’" and last[-1:].isalnum() else 1
