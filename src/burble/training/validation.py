"""The held-out text, framed for scoring as it was for training, and what it costs a network."""

import math
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from burble.data.corpus import Corpus
from burble.settings import TrainingSettings
from burble.training.batches import Batch, in_order, whole_documents, windows_in_order
from burble.training.step import Groups, Objective

STREAMS_CHECKED = 16


@dataclass(frozen=True)
class Part:
    """A part of the held-out text.

    Attributes:
        corpus: The whole text.
        training: How it is framed.
        limit: Symbols to score at most, from the first held-out one; of windows, each of which
            is read anew, so many that as many symbols are read.
    """

    corpus: Corpus
    training: TrainingSettings
    limit: int

    @property
    def scored(self) -> int:
        """How many symbols are scored: those that are read, but for those that are given."""
        first, last = np.searchsorted(self.corpus.given, [self.cut, self.cut + self.size])
        return self.size - int(last - first)

    @property
    def cut(self) -> int:
        """Where the held-out text begins."""
        return self.corpus.cut

    def places(self, *, carried: bool = False) -> int:
        """How many places `running` comes to."""
        return self.scored * (self.rows if carried else 1)

    @property
    def rows(self) -> int:
        """How many streams are checked at once where they are scored from carried states."""
        return min(self.training.batch, STREAMS_CHECKED)

    @property
    def size(self) -> int:
        """How many symbols are read."""
        most = max(1, self.limit // (self.training.window or 1))
        return min(most, len(self.corpus.ids) - self.corpus.cut)

    def batches(self, rows: int = 1) -> Iterator[Batch]:
        """The part in batches.

        Args:
            rows: How often streams are repeated, side by side.

        Yields:
            For streams, text in order from a zero state; for documents, each from its beginning;
            for windows, the symbols before each one.
        """
        corpus, edge = self.corpus, self.corpus.vocabulary.boundary_id
        tail, given = corpus.tail[: self.size + 1], corpus.given[corpus.given >= corpus.cut]
        if self.training.window:
            last = corpus.cut + self.size
            yield from windows_in_order(corpus.ids, self.training.length, corpus.cut, last)
        elif self.training.framing != "documents" or edge is None:
            yield from in_order(tail, rows, given - (corpus.cut - 1))
        elif len(tail) > 1:
            # Where the held-out part begins inside a document, its rest is scored like one.
            starts = corpus.starts[(corpus.starts > corpus.cut)] - corpus.cut
            starts = np.append(0, starts[starts < len(tail) - 1])
            yield from whole_documents(tail[1:], starts, edge, given - corpus.cut)


def running(
    objective: Objective, part: Part, groups: Groups, group: str, *, carried: bool = False
) -> Iterator[tuple[float, float]]:
    """Scores a part with dropout off, batch by batch.

    Args:
        objective: The network.
        part: The part.
        groups: Arrays on one device.
        group: Which of them are the weights.
        carried: Whether to start from each training stream's state, not from zero.

    Yields:
        The loss so far in nats, summed, and over how many places.
    """
    rows = part.rows if carried else 1
    now = [c[:rows] for c in groups["carried"]] if carried else objective.zero(rows)
    total = count = 0.0
    for batch in part.batches(rows):
        if batch.resets.all():
            now = objective.zero(len(batch.inputs))
        nats, places, now = objective.nats(groups[group], groups["seed"], batch, now)
        total, count = total + float(nats), count + float(places)
        yield total, count


def mean(scored: Iterable[tuple[float, float]]) -> float:
    """The mean loss that `running` comes to; not a number of nothing."""
    found = deque(scored, maxlen=1)
    return found[0][0] / found[0][1] if found and found[0][1] else math.nan
