"""The training loop: a generator of events. Knows nothing of terminals or files.

It takes and gives states, and the caller saves them. Everything a step does is a function
of (settings, corpus, state), so a run that is interrupted and resumed gives the same bits as one
that is not.
"""

import math
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import asdict, replace

from burble.data.corpus import Corpus
from burble.errors import DivergedError
from burble.model.architecture import Weights
from burble.model.network import name_weights, trained_array_names
from burble.runs.events import End, Epoch, Event, Recovery, Report, Save, Score
from burble.runs.state import Arrays, State, without_arrays
from burble.settings import Settings, TrainingSettings
from burble.training import collectives, heap
from burble.training.apart import total_loss
from burble.training.framings import frame_text
from burble.training.frequencies import gains_by_frequencies, start_from_frequencies
from burble.training.pace import Clock, measure_scores, measure_steps, seconds_to_measure
from burble.training.schedule import (
    Pace,
    averaging_weight,
    fix_steps,
    is_over,
    is_scored,
    learning_rate,
)
from burble.training.step import CompiledNetwork, fetch_arrays, finite
from burble.training.validation import SCORED_AT_END, Validation

REPORTS = 200
RECOVERIES = 3
FEW_SYMBOLS = 64
"""A loss counts as diverged by the size of the alphabet, and by this where there are fewer."""
AGREE_EVERY = 8
"""Steps after which several processes agree whether to stop or to save."""


class Trainer:
    """One corpus and one network, ready to train.

    Args:
        corpus: What to learn.
        settings: How; fix the number of steps with `fix_steps` before `run`.
    """

    def __init__(self, corpus: Corpus, settings: Settings) -> None:
        self.corpus = corpus
        self.settings = settings
        training, vocabulary = settings.training, corpus.vocabulary
        self._sizes = vocabulary.size, len(corpus.labels.names) if corpus.labels else 0
        self.compiled = CompiledNetwork(settings.model, vocabulary.size, training, self._sizes[1])
        self.framing = frame_text(corpus, training)
        self.validation = Validation(self.compiled, corpus, training)

    def initial_state(self, weights: Weights | None = None) -> State:
        """The state before the first step, from given weights or from the seed and the text.

        What it begins with depends on how often the text will be read: fix the steps before.
        """
        arrays = self.compiled.initial_arrays(self.settings.training.batch)
        if weights is None:
            weights = name_weights(arrays.weights, self.settings.model, *self._sizes)
            # Counting takes a while in large texts, and nothing is measured by it.
            if self.epochs and gains_by_frequencies(self.corpus, self.epochs):
                weights = start_from_frequencies(weights, self.corpus)
        names = trained_array_names(self.settings.model, *self._sizes)
        trained = [weights[name] for name in names]
        average = trained if arrays.average else []
        return State(fetch_arrays(arrays._replace(weights=trained, average=average, best=trained)))

    def weights(self, state: State, *, best: bool = True) -> Weights:
        """The best weights in a state, or the latest that are evaluated, as in a model file."""
        chosen = state.arrays.best if best else state.arrays.evaluated
        return name_weights(chosen, self.settings.model, *self._sizes)

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
            pace = self._with_scores(pace or self.measure_pace(stop), stop)
        left = training.minutes * 60 - (time.perf_counter() - started)
        training, message = fix_steps(
            training, self.framing.steps_per_epoch, pace or Pace(0.0), left=left, done=done
        )
        if message:
            log(message)
        training = TrainingSettings(**collectives.broadcast(lambda: asdict(training)))
        self.settings = replace(self.settings, training=training)
        return self.settings

    def measure_pace(self, stop: Callable[[], bool] = lambda: False) -> Pace:
        """Measures steps for a moment, which changes nothing of what will be learned."""
        arrays = self.compiled.place(self.initial_state().arrays)
        training = self.settings.training
        limits = training.steps, training.epochs * self.framing.steps_per_epoch
        most = min((limit for limit in limits if limit), default=math.inf)
        seconds = seconds_to_measure(training)
        with heap.kept():
            return measure_steps(lambda a, n: self._step(a, n, 0.0), arrays, seconds, stop, most)

    def _with_scores(self, pace: Pace, stop: Callable[[], bool]) -> Pace:
        """A pace with what validation scores take."""
        if stop() or len(self.corpus.tail) < 2 or not collectives.is_first():
            return pace
        part, arrays = self.validation.part(self.validation.usual), self.initial_state().arrays
        seconds = seconds_to_measure(self.settings.training)
        each = measure_scores(lambda: self.validation.score_batches(part, arrays), seconds, stop)
        score, closing = each * part.size, self.validation.part(SCORED_AT_END)
        return replace(pace, score=score, closing=score + each * closing.size)

    @property
    def symbols_a_step(self) -> float:
        """Symbols of the text that a step reads, padding left out."""
        return len(self.corpus.training) / self.framing.steps_per_epoch

    @property
    def epochs(self) -> float:
        """How often the text will be read, once the number of steps is fixed."""
        return self.settings.training.steps / self.framing.steps_per_epoch

    def _step(self, arrays: Arrays, step: int, rate: float) -> Arrays:
        """One optimiser step, on the rows of this process."""
        batch = self.framing.at(step, self.compiled.devices.rows)
        weight = averaging_weight(self.settings.training, step)
        return self.compiled.step(arrays, batch, rate, weight)

    def run(self, state: State, stop: Callable[[], bool] = lambda: False) -> Iterator[Event]:
        """Trains from `state` to the last step.

        Args:
            state: From `start`, or one that was saved.
            stop: Called before every step: whether to stop there; and on the way through long
                scores, which are then taken when training goes on.

        Yields:
            Events as they come, and one `End` at last.

        Raises:
            DivergedError: The loss diverged again and again.
        """
        training = self.settings.training
        with heap.kept():
            arrays = self.compiled.place(state.arrays)
            state = without_arrays(state)
            clock = Clock(state)
            if state.eval_due:
                state = replace(state, eval_due=False)
                state, arrays = yield from self._evaluate(state, arrays, clock, stop)
            while self._goes_on(state):
                stopping, saving = self._requests(state, stop, clock)
                if stopping:
                    yield End(clock.stamp(state, arrays), "stopped")
                    return
                if saving:
                    clock.saved()
                    yield Save(clock.stamp(state, arrays))
                size = learning_rate(training, state.step) * 0.5**state.recoveries
                arrays = self._step(arrays, state.step, size)
                state = replace(state, step=state.step + 1)
                clock.stepped(state.step)
                state, arrays = yield from self._report_step(state, arrays, clock, stop)
                state = without_arrays(state)
            state = clock.stamp(state, arrays)
            del arrays
        yield from self._end(state, stop)

    def _end(self, state: State, stop: Callable[[], bool]) -> Iterator[Event]:
        """Scores what is scored once, after the last step, unless that is stopped."""
        if state.eval_due:
            yield End(state, "stopped")
            return
        reason = "done" if state.step >= self.settings.training.steps else "no better"
        facts = (yield from self.validation.closing(state, stop)) if collectives.is_first() else {}
        yield End(state, reason if facts is not None else "stopped", facts or {})

    def _goes_on(self, state: State) -> bool:
        """Whether there is another step to be done."""
        training = self.settings.training
        impatient = is_over(state.evals_without_improvement, training)
        return not (state.eval_due or state.step >= training.steps or impatient)

    def _requests(self, state: State, stop: Callable[[], bool], clock: Clock) -> tuple[bool, ...]:
        """Whether to stop, and whether to save; several processes agree on it now and then."""
        if collectives.is_alone() or state.step % AGREE_EVERY == 0:
            return collectives.any_process(stop(), clock.save_is_due())
        return False, False

    def _report_step(
        self, state: State, arrays: Arrays, clock: Clock, stop: Callable[[], bool]
    ) -> Generator[Event, None, tuple[State, Arrays]]:
        """What is due after a step, a report or score; returns state and arrays to go on with."""
        training = self.settings.training
        scored = is_scored(state.step, training)
        epoch, inside = divmod(state.step, self.framing.steps_per_epoch)
        ended = bool(training.epoch_files) and not inside
        if scored or ended or state.step % max(1, training.steps // REPORTS) == 0:
            report, state = self._report(arrays, state, clock)
            arrays = arrays._replace(loss=self.compiled.zero_loss())
            if self._diverged(report.loss):
                state = self._recover(state, arrays, clock)
                arrays = self.compiled.place(state.arrays)
                yield Recovery(report.step, report.loss, state)
            yield report
        if ended:
            event = _end_epoch(epoch, clock.stamp(state, arrays))
            state = event.state
            yield event
        if scored:
            state, arrays = yield from self._evaluate(state, arrays, clock, stop)
        return state, arrays

    def _evaluate(
        self, state: State, arrays: Arrays, clock: Clock, stop: Callable[[], bool]
    ) -> Generator[Event, None, tuple[State, Arrays]]:
        """Scores the validation text; if that is stopped, the state says that it is still due."""
        began = time.perf_counter()
        score = yield from self._score(clock.stamp(state, arrays), stop)
        if score is None:
            return replace(state, eval_due=True), arrays
        if score.improved:
            arrays = arrays._replace(best=self.compiled.copy_weights(arrays.evaluated))
        clock.saved()
        yield score
        clock.scored(time.perf_counter() - began)
        return score.state, arrays

    def _report(self, arrays: Arrays, state: State, clock: Clock) -> tuple[Report, State]:
        """The mean loss since the last report, and the state with it added to its epoch's."""
        total, count = total_loss(arrays.loss).tolist()
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

    def _diverged(self, loss: float) -> bool:
        """Whether a loss is no number, or twice as bad as uniform guessing.

        A base may begin far worse than that on a text of few symbols, and learns all the same.
        """
        return not loss < 2 * math.log(max(FEW_SYMBOLS, self.corpus.vocabulary.size)) + 1

    def _recover(self, state: State, arrays: Arrays, clock: Clock) -> State:
        """The state with the best weights, a fresh optimiser and zero hidden states."""
        training = self.settings.training
        if state.recoveries == RECOVERIES:
            kept = "The best model so far is kept."
            if state.best_loss == math.inf:
                kept = "It had not been scored before, so there is no model."
            raise DivergedError(
                f"the training loss diverged again at step {state.step:,}, after going back to the "
                f"best weights {RECOVERIES} times. {kept} Train again with a lower "
                f"--learning-rate than {training.learning_rate:g}."
            )
        arrays = arrays._replace(
            weights=arrays.best,
            average=arrays.best if arrays.average else [],
            optimizer=self.compiled.initial_optimizer(),
            hidden=self.compiled.zero_state(training.batch),
        )
        # An epoch in which it diverged has no loss, however it ends.
        fresh = replace(state, recoveries=state.recoveries + 1, epoch_nats=math.nan)
        return clock.stamp(fresh, arrays)

    def _score(
        self, state: State, stop: Callable[[], bool]
    ) -> Generator[Event, None, Score | None]:
        """Scores the validation text, and keeps the weights in the state if they are the best.

        Returns:
            The score; None where it was stopped.
        """
        found = None
        if collectives.is_first():
            found = yield from self.validation.score(state, self.validation.usual, stop=stop)
        loss = collectives.broadcast(lambda: found)
        if loss is None:
            return None
        evaluated = state.arrays.evaluated
        unscored = len(self.corpus.tail) < 2
        improved = loss < state.best_loss or (unscored and finite(evaluated))
        if improved:
            arrays = state.arrays._replace(best=evaluated)
            state = replace(state, arrays=arrays, best_loss=loss, evals_without_improvement=0)
        else:
            count = state.evals_without_improvement + 1
            state = replace(state, evals_without_improvement=count)
        return Score(loss, improved, state)


def _end_epoch(number: int, state: State) -> Epoch:
    """What an epoch came to, and the state in which the next one begins."""
    loss = state.epoch_nats / max(state.epoch_places, 1)
    improved = loss < state.best_epoch_loss
    best = loss if improved else state.best_epoch_loss
    state = replace(state, epoch_nats=0.0, epoch_places=0.0, best_epoch_loss=best)
    return Epoch(number, loss, improved, state)
