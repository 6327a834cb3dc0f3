"""Log-probabilities of the symbols of a text, and of those that could have come instead.

Natural logarithms, of the model's own distribution: its memory is part of it where one was asked
for, but no temperature, no filter, and nothing that may not be written. Knows nothing of how texts
are drawn.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Symbol:
    """A symbol of a text, and what the model predicted there.

    Attributes:
        text: The symbol, or what the text has of it.
        log_probability: Its log-probability, nats; None where nothing was predicted, as of the
            first symbol of a text that nothing comes before.
        top: The likeliest symbols and their log-probabilities, the likeliest first. "" is the end
            of a document.
    """

    text: str
    log_probability: float | None
    top: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Scored:
    """Symbols of a text in order.

    Attributes:
        symbols: The symbols.
        of_prompt: Whether they are of the prompt, and not of what was written.
    """

    symbols: tuple[Symbol, ...]
    of_prompt: bool = False


def score_symbol(row: NDArray[np.float64], symbol: int, names: Sequence[str], count: int) -> Symbol:
    """A symbol that came.

    Args:
        row: The log-probability of each symbol there, shape (V,).
        symbol: Its id.
        names: The text of each id, "" for the edge of a document.
        count: How many of the likeliest are named.
    """
    first = np.argsort(-row, kind="stable")[:count].tolist() if count else []
    top = tuple((names[i], float(row[i])) for i in first)
    return Symbol(names[symbol], float(row[symbol]), top)


class Alignment:
    """Hands out a text in whole symbols, where it comes piece by piece and may be cut."""

    def __init__(self) -> None:
        self._waiting: deque[Symbol] = deque()
        self._held = ""

    def add(self, symbol: Symbol) -> None:
        """Takes a symbol that was drawn, before its text."""
        self._waiting.append(symbol)

    def release(self, piece: str, *, ended: bool) -> tuple[str, Scored | None]:
        """What can be told of a text.

        Args:
            piece: What was written now.
            ended: Whether nothing follows, so that a symbol may be cut.

        Returns:
            The text of symbols that are whole, and those symbols, if there are any.
        """
        self._held += piece
        found, told = [], 0
        while self._waiting and told + len(self._waiting[0].text) <= len(self._held):
            found.append(self._waiting.popleft())
            told += len(found[-1].text)
        if ended and told < len(self._held):
            found.append(replace(self._waiting[0], text=self._held[told:]))
            told = len(self._held)
        text, self._held = self._held[:told], self._held[told:]
        return text, Scored(tuple(found)) if found else None
