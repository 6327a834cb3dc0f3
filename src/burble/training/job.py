"""One training from its prepared run to its end, alone or along with other processes.

Joins trainer, recorder and machine. Knows nothing of terminals.
"""

import math
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace

import jax

from burble import settings as settings_module
from burble.data.corpus import Corpus
from burble.data.labels import UNLABELLED
from burble.errors import DivergedError, LostError, RunError
from burble.evaluation import baselines
from burble.formatting import some, symbol_name
from burble.model.transfer import transfer_weights
from burble.runs import defaults
from burble.runs.base import origin_name
from burble.runs.events import BaselineLosses, Event
from burble.runs.request import find_origin, requested_evaluations, resolve_settings
from burble.runs.state import State
from burble.runs.tensorboard import FOLDER, Board
from burble.settings import Settings
from burble.training import collectives, devices
from burble.training.preflight import PreparedRun
from burble.training.processes import Peer, available_cores
from burble.training.recorder import Recorder
from burble.training.schedule import Pace
from burble.training.trainer import Trainer

Log = Callable[[str], object]
Stop = Callable[[], bool]
COMPILING = 0.1
"""Fraction of the time that is left which may go into compiling once more, for settings that suit
a machine twice as fast as an ordinary one, or half as fast; twice as much for one of four times."""
LARGE = 720_720
"""Divides evenly by as many devices as a computer may have."""


def train(
    prepared: PreparedRun,
    *,
    stop: Stop = lambda: False,
    started: float | None = None,
    log: Log = str,
) -> Generator[Event, None, None]:
    """Trains in a run folder.

    Args:
        prepared: The run with its text and settings, from `preflight.prepare`.
        stop: Called before every step: whether to stop there.
        started: The `time.perf_counter()` from which minutes count.
        log: Takes messages about what was chosen.

    Yields:
        The trainer's events, each after what it brings has been saved.

    Raises:
        RunError: The folder is in use, or its state is damaged.
        StorageError: The disk is too small.
        DivergedError: The loss diverged again and again; the best model is kept.
    """
    start = _Start(prepared, time.perf_counter() if started is None else started, stop, log)
    devices.keep_compiled()
    with prepared.run.locked(), collectives.lost_errors():
        recorder, state = start.begin()
        if losses := recorder.baselines:
            symbol = symbol_name(prepared.corpus.vocabulary.unit)
            log(losses.describe(symbol, origin_name(recorder.origin)))
            yield losses
        events = recorder.events(state, stop)
        # They hold it until the first step, which uses it up.
        del state
        yield from events


def _open_board(recorder: Recorder, state: State) -> Board | None:
    """What is written for TensorBoard: where that is requested, or goes on from before."""
    run, settings = recorder.run, recorder.trainer.settings
    if not recorder.request.tensorboard and not (run.folder / FOLDER).is_dir():
        return None
    board = Board(run.folder, settings, state.step, run.metrics())
    if recorder.baselines:
        board.take(recorder.baselines)
    return board


@dataclass(frozen=True)
class _Start:
    """How a training is begun; see `train`."""

    prepared: PreparedRun
    started: float
    stop: Stop
    log: Log

    def begin(self) -> tuple[Recorder, State]:
        """The training at work in its folder, which holds the state that it begins with."""
        run, request, corpus = self.prepared.run, self.prepared.request, self.prepared.corpus
        model, training = self.prepared.settings.model, self.prepared.settings.training
        _meet(self.prepared.peer, training.batch, model.units, self.log, model.ensemble)
        evaluations = requested_evaluations(request, run, training)
        estimate = baselines.estimate_baselines(corpus)
        losses = BaselineLosses(*estimate) if estimate else None
        trainer, state = self._make_trainer()
        if not request.resume:
            why = defaults.describe_choice(trainer.settings, corpus, trainer.epochs, request.size)
            self.log(f"{why} Seed {training.seed}.")
        # Room for the state, the one before it and the next; models are smaller than a state.
        run.check_room(4 * sum(array.nbytes for array in jax.tree.leaves(state.arrays)))
        origin = find_origin(request, run)
        recorder = Recorder(trainer, run, request, evaluations, origin, losses, self.log)
        # Whoever is killed from here on goes on from this very state.
        run.begin_state(state)
        recorder.describe("training")
        run.keep_metrics(state.step)
        recorder = replace(recorder, board=_open_board(recorder, state))
        steps = trainer.settings.training.steps
        self.log(f"{some(steps, 'step')} in all, {steps - state.step:,} to go.")
        return recorder, state

    def _make_trainer(self) -> tuple[Trainer, State]:
        """The trainer with its number of steps fixed, and the state to begin with."""
        run, settings = self.prepared.run, self.prepared.settings
        trainer = Trainer(self.prepared.corpus, settings)
        usual = _shapes(trainer.initial_state())
        state = None
        if self.prepared.request.resume:
            state = run.read_state(lambda found: _shapes(found) == usual, self.log)
        done = state.step if state else 0
        collectives.broadcast(lambda: [settings_module.flatten_settings(settings), done])
        _check_same(trainer.corpus)
        trainer = fit_to_machine(
            trainer, self._choose, started=self.started, done=done, stop=self.stop, log=self.log
        )
        if state is None:
            return trainer, _share(self._first_state(trainer))
        # A longer or otherwise changed training begins its patience anew.
        changed = trainer.settings != run.settings()
        return trainer, _share(replace(state, evals_without_improvement=0) if changed else state)

    def _choose(self, trainer: Trainer, pace: Pace) -> Settings:
        """What suits the speed that was measured, where compiling once more is not too long."""
        settings = trainer.settings
        minutes = settings.training.minutes
        left = minutes * 60 - (time.perf_counter() - self.started) - pace.compiling
        if self.prepared.request.resume or self.stop() or left <= 0:
            return settings
        symbols = trainer.symbols_a_step * settings.model.ensemble
        speed = defaults.round_speed(symbols * left / pace.step / minutes)
        octaves = abs(math.log2(speed / defaults.TYPICAL_SPEED))
        worth = pace.compiling <= COMPILING * octaves * left
        known = self.prepared.request, self.prepared.run, self.prepared.corpus
        return resolve_settings(*known, speed) if worth else settings

    def _first_state(self, trainer: Trainer) -> State:
        """The state before the first step, from the seed or from another model."""
        fresh, base = trainer.initial_state(), self.prepared.request.base
        if base is None:
            return fresh
        corpus, weights = trainer.corpus, trainer.weights(fresh)
        labels = corpus.labels.names if corpus.labels else UNLABELLED
        return trainer.initial_state(
            transfer_weights(base.model, corpus.vocabulary, weights, labels)
        )


def _shapes(state: State) -> object:
    """The type and shape of each array."""
    return jax.tree.map(lambda array: (array.dtype, array.shape), state.arrays)


def follow(
    peer: Peer,
    read: Callable[[Settings], Corpus],
    *,
    stop: Stop = lambda: False,
    log: Log = str,
) -> None:
    """Trains along with process 0, which decides how, and alone writes.

    Raises:
        RunError: The text is not that of process 0.
        LostError: Another process is gone.
    """
    devices.keep_compiled()
    with collectives.lost_errors():
        # How large the batch is will only be known when the devices are.
        _meet(peer, LARGE * peer.num_processes, LARGE, log)
        values, done = collectives.broadcast(list)
        settings = settings_module.make_settings(values)
        corpus = read(settings)
        _check_same(corpus)
        trainer = fit_to_machine(Trainer(corpus, settings), done=done, stop=stop)
        try:
            for _ in trainer.run(_share(trainer.initial_state()), stop):
                pass
        except DivergedError as error:
            raise LostError("process 0 reports what happened.") from error


def fit_to_machine(
    trainer: Trainer,
    choose: Callable[[Trainer, Pace], Settings] | None = None,
    *,
    started: float | None = None,
    done: int = 0,
    stop: Stop = lambda: False,
    log: Log = str,
) -> Trainer:
    """A trainer with its number of steps fixed, of settings that suit this machine's speed.

    Args:
        trainer: With settings from the text alone.
        choose: Chooses settings by what was measured; the same as they are if None. Only process
            0 calls it.
        started: The `time.perf_counter()` from which the minutes count; now if None.
        done: Steps done before, which minutes come on top of.
        stop: Whether to measure no longer.
        log: Takes messages about what is done.
    """
    started = time.perf_counter() if started is None else started
    settings, pace = trainer.settings, None
    if settings.training.minutes:
        log("Measuring the speed of this machine …")
        measured = pace = trainer.measure_pace(stop)
        better = settings_module.make_settings(
            collectives.broadcast(
                lambda: settings_module.flatten_settings(
                    choose(trainer, measured) if choose else settings
                )
            )
        )
        if better != settings:
            trainer = Trainer(trainer.corpus, better)
            pace = trainer.measure_pace(stop)
    trainer.fix_steps(started, done, pace=pace, stop=stop, log=log)
    return trainer


def _meet(peer: Peer | None, batch: int, units: int, log: Log, networks: int = 1) -> None:
    """Readies this computer, and meets the other processes where there are some."""
    if peer is None:
        devices.prepare(available_cores(), batch, units, networks)
        return
    devices.prepare(peer.cores or available_cores(), batch // peer.num_processes, units)
    collectives.join(peer, log)


def _share(state: State) -> State:
    """The state of process 0, in all processes."""
    counters = {name: value for name, value in vars(state).items() if name != "arrays"}
    return State(
        collectives.broadcast_arrays(state.arrays), **collectives.broadcast(lambda: counters)
    )


def _check_same(corpus: Corpus) -> None:
    """Refuses to train together on different texts."""
    others = collectives.differing_processes(
        f"{corpus.sha256} {corpus.split} {corpus.cut} {len(corpus.ids)} "
        f"{corpus.labels and corpus.labels.sha256}"
    )
    if others:
        raise RunError(
            f"the text of process {others[0]} is not that of process 0. Give all processes the "
            "same files, in the same order."
        )
