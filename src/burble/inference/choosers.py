"""What chooses the next symbols of texts that are written with the same settings.

Knows nothing of where a text ends, or of what has been read of it.
"""

from collections.abc import Hashable, Set
from dataclasses import dataclass, field, fields

import numpy as np
from numpy.typing import NDArray

from burble.inference import sampling
from burble.inference.logits_processors import LogitsProcessors
from burble.inference.passages import Passages
from burble.inference.settings import WritingSettings
from burble.model.engine import Array
from burble.model.softmax import IMPOSSIBLE
from burble.native.writing import Choice

OF_ONE_TEXT = frozenset(
    [
        *("length", "seed", "stop", "until_document", "new", "distinct"),
        *("unknown", "training_text", "word_count", "memory", "memory_weight", "label"),
    ]
)
"""Settings that say where a text ends, or what it goes on from: with others, symbols are chosen
alike all the same."""


@dataclass
class Chooser:
    """Chooses the next symbol of the texts that have the same settings.

    Attributes:
        settings: Those.
        processors: Those of its texts, in the order of their rows.
        rows: Where in the loop its texts stand, rising.
    """

    settings: WritingSettings
    processors: LogitsProcessors
    rows: list[int] = field(default_factory=list)

    def choose(
        self, logits: Array, uniforms: NDArray[np.float64]
    ) -> tuple[NDArray[np.intp], list[bool]]:
        """The next symbol of each text, and whether none was possible; logits may be changed."""
        blocked = self.processors.process(logits)
        chosen = sampling.choose_symbols(
            logits, self.settings, uniforms, portable=self.settings.portable
        )
        self.processors.append_symbols(chosen)
        return chosen, blocked

    def has_broken_loop(self, place: int, step: int) -> bool:
        """Whether a loop was broken in the text of that row of the loop, up to that symbol."""
        return self.processors.has_broken_loop(self.rows.index(place), step)

    def begin_choice(self) -> Choice | None:
        """How the kernels are to choose the next symbols; None where they cannot."""
        can, blocker = self.processors.for_kernels
        if not can or self.settings.portable or not sampling.is_plain(self.settings):
            return None
        if blocker is not None:
            blocker.take_written()
        watch = None if blocker is None else blocker.watch
        return Choice(self.settings.temperature, float(IMPOSSIBLE), watch)


def find_key(settings: WritingSettings) -> Hashable:
    """What is the same of settings with which symbols are chosen alike."""
    values = {
        one.name: getattr(settings, one.name)
        for one in fields(settings)
        if one.name not in OF_ONE_TEXT
    }
    # Some are large, and shared by those that have the same.
    return tuple(id(one) if isinstance(one, Passages | Set) else one for one in values.values())
