"""What may follow a text: the likeliest next symbols, and the likeliest next words.

A word is letters and digits with their marks, and apostrophes between them. Where a script puts no
blanks between words, as Chinese, Japanese and Thai do not, nothing but a dictionary could say where
one ends: there a word is one letter with its marks, and a run of katakana. Source: the default word
boundaries of Unicode Standard Annex #29. Knows nothing of files, or of how texts are written.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from burble.data.vocabulary import Vocabulary
from burble.data.words import APOSTROPHES
from burble.inference.context import Context
from burble.inference.open_ends import predict_next
from burble.inference.prompts import Prompt
from burble.model.engine import Array
from burble.model.softmax import log_softmax
from burble.patterns import compile_pattern
from burble.settings import is_integer, require

WIDTH = 64
"""Beginnings of words that are gone on with at once."""
LONGEST = 32
"""Symbols of a word at most, and of what stands before it."""
LEAST = 1e-4
"""A word that is less likely is none that anyone would be helped by."""
LOOK_BACK = 64
"""Symbols of a text that tell whether it ends inside a word."""

_LETTER, _ALONE, _MARK, _APOSTROPHE, _OTHER, _EDGE = range(6)
_KINDS = (
    (_MARK, r"[\p{M}\p{WB=Extend}\p{WB=Format}\p{WB=ZWJ}]"),
    (_LETTER, r"[\p{WB=ALetter}\p{WB=Hebrew_Letter}\p{WB=Katakana}\p{WB=Numeric}]"),
    (_ALONE, r"[\p{L}\p{N}]"),
)
# Before the next word; at the end of the text, in a word, behind its apostrophe, or behind a letter
# that stands alone; the same three in the word that is looked for; and behind that.
_OUT, _IN_TEXT, _QUOTE_IN_TEXT, _ALONE_IN_TEXT, _IN, _QUOTE, _LONE, ENDED, _LOST = range(9)
AFTER = np.array(
    [
        # letter, alone, mark, apostrophe, other, edge
        [_IN, _LONE, _OUT, _OUT, _OUT, _LOST],
        [_IN, _LONE, _IN, _QUOTE_IN_TEXT, _OUT, _LOST],
        [_IN, _LONE, _OUT, _OUT, _OUT, _LOST],
        [_IN, _LONE, _LONE, _OUT, _OUT, _LOST],
        [_IN, ENDED, _IN, _QUOTE, ENDED, ENDED],
        [_IN, ENDED, ENDED, ENDED, ENDED, ENDED],
        [ENDED, ENDED, _LONE, ENDED, ENDED, ENDED],
    ],
    np.int8,
)
IN_THE_TEXT = {_IN: _IN_TEXT, _QUOTE: _QUOTE_IN_TEXT, _LONE: _ALONE_IN_TEXT, _LOST: _OUT}
_OF_TEXT = np.array([IN_THE_TEXT.get(state, state) for state in range(9)], np.int8)

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


@dataclass(frozen=True)
class Suggestion:
    """What may follow a text.

    Attributes:
        text: What would be added to it; empty for the end of a document.
        probability: Of that, 0 to 1, as the model predicts at temperature 1.
    """

    text: str
    probability: float


@dataclass(frozen=True)
class Suggestions:
    """What may follow a text, the likeliest first.

    Attributes:
        symbols: Next symbols.
        words: Next words, each with all that stands before it: the rest of a word that was begun,
            or a blank and another. The probability is that the text goes on so and that the word
            ends there. None has less than `LEAST`.
        complete: Whether no likelier word can have been missed.
    """

    symbols: tuple[Suggestion, ...]
    words: tuple[Suggestion, ...]
    complete: bool


def find_suggestions(
    prompt: Prompt, logits: Array, context: Context, vocabulary: Vocabulary, count: int
) -> Suggestions:
    """Finds the likeliest next symbols and words.

    Args:
        prompt: The text.
        logits: What is predicted after it, shape (1, V).
        context: What has read it; it reads on.
        vocabulary: The model's alphabet.
        count: How many of each at most.

    Raises:
        SettingsError: That is no number of them.
    """
    require(is_integer(count) and count >= 1, "count", count, "a whole number of 1 or more")
    found = predict_next(logits, context, vocabulary, prompt.end)
    symbols = [Suggestion(text, probability) for text, probability in [*found.items()][:count]]
    lengths = _find_lengths(vocabulary) if prompt.owed else None
    search = _Search(find_kinds(vocabulary), context, count, (len(prompt.owed), lengths))
    search.run(log_softmax(logits.astype(np.float64)), _find_state(prompt, search.kinds))
    each: dict[str, float] = {}
    for log_probability, path in search.found:
        text = vocabulary.decode(path)
        # As the text would be read, and not one that a mark joins otherwise.
        if prompt.owed or [*vocabulary.split(text)] == [vocabulary.symbols[i] for i in path]:
            rest = text[len(prompt.owed) :]
            each[rest] = each.get(rest, 0.0) + float(np.exp(log_probability))
    words = [Suggestion(text, probability) for text, probability in each.items()]
    words.sort(key=lambda word: (-word.probability, word.text))
    return Suggestions(tuple(symbols), tuple(words[:count]), search.missed <= search.least)


@lru_cache(8)
def find_kinds(vocabulary: Vocabulary) -> Ints:
    """What each id is to a word, shape (V,)."""
    kinds = [_find_kind(symbol) for symbol in vocabulary.symbols]
    return np.array(kinds + [_EDGE] * vocabulary.boundary, np.intp)


@lru_cache(8)
def _find_lengths(vocabulary: Vocabulary) -> Ints:
    """Characters of each id, shape (V,)."""
    return np.append(vocabulary.lengths, [0] * vocabulary.boundary).astype(np.intp)


def _find_kind(symbol: str) -> int:
    """What a symbol is to a word: what its first character is, for the others belong to that."""
    if symbol[0] in APOSTROPHES:
        return _APOSTROPHE
    if "\udc80" <= symbol[0] <= "\udcff":
        # Of a character in bytes: most that are not ASCII are letters.
        return _LETTER if symbol[0] >= "\udcc0" else _MARK
    patterns = ((kind, compile_pattern(one, "suggesting words")) for kind, one in _KINDS)
    return next((kind for kind, pattern in patterns if pattern.match(symbol)), _OTHER)


def _find_state(prompt: Prompt, kinds: Ints) -> int:
    """Where a text ends: in a word, behind one, or nowhere near."""
    state = _OUT
    for kind in kinds[prompt.primed[-LOOK_BACK:]].tolist() if prompt.text else ():
        after = int(AFTER[state, kind])
        state = IN_THE_TEXT.get(after, after)
    return state


@dataclass(frozen=True)
class _Open:
    """Beginnings of words, the likeliest first.

    Attributes:
        paths: The symbols of each.
        states: Where each ends, shape (B,).
        log_probabilities: Of each, shape (B,).
        lengths: Characters of each, shape (B,).
    """

    paths: Sequence[tuple[int, ...]]
    states: Ints
    log_probabilities: Floats
    lengths: Ints


class _Search:
    """Looks for the likeliest words, all their beginnings of one length at once.

    What a beginning has for probability, no word can exceed that begins so: those that cannot be
    among the likeliest are left, and nothing is missed that way.

    Args:
        kinds: See `find_kinds`.
        context: What has read the text.
        count: Words that are looked for.
        owed: Characters that the text ends with and that are written again first, and the lengths
            of all symbols, shape (V,).

    Attributes:
        found: Log-probability and symbols of words.
        missed: The highest log-probability of a beginning that was not gone on with.
    """

    def __init__(
        self, kinds: Ints, context: Context, count: int, owed: tuple[int, Ints | None] = (0, None)
    ) -> None:
        self.kinds = kinds
        self.found: list[tuple[float, tuple[int, ...]]] = []
        self.missed = -np.inf
        self._context = context
        self._count = count
        self._owed, self._lengths = owed

    @property
    def least(self) -> float:
        """The log-probability that a word must exceed to be among the likeliest."""
        best = sorted((one for one, _ in self.found), reverse=True)[: self._count]
        return max([float(np.log(LEAST)), *best[self._count - 1 :]])

    def run(self, rows: Floats, state: int) -> None:
        """Searches from what is predicted after the text, log-probabilities (1, V)."""
        begun = _Open([()], np.array([state]), np.zeros(1), np.zeros(1, np.intp))
        for _ in range(LONGEST):
            begun, parents = self._extend(begun, rows)
            if not parents:
                return
            self._context.keep_rows(parents)
            logits = self._context.append_symbols(np.array([path[-1] for path in begun.paths]))
            rows = log_softmax(logits.astype(np.float64))
        # What would be longer still was not looked for; words may end here all the same.
        rest, _ = self._extend(begun, rows)
        self.missed = max(self.missed, *rest.log_probabilities, -np.inf)

    def _extend(self, begun: _Open, rows: Floats) -> tuple[_Open, list[int]]:
        """Takes the words that end, and returns longer beginnings and what each one extends.

        Args:
            begun: B beginnings.
            rows: Log-probabilities of what follows each, shape (B, V).
        """
        whole = begun.log_probabilities[:, None] + rows
        after = AFTER[begun.states[:, None], self.kinds]
        lengths = begun.lengths
        if self._lengths is not None:
            # What is written again is of the text, and no word to be found.
            reached = lengths[:, None] + self._lengths
            after = np.where(reached <= self._owed, _OF_TEXT[after], after)
        self._take_ended(begun.paths, np.where(after == ENDED, whole, -np.inf))
        likely = np.where(after < ENDED, whole, -np.inf).ravel()
        (worth,) = np.nonzero(likely > self.least)
        worth = worth[np.argsort(-likely[worth], kind="stable")]
        if len(worth) > WIDTH:
            self.missed = max(self.missed, float(likely[worth[WIDTH]]))
        parents, symbols = np.divmod(worth[:WIDTH], rows.shape[1])
        pairs = [*zip(parents.tolist(), symbols.tolist(), strict=True)]
        paths = [(*begun.paths[parent], symbol) for parent, symbol in pairs]
        states = after[parents, symbols].astype(np.intp)
        lengths = lengths[parents] + (0 if self._lengths is None else self._lengths[symbols])
        return _Open(paths, states, likely[worth[:WIDTH]], lengths), parents.tolist()

    def _take_ended(self, paths: Sequence[tuple[int, ...]], ended: Floats) -> None:
        """Keeps the words that end after some beginnings, log-probabilities (B, V)."""
        with np.errstate(divide="ignore"):
            each = np.log(np.exp(ended).sum(1)).tolist()
        least = np.log(LEAST)
        self.found += [(one, path) for one, path in zip(each, paths, strict=True) if one > least]
