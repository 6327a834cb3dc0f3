"""Symbols that may not come next, for what has been written before: loops, and copies.

Knows nothing of models. A ban watches some texts that are written side by side. It is told each
symbol, and makes impossible what would go on with what is not wanted.
"""

from collections import deque
from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from burble.data.words import APOSTROPHES, LAYOUT, is_inside
from burble.errors import SettingsError

LONGEST_PERIOD = 400
BLOCK = 1 << 20
ROUNDS = 2
"""Times that a passage may stand in a row."""
MOST_ROUNDS = 1_000_000
SHORTEST_LOOP = 12
"""Symbols: "-----" and a few blank lines are none yet."""
SIGMA = "Σ"
REACH = 20.0
"""Logits: what is so much less likely than something else hardly ever comes."""
IDLE = 8
"""Symbols in a row without a letter after which a word may be begun that has no end: there seems to
be no other."""
LOOKS = 100
"""Ways that are tried to end a word."""
NEVER = np.float32(-1e30)
"""The logit of what may not come: its probability is 0 in any number."""
_BASE = np.uint64(0x9E3779B97F4A7C15)


class Ban(Protocol):
    """What is not wanted in B texts, or (`quoting.Nudge`) less wanted than something else."""

    def apply(self, logits: NDArray[np.float32]) -> None:
        """Makes impossible or less likely, in logits (B, V), what should not come next."""

    def add(self, symbols: NDArray[np.intp]) -> None:
        """Takes the symbol that was written in each text, shape (B,)."""

    def keep(self, rows: Sequence[int]) -> None:
        """Goes on with some of the texts."""


class Loops:
    """Bans what would make a passage stand too often in a row.

    A passage of period p goes round as long as each symbol is the one p before it. Only periods
    count, not single symbols, so that spelling stays as it is; and passages without a letter or
    digit, such as rules and indents, may be longer.

    Args:
        symbols: The text of each id.
        texts: B.
        rounds: Times that it may stand in a row.

    Attributes:
        acted: Whether the likeliest symbol was banned at some step of each text, shape (B,).
    """

    def __init__(self, symbols: Sequence[str], texts: int, rounds: int = ROUNDS) -> None:
        """Nothing has been written."""
        self.acted = np.zeros(texts, bool)
        self._speaks = np.array([any(map(str.isalnum, symbol)) for symbol in symbols])
        self._silent = np.zeros(texts, np.int32)
        self._past = np.full((texts, LONGEST_PERIOD), -1, np.int32)
        self._same = np.zeros((texts, LONGEST_PERIOD), np.int32)
        self._periods = np.arange(1, LONGEST_PERIOD + 1, dtype=np.int32)
        least = min(rounds, MOST_ROUNDS) * self._periods
        self._limits = np.maximum(least, SHORTEST_LOOP) - 1

    def apply(self, logits: NDArray[np.float32]) -> None:
        """Makes the symbols impossible that would close one round more than a period may have.

        Where nothing else may come, for another ban, the loop goes on.
        """
        closing = self._same >= self._limits
        if not closing.any():
            return
        # A period is without letters where the last one came before it began.
        layout = self._periods <= self._silent[:, None]
        rows, periods = (closing & (~layout | (self._same + 1 >= LAYOUT))).nonzero()
        symbols = self._past[rows, periods]
        before, likeliest = logits[rows, symbols], logits[rows].max(axis=1, initial=NEVER)
        logits[rows, symbols] = NEVER
        stuck = logits[rows].max(axis=1, initial=NEVER) <= NEVER
        logits[rows[stuck], symbols[stuck]] = before[stuck]
        self.acted[rows[~stuck & (before > NEVER) & (before >= likeliest)]] = True

    def add(self, symbols: NDArray[np.intp]) -> None:
        """Takes the symbol that was written in each text."""
        self._same += 1
        self._same *= self._past == symbols.astype(np.int32)[:, None]
        self._past[:, 1:] = self._past[:, :-1]
        self._past[:, 0] = symbols
        self._silent = np.where(self._speaks[symbols], 0, self._silent + 1)

    def keep(self, rows: Sequence[int]) -> None:
        """Goes on with some of the texts."""
        self._past, self._same = self._past[rows], self._same[rows]
        self._silent = self._silent[rows]
        self.acted = self.acted[rows]


@dataclass(frozen=True)
class Passages:
    """All passages of one length in a text, each as a number.

    Attributes:
        keys: The numbers, sorted: polynomials of the symbols modulo 2^64.
        length: Symbols of a passage.
        alike: For each id, the one that it is taken for, such as its small letter's, and -1 for
            what is unknown, shape (V + 1,); None where each is itself.
    """

    keys: NDArray[np.uint64]
    length: int
    alike: NDArray[np.int32] | None = None

    @classmethod
    def of(
        cls, ids: NDArray[np.integer], length: int, alike: NDArray[np.int32] | None = None
    ) -> "Passages":
        """The passages of a text, 8 bytes for each symbol of it.

        Args:
            ids: Shape (N,); -1 is a symbol that nobody writes.
            length: Symbols of a passage.
            alike: See `Passages`.

        Raises:
            SettingsError: The length is less than one.
        """
        if length < 1:
            raise SettingsError(f"a passage has {length} symbols, but must have 1 or more.")
        count = max(0, len(ids) - length + 1)
        keys = np.zeros(count, np.uint64)
        for first in range(0, count, BLOCK):
            part = keys[first : first + BLOCK]
            for place in range(first, first + length):
                part *= _BASE
                read = ids[place : place + len(part)]
                read = read if alike is None else alike[read]
                part += read.astype(np.uint64) + np.uint64(1)
        keys.sort()
        return cls(keys, length, alike)


def alike(symbols: Sequence[str], *, boundary: bool) -> NDArray[np.int32]:
    """For each id, the first one whose symbol differs in nothing but case; see `Passages`.

    >>> alike(("A", "B", "a"), boundary=True).tolist()
    [0, 1, 0, 3, -1]
    """
    first: dict[str, int] = {}
    found = [first.setdefault(symbol.casefold(), place) for place, symbol in enumerate(symbols)]
    return np.array([*found, *([len(symbols)] if boundary else []), -1], np.int32)


class Copies:
    """Bans what would complete a passage that stands in a text.

    Args:
        passages: The passages of that text.
        texts: B.
    """

    def __init__(self, passages: Passages, texts: int) -> None:
        """Nothing has been written."""
        self._passages = passages
        # Of a text that is shorter than a passage, nothing can be copied.
        before = passages.length - 1 if len(passages.keys) else 0
        self._alike = passages.alike
        self._recent = [deque[int](maxlen=before) for _ in range(texts)]
        powers = [pow(int(_BASE), before - place, 2**64) for place in range(before + 1)]
        self._powers = np.array(powers, np.uint64)
        self._ends: dict[int, list[int]] = {}

    def apply(self, logits: NDArray[np.float32]) -> None:
        """Makes the symbols impossible that would complete a passage, be it all of them."""
        known = self._passages.keys
        ids = np.arange(logits.shape[1]) if self._alike is None else self._alike[:-1]
        last = ids.astype(np.uint64) + np.uint64(1)
        for row, recent in enumerate(self._recent):
            if len(recent) < self._passages.length - 1 or not len(known):
                continue
            before = (np.array(recent, np.uint64) + np.uint64(1)) * self._powers[:-1]
            keys = before.sum(dtype=np.uint64) + last
            places = np.minimum(np.searchsorted(known, keys), len(known) - 1)
            logits[row, known[places] == keys] = NEVER

    def completes(self, row: int, path: Sequence[int]) -> bool:
        """Whether the last of some symbols that may follow a text would complete a passage."""
        length, known = self._passages.length, self._passages.keys
        path = path[-length:]
        if len(self._recent[row]) + len(path) < length or not len(known):
            return False
        key = self._end(row)[length - len(path)]
        for symbol in path:
            taken = symbol if self._alike is None else int(self._alike[symbol])
            key = (key * int(_BASE) + taken + 1) % 2**64
        place = min(int(known.searchsorted(np.uint64(key))), len(known) - 1)
        return int(known[place]) == key

    def _end(self, row: int) -> list[int]:
        """The numbers of the last 0, 1, 2 … symbols of a text, for all that may follow it now."""
        if row not in self._ends:
            last = np.array(self._recent[row], np.uint64)[::-1] + np.uint64(1)
            sums = (last * self._powers[::-1][: len(last)]).cumsum(dtype=np.uint64)
            self._ends[row] = [0, *sums.tolist()]
        return self._ends[row]

    def add(self, symbols: NDArray[np.intp]) -> None:
        """Takes the symbol that was written in each text."""
        self._ends.clear()
        if self._alike is not None:
            symbols = self._alike[symbols].astype(np.intp)
        for recent, symbol in zip(self._recent, symbols.tolist(), strict=True):
            recent.append(symbol)

    def keep(self, rows: Sequence[int]) -> None:
        """Goes on with some of the texts."""
        self._ends.clear()
        self._recent = [self._recent[row] for row in rows]


class Words:
    """Bans what would not become a known word: letters that lead to none, and too early an end.

    Words are what `measures.words` finds, whatever their case. Everything else is free. A word
    that was begun otherwise, in a prompt, is left alone, and so is one that another ban leaves no
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
        copies: Copies | None = None,
        reach: float = REACH,
    ) -> None:
        """Nothing has been written."""
        letters = {*"".join(map(_lowered, symbols))}
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
        self._banned: dict[str, NDArray[np.intp]] = {}

    def apply(self, logits: NDArray[np.float32]) -> None:
        """Makes the symbols impossible that would spoil a word, where another is left."""
        for row, word in enumerate(self._words):
            if word is None:
                continue
            if word not in self._banned:
                fitting = self._next(word)
                spoils = [place for place, _ in self._spelled if place not in fitting]
                self._banned[word] = np.array(spoils, np.intp)
            others = _ban(logits[row], self._banned[word])
            if others and self._copies and self._idle[row] < IDLE:
                self._look(row, logits[row], word)

    def _look(self, row: int, logits: NDArray[np.float32], word: str) -> None:
        """Makes those symbols of a text impossible, (V,), after which a word could not be ended."""
        looked: set[int] = set()
        while True:
            least = max(float(NEVER), float(logits.max()) - self._reach)
            likely = {*np.flatnonzero(logits > least).tolist()} - looked
            if not likely:
                return
            looked |= likely
            begun = [(symbol, self._next(word)[symbol]) for symbol in sorted(likely)]
            lost = [s for s, after in begun if after and not self._ends(row, [s], after, [LOOKS])]
            if not _ban(logits, np.array(lost, np.intp)):
                return

    def _ends(self, row: int, path: list[int], word: str, left: list[int]) -> bool:
        """Whether a word that was begun can be ended without a copy; true if that takes long."""
        tried = set()
        for symbol, after in self._next(word).items():
            left[0] -= 1
            if left[0] < 0:
                return True
            # A capital leads nowhere else than its small letter.
            if after in tried or self._copies is None:
                continue
            tried |= {after} if after else set()
            if not self._copies.completes(row, [*path, symbol]) and (
                not after or self._ends(row, [*path, symbol], after, left)
            ):
                return True
        return False

    def _next(self, word: str) -> dict[int, str]:
        """The symbols that do not spoil a word, those that end it first, and what it is then."""
        if word not in self._nexts:
            every = ((place, self._after(word, symbol)) for place, symbol in self._spelled)
            found = {place: after for place, after in every if after is not None}
            self._nexts[word] = dict(sorted(found.items(), key=lambda item: bool(item[1])))
        return self._nexts[word]

    def add(self, symbols: NDArray[np.intp]) -> None:
        """Takes the symbol that was written in each text."""
        for row, symbol in enumerate(symbols.tolist()):
            word, text = self._words[row], self._symbols[symbol]
            self._idle[row] = 0 if any(map(str.isalpha, text)) else self._idle[row] + 1
            if word is not None:
                self._words[row] = self._after(word, text)
            if self._words[row] is None and not all(map(is_inside, text)):
                self._words[row] = ""

    def keep(self, rows: Sequence[int]) -> None:
        """Goes on with some of the texts."""
        self._words = [self._words[row] for row in rows]
        self._idle = [self._idle[row] for row in rows]

    def _after(self, word: str, symbol: str) -> str | None:
        """The word so far once a symbol is added to it; None where it would spoil it."""
        for char in _lowered(symbol):
            if word and char in APOSTROPHES and not word.endswith(APOSTROPHES):
                # Part of the word, or a quote that closes after it: what follows will tell.
                if not self._begins(word + char) and word.lower() not in self._known:
                    return None
                word += char
            elif char.isalpha() or (word and is_inside(char) and char not in APOSTROPHES):
                word += char
                if not self._begins(word):
                    return None
            else:
                ended = word.rstrip("'’").lower()
                if ended and ended not in self._known:
                    return None
                word = ""
        return word

    def _begins(self, word: str) -> bool:
        """Whether a known word begins so, whichever way a capital sigma at its end will go."""
        return {word.lower(), word.replace(SIGMA, "σ")} & self._beginnings != set()


def _ban(logits: NDArray[np.float32], symbols: NDArray[np.intp]) -> bool:
    """Makes symbols impossible, in logits (V,), where others are left; whether there are."""
    before = logits[symbols]
    logits[symbols] = NEVER
    if logits.max() <= NEVER:
        logits[symbols] = before
        return False
    return True


def _lowered(symbol: str) -> str:
    """In lower case, but for the capital sigma: what follows tells which small one it is."""
    return "".join(char if char == SIGMA else char.lower() for char in symbol)
