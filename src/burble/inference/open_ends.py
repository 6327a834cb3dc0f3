"""A prompt that ends inside a word, for a model of words: what is written goes on from it.

What stands at the end of such a prompt may be the beginning of a longer word, or be spelled by
characters; which, is not known before more is written. So it is not read as it stands: of the ways
to write it each has the probability that the model gives it, and what is written first is drawn
from those alone. Knows nothing of networks.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from burble.data import units
from burble.data.vocabulary import Vocabulary
from burble.inference.context import Context, Reading
from burble.model.engine import Array
from burble.model.portable import log_softmax
from burble.model.softmax import IMPOSSIBLE, softmax

_LAST = "\U0010ffff"


@dataclass(frozen=True)
class OpenEnd:
    """What stands at the end of a prompt and may go on.

    Attributes:
        text: It.
        size: Symbols that it is read as where nothing follows.
        begun: Ids of the symbols that begin with it, or are it.
        ways: Ids of other ways to write it, of two symbols and more; each begins with another.
    """

    text: str
    size: int
    begun: NDArray[np.intp]
    ways: tuple[tuple[int, ...], ...]


def find_open_end(text: str, vocabulary: Vocabulary) -> OpenEnd | None:
    """What stands at the end of a text and may go on; None where there is one way to write it.

    Args:
        text: The text; all of its characters are known.
        vocabulary: A model's.
    """
    end = units.find_open_end(text) if vocabulary.unit == "word" else ""
    if not end:
        return None
    symbols = vocabulary.symbols
    begun = np.arange(bisect_left(symbols, end), bisect_left(symbols, end + _LAST))
    usual = tuple(vocabulary.encode(end).tolist())
    # Of a word that is a symbol, another program's model may lack a letter.
    spelled = tuple(vocabulary.ids.get(char, -1) for char in end)
    possible = dict.fromkeys((usual, usual if -1 in spelled else spelled))
    ways = tuple(way for way in possible if len(way) > 1)
    if len(begun) + len(ways) < 2:
        return None
    return OpenEnd(end, len(usual), begun, ways)


def predict_next(
    logits: Array, context: Context, vocabulary: Vocabulary, end: OpenEnd | None
) -> dict[str, float]:
    """The probability of each text that a symbol adds to a prompt, the likeliest first.

    Where the prompt has an open end, what is added begins after that: the rest of a symbol, or what
    follows one that ends there.

    Args:
        logits: What is predicted after the prompt, shape (1, V).
        context: What has read it; it stays as it is.
        vocabulary: The model's; the edge between documents is "".
        end: The prompt's open end, if it has one.
    """
    names = (*vocabulary.names, "")
    row = softmax(logits.astype(np.float64))[0]
    if end is None:
        return {names[i]: float(row[i]) for i in np.argsort(-row, kind="stable")}
    found = Counter({names[i][len(end.text) :]: float(row[i]) for i in end.begun})
    found.pop("", None)
    whole = [(i,) for i in end.begun.tolist() if names[i] == end.text]
    for way in [*whole, *end.ways]:
        after = context.copy()
        for symbol in way:
            following = after.append_symbols(np.array([symbol]))
        chances = row[way[0]] * softmax(following.astype(np.float64))[0]
        for name, chance in zip(names, chances.tolist(), strict=False):
            found[name] += chance
    return dict(found.most_common())


class OpenContext:
    """A context that goes on from prompts with an open end, and from others besides.

    Args:
        network: What has read what stands before it.
        end: The end; None where there is none.
    """

    def __init__(self, network: Context, end: OpenEnd | None) -> None:
        self._network, self._end = network, end
        # What each text has still to write of its prompt.
        self._ways: list[list[tuple[int, ...]]] = [[*end.ways] if end else []]

    def read_in_parts(self, ids: NDArray[np.integer]) -> Reading:
        """Begins one text with what stands before the end."""
        logits = yield from self._network.read_in_parts(ids)
        if self._end is None:
            return logits
        # On every machine the same, as portable logits are.
        predicted = log_softmax(logits.astype(np.float64))
        found = np.full_like(logits, IMPOSSIBLE)
        found[:, self._end.begun] = predicted[:, self._end.begun]
        for first, *rest in self._end.ways:
            context, log_probability, before = self._network.copy(), predicted[0, first], first
            for symbol in rest:
                following = context.append_symbols(np.array([before]))
                log_probability += log_softmax(following.astype(np.float64))[0, symbol]
                before = symbol
                yield
            found[0, first] = log_probability
        return found

    def copy(self) -> "OpenContext":
        """The same, to be gone on with by itself."""
        other = OpenContext(self._network.copy(), self._end)
        other._ways = [*self._ways]
        return other

    def join(self, other: Self) -> None:
        """Goes on with more texts."""
        self._network.join(other._network)
        self._ways += other._ways

    def keep_rows(self, rows: Sequence[int]) -> None:
        """Goes on with some of the texts."""
        self._network.keep_rows(rows)
        self._ways = [self._ways[row] for row in rows]

    def append_symbols(self, ids: NDArray[np.integer]) -> Array:
        """Adds one symbol to each text; what has begun to be spelled goes on so."""
        logits = self._network.append_symbols(ids)
        for row, symbol in enumerate(ids.tolist()):
            if not self._ways[row]:
                continue
            going = [way[1:] for way in self._ways[row] if way[0] == symbol]
            self._ways[row] = [way for way in going if way]
            if self._ways[row]:
                logits[row] = IMPOSSIBLE
                logits[row, self._ways[row][0][0]] = 0
        return logits
