"""Training along with other processes: meeting them, one state, one text. Knows no run folders."""

import time
from collections.abc import Callable

from burble import settings as settings_module
from burble.data.corpus import Corpus
from burble.errors import DivergedError, LostError, RunError
from burble.runs.events import State
from burble.settings import Settings
from burble.training import collectives, devices
from burble.training.processes import Peer, available_cores
from burble.training.schedule import Pace
from burble.training.trainer import Trainer

LARGE = 720_720
"""Divides evenly by as many devices as a computer may have."""


def follow(
    peer: Peer,
    read: Callable[[Settings], Corpus],
    *,
    stop: Callable[[], bool] = lambda: False,
    tell: Callable[[str], object] = str,
) -> None:
    """Trains along with process 0, which says how, and alone writes.

    Args:
        peer: Which process this one is.
        read: Reads the text with settings.
        stop: Asked now and then whether all should stop.
        tell: Takes a sentence where there is something to wait for.

    Raises:
        RunError: The text is not that of process 0.
        LostError: Another process is gone.
    """
    devices.keep_compiled()
    with collectives.missed():
        # How large the batch is will only be known when the devices are.
        meet(peer, LARGE * peer.num_processes, LARGE, tell)
        told, done = collectives.from_first(list)
        settings = settings_module.make(told)
        corpus = read(settings)
        check_same(corpus)
        trainer = fitted(Trainer(corpus, settings), done=done, stop=stop)
        try:
            for _ in trainer.run(shared(trainer.start()), stop):
                pass
        except DivergedError as error:
            raise LostError("process 0 tells what happened.") from error


def fitted(
    trainer: Trainer,
    choose: Callable[[Pace], Settings] | None = None,
    *,
    started: float | None = None,
    done: int = 0,
    stop: Callable[[], bool] = lambda: False,
    tell: Callable[[str], object] = str,
) -> Trainer:
    """A trainer with its number of steps fixed, of settings that suit this machine's speed.

    Args:
        trainer: With settings from the text alone.
        choose: Chooses settings by what was measured; the same as they are if None. Only process
            0 is asked.
        started: The `time.perf_counter()` from which the minutes count; now if None.
        done: Steps done before, which minutes come on top of.
        stop: Whether to measure no longer.
        tell: Takes sentences about what is done.
    """
    started = time.perf_counter() if started is None else started
    settings, pace = trainer.settings, None
    if settings.training.minutes:
        tell("Measuring this machine for a moment …")
        measured = pace = trainer.pace(stop)
        better = settings_module.make(
            collectives.from_first(
                lambda: settings_module.flat(choose(measured) if choose else settings)
            )
        )
        if better != settings:
            trainer = Trainer(trainer.corpus, better)
            pace = trainer.pace(stop)
    trainer.fix_steps(started, done, pace=pace, stop=stop, tell=tell)
    return trainer


def meet(peer: Peer | None, batch: int, units: int, tell: Callable[[str], object]) -> None:
    """Readies this computer, and meets the other processes where there are some."""
    if peer is None:
        devices.prepare(available_cores(), batch, units)
        return
    processes = peer.num_processes
    devices.prepare(peer.cores or available_cores(), batch // processes, units)
    collectives.join(peer, tell)


def shared(state: State) -> State:
    """The state of process 0, in all processes."""
    counters = {name: value for name, value in vars(state).items() if name != "arrays"}
    return State(collectives.shared(state.arrays), **collectives.from_first(lambda: counters))


def check_same(corpus: Corpus) -> None:
    """Refuses to train together on different texts."""
    others = collectives.unlike_first(
        f"{corpus.sha256} {corpus.split} {corpus.cut} {len(corpus.ids)}"
    )
    if others:
        raise RunError(
            f"the text of process {others[0]} is not that of process 0. Give all processes the "
            "same files, in the same order."
        )
