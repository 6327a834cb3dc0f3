"""The training loop: a generator of events. Knows nothing of terminals or files.

It takes and gives states, and whoever listens saves them. Everything a step does is a function
of (settings, corpus, state), so a run that is interrupted and resumed gives the same bits as one
that is not.
"""

import math
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import asdict, replace

import numpy as np

from burble.data.corpus import Corpus
from burble.errors import DivergedError
from burble.model.architecture import Weights
from burble.model.network import name_weights, trained_array_names
from burble.runs.events import End, Epoch, Event, Recovery, Report, Save, Score, State, Task
from burble.settings import Settings, TrainingSettings
from burble.training import collectives
from burble.training import validation as heldout
from burble.training.batches import CHUNK
from burble.training.framings import frame_text
from burble.training.pace import Clock, measure_scores, measure_steps, seconds_to_measure
from burble.training.schedule import (
    Pace,
    averaging_weight,
    fix_steps,
    is_over,
    is_scored,
    learning_rate,
)
from burble.training.step import Groups, Objective, finite, flat, grouped

REPORTS = 200
RECOVERIES = 3
SCORED_AT_END = 200_000
SCORING = "scoring the held-out text"
AGREE_EVERY = 8
"""Steps after which several processes ask each other whether to stop or to save."""


class Trainer:
    """One corpus and one network, ready to train.

    Args:
        corpus: What to learn.
        settings: How; fix the number of steps with `fix_steps` before `run`.
    """

    def __init__(self, corpus: Corpus, settings: Settings) -> None:
        """Builds the network; nothing is compiled yet."""
        self.corpus = corpus
        self.settings = settings
        training, vocabulary = settings.training, corpus.vocabulary
        self.objective = Objective(settings.model, vocabulary.size, training)
        self.batches = frame_text(corpus, training)

    def start(self, weights: Weights | None = None) -> State:
        """The state before the first step, from given weights or from the seed alone."""
        groups = self.objective.start(self.settings.training.batch)
        if weights is not None:
            names = trained_array_names(self.settings.model, self.corpus.vocabulary.size)
            trained = [weights[name] for name in names]
            groups |= dict.fromkeys(("weight", "good", self.judged), trained)
        return State(flat(groups))

    @property
    def judged(self) -> str:
        """The group of weights that are scored: their average, if they are averaged."""
        return "average" if self.settings.training.averaging else "weight"

    def weights(self, state: State, group: str = "good") -> Weights:
        """The best weights in a state (or those of another group), as in a model file."""
        arrays = [a for name, a in state.arrays.items() if name.startswith(f"{group}.")]
        return name_weights(arrays, self.settings.model, self.corpus.vocabulary.size)

    def fix_steps(
        self,
        started: float | None = None,
        done: int = 0,
        *,
        pace: Pace | None = None,
        stop: Callable[[], bool] = lambda: False,
        log: Callable[[str], object] = str,
    ) -> Settings:
        """Fixes the number of steps by the nearest of the limits on steps, epochs and minutes.

        Args:
            started: The `time.perf_counter()` from which the minutes count; now if None.
            done: Steps done before, which minutes come on top of.
            pace: What a step takes; measured if None, where there is a limit on minutes.
            stop: Whether to measure no longer.
            log: Takes a sentence where the minutes are too short.

        Returns:
            The settings, without other limits than steps; with them, training repeats exactly
            whatever the machine's speed.
        """
        started = time.perf_counter() if started is None else started
        training = self.settings.training
        if training.minutes:
            pace = self._with_scores(pace or self.pace(stop), stop)
        left = training.minutes * 60 - (time.perf_counter() - started)
        training, message = fix_steps(
            training, self.batches.steps_per_epoch, pace or Pace(0.0), left=left, done=done
        )
        if message:
            log(message)
        training = TrainingSettings(**collectives.from_first(lambda: asdict(training)))
        self.settings = replace(self.settings, training=training)
        return self.settings

    def pace(self, stop: Callable[[], bool] = lambda: False) -> Pace:
        """Measures steps for a moment, which changes nothing of what will be learned."""
        groups = self.objective.place(self.start().arrays)
        seconds = seconds_to_measure(self.settings.training)
        return measure_steps(lambda g, n: self._step(g, n, 0.0), groups, seconds, stop)

    def _with_scores(self, pace: Pace, stop: Callable[[], bool]) -> Pace:
        """A pace with what held-out scores take."""
        if stop() or len(self.corpus.tail) < 2 or not collectives.first():
            return pace
        part, groups = self._part(self._usual), grouped(self.start().arrays)
        seconds = seconds_to_measure(self.settings.training)
        each = measure_scores(lambda: self._running(part, groups), seconds, stop)
        score = each * part.size
        return replace(pace, score=score, closing=score + each * self._part(SCORED_AT_END).size)

    @property
    def symbols_a_step(self) -> float:
        """Symbols of the text that a step reads, padding left out."""
        return len(self.corpus.training) / self.batches.steps_per_epoch

    @property
    def passes(self) -> float:
        """How often the text will be read, once the number of steps is fixed."""
        return self.settings.training.steps / self.batches.steps_per_epoch

    @property
    def _usual(self) -> int:
        """Symbols of a score on the way, at most."""
        return self.settings.training.val_chars or len(self.corpus.tail)

    def _part(self, limit: int) -> heldout.Part:
        """A part of the held-out text."""
        return heldout.Part(self.corpus, self.settings.training, limit)

    def _step(self, groups: Groups, step: int, rate: float) -> Groups:
        """One optimiser step, on the rows of this process."""
        batch = self.batches.at(step, self.objective.devices.rows)
        return self.objective.step(
            groups, batch, rate, averaging_weight(self.settings.training, step)
        )

    def run(self, state: State, stop: Callable[[], bool] = lambda: False) -> Iterator[Event]:
        """Trains from `state` to the last step.

        Args:
            state: From `start`, or one that was saved.
            stop: Asked before every step whether to stop there, and on the way through long
                scores, which are then taken when training goes on.

        Yields:
            Events as they come, and one `End` at last.

        Raises:
            DivergedError: The loss ran away again and again.
        """
        training = self.settings.training
        clock = Clock(state)
        groups = self.objective.place(state.arrays)
        if state.due:
            state = yield from self._take_score(replace(state, due=False), groups, clock, stop)
        while self._goes_on(state):
            stopping, saving = self._wishes(state, stop, clock)
            if stopping:
                yield End(clock.stamp(state, groups), "stopped")
                return
            if saving:
                clock.saved()
                yield Save(clock.stamp(state, groups))
            size = learning_rate(training, state.step) * 0.5**state.recoveries
            groups = self._step(groups, state.step, size)
            state = replace(state, step=state.step + 1)
            clock.stepped(state.step)
            state, groups = yield from self._tell(state, groups, clock, stop)
        if state.due:
            yield End(clock.stamp(state, groups), "stopped")
            return
        reason = "done" if state.step >= training.steps else "no better"
        state = clock.stamp(state, groups)
        facts = (yield from self.closing(state, stop)) if collectives.first() else {}
        yield End(state, reason if facts is not None else "stopped", facts or {})

    def _goes_on(self, state: State) -> bool:
        """Whether there is another step to be done."""
        training = self.settings.training
        return not (state.due or state.step >= training.steps or is_over(state.stale, training))

    def _wishes(self, state: State, stop: Callable[[], bool], clock: Clock) -> tuple[bool, ...]:
        """Whether to stop, and whether to save; several processes ask each other now and then."""
        if collectives.alone() or state.step % AGREE_EVERY == 0:
            return collectives.any_of(stop(), clock.save_is_due())
        return False, False

    def _tell(
        self, state: State, groups: Groups, clock: Clock, stop: Callable[[], bool]
    ) -> Generator[Event, None, tuple[State, Groups]]:
        """What is due after a step: a report, the end of an epoch, a score.

        Returns:
            State and arrays to go on with.
        """
        training = self.settings.training
        scored = is_scored(state.step, training)
        epoch, inside = divmod(state.step, self.batches.steps_per_epoch)
        ended = bool(training.epoch_files) and not inside
        if scored or ended or state.step % max(1, training.steps // REPORTS) == 0:
            report, state = self._report(groups, state, clock)
            groups["loss"] = self.objective.no_loss()
            if self._ran_away(report.loss):
                state = self._recover(state, groups, clock)
                groups = self.objective.place(state.arrays)
                yield Recovery(report.step, report.loss, state)
            yield report
        if ended:
            event = _end_epoch(epoch, clock.stamp(state, groups))
            state = event.state
            yield event
        if scored:
            state = yield from self._take_score(state, groups, clock, stop)
        return state, groups

    def _take_score(
        self, state: State, groups: Groups, clock: Clock, stop: Callable[[], bool]
    ) -> Generator[Event, None, State]:
        """Scores the held-out text; if that is stopped, the state says that it is still due."""
        began = time.perf_counter()
        score = yield from self._score(clock.stamp(state, groups), groups, stop)
        if score is None:
            return replace(state, due=True)
        if score.improved:
            groups["good"] = self.objective.copies(groups[self.judged])
        clock.saved()
        yield score
        clock.scored(time.perf_counter() - began)
        return score.state

    def _report(self, groups: Groups, state: State, clock: Clock) -> tuple[Report, State]:
        """The mean loss since the last report, and the state with it added to its epoch's."""
        total, count = np.asarray(groups["loss"][0]).tolist()
        nats, places = state.epoch_nats + total, state.epoch_places + count
        training = self.settings.training
        scores = training.evaluations - state.step * training.evaluations // training.steps
        report = Report(
            step=state.step,
            steps=training.steps,
            loss=total / max(count, 1),
            speed=clock.steps_a_second(state.step) * self.symbols_a_step,
            left=clock.left(state.step, training.steps, scores),
        )
        return report, replace(state, epoch_nats=nats, epoch_places=places)

    def _ran_away(self, loss: float) -> bool:
        """Whether a loss is no number, or twice as bad as knowing nothing."""
        return not loss < 2 * math.log(max(2, self.corpus.vocabulary.size)) + 1

    def _recover(self, state: State, groups: Groups, clock: Clock) -> State:
        """The state with the best weights, a fresh optimiser and zero carried states."""
        training = self.settings.training
        if state.recoveries == RECOVERIES:
            kept = "The best model so far is kept."
            if state.best == math.inf:
                kept = "It had not been scored before, so there is no model."
            raise DivergedError(
                f"the loss ran away again at step {state.step:,}, after going back {RECOVERIES} "
                f"times. {kept} Train again with a lower --learning-rate than "
                f"{training.learning_rate:g}."
            )
        groups |= dict.fromkeys(("weight", self.judged), groups["good"])
        groups["optimizer"] = self.objective.fresh_optimizer()
        groups["carried"] = self.objective.zero(training.batch)
        # An epoch in which it ran away has no loss, however it ends.
        fresh = replace(state, recoveries=state.recoveries + 1, epoch_nats=math.nan)
        return clock.stamp(fresh, groups)

    def _score(
        self, state: State, groups: Groups, stop: Callable[[], bool]
    ) -> Generator[Event, None, Score | None]:
        """Scores the held-out text, and keeps the weights in the state if they are the best."""
        found = (
            (yield from self._scored(state, self._usual, stop=stop))
            if collectives.first()
            else None
        )
        loss = collectives.from_first(lambda: found)
        if loss is None:
            return None
        unscored = len(self.corpus.tail) < 2
        improved = loss < state.best or (unscored and finite(groups[self.judged]))
        if improved:
            good = {f"good.{i}": np.asarray(a) for i, a in enumerate(groups[self.judged])}
            state = replace(state, arrays={**state.arrays, **good}, best=loss, stale=0)
        else:
            state = replace(state, stale=state.stale + 1)
        return Score(loss, improved, state)

    def score(
        self, state: State, group: str = "", limit: int = SCORED_AT_END, carried: bool = False
    ) -> float:
        """Scores the held-out text with dropout off.

        Args:
            state: Whose weights to use.
            group: Which weights: `good` for the best; `judged` if none is named.
            limit: Symbols to score, from the first held-out one.
            carried: Whether to start from each training stream's state, not from zero.

        Returns:
            The mean loss, nats per symbol; not a number where nothing is held out.
        """
        part, groups = self._part(limit), grouped(state.arrays)
        return heldout.mean(self._running(part, groups, group, carried=carried))

    def _running(
        self, part: heldout.Part, groups: Groups, group: str = "", *, carried: bool = False
    ) -> Iterator[tuple[float, float]]:
        """The loss of a part batch by batch; see `heldout.running`."""
        group = group or self.judged
        return heldout.running(self.objective, part, groups, group, carried=carried)

    def _scored(
        self,
        state: State,
        limit: int,
        group: str = "",
        *,
        carried: bool = False,
        stop: Callable[[], bool],
    ) -> Generator[Event, None, float | None]:
        """What `score` gives, telling how far it is; None where it was stopped on the way."""
        part, scored = self._part(limit), (0.0, 0.0)
        places = part.places(carried=carried)
        for scored in self._running(part, grouped(state.arrays), group, carried=carried):
            yield Task(SCORING, scored[1] / places)
            if scored[1] < places and stop():
                return None
        return heldout.mean([scored])

    def closing(
        self, state: State, stop: Callable[[], bool] = lambda: False
    ) -> Generator[Event, None, dict[str, float] | None]:
        """Scores taken once, at the end of training.

        Args:
            state: At the end.
            stop: Asked now and then whether to stop.

        Yields:
            How far it is.

        Returns:
            `held_out_loss` of the best weights on the held-out text (up to `SCORED_AT_END`
            symbols, `held_out_scored` in all); for streams also `zero_state_loss` and
            `carried_state_loss` (from the states of some streams) of the latest weights on its
            first `CHUNK` symbols, which agree unless the carried state has run away; and
            `largest_state` in the carried state. None where it was stopped.
        """
        held = [a for name, a in state.arrays.items() if name.startswith("carried.")]
        facts = {"largest_state": float(max(np.abs(a).max() for a in held))}
        wanted = {"held_out_loss": (SCORED_AT_END, "good", False)}
        if self.settings.training.framing == "streams":
            wanted["zero_state_loss"] = CHUNK, self.judged, False
            wanted["carried_state_loss"] = CHUNK, self.judged, True
        for name, (limit, group, carried) in wanted.items() if len(self.corpus.tail) > 1 else ():
            loss = yield from self._scored(state, limit, group, carried=carried, stop=stop)
            if loss is None or stop():
                return None
            facts[name] = loss
            if group == "good":
                facts["held_out_scored"] = self._part(limit).scored
        return facts


def _end_epoch(number: int, state: State) -> Epoch:
    """What an epoch came to, and the state in which the next one begins."""
    loss = state.epoch_nats / max(state.epoch_places, 1)
    improved = loss < state.best_epoch
    best = loss if improved else state.best_epoch
    state = replace(state, epoch_nats=0.0, epoch_places=0.0, best_epoch=best)
    return Epoch(number, loss, improved, state)
