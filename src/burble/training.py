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

from burble import heldout, peers
from burble import model as network
from burble.batches import CHUNK
from burble.clock import Clock
from burble.corpus import Corpus
from burble.errors import DivergedError
from burble.events import End, Epoch, Event, Recovery, Report, Save, Score, State
from burble.framing import framed
from burble.modelfile import Weights
from burble.objective import Groups, Objective, finite, flat, grouped, rate, share
from burble.planning import is_over, is_scored, planned
from burble.settings import Settings, TrainingSettings

REPORTS = 200
RECOVERIES = 3
SCORED_AT_END = 200_000
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
        self.batches = framed(corpus, training)

    def start(self, weights: Weights | None = None) -> State:
        """The state before the first step, from given weights or from the seed alone."""
        groups = self.objective.start(self.settings.training.batch)
        if weights is not None:
            names = network.trained_names(self.settings.model, self.corpus.vocabulary.size)
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
        return network.weights_of(arrays, self.settings.model, self.corpus.vocabulary.size)

    def fix_steps(self, started: float | None = None, done: int = 0) -> Settings:
        """Fixes the number of steps by the nearest of the limits on steps, epochs and minutes.

        Args:
            started: The `time.perf_counter()` from which the minutes count; now if None.
            done: Steps done before, which minutes come on top of.

        Returns:
            The settings, without other limits than steps; with them, training repeats exactly
            whatever the machine's speed.
        """
        training = planned(
            self.settings.training,
            self.batches.steps_per_epoch,
            self._measure,
            started=time.perf_counter() if started is None else started,
            done=done,
        )
        training = TrainingSettings(**peers.from_first(lambda: asdict(training)))
        self.settings = replace(self.settings, training=training)
        return self.settings

    def _measure(self, longest: float) -> tuple[float, float, float]:
        """Seconds that a step, a score and the closing scores take, compilation left out.

        Args:
            longest: Seconds to measure steps for, about; the longer, the surer.
        """
        state = self.start()
        groups = self._step(self.objective.place(state.arrays), 0, 0.0)
        groups["loss"][0].block_until_ready()
        started, count, elapsed = time.perf_counter(), 0, 0.0

        def unsure() -> bool:
            return count < 8 or elapsed < longest

        while peers.from_first(unsure):
            for _ in range(4):
                count += 1
                groups = self._step(groups, count, 0.0)
            groups["loss"][0].block_until_ready()
            elapsed = time.perf_counter() - started
        self.score(state, limit=self._usual)
        started = time.perf_counter()
        self.score(state, limit=self._usual)
        score = time.perf_counter() - started
        closing = self._part(SCORED_AT_END).size / max(1, self._part(self._usual).size)
        return elapsed / count, score, score * (1 + closing)

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
        return self.objective.step(groups, batch, rate, share(self.settings.training, step))

    def run(self, state: State, stop: Callable[[], bool] = lambda: False) -> Iterator[Event]:
        """Trains from `state` to the last step.

        Args:
            state: From `start`, or one that was saved.
            stop: Asked before every step whether to stop there.

        Yields:
            Events as they come, and one `End` at last.

        Raises:
            DivergedError: The loss ran away again and again.
        """
        training = self.settings.training
        clock = Clock(state)
        groups = self.objective.place(state.arrays)
        while state.step < training.steps and not is_over(state.stale, training):
            stopping, saving = self._wishes(state, stop, clock)
            if stopping:
                yield End(clock.stamp(state, groups), "stopped")
                return
            if saving:
                clock.saved()
                yield Save(clock.stamp(state, groups))
            size = rate(training, state.step) * 0.5**state.recoveries
            groups = self._step(groups, state.step, size)
            state = replace(state, step=state.step + 1)
            state, groups = yield from self._tell(state, groups, clock)
        reason = "done" if state.step >= training.steps else "no better"
        state = clock.stamp(state, groups)
        yield End(state, reason, self.closing(state) if peers.first() else {})

    def _wishes(self, state: State, stop: Callable[[], bool], clock: Clock) -> tuple[bool, ...]:
        """Whether to stop, and whether to save; several processes ask each other now and then."""
        if peers.alone() or state.step % AGREE_EVERY == 0:
            return peers.any_of(stop(), clock.save_is_due())
        return False, False

    def _tell(
        self, state: State, groups: Groups, clock: Clock
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
            score = self._score(clock.stamp(state, groups), groups)
            state = score.state
            if score.improved:
                groups["good"] = self.objective.copies(groups[self.judged])
            clock.saved()
            yield score
        return state, groups

    def _report(self, groups: Groups, state: State, clock: Clock) -> tuple[Report, State]:
        """The mean loss since the last report, and the state with it added to its epoch's."""
        total, count = np.asarray(groups["loss"][0]).tolist()
        nats, places = state.epoch_nats + total, state.epoch_places + count
        steps_a_second = clock.steps_a_second(state.step)
        symbols_a_step = len(self.corpus.training) / self.batches.steps_per_epoch
        report = Report(
            step=state.step,
            steps=self.settings.training.steps,
            loss=total / max(count, 1),
            speed=steps_a_second * symbols_a_step,
            left=(self.settings.training.steps - state.step) / steps_a_second,
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

    def _score(self, state: State, groups: Groups) -> Score:
        """Scores the held-out text, and keeps the weights in the state if they are the best."""
        loss = float(peers.from_first(lambda: self.score(state, limit=self._usual)))
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
        return heldout.loss(
            self.objective,
            self._part(limit),
            grouped(state.arrays),
            group or self.judged,
            carried=carried,
        )

    def closing(self, state: State) -> dict[str, float]:
        """Scores taken once, at the end of training.

        Returns:
            `held_out_loss` of the best weights on the held-out text (up to `SCORED_AT_END`
            symbols, `held_out_scored` in all); for streams also `zero_state_loss` and
            `carried_state_loss` (from the states of some streams) of the latest weights on its
            first `CHUNK` symbols, which agree unless the carried state has run away; and
            `largest_state` in the carried state.
        """
        carried = [a for name, a in state.arrays.items() if name.startswith("carried.")]
        facts = {"largest_state": float(max(np.abs(a).max() for a in carried))}
        if len(self.corpus.tail) > 1:
            facts["held_out_loss"] = self.score(state, "good")
            facts["held_out_scored"] = self._part(SCORED_AT_END).size
            if self.settings.training.framing == "streams":
                facts["zero_state_loss"] = self.score(state, limit=CHUNK)
                facts["carried_state_loss"] = self.score(state, limit=CHUNK, carried=True)
        return facts


def _end_epoch(number: int, state: State) -> Epoch:
    """What an epoch came to, and the state in which the next one begins."""
    loss = state.epoch_nats / max(state.epoch_places, 1)
    improved = loss < state.best_epoch
    best = loss if improved else state.best_epoch
    state = replace(state, epoch_nats=0.0, epoch_places=0.0, best_epoch=best)
    return Epoch(number, loss, improved, state)
