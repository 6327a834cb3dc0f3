"""Quotes and brackets: which of a text are open, as it is read, and a nudge that closes them.

Knows nothing of models.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from burble.data.sentences import ELISIONS, LONGEST_QUOTE, QUOTES, opens_before

MARKS = frozenset("".join(QUOTES) + "".join(QUOTES.values()))
LONGEST_ELISION = 8
"""Characters of a word after which it is none that `ELISIONS` knows."""
UNIT = 100
"""Characters after which a nudge has its full strength."""
LARGEST = 6.0
"""No nudge is stronger, in nats: where a mark cannot be, it stays out."""
HOTTEST = 1e28
"""Beyond this temperature a nudge fades: what it adds must be a number that logits can hold."""


class Quotes:
    """The quotes and brackets of a text, told as they come.

    What has not closed after `LONGEST_QUOTE` characters, or when what is around it closes, is
    forgotten: it was none, or never will. An apostrophe of a known elision ('tis) opens nothing.

    Attributes:
        opened: How many have opened.
        closed: How many of them have closed.
        waiting: What closes each that is open, and the characters up to its mark; the latest last.
        last: The last two characters.
    """

    def __init__(self) -> None:
        """Nothing was read."""
        self.opened = 0
        self.closed = 0
        self.waiting: list[tuple[str, int]] = []
        self._read = 0
        self._mark = ""
        self._before = self.last = ""
        self._word: str | None = None

    @property
    def age(self) -> int:
        """Characters since the latest that is open; 0 if none is, or right after a mark."""
        return self._read - self.waiting[-1][1] if self.waiting and not self._mark else 0

    def add(self, text: str) -> None:
        """Reads on. What a mark is, shows in the character after it."""
        for char in text:
            self._settle(char)
            if char in MARKS:
                self._mark, self._before = char, self.last[-1:]
            self.last = self.last[-1:] + char
            self._read += 1

    def end(self) -> None:
        """Nothing comes any more."""
        self._settle("")

    def _settle(self, after: str) -> None:
        """Takes a mark for what it is, once it is known what follows."""
        self._hear(after)
        if self.waiting and self._read - self.waiting[0][1] > LONGEST_QUOTE:
            del self.waiting[0]
        mark, self._mark = self._mark, ""
        if not mark:
            return
        closing = [place for place, (closers, _) in enumerate(self.waiting) if mark in closers]
        if closing and not (mark in "'’" and after.isalnum()):
            del self.waiting[closing[-1] :]
            self.closed += 1
            return
        inside_word = mark in "'’" and self._before.isalnum()
        if mark in QUOTES and not inside_word and mark != "’" and opens_before(mark, after):
            self.waiting.append((QUOTES[mark], self._read))
            self.opened += 1
            self._word = after if mark in "'‘" else None

    def _hear(self, char: str) -> None:
        """Takes back that a quote has opened if the word after its mark is an elision."""
        if self._word is None:
            return
        if char.isalnum() and len(self._word) < LONGEST_ELISION:
            self._word += char
            return
        if self.waiting and ELISIONS.fullmatch(self._word):
            self.waiting.pop()
            self.opened -= 1
        self._word = None


class Nudge:
    """Makes what would close a quote or bracket likelier, the longer it has been open.

    A mark that opens as well as closes, such as a straight quote, closes after what is no white
    space, and an apostrophe closes after no letter either. After white space it would open once
    more what is open, and becomes as much less likely, but for the beginning of a paragraph. The
    model still says where: a mark that it finds nearly impossible stays so.

    Args:
        strength: What the logarithm of the odds gains after `UNIT` characters, in nats.
        symbols: The text of each id, the edge of a document last: nothing is open after that.
        texts: How many are written side by side, B.
        temperature: By which logits are divided after this.
    """

    def __init__(
        self, strength: float, symbols: Sequence[str], texts: int, temperature: float = 1.0
    ) -> None:
        """Nothing has been written."""
        self._strength = strength / UNIT
        self._temperature = min(temperature, HOTTEST)
        self._symbols = symbols
        self._quotes = [Quotes() for _ in range(texts)]
        places = {symbol: place for place, symbol in enumerate(symbols[:-1])}
        self._places = {mark: places[mark] for mark in MARKS if mark in places}

    def apply(self, logits: NDArray[np.float32]) -> None:
        """Nudges, in logits (B, V), what closes the latest that is open."""
        for row, quotes in enumerate(self._quotes):
            if not quotes.age:
                continue
            gain = min(self._strength * quotes.age, LARGEST) * self._temperature
            for mark in quotes.waiting[-1][0]:
                if mark in self._places:
                    logits[row, self._places[mark]] += gain * _direction(mark, quotes.last)

    def add(self, symbols: NDArray[np.intp]) -> None:
        """Takes the symbol that was written in each text, shape (B,)."""
        for row, symbol in enumerate(symbols.tolist()):
            if symbol == len(self._symbols) - 1:
                self._quotes[row] = Quotes()
            else:
                self._quotes[row].add(self._symbols[symbol])

    def keep(self, rows: Sequence[int]) -> None:
        """Goes on with some of the texts."""
        self._quotes = [self._quotes[row] for row in rows]


def _direction(mark: str, last: str) -> int:
    """1 where a mark would close, -1 where it would open once more, 0 where it is neither."""
    if QUOTES.get(mark) != mark:
        return 1
    if last[-1:].isspace():
        return 0 if last == "\n\n" else -1
    return 0 if mark in "'’" and last[-1:].isalnum() else 1
