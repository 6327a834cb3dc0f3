"""Logits processors: what makes a symbol impossible, or likelier, for what has been written before.

Knows nothing of models. A processor watches the B texts that are written side by side: it takes
each symbol that was written, and changes the logits of the next. To add one, write a class with the
methods of `LogitsProcessor` and put it into `build_processors`.
"""

from collections.abc import Sequence, Set
from functools import lru_cache
from typing import Protocol, Self

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from burble.data.sentences import LONGEST_QUOTE
from burble.data.words import APOSTROPHES, LAYOUT, is_inside
from burble.errors import SettingsError
from burble.inference.passages import CopyBlocker, Passages
from burble.inference.quote_bias import QuoteBias
from burble.inference.settings import ROUNDS, WritingSettings
from burble.inference.valid_bytes import ByteConstraint
from burble.model.softmax import IMPOSSIBLE
from burble.native.choosing import Counts, build_watch

LONGEST_PERIOD = 400
MOST_ROUNDS = 1_000_000
SHORTEST_LOOP = 12
"""Symbols: "-----" and a few blank lines are none yet."""
SIGMA = "Σ"
REACH = 20.0
"""Logits: what is so much less likely than something else hardly ever comes."""
IDLE = 8
"""Symbols in a row without a letter after which a word may be begun that has no end: there seems to
be no other."""
LOOKAHEAD = 100
"""Ways that are tried to end a word."""


class LogitsProcessor(Protocol):
    """Changes the logits of what comes next in B texts, for what was written in each."""

    def process(self, logits: NDArray[np.float32]) -> None:
        """Changes logits of shape (B, V) in place."""

    def append_symbols(self, symbols: NDArray[np.intp]) -> None:
        """Takes the symbol that was written in each text, shape (B,)."""

    def join(self, other: Self) -> None:
        """Watches the texts of another processor besides, made alike, after its own."""

    def keep_rows(self, rows: Sequence[int]) -> None:
        """Goes on with some of the texts, in the order given."""


def build_processors(
    settings: WritingSettings,
    symbols: Sequence[str],
    texts: int,
    prompt: Sequence[int],
    *,
    of_bytes: bool = False,
) -> "LogitsProcessors":
    """The processors that some settings ask for, ready after a prompt.

    Args:
        settings: How a text is written.
        symbols: The text of each id; what stands for the edge of a document last.
        texts: B, how many are written side by side.
        prompt: The symbols that all of them go on from.
        of_bytes: Whether the symbols are bytes.
    """
    # They are applied in this order, and a later one gives way where the earlier leave nothing.
    found: list[LogitsProcessor] = []
    if of_bytes:
        found.append(ByteConstraint(texts))
    remembered = LONGEST_PERIOD
    if settings.close_quotes:
        found.append(QuoteBias(settings.close_quotes, symbols, texts, settings.temperature or 1.0))
        remembered = max(remembered, LONGEST_QUOTE)
    copies = None
    if isinstance(settings.novel, Passages):
        copies = CopyBlocker(settings.novel, texts)
        found.append(copies)
        remembered = max(remembered, settings.novel.length)
    if isinstance(settings.words, Set):
        reach = REACH * max(1.0, settings.temperature)
        found.append(WordConstraint(settings.words, symbols, texts, copies, reach))
    before = prompt[-remembered:]
    for symbol in before if found else ():
        for processor in found:
            processor.append_symbols(np.full(texts, symbol))
    if settings.blocks_loops:
        found.append(LoopBlocker(symbols, texts, settings.rounds or ROUNDS, before))
    return LogitsProcessors(found)


class LogitsProcessors:
    """All processors of B texts that are written side by side, as one.

    Args:
        processors: In the order in which they are applied.
    """

    def __init__(self, processors: Sequence[LogitsProcessor]) -> None:
        self._processors = processors
        self._may_block_all = any(isinstance(one, CopyBlocker) for one in processors)

    def process(self, logits: NDArray[np.float32]) -> list[bool]:
        """Changes logits (B, V) in place; returns for each text whether no symbol is possible."""
        for processor in self._processors:
            processor.process(logits)
        if not self._may_block_all:
            return [False] * len(logits)
        blocked: list[bool] = (logits.max(axis=1) <= IMPOSSIBLE).tolist()
        return blocked

    def append_symbols(self, symbols: NDArray[np.intp]) -> None:
        """Takes the symbol that was written in each text, shape (B,)."""
        for processor in self._processors:
            processor.append_symbols(symbols)

    def join(self, other: Self) -> None:
        """Watches more texts, with the same settings."""
        for processor, more in zip(self._processors, other._processors, strict=True):
            processor.join(more)

    def keep_rows(self, rows: Sequence[int]) -> None:
        """Goes on with some of the texts."""
        for processor in self._processors:
            processor.keep_rows(rows)

    def has_broken_loop(self, row: int) -> bool:
        """Whether a loop was broken in a text."""
        loops = (one for one in self._processors if isinstance(one, LoopBlocker))
        return any(bool(one.acted[row]) for one in loops)


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
        self._watch = build_watch(self._limits, self._speaks)
        if len(before):
            self._read(np.array(before, np.int32))
        self._set_texts(self._past, self._same, self._silent)
        # Without the kernels it is looked at each time.
        self._is_closing = self._watch is None or bool((self._same[:1] >= self._limits).any())

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
        if self._watch is not None:
            self._watch.set_texts(past, same, silent)

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
        if self._watch is not None:
            self._is_closing = self._watch.append_symbols(symbols)
            return
        self._same += 1
        self._same *= self._past == symbols.astype(np.int32)[:, None]
        self._past[:, 1:] = self._past[:, :-1]
        self._past[:, 0] = symbols
        self._silent = np.where(self._speaks[symbols], 0, self._silent + 1)

    def join(self, other: Self) -> None:
        """Watches more texts."""
        self._set_texts(
            np.concatenate([self._past, other._past]),
            np.concatenate([self._same, other._same]),
            np.concatenate([self._silent, other._silent]),
        )
        self._is_closing = self._is_closing or other._is_closing
        self.acted = np.concatenate([self.acted, other.acted])

    def keep_rows(self, rows: Sequence[int]) -> None:
        """Goes on with some of the texts."""
        self._set_texts(self._past[rows], self._same[rows], self._silent[rows])
        self.acted = self.acted[rows]


@lru_cache(8)
def _find_speaking(symbols: tuple[str, ...]) -> NDArray[np.bool_]:
    """Whether each symbol has a letter or digit, shape (V,)."""
    return np.array([any(map(str.isalnum, symbol)) for symbol in symbols])


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
