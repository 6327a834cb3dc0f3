"""The loss of a network on the validation text, which is framed as for training."""

import math
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass

import numpy as np

from burble.data.corpus import Corpus
from burble.runs.events import Event, Task
from burble.runs.state import Arrays, State
from burble.settings import TrainingSettings
from burble.training.batches import CHUNK, Batch, batch_documents, batch_text, batch_windows
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
        cut = self.corpus.cut
        first, last = np.searchsorted(self.corpus.given, [cut, cut + self.size])
        return self.size - int(last - first)

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

        Yields:
            For streams, text in order from a zero state; for documents, each from its beginning;
            for windows, the symbols before each one.
        """
        corpus, edge = self.corpus, self.corpus.vocabulary.boundary_id
        labels = corpus.place_labels
        tail, given = corpus.tail[: self.size + 1], corpus.given[corpus.given >= corpus.cut]
        if self.training.window:
            last = corpus.cut + self.size
            length = self.training.length
            yield from batch_windows(corpus.ids, length, corpus.cut, last, labels)
        elif self.training.framing != "documents" or edge is None:
            labels = labels and labels.starting_at(corpus.cut - 1)
            yield from batch_text(tail, rows, given - (corpus.cut - 1), labels)
        elif len(tail) > 1:
            # Where the validation part begins inside a document, its rest is scored like one.
            starts = corpus.starts[(corpus.starts > corpus.cut)] - corpus.cut
            starts = np.append(0, starts[starts < len(tail) - 1])
            labels = labels and labels.starting_at(corpus.cut)
            yield from batch_documents(tail[1:], starts, edge, given - corpus.cut, labels)


@dataclass(frozen=True)
class Validation:
    """Scores of one network on one validation text."""

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

    def score_batches(
        self, part: Part, arrays: Arrays, *, best: bool = False, from_hidden: bool = False
    ) -> Iterator[tuple[float, float]]:
        """Scores a part with dropout off, batch by batch.

        Args:
            part: The part.
            arrays: Those of a state; none is used up.
            best: Whether to take the best weights, not the latest.
            from_hidden: Whether to start from each training stream's hidden state, not from zero.

        Yields:
            The loss so far in nats, summed, and over how many places.
        """
        weights, rng = copy_to_device((arrays.best if best else arrays.evaluated, arrays.rng))
        rows = part.rows if from_hidden else 1
        now = self.compiled.zero_state(rows)
        if from_hidden:
            now = [hidden[:rows] for hidden in copy_to_device(arrays.hidden)]
        total = count = 0.0
        for batch in part.batches(rows):
            if batch.resets.all():
                now = self.compiled.zero_state(len(batch.inputs))
            nats, places, now = self.compiled.nats(weights, rng, batch, now)
            total, count = total + float(nats), count + float(places)
            yield total, count

    def score(
        self,
        state: State,
        limit: int = SCORED_AT_END,
        *,
        best: bool = False,
        from_hidden: bool = False,
        stop: Callable[[], bool] = lambda: False,
    ) -> Generator[Event, None, float | None]:
        """Scores the validation text, up to a limit of symbols, with dropout off.

        Args:
            state: Whose weights to use.
            limit: Symbols to score, from the first one.
            best: Whether to take the best weights, not the latest.
            from_hidden: Whether to start from each training stream's hidden state, not from zero.
            stop: Called now and then: whether to stop.

        Yields:
            How far it is.

        Returns:
            The mean loss, nats per symbol; not a number where there is no validation text, None
            where it was stopped.
        """
        part, scored = self.part(limit), (0.0, 0.0)
        places = part.places(from_hidden=from_hidden)
        batches = self.score_batches(part, state.arrays, best=best, from_hidden=from_hidden)
        for scored in batches:
            yield Task(SCORING, scored[1] / places)
            if scored[1] < places and stop():
                return None
        total, count = scored
        return total / count if count else math.nan

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
            its first `CHUNK` symbols, which agree unless the hidden state grows without bound;
            and `largest_state`, the largest value in it. None where it was stopped.
        """
        facts = {"largest_state": float(max(np.abs(a).max() for a in state.arrays.hidden))}
        wanted = {"held_out_loss": (SCORED_AT_END, True, False)}
        if self.training.framing == "streams":
            wanted["zero_state_loss"] = CHUNK, False, False
            wanted["carried_state_loss"] = CHUNK, False, True
        for name, (limit, best, hidden) in wanted.items() if len(self.corpus.tail) > 1 else ():
            loss = yield from self.score(state, limit, best=best, from_hidden=hidden, stop=stop)
            if loss is None or stop():
                return None
            facts[name] = loss
            if best:
                facts["held_out_scored"] = self.part(limit).scored
        return facts
