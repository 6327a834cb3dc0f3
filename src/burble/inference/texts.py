"""Texts from one prompt, many at once: streamed, or whole and filtered.

Knows nothing of files, or of where the settings come from.
"""

import warnings
from collections import Counter
from collections.abc import Hashable, Iterator, Set
from dataclasses import dataclass

import numpy as np

from burble.errors import SettingsError
from burble.inference.context import Context
from burble.inference.loop import Loop, Text
from burble.inference.prompts import Prompt
from burble.inference.reader import Reader
from burble.inference.scored import Scored
from burble.inference.selection import TRIES, Ending, TextFilter, describe_shortfall
from burble.inference.settings import WritingSettings
from burble.model.engine import Array
from burble.model.file import Model

GROUP = 64
"""Texts that are written side by side at most."""


@dataclass(frozen=True)
class Texts:
    """What writes texts, all of them from one prompt with the same settings.

    Attributes:
        model: The model, for its alphabet and what parts documents.
        reader: What reads the prompt.
        kind: What is equal of texts that one loop may write: their generator, labels and memory.
        prompt: What all of them go on from.
        stops: Strings at which to stop.
        settings: How to choose, and where to end.
    """

    model: Model
    reader: Reader
    kind: Hashable
    prompt: Prompt
    stops: tuple[str, ...]
    settings: WritingSettings

    def stream(self) -> Iterator[str | Ending]:
        """The pieces of one text, and then how it ended; in one piece if it must be new."""
        if self.settings.new is not False:
            # Only when it is whole does it show whether it is.
            yield from self.stream_whole(1)
            return
        yield from (item for _, item in self.stream_side_by_side(range(1)))

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
        texts = TextFilter(self.begun, unwanted, distinct=settings.distinct)
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
        """Writes texts side by side, each as it would be alone.

        Args:
            group: Their numbers.

        Yields:
            The number of a text and its next piece, or how it ended once it is finished.
        """
        if self.settings.length == 0:
            yield from ((number, Ending()) for number in group)
            return
        loop = Loop(self.model)
        texts = [Text(number, self.stops, self.settings, number) for number in group]
        loop.join(texts, self._read(), self.before, self.prompt.owed)
        while len(loop):
            # What was predicted is told to those alone who ask for it.
            yield from ((n, one) for n, one in loop.step() if not isinstance(one, Scored))

    def _read(self) -> tuple[Array, Context]:
        """The logits (1, V) after the prompt, and a context that has read it."""
        return self.reader.read(self.prompt.primed, self.prompt.end)

    @property
    def begun(self) -> str:
        """What the prompt has of the document that is gone on with."""
        edges = np.flatnonzero(self.prompt.ids == self.model.vocabulary.boundary_id)
        if len(edges) < 2:
            return self.prompt.text
        return self.model.vocabulary.decode(self.prompt.ids[edges[-1] + 1 :])

    @property
    def before(self) -> list[int]:
        """The symbols of the prompt, but for its open end."""
        return self.prompt.primed.tolist() if self.prompt.text else []


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
