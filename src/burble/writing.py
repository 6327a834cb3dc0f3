"""How a text is written: what is drawn, where it ends, and what may not come. Knows no models."""

import sys
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

import numpy as np

from burble.bans import LONGEST_PERIOD, Ban, Copies, Loops, Passages, Words
from burble.prompts import Unknown
from burble.quoting import Nudge
from burble.sampling import SamplingSettings
from burble.sentences import LONGEST_QUOTE
from burble.settings import require


def require_memory(share: float) -> None:
    """Raises `SettingsError` unless it can be how far a memory is believed."""
    fits = isinstance(share, int | float) and 0 <= share <= 1
    require(fits, "memory", share, "between 0, the network alone, and 1")


def completed(options: Mapping[str, Any], suited: object) -> dict[str, Any]:
    """Options of writing, with what suits a model where they say nothing.

    Args:
        options: Fields of `WritingSettings`. At temperature 0 nothing is nudged by itself.
        suited: What the model's file says of it; what cannot be is taken for nothing.
    """
    found = {"temperature": WritingSettings.temperature, "close_quotes": 0.0}
    for name in found:
        value = suited.get(name) if isinstance(suited, Mapping) else None
        if isinstance(value, int | float) and 0 < value <= sys.float_info.max:
            found[name] = float(value)
    if options.get("temperature") == 0:
        found["close_quotes"] = 0.0
    return found | dict(options)


@dataclass(frozen=True, kw_only=True)
class WritingSettings(SamplingSettings):
    """How a text is chosen, and where it ends.

    Attributes:
        length: New characters; exactly so many unless something stops it before. None never ends.
        seed: The same seed writes the same text.
        stop: A string at which to stop, or several; they are not part of the text.
        until_document: Whether to stop where a document would end.
        unknown: What to do with symbols of a prompt the model never saw: error, skip, nearest.
        break_loops: Whether no passage may come a third time in a row; None breaks loops unless
            the temperature is 0.
        novel: Passages that may not be written, such as those of the training text; see
            `bans.Passages.of`.
        memory: How far the model's memory is believed, 0 to 1; 0 is the network alone.
        close_quotes: How much likelier a mark becomes that closes a quote or bracket, in nats, for
            each 100 characters that it has been open; 0 leaves it to the model.
        words: Words in lower case, such as those of the training text, besides which none is
            written; see `measures.count_words`.
    """

    length: int | None = 400
    seed: int = 0
    stop: str | tuple[str, ...] | list[str] = ()
    until_document: bool = False
    unknown: Unknown = "error"
    break_loops: bool | None = None
    novel: Passages | None = None
    words: Set[str] | None = None
    memory: float = 0.0
    close_quotes: float = 0.0

    def __post_init__(self) -> None:
        """Checks every field."""
        super().__post_init__()
        for name, value in (("length", self.length or 0), ("seed", self.seed)):
            whole = isinstance(value, int) and value >= 0
            require(whole, name, value, "a whole number of 0 or more")
        require_memory(self.memory)
        nudge = self.close_quotes
        fits = isinstance(nudge, int | float) and 0 <= nudge < float("inf")
        require(fits, "close_quotes", nudge, "a number of 0 or more")

    def bans(self, texts: int, symbols: Sequence[str], before: Sequence[int]) -> list[Ban]:
        """What steers some texts side by side, written of these symbols after a prompt."""
        # Of several, the later ones give way where the earlier leave nothing else.
        found: list[Ban] = []
        if self.close_quotes:
            found.append(Nudge(self.close_quotes, symbols, texts, self.temperature or 1.0))
        found += [Copies(self.novel, texts)] if self.novel else []
        if self.words is not None:
            found.append(Words(self.words, symbols, texts))
        breaks = self.temperature > 0 if self.break_loops is None else self.break_loops
        found += [Loops(symbols, texts)] if breaks else []
        seen = LONGEST_QUOTE if self.close_quotes else LONGEST_PERIOD
        for symbol in before[-seen:]:
            for ban in found:
                ban.add(np.full(texts, symbol))
        return found
