"""What processes that train together exchange. Knows nothing of text or networks.

All run the same loop in step; whatever depends on time or on the disk is decided by process 0 and
sent to the others, and any of them may request to stop. A process that trains alone decides for
itself, in no time.
"""

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import jax
import numpy as np
from jax.experimental import multihost_utils
from numpy.typing import NDArray

from burble.errors import BurbleError, LostError
from burble.training.processes import Peer

Tree = TypeVar("Tree")
HEARTBEAT = 30
"""Seconds of silence after which a process counts as gone; one that is killed is missed at once."""
LOG_AFTER = 15
PATIENCE = 3_600
"""Seconds to wait for the others, who may be reading their text."""
_LOST = ("gloo", "nccl", "coordination", "distributed service", "connection", "peer")


def join(peer: Peer, log: Callable[[str], object] = str) -> None:
    """Meets the other processes; before the first use of a device.

    Raises:
        LostError: Process 0 does not answer.
    """
    host, _, port = peer.coordinator.rpartition(":")
    if not peer.first:
        _await(host.strip("[]"), int(port), log)
    # Its handler would take SIGTERM, which here means to stop after the step.
    jax.config.update("jax_enable_preemption_service", False)
    # Whoever can reach the port can join: on one machine nobody else needs to.
    near = peer.coordinator if host in ("127.0.0.1", "localhost", "[::1]") else None
    jax.distributed.initialize(
        peer.coordinator,
        peer.num_processes,
        peer.process_id,
        # Of several on one machine, each takes the accelerator of its number.
        local_device_ids=[peer.process_id] if peer.cores else None,
        cluster_detection_method="deactivate",
        coordinator_bind_address=near,
        initialization_timeout=PATIENCE,
        heartbeat_timeout_seconds=HEARTBEAT,
        shutdown_timeout_seconds=PATIENCE,
    )


def _await(host: str, port: int, log: Callable[[str], object]) -> None:
    """Waits until process 0 answers; JAX (0.10) would end the process without a word."""
    began, logged = time.monotonic(), False
    while (waited := time.monotonic() - began) < PATIENCE:
        try:
            socket.create_connection((host, port), timeout=10).close()
        except OSError as error:
            if waited > LOG_AFTER and not logged:
                log(f"Waiting for process 0 at {host}:{port} ({error.strerror or error}) …")
                logged = True
            time.sleep(0.2)
        else:
            return
    raise LostError(f"process 0 did not answer at {host}:{port} for {PATIENCE // 60} minutes.")


def is_alone() -> bool:
    """Whether this process trains by itself."""
    return int(jax.process_count()) == 1


def is_first() -> bool:
    """Whether this is process 0."""
    return int(jax.process_index()) == 0


def broadcast(decide: Callable[[], Any]) -> Any:
    """What process 0 decides, of JSON types, in all processes; the others do not call `decide`."""
    if is_alone():
        return decide()
    data = json.dumps(decide()).encode() if is_first() else b""
    size = int(multihost_utils.broadcast_one_to_all(np.int32(len(data))))
    room = np.zeros(size, np.uint8)
    room[: len(data)] = np.frombuffer(data, np.uint8)
    return json.loads(bytes(np.asarray(multihost_utils.broadcast_one_to_all(room))))


def any_process(*requests: bool) -> tuple[bool, ...]:
    """Which requests at least one process has."""
    if is_alone():
        return requests
    return tuple(multihost_utils.process_allgather(np.array(requests)).any(0).tolist())


def differing_processes(text: str) -> list[int]:
    """The numbers of the processes in which a text is not what it is in process 0."""
    if is_alone():
        return []
    own = text == broadcast(lambda: text)
    gathered = np.atleast_1d(multihost_utils.process_allgather(np.array(own)))
    return np.flatnonzero(~gathered).tolist()


def broadcast_arrays(arrays: Tree) -> Tree:
    """Process 0's arrays, in all processes; each gives arrays of that structure and shapes."""
    if is_alone():
        return arrays
    received: Tree = jax.tree.map(np.asarray, multihost_utils.broadcast_one_to_all(arrays))
    return received


def fetch_array(array: Any) -> NDArray[Any]:
    """An array as a NumPy array, also where parts of it lie in other processes."""
    if not isinstance(array, jax.Array) or array.is_fully_addressable or array.is_fully_replicated:
        return np.array(array)
    return np.array(multihost_utils.process_allgather(array, tiled=True))


@contextmanager
def lost_errors() -> Iterator[None]:
    """Turns what is raised where a process is missed into `LostError`."""
    try:
        yield
    except BurbleError:
        raise
    except (ValueError, RuntimeError) as error:
        if is_alone() or not any(word in str(error).lower() for word in _LOST):
            raise
        raise LostError("another process of this training is gone.") from error
