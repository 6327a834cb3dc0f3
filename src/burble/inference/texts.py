"""Texts from one prompt: the loop that draws symbol by symbol and stops, many texts at once.

Knows nothing of files, or of where the settings come from.
"""

import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass

import numpy as np
from numpy.random import default_rng

from burble.errors import SettingsError
from burble.inference import sampling
from burble.inference.context import Context
from burble.inference.logits_processors import build_processors
from burble.inference.prompts import Prompt
from burble.inference.selection import TRIES, Ending, TextFilter, describe_shortfall
from burble.inference.settings import WritingSettings
from burble.inference.stopping import Cutter
from burble.model.engine import Array
from burble.model.file import Model

GROUP = 64
"""Texts that are written side by side at most."""
BLOCK = 256
"""Random numbers that are drawn at once for a text."""


@dataclass(frozen=True)
class Texts:
    """What writes texts, all of them from one prompt with the same settings.

    Attributes:
        model: The model, for its alphabet and what parts documents.
        start: Begins one text after the prompt: its logits, shape (1, V), and the context then.
        prompt: What all of them go on from.
        stops: Strings at which to stop.
        settings: How to choose, and where to end.
    """

    model: Model
    start: Callable[[], tuple[Array, Context]]
    prompt: Prompt
    stops: tuple[str, ...]
    settings: WritingSettings

    def stream(self) -> Iterator[str | Ending]:
        """The pieces of one text, and then how it ended; in one piece if it must be new."""
        if self.settings.new is not False:
            # Only when it is whole does it show whether it is.
            yield from self.stream_whole(1)
            return
        yield from (piece for _, piece in self.stream_side_by_side(range(1)) if piece)

    def stream_whole(self, count: int) -> Iterator[str | Ending]:
        """Whole texts in order, in groups of `GROUP` at most, and after each how it ended.

        Raises:
            SettingsError: See `WritingSettings.check_whole_texts`.
        """
        self.settings.check_whole_texts(count)
        return self._stream_accepted(count)

    def _stream_accepted(self, count: int) -> Iterator[str | Ending]:
        """Whole texts that are accepted, and after each how it ended."""
        settings = self.settings
        unwanted = settings.new if isinstance(settings.new, Set) else frozenset[str]()
        texts = TextFilter(self.prompt.text, unwanted, distinct=settings.distinct)
        first = found = rejected = 0
        while found < count and rejected < TRIES:
            # Where hardly any is accepted, more are written at once.
            group = range(first, first + min(GROUP, max(count - found, rejected)))
            for text, ending in self._join_in_order(group):
                if not texts.accept(text):
                    if settings.is_greedy:
                        raise SettingsError(
                            "the likeliest text is a document of the training text, and no other "
                            "is written without chance. Give a --temperature above 0."
                        )
                    rejected += 1
                    continue
                yield text
                yield ending
                found, rejected = found + 1, 0
                if found == count:
                    return
            first = group.stop

    def _join_in_order(self, group: range) -> Iterator[tuple[str, Ending]]:
        """Whole texts in order, and how each ended."""
        parts: dict[int, list[str]] = {i: [] for i in group}
        endings: dict[int, Ending] = {}
        for index, piece in self.stream_side_by_side(group):
            if isinstance(piece, str):
                parts[index].append(piece)
                continue
            endings[index] = piece
            while parts and (earliest := next(iter(parts))) in endings:
                yield "".join(parts.pop(earliest)), endings.pop(earliest)

    def stream_side_by_side(self, group: range) -> Iterator[tuple[int, str | Ending]]:
        """Writes texts side by side: the loop that draws symbol by symbol.

        Args:
            group: Their numbers.

        Yields:
            The number of a text and its next piece, or how it ended once it is finished.
        """
        settings, vocabulary = self.settings, self.model.vocabulary
        # Each text has random numbers of its own, from (seed, number) alone.
        rows = [
            _Row(i, Cutter(self.stops, settings.length), default_rng((settings.seed or 0, i)))
            for i in group
        ]
        if settings.length == 0:
            yield from ((row.index, Ending()) for row in rows)
            return
        pieces = (*vocabulary.symbols, self.model.separator)
        last = vocabulary.boundary_id if settings.by_document else None
        before = self.prompt.ids.tolist() if self.prompt.text else ()
        processors = build_processors(settings, pieces, len(rows), before)
        logits, context = self.start()
        logits = logits[[0] * len(rows)]
        context.keep_rows([0] * len(rows))
        draws = np.empty((len(rows), 0))
        used = 0
        while rows:
            if used == draws.shape[1]:
                draws, used = np.stack([row.rng.random(BLOCK) for row in rows]), 0
            blocked = processors.process(logits)
            chosen = sampling.choose_symbols(logits, settings, draws[:, used])
            processors.append_symbols(chosen)
            used += 1
            for place, (row, i) in enumerate(zip(rows, chosen.tolist(), strict=True)):
                ends = blocked[place] or i == last
                yield row.index, row.cutter.finish() if ends else row.cutter.feed(pieces[i])
                if row.cutter.done:
                    yield row.index, Ending(blocked[place], processors.has_broken_loop(place))
            if any(row.cutter.done for row in rows):
                kept = [place for place, row in enumerate(rows) if not row.cutter.done]
                rows = [rows[place] for place in kept]
                chosen, draws = chosen[kept], draws[kept]
                context.keep_rows(kept)
                processors.keep_rows(kept)
            if rows:
                logits = context.append_symbols(chosen)


@dataclass(frozen=True)
class _Row:
    """One text being written: its number, what ends it, and its random numbers."""

    index: int
    cutter: Cutter
    rng: np.random.Generator


def warn_of_shortfall(items: Iterator[str | Ending], requested: int) -> Iterator[str]:
    """Texts or pieces without their endings, and a warning after them of what is missing."""
    endings = Counter[Ending]()
    for item in items:
        if isinstance(item, str):
            yield item
        else:
            endings[item] += 1
    if shortfall := describe_shortfall(endings, requested):
        warnings.warn(shortfall, stacklevel=2)
