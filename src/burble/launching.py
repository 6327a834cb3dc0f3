"""Processes that train together: which there are, and one that watches over those of a machine.

Knows nothing of JAX. What a person starts only watches; each process that trains is a child of it
that finds its `Peer` in its environment. A child that is killed cannot say so, and one that waits
for it might wait for ever: whoever watches tells, and ends the others.
"""

import json
import os
import queue
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import FrameType

from burble.errors import Interrupted, LostError, PeerError, SettingsError
from burble.settings import require

PEER = "BURBLE_PEER"
GRACE = 10.0
"""Seconds that others have to end by themselves once one has failed."""
SILENT = -1_000
LAST_WORDS = 5
CRASHES = (signal.SIGABRT, signal.SIGSEGV, signal.SIGILL, signal.SIGFPE)


@dataclass(frozen=True)
class Peer:
    """One of the processes that train together.

    Attributes:
        coordinator: HOST:PORT at which process 0 is found by the others.
        process_id: Its number, from 0.
        num_processes: How many they are.
        cores: Processor cores it may use, if all processes are on this machine; 0 for all.
        log: Where the libraries' own messages go.
        lifeline: A file descriptor that ends when whoever watches is gone.
    """

    coordinator: str
    process_id: int
    num_processes: int
    cores: int = 0
    log: str = ""
    lifeline: int = -1

    def __post_init__(self) -> None:
        """Checks what a person may have given."""
        host, _, port = self.coordinator.rpartition(":")
        known = bool(host) and port.isdecimal() and 0 < int(port) < 1 << 16
        require(known, "coordinator", self.coordinator, "HOST:PORT, such as 10.0.0.1:6000")
        require(self.num_processes >= 1, "num_processes", self.num_processes, "1 or more")
        fits = 0 <= self.process_id < self.num_processes
        most = self.num_processes - 1
        require(fits, "process_id", self.process_id, f"from 0 to num_processes - 1, here {most}")

    @property
    def first(self) -> bool:
        """Whether it is process 0, which alone writes."""
        return self.process_id == 0

    @property
    def flags(self) -> tuple[str, ...]:
        """The flags with which a person asks for it."""
        if self.cores:
            return (f"--processes={self.num_processes}",)
        number = f"--process-id={self.process_id}", f"--num-processes={self.num_processes}"
        return (f"--coordinator={self.coordinator}", *number)


def to_start(
    processes: int | None,
    coordinator: str | None,
    process_id: int | None,
    num_processes: int | None,
    environment: Mapping[str, str],
) -> list[Peer]:
    """The processes to start on this machine; none where one is to train alone.

    Args:
        processes: So many, all on this machine.
        coordinator: Where process 0 is, if they are on several machines.
        process_id: The number of the one on this machine.
        num_processes: How many they are.
        environment: Where the last three are looked for if none is given: as Keras names them,
            or as Slurm does for the tasks of a step.

    Raises:
        SettingsError: What was given does not fit together.
    """
    given = {
        "--coordinator": coordinator,
        "--process-id": process_id,
        "--num-processes": num_processes,
    }
    missing = [name for name, value in given.items() if value is None]
    if processes is not None:
        require(processes >= 1, "processes", processes, "1 or more")
        if len(missing) < len(given):
            raise SettingsError(
                "--processes starts all processes on this machine, --coordinator one of those on "
                "several machines; give only one of them."
            )
        return _here(processes)
    if len(missing) == len(given):
        found = _from_keras(environment) or _from_slurm(environment)
        return [found] if found and found.num_processes > 1 else []
    if coordinator is None or process_id is None or num_processes is None:
        raise SettingsError(
            "several machines need --coordinator HOST:PORT, --process-id and --num-processes; "
            f"missing: {', '.join(missing)}."
        )
    peer = Peer(coordinator, process_id, num_processes)
    return [peer] if num_processes > 1 else []


def _here(processes: int) -> list[Peer]:
    """So many on this machine, which share its cores."""
    if processes == 1:
        return []
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    cores = max(1, available_cores() // processes)
    return [Peer(f"127.0.0.1:{port}", i, processes, cores) for i in range(processes)]


def available_cores() -> int:
    """Processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _from_keras(environment: Mapping[str, str]) -> Peer | None:
    """What `keras.distribution.initialize` would find."""
    names = ("JOB_ADDRESSES", "PROCESS_ID", "NUM_PROCESSES")
    addresses, number, count = (environment.get(f"KERAS_DISTRIBUTION_{name}") for name in names)
    if not addresses or not number:
        return None
    all_addresses = addresses.split(",")
    return _numbered(all_addresses[0], number, count or str(len(all_addresses)), "Keras")


def _from_slurm(environment: Mapping[str, str]) -> Peer | None:
    """The task of a Slurm step; its first machine has process 0, at a port made from the job."""
    names = ("STEP_NODELIST", "PROCID", "STEP_NUM_TASKS", "JOB_ID")
    nodes, number, count, job = (environment.get(f"SLURM_{name}") for name in names)
    if not nodes or not number or not count or not job:
        return None
    port = 61_440 + int(job) % 4_096
    return _numbered(f"{first_node(nodes)}:{port}", number, count, "Slurm")


def _numbered(coordinator: str, number: str, count: str, whose: str) -> Peer:
    """A peer from an environment's words."""
    if not number.isdecimal() or not count.isdecimal():
        raise SettingsError(
            f"the environment of {whose} names process {number!r} of {count!r}, but both must be "
            "whole numbers. Correct its variables, or pass --processes 1."
        )
    return Peer(coordinator, int(number), int(count))


def first_node(nodes: str) -> str:
    """The first of a list of machines, as Slurm writes it.

    >>> first_node("rack[07-12,31],login"), first_node("alone,other")
    ('rack07', 'alone')
    """
    return re.sub(r"\[([^,\-\]]+)[^\]]*\]", r"\1", re.split(r",(?![^\[]*\])", nodes)[0])


def me() -> Peer | None:
    """What this process is among those that train together, if it is one of them."""
    found = os.environ.get(PEER)
    return Peer(**json.loads(found)) if found else None


def settle(peer: Peer) -> None:
    """Readies this process to train among others.

    What libraries write to the outputs, past Python, goes to the log: with several processes it
    would bury what there is to say. When whoever watches is gone, this process ends.
    """
    log = os.open(peer.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for number, name in ((1, "stdout"), (2, "stderr")):
        stream = os.fdopen(os.dup(number), "w", buffering=1, encoding="utf-8", errors="replace")
        setattr(sys, name, stream)
        os.dup2(log, number)
    os.close(log)

    def hold() -> None:
        os.read(peer.lifeline, 1)
        os._exit(LostError.exit_code)

    threading.Thread(target=hold, daemon=True).start()


def leave(code: int) -> None:
    """Ends this process at once, since others would be waited for otherwise."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def watch(peers: Sequence[Peer], arguments: Sequence[str], again: str) -> int:
    """Starts processes, and waits until all have ended.

    Args:
        peers: Which.
        arguments: The command line of each.
        again: The command that goes on with the run.

    Returns:
        The exit code of what they did together.

    Raises:
        PeerError: One of them was killed, or those on other machines cannot be reached.
        Interrupted: The person asked to stop before there was anything to save.
    """
    if sys.platform == "win32":
        raise SettingsError(
            "several processes cannot train together on Windows. Leave out --processes: one uses "
            "all cores."
        )
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        lifeline, held = os.pipe()
        stack.callback(os.close, held)
        text = folder / "stdin"
        if "-" in arguments:
            with text.open("wb") as file:
                shutil.copyfileobj(sys.stdin.buffer, file)
        children = []
        for peer in peers:
            log = folder / f"process-{peer.process_id}"
            told = replace(peer, log=str(log), lifeline=lifeline)
            children.append(_start(told, arguments, text))
            stack.callback(children[-1].kill)
        os.close(lifeline)
        asked = _forward(children)
        ended = _wait(children)
        if len(asked) > 1:
            return Interrupted.exit_code
        if asked and any(code == -signal.SIGTERM for _, code in ended):
            raise Interrupted("stopped before the first step; nothing was trained.")
        return _judge(peers, ended, folder, again)


def _start(peer: Peer, arguments: Sequence[str], text: Path) -> subprocess.Popen[bytes]:
    """Starts one process, out of reach of the terminal's signals, with a standard input its own."""
    command = [sys.executable, "-m", "burble", *arguments]
    width = str(shutil.get_terminal_size().columns)
    with text.open("rb") if text.exists() else open(os.devnull, "rb") as source:
        return subprocess.Popen(
            command,
            stdin=source,
            env=os.environ | {PEER: json.dumps(asdict(peer)), "COLUMNS": width},
            start_new_session=True,
            pass_fds=(peer.lifeline,),
        )


def _forward(children: Sequence[subprocess.Popen[bytes]]) -> list[int]:
    """Passes Ctrl-C and SIGTERM on as a wish to stop, the second time as an end at once."""
    asked: list[int] = []

    def handle(number: int, _frame: FrameType | None) -> None:
        for child in children:
            if asked:
                child.kill()
            else:
                child.terminate()
        if not asked:
            os.write(2, b"\nStopping after this step; again stops at once.\n")
        asked.append(number)

    signal.signal(signal.SIGINT, handle)
    signal.signal(signal.SIGTERM, handle)
    return asked


def _wait(children: Sequence[subprocess.Popen[bytes]]) -> list[tuple[int, int]]:
    """Place and exit code of each child, in the order in which they end.

    Once one has failed, the others soon fail as well; those that do not are ended, and count as
    `SILENT`.
    """
    ends: queue.SimpleQueue[tuple[int, int]] = queue.SimpleQueue()

    def report(place: int, child: subprocess.Popen[bytes]) -> None:
        ends.put((place, child.wait()))

    for place, child in enumerate(children):
        threading.Thread(target=report, args=(place, child), daemon=True).start()
    ended: list[tuple[int, int]] = []
    left: float | None = None
    silent = False
    while len(ended) < len(children):
        try:
            place, code = ends.get(timeout=left)
            ended.append((place, SILENT if silent else code))
        except queue.Empty:
            silent = True
            for child in children:
                child.kill()
        if any(code for _, code in ended):
            left = GRACE
    return ended


def _judge(
    peers: Sequence[Peer], ended: Sequence[tuple[int, int]], folder: Path, again: str
) -> int:
    """The exit code of all, from the first that failed by itself; see `watch`."""
    failed = [(peers[place], code) for place, code in ended if code]
    if not failed:
        return 0
    advice = f"Nothing that was saved is lost. Go on with: {again}"
    for peer, code in failed:
        log = folder / f"process-{peer.process_id}"
        said = log.read_text("utf-8", "replace") if log.exists() else ""
        # JAX (0.10) ends a process that misses another one in its own, loud way.
        missing = code == -signal.SIGABRT and "JAX distributed service" in said
        if missing or code == LostError.exit_code:
            continue
        if code > 0:
            # It has told why.
            return code
        how = "did not answer" if code == SILENT else f"was ended by {signal.Signals(-code).name}"
        last = " / ".join(said.splitlines()[-LAST_WORDS:])
        quoted = f" Its last words: {last}" if last and -code in CRASHES else ""
        raise PeerError(
            f"process {peer.process_id} of {peer.num_processes} {how}, so all have stopped. "
            f"{advice}{quoted}"
        )
    raise PeerError(
        "another process of this training has ended or cannot be reached any more, so this one "
        f"has stopped as well. {advice}"
    )
