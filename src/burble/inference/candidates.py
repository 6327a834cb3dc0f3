"""Texts written side by side from one prompt: piece by piece, or whole, and those that are wanted.

Knows nothing of how a model was made ready to write.
"""

from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass

import numpy as np

from burble.inference import sampling
from burble.inference.context import Seen
from burble.inference.logits_processors import build_processors
from burble.inference.outcomes import TRIES, Choice, Ended, Outcome
from burble.inference.prompts import Prompt
from burble.inference.settings import WritingSettings
from burble.inference.stopping import Cutter
from burble.model.engine import Array
from burble.model.file import Model

GROUP = 64
BLOCK = 256


class _Writer:
    """One text being written.

    Args:
        index: Its number among those asked for.
        cutter: Says where it ends.
        seed: The seed of all the texts.
    """

    def __init__(self, index: int, cutter: Cutter, seed: int) -> None:
        """Each text has a generator of its own, from (seed, index) alone."""
        self.index = index
        self.cutter = cutter
        self.rng = np.random.default_rng((seed, index))


@dataclass(frozen=True)
class Texts:
    """What writes texts, all of them from one prompt.

    Attributes:
        model: The model, for its alphabet and what parts documents.
        prime: Begins one text after the prompt: its logits, shape (1, V), and what is seen then.
        prompt: What all of them go on from.
        stops: Strings at which to stop.
        settings: How to choose, and where to end.
    """

    model: Model
    prime: Callable[[], tuple[Array, Seen]]
    prompt: Prompt
    stops: tuple[str, ...]
    settings: WritingSettings

    def one(self, outcome: Outcome) -> Iterator[str]:
        """The pieces of one text."""
        for _, piece in self.pieces(range(1)):
            if isinstance(piece, Ended):
                outcome.add(piece)
            elif piece:
                yield piece

    def whole(self, count: int, outcome: Outcome) -> Iterator[str]:
        """Whole texts in order, as many as are asked for, in groups of `GROUP` at most."""
        settings = self.settings
        unwanted = settings.new if isinstance(settings.new, Set) else frozenset[str]()
        choice = Choice(self.prompt.text, unwanted, distinct=settings.distinct)
        first = found = rejected = 0
        while found < count and rejected < TRIES:
            # Where hardly any is wanted, more are written at once.
            group = range(first, first + min(GROUP, max(count - found, rejected)))
            for text, end in self._group(group):
                if not choice.takes(text):
                    rejected += 1
                    continue
                outcome.add(end)
                yield text
                found, rejected = found + 1, 0
                if found == count:
                    return
            first = group.stop

    def _group(self, group: range) -> Iterator[tuple[str, Ended]]:
        """Whole texts in order, and how each ended."""
        parts: dict[int, list[str]] = {i: [] for i in group}
        ends: dict[int, Ended] = {}
        for index, piece in self.pieces(group):
            if isinstance(piece, str):
                parts[index].append(piece)
                continue
            ends[index] = piece
            while parts and (earliest := next(iter(parts))) in ends:
                yield "".join(parts.pop(earliest)), ends.pop(earliest)

    def pieces(self, group: range) -> Iterator[tuple[int, str | Ended]]:
        """Writes texts side by side.

        Args:
            group: Their numbers.

        Yields:
            The number of a text and its next piece, or how it ended once it is finished.
        """
        settings, prompt = self.settings, self.prompt
        seed = settings.seed or 0
        writers = [_Writer(i, Cutter(self.stops, settings.length), seed) for i in group]
        if settings.length == 0:
            yield from ((writer.index, Ended()) for writer in writers)
            return
        vocabulary = self.model.vocabulary
        pieces = (*vocabulary.symbols, self.model.separator)
        last = vocabulary.boundary_id if settings.by_document else None
        before = prompt.ids.tolist() if prompt.text else ()
        processors = build_processors(settings, pieces, len(group), before)
        logits, seen = self.prime()
        rows = [0] * len(writers)
        logits = logits[rows]
        seen.keep(rows)
        draws = np.empty((len(writers), 0))
        used = 0
        while writers:
            if used == draws.shape[1]:
                draws, used = np.stack([writer.rng.random(BLOCK) for writer in writers]), 0
            stuck = processors.process(logits)
            chosen = sampling.choose(logits, settings, draws[:, used])
            processors.append_symbols(chosen)
            used += 1
            for row, (writer, i) in enumerate(zip(writers, chosen.tolist(), strict=True)):
                cutter, ends = writer.cutter, stuck[row] or i == last
                yield writer.index, cutter.finish() if ends else cutter.feed(pieces[i])
                if cutter.done:
                    yield writer.index, Ended(stuck[row], processors.has_broken_loop(row))
            if any(writer.cutter.done for writer in writers):
                rows = [row for row, writer in enumerate(writers) if not writer.cutter.done]
                writers = [writers[row] for row in rows]
                chosen, draws = chosen[rows], draws[rows]
                seen.keep(rows)
                processors.keep_rows(rows)
            if writers:
                logits = seen.add(chosen)
