"""A logits processor that blocks what would not become a known word.

Knows nothing of models, or of other processors than the one that blocks copies.
"""

from collections.abc import Sequence, Set
from typing import Self

import numpy as np
from numpy.typing import NDArray

from burble.data.words import APOSTROPHES, is_inside
from burble.errors import SettingsError
from burble.inference.passages import CopyBlocker
from burble.model.softmax import IMPOSSIBLE

SIGMA = "Σ"
REACH = 20.0
"""Logits: what is so much less likely than something else hardly ever comes."""
IDLE = 8
"""Symbols in a row without a letter after which a word may be begun that has no end: there seems to
be no other."""
LOOKAHEAD = 100
"""Ways that are tried to end a word."""


class WordConstraint:
    """Blocks what would not become a known word: letters that lead to none, and too early an end.

    Words are as in `burble.data.words`, whatever their case. Everything else is free. A word that
    was begun otherwise, in a prompt, is left alone, and so is one that another processor leaves no
    end. None is begun that could not be ended without a copy, as far as that is soon seen.

    Args:
        known: The words, in lower case.
        symbols: The text of each id; what stands for the edge of a document included.
        texts: B.
        copies: What may not be completed besides, if anything.
        reach: Symbols whose logits are so much less than the highest are not looked into.

    Raises:
        SettingsError: The symbols can spell none of the words.
    """

    def __init__(
        self,
        known: Set[str],
        symbols: Sequence[str],
        texts: int,
        copies: CopyBlocker | None = None,
        reach: float = REACH,
    ) -> None:
        letters = {*"".join(map(_lower, symbols))}
        letters |= {*"σς"} if SIGMA in letters else set()
        self._known = {word for word in known if letters.issuperset(word)}
        if not self._known:
            raise SettingsError(
                f"of {len(known):,} known words, this model's alphabet can spell none. Give the "
                "text it was trained on, a smaller --word-count, or leave out --words."
            )
        self._beginnings = {word[:end] for word in self._known for end in range(len(word) + 1)}
        self._symbols = symbols
        # Where there are no documents, nothing stands between two.
        self._spelled = [(place, symbol) for place, symbol in enumerate(symbols) if symbol]
        self._words: list[str | None] = [""] * texts
        self._idle = [0] * texts
        self._copies, self._reach = copies, reach
        self._nexts: dict[str, dict[int, str]] = {}
        # Symbols have numbers of 16 bits, and of words there may be thousands, after as many.
        self._blocked: dict[str, NDArray[np.uint16]] = {}

    def process(self, logits: NDArray[np.float32]) -> None:
        """Makes the symbols impossible that would spoil a word, where another is left."""
        for row, word in enumerate(self._words):
            if word is None:
                continue
            if word not in self._blocked:
                fitting = self._find_next(word)
                spoils = [place for place, _ in self._spelled if place not in fitting]
                self._blocked[word] = np.array(spoils, np.uint16)
            others = _block(logits[row], self._blocked[word])
            if others and self._copies and self._idle[row] < IDLE:
                self._block_dead_ends(row, logits[row], word)

    def _block_dead_ends(self, row: int, logits: NDArray[np.float32], word: str) -> None:
        """Makes those symbols of a text impossible, (V,), after which a word could not be ended."""
        looked: set[int] = set()
        while True:
            least = max(float(IMPOSSIBLE), float(logits.max()) - self._reach)
            likely = {*np.flatnonzero(logits > least).tolist()} - looked
            if not likely:
                return
            looked |= likely
            begun = [(symbol, self._find_next(word)[symbol]) for symbol in sorted(likely)]
            lost = [
                s for s, after in begun if after and not self._can_end(row, [s], after, [LOOKAHEAD])
            ]
            if not _block(logits, np.array(lost, np.intp)):
                return

    def _can_end(self, row: int, path: list[int], word: str, left: list[int]) -> bool:
        """Whether a word that was begun can be ended without a copy; true if that takes long."""
        tried = set()
        for symbol, after in self._find_next(word).items():
            left[0] -= 1
            if left[0] < 0:
                return True
            # A capital leads nowhere else than its small letter.
            if after in tried or self._copies is None:
                continue
            tried |= {after} if after else set()
            if not self._copies.completes_passage(row, [*path, symbol]) and (
                not after or self._can_end(row, [*path, symbol], after, left)
            ):
                return True
        return False

    def _find_next(self, word: str) -> dict[int, str]:
        """The symbols that do not spoil a word, those that end it first, and what it is then."""
        if word not in self._nexts:
            found, begun = dict[int, str](), dict[str, str | None]()
            for place, symbol in self._spelled:
                first = symbol[0]
                if first not in begun:
                    begun[first] = self._extend(word, first)
                after = begun[first]
                if after is not None and len(symbol) > 1:
                    after = self._extend(after, symbol[1:])
                if after is not None:
                    found[place] = after
            self._nexts[word] = dict(sorted(found.items(), key=lambda item: bool(item[1])))
        return self._nexts[word]

    def append_symbols(self, symbols: NDArray[np.intp]) -> None:
        """Takes the symbol that was written in each text."""
        for row, symbol in enumerate(symbols.tolist()):
            word, text = self._words[row], self._symbols[symbol]
            self._idle[row] = 0 if any(map(str.isalpha, text)) else self._idle[row] + 1
            if word is not None:
                self._words[row] = self._extend(word, text)
            if self._words[row] is None and not all(map(is_inside, text)):
                self._words[row] = ""

    def join(self, other: Self) -> None:
        """Watches more texts."""
        self._words += other._words
        self._idle += other._idle

    def keep_rows(self, rows: Sequence[int]) -> None:
        """Goes on with some of the texts."""
        self._words = [self._words[row] for row in rows]
        self._idle = [self._idle[row] for row in rows]

    def _extend(self, word: str, symbol: str) -> str | None:
        """The word so far once a symbol is added to it; None where it would spoil it."""
        for char in _lower(symbol):
            if word and char in APOSTROPHES and not word.endswith(APOSTROPHES):
                # Part of the word, or a quote that closes after it: what follows will tell.
                if not self._is_beginning(word + char) and word.lower() not in self._known:
                    return None
                word += char
            elif char.isalpha() or (word and is_inside(char) and char not in APOSTROPHES):
                word += char
                if not self._is_beginning(word):
                    return None
            else:
                ended = word.rstrip("'’").lower()
                if ended and ended not in self._known:
                    return None
                word = ""
        return word

    def _is_beginning(self, word: str) -> bool:
        """Whether a known word begins so, whichever way a capital sigma at its end will go."""
        return {word.lower(), word.replace(SIGMA, "σ")} & self._beginnings != set()


def _block(logits: NDArray[np.float32], symbols: NDArray[np.integer]) -> bool:
    """Makes symbols impossible, in logits (V,), where others are left; whether there are."""
    before = logits[symbols]
    logits[symbols] = IMPOSSIBLE
    if logits.max() <= IMPOSSIBLE:
        logits[symbols] = before
        return False
    return True


def _lower(symbol: str) -> str:
    """In lower case, but for the capital sigma: what follows tells which small one it is."""
    return "".join(char if char == SIGMA else char.lower() for char in symbol)
