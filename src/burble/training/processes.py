"""Processes that train together: which there are to start, by flags or by the environment.

Knows nothing of JAX. A process that is one of several finds its `Peer` in its own environment.
"""

import json
import os
import re
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace

from burble.errors import SettingsError
from burble.settings import require

PEER = "BURBLE_PEER"
STARTER = "BURBLE_STARTER"
"""The environment's name for the process that started this one for itself."""


@dataclass(frozen=True)
class Peer:
    """One of the processes that train together.

    Attributes:
        coordinator: HOST:PORT at which process 0 is found by the others.
        process_id: Its number, from 0.
        num_processes: How many they are.
        cores: Processor cores it may use, if all processes are on this machine; 0 for all.
        log: Where the libraries' own messages go.
        lifeline: A file descriptor that ends when the watcher is gone.
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

    def check_batch(self, batch: int) -> None:
        """Refuses a batch that the processes cannot share evenly."""
        processes = self.num_processes
        if batch % processes:
            raise SettingsError(
                f"batch is {batch}, which {processes} processes cannot share evenly. Take a "
                f"multiple of {processes}, such as --batch "
                f"{max(processes, batch - batch % processes)}."
            )

    @property
    def flags(self) -> tuple[str, ...]:
        """The flags that request it."""
        if self.cores:
            return (f"--processes={self.num_processes}",)
        number = f"--process-id={self.process_id}", f"--num-processes={self.num_processes}"
        return (f"--coordinator={self.coordinator}", *number)

    @property
    def portable(self) -> "Peer":
        """The same with the machine's name left open."""
        if self.cores:
            return self
        return replace(self, coordinator=f"HOST:{self.coordinator.rpartition(':')[2]}")


def peers_to_start(
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
    given = coordinator, process_id, num_processes
    names = ("--coordinator", "--process-id", "--num-processes")
    missing = [name for name, value in zip(names, given, strict=True) if value is None]
    if processes is not None:
        if len(missing) < len(given):
            raise SettingsError(
                "--processes starts all processes on this machine, --coordinator one of those on "
                "several machines; give only one of them."
            )
        return _here(processes)
    if len(missing) == len(given):
        found = _from_keras(environment) or _from_slurm(environment)
    elif coordinator is None or process_id is None or num_processes is None:
        raise SettingsError(
            "several machines need --coordinator HOST:PORT, --process-id and --num-processes; "
            f"missing: {', '.join(missing)}."
        )
    else:
        found = Peer(coordinator, process_id, num_processes)
    return [found] if found and found.num_processes > 1 else []


def _here(processes: int) -> list[Peer]:
    """So many on this machine, which share its cores."""
    require(processes >= 1, "processes", processes, "1 or more")
    if processes == 1:
        return []
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    cores = max(1, available_cores() // processes)
    return [Peer(f"127.0.0.1:{port}", i, processes, cores) for i in range(processes)]


def burble_command(*arguments: str) -> list[str]:
    """The command that runs burble in a process of its own.

    `-P` keeps the current folder off its path: a person's own `calendar.py` there is no part of
    burble, while `PYTHONPATH` goes on to hold.
    """
    return [sys.executable, "-P", "-m", "burble", *arguments]


def is_orphaned() -> bool:
    """Whether the process that started this one for itself, as a comparison does, is gone."""
    starter = os.environ.get(STARTER, "")
    return starter.isdecimal() and os.getppid() != int(starter)


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


def current_peer() -> Peer | None:
    """What this process is among those that train together, if it is one of them."""
    found = os.environ.get(PEER)
    return Peer(**json.loads(found)) if found else None
