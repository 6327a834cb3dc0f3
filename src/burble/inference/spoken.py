"""What a text has of each symbol that is drawn, where that is not the symbol's own text.

Of bytes, it has a character once all of it is there. Of words, what stood in the prompt already is
none of it. Knows nothing of models.
"""

import codecs
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from burble.data.vocabulary import Vocabulary
from burble.inference.scored import Symbol


@dataclass
class Spoken:
    """What one text has of its symbols, one after the other.

    Attributes:
        pieces: The text of each id, with what stands for an edge.
        owed: What the prompt ends with, and the first symbols write again.
    """

    pieces: Sequence[str]
    owed: str = ""

    def read(self, symbol: int) -> str:
        """What the text has of the symbol that it goes on with."""
        piece = self.pieces[symbol]
        known = min(len(piece), len(self.owed))
        self.owed = self.owed[known:]
        return piece[known:]


class SpokenBytes:
    """What one text has of its bytes, one after the other.

    Args:
        pieces: The text of each id, with what stands for an edge.
        before: Ids of the prompt, which may end inside a character.
    """

    def __init__(self, pieces: Sequence[str], before: Sequence[int]) -> None:
        self._pieces = pieces
        self._decoder = codecs.getincrementaldecoder("utf-8")("ignore")
        for symbol in before[-4:]:
            self.read(symbol)

    def read(self, symbol: int) -> str:
        """What the text has of the byte that it goes on with: nothing, or a character."""
        piece = self._pieces[symbol]
        return self._decoder.decode(piece.encode("utf-8", "surrogateescape"))


def begin_spoken(
    vocabulary: Vocabulary, pieces: Sequence[str], owed: str, before: Sequence[int]
) -> Spoken | SpokenBytes | None:
    """What says what a text has of its symbols; None where that is their own text.

    Args:
        vocabulary: The model's.
        pieces: The text of each id, with what stands for an edge.
        owed: See `Spoken`.
        before: See `SpokenBytes`.
    """
    if vocabulary.unit == "bytes":
        return SpokenBytes(pieces, before)
    return Spoken(pieces, owed) if owed else None


class Gathered:
    """Gathers what was predicted of symbols until a text has something of them.

    The log-probability of all of them is that of what it has; those that could have come instead
    are those of the first.

    Args:
        chances: The probability of each text that may come first, the likeliest first, where that
            is not the symbols' own: of a prompt that ends inside a word, by all ways to write it.
    """

    def __init__(self, chances: Mapping[str, float] | None = None) -> None:
        self._chances = chances
        self._log_probability: float | None = 0.0
        self._first: Symbol | None = None

    def add(self, symbol: Symbol, text: str) -> Symbol | None:
        """Takes a symbol and what the text has of it; what to tell, if there is anything."""
        first, known = self._first or symbol, symbol.log_probability
        before = self._log_probability
        total = None if known is None or before is None else before + known
        if not text:
            self._first, self._log_probability = first, total
            return None
        self._first, self._log_probability = None, 0.0
        told = replace(first, text=text, log_probability=total)
        chances, self._chances = self._chances, None
        return told if chances is None else _tell_chances(told, chances)


def _tell_chances(symbol: Symbol, chances: Mapping[str, float]) -> Symbol:
    """A symbol with the probability of its text, and as many of the likeliest texts as it has."""
    possible = ((text, math.log(chance)) for text, chance in chances.items() if chance > 0)
    chance = chances.get(symbol.text, 0.0)
    known = math.log(chance) if chance > 0 else symbol.log_probability
    return Symbol(symbol.text, known, tuple(islice(possible, len(symbol.top))))
