"""Training along with other processes: meeting them, one state, one text. Knows no run folders."""

from collections.abc import Callable

from burble import compiled, devices, peers
from burble import settings as settings_module
from burble.corpus import Corpus
from burble.errors import DivergedError, LostError, RunError, SettingsError
from burble.events import State
from burble.launching import Peer, available_cores
from burble.settings import Settings
from burble.training import Trainer

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
    compiled.keep()
    with peers.missed():
        # How large the batch is will only be known when the devices are.
        meet(peer, LARGE * peer.num_processes, LARGE, tell)
        told, done = peers.from_first(list)
        settings = settings_module.make(told)
        corpus = read(settings)
        check_same(corpus)
        trainer = Trainer(corpus, settings)
        trainer.fix_steps(done=done)
        try:
            for _ in trainer.run(shared(trainer.start()), stop):
                pass
        except DivergedError as error:
            raise LostError("process 0 tells what happened.") from error


def meet(peer: Peer | None, batch: int, units: int, tell: Callable[[str], object]) -> None:
    """Readies this computer, and meets the other processes where there are some.

    Raises:
        SettingsError: They cannot share the batch evenly.
    """
    if peer is None:
        devices.prepare(available_cores(), batch, units)
        return
    processes = peer.num_processes
    if batch % processes:
        raise SettingsError(
            f"batch is {batch}, which {processes} processes cannot share evenly. Take a multiple "
            f"of {processes}, such as --batch {max(processes, batch - batch % processes)}."
        )
    devices.prepare(peer.cores or available_cores(), batch // processes, units)
    peers.join(peer, tell)


def shared(state: State) -> State:
    """The state of process 0, in all processes."""
    counters = {name: value for name, value in vars(state).items() if name != "arrays"}
    return State(peers.shared(state.arrays), **peers.from_first(lambda: counters))


def check_same(corpus: Corpus) -> None:
    """Refuses to train together on different texts."""
    others = peers.unlike_first(corpus.sha256)
    if others:
        raise RunError(
            f"the text of process {others[0]} is not that of process 0. Give all processes the "
            "same files, in the same order."
        )
