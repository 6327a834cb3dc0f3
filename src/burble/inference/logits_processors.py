"""Logits processors: what makes a symbol impossible, or likelier, for what has been written before.

Knows nothing of models. A processor watches the B texts that are written side by side: it takes
each symbol that was written, and changes the logits of the next. To add one, write a class with the
methods of `LogitsProcessor` and put it into `build_processors`.
"""

from collections.abc import Sequence, Set
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from burble.data.sentences import LONGEST_QUOTE
from burble.inference.loop_blocker import LONGEST_PERIOD, LoopBlocker
from burble.inference.passages import CopyBlocker, Passages
from burble.inference.quote_bias import QuoteBias
from burble.inference.settings import ROUNDS, WritingSettings
from burble.inference.valid_bytes import ByteConstraint
from burble.inference.word_constraint import REACH, WordConstraint
from burble.model.softmax import IMPOSSIBLE


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

    @property
    def for_kernels(self) -> tuple[bool, LoopBlocker | None]:
        """Whether the kernels can do all of it, and what blocks loops there, if anything does."""
        loops = [one for one in self._processors if isinstance(one, LoopBlocker) and one.watch]
        return len(loops) == len(self._processors), loops[0] if loops else None

    def has_broken_loop(self, row: int, step: int) -> bool:
        """Whether a loop was broken in a text; see `LoopBlocker.has_acted`."""
        loops = (one for one in self._processors if isinstance(one, LoopBlocker))
        return any(one.has_acted(row, step) for one in loops)
