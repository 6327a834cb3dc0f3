"""The loss of a network on the validation text, which is framed as for training."""

import math
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from burble.data.corpus import Corpus
from burble.runs.events import Event, Task
from burble.runs.state import Arrays, State
from burble.settings import TrainingSettings
from burble.training.batches import CHUNK, Batch, in_order, whole_documents, windows_in_order
from burble.training.step import CompiledNetwork, copy_to_device

STREAMS_CHECKED = 16
SCORED_AT_END = 200_000
SCORING = "scoring the validation text"


@dataclass(frozen=True)
class Part:
    """A part of the validation text.

    Attributes:
        corpus: The whole text.
        training: How it is framed.
        limit: Symbols to score at most, from the first of validation; of windows, each of which
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
        """Where the validation text begins."""
        return self.corpus.cut

    def places(self, *, from_hidden: bool = False) -> int:
        """How many places `score_batches` comes to."""
        return self.scored * (self.rows if from_hidden else 1)

    @property
    def rows(self) -> int:
        """How many streams are checked at once where they are scored from hidden states."""
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
            # Where the validation part begins inside a document, its rest is scored like one.
            starts = corpus.starts[(corpus.starts > corpus.cut)] - corpus.cut
            starts = np.append(0, starts[starts < len(tail) - 1])
            yield from whole_documents(tail[1:], starts, edge, given - corpus.cut)


def score_batches(
    compiled: CompiledNetwork,
    part: Part,
    weights: list[Any],
    rng: list[Any],
    hidden: list[Any] | None = None,
) -> Iterator[tuple[float, float]]:
    """Scores a part with dropout off, batch by batch.

    Args:
        compiled: The network.
        part: The part.
        weights: On one device.
        rng: The random numbers of the dropout, which stay as they are.
        hidden: The hidden state of each training stream to start from, each (B, U); zero if None.

    Yields:
        The loss so far in nats, summed, and over how many places.
    """
    rows = part.rows if hidden else 1
    now = [h[:rows] for h in hidden] if hidden else compiled.zero_state(rows)
    total = count = 0.0
    for batch in part.batches(rows):
        if batch.resets.all():
            now = compiled.zero_state(len(batch.inputs))
        nats, places, now = compiled.nats(weights, rng, batch, now)
        total, count = total + float(nats), count + float(places)
        yield total, count


def mean_loss(scored: Iterable[tuple[float, float]]) -> float:
    """The mean loss that `score_batches` comes to; not a number of nothing."""
    found = deque(scored, maxlen=1)
    return found[0][0] / found[0][1] if found and found[0][1] else math.nan


@dataclass(frozen=True)
class Validation:
    """Scores of one network on one validation text.

    Attributes:
        compiled: The network.
        corpus: The whole text.
        training: How it is framed.
    """

    compiled: CompiledNetwork
    corpus: Corpus
    training: TrainingSettings

    @property
    def usual(self) -> int:
        """Symbols of a score on the way to the last step, at most."""
        return self.training.val_chars or len(self.corpus.tail)

    def part(self, limit: int) -> Part:
        """A part of the validation text."""
        return Part(self.corpus, self.training, limit)

    def score(
        self,
        state: State,
        *,
        best: bool = False,
        limit: int = SCORED_AT_END,
        from_hidden: bool = False,
    ) -> float:
        """Scores the validation text with dropout off.

        Args:
            state: Whose weights to use.
            best: Whether to use its best weights, not the latest.
            limit: Symbols to score, from the first one.
            from_hidden: Whether to start from each training stream's hidden state, not from zero.

        Returns:
            The mean loss, nats per symbol; not a number where there is no validation text.
        """
        part = self.part(limit)
        batches = self.score_batches(part, state.arrays, best=best, from_hidden=from_hidden)
        return mean_loss(batches)

    def score_batches(
        self,
        part: Part,
        arrays: Arrays,
        *,
        best: bool = False,
        from_hidden: bool = False,
    ) -> Iterator[tuple[float, float]]:
        """The loss of a part batch by batch; see the function of that name."""
        weights = arrays.best if best else arrays.evaluated
        hidden = arrays.hidden if from_hidden else None
        here = copy_to_device((weights, arrays.rng, hidden))
        return score_batches(self.compiled, part, *here)

    def score_with_progress(
        self,
        state: State,
        limit: int,
        *,
        best: bool = False,
        from_hidden: bool = False,
        stop: Callable[[], bool],
    ) -> Generator[Event, None, float | None]:
        """What `score` gives, with tasks that say how far it is; None where it was stopped."""
        part, scored = self.part(limit), (0.0, 0.0)
        places = part.places(from_hidden=from_hidden)
        batches = self.score_batches(part, state.arrays, best=best, from_hidden=from_hidden)
        for scored in batches:
            yield Task(SCORING, scored[1] / places)
            if scored[1] < places and stop():
                return None
        return mean_loss([scored])

    def closing(
        self, state: State, stop: Callable[[], bool] = lambda: False
    ) -> Generator[Event, None, dict[str, float] | None]:
        """Scores taken once, at the end of training.

        Args:
            state: At the end.
            stop: Called now and then: whether to stop.

        Yields:
            How far it is.

        Returns:
            `held_out_loss` of the best weights on the validation text (up to `SCORED_AT_END`
            symbols, `held_out_scored` in all); for streams also `zero_state_loss` and
            `carried_state_loss` (from the hidden states of some streams) of the latest weights on
            its first `CHUNK` symbols, which agree unless the hidden state has run away; and
            `largest_state` in the hidden state. None where it was stopped.
        """
        facts = {"largest_state": float(max(np.abs(a).max() for a in state.arrays.hidden))}
        wanted = {"held_out_loss": (SCORED_AT_END, True, False)}
        if self.training.framing == "streams":
            wanted["zero_state_loss"] = CHUNK, False, False
            wanted["carried_state_loss"] = CHUNK, False, True
        for name, (limit, best, hidden) in wanted.items() if len(self.corpus.tail) > 1 else ():
            loss = yield from self.score_with_progress(
                state, limit, best=best, from_hidden=hidden, stop=stop
            )
            if loss is None or stop():
                return None
            facts[name] = loss
            if best:
                facts["held_out_scored"] = self.part(limit).scored
        return facts
