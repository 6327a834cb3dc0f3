"""The processor cores or accelerators that share a batch. Knows nothing of text or networks.

Each core computes its part of the streams by itself, in the loop over time most products being too
small to be worth dealing out again at every step: as a thread of our own code within one device, or
where there is none, as a device of its own. Several processes share a batch evenly, each with
devices of its own. What is compiled for them is kept between trainings, so that the next one starts
sooner.
"""

import hashlib
import os
import platform
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import jax
import numpy as np
from filelock import FileLock, Timeout
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from burble import files
from burble.errors import StorageError
from burble.training import collectives, heap
from burble.training.processes import available_cores

MOST_COMPILED = 1 << 28
"""Bytes of compiled steps that are kept."""
FEWEST_STREAMS = 4
FEWEST_UNITS = 128
"""Below these a device of one's own takes more time than it saves."""
FEWEST_UNITS_OF_THREADS = 64
"""Threads have less to wait for: two took 0.65 of the time of one at 64 units, 0.6 at 2 x 96."""


def prepare(cores: int, batch: int, units: int, networks: int = 1) -> None:
    """Readies this computer's cores; does nothing once JAX has been used in this process.

    Args:
        cores: How many of them.
        batch: Streams of this process.
        units: U, units of the network.
        networks: How many learn at once.
    """
    heap.share()
    # Raised where JAX already runs: then what it found is used as it is.
    with suppress(RuntimeError):
        jax.config.update("jax_num_cpu_devices", cores)
        # Also one core of several: its process would else use threads on those of the others.
        useful = max(_useful(cores, batch, units), _even(cores, networks))
        if useful == cores or cores < available_cores():
            flags = os.environ.get("XLA_FLAGS", "")
            os.environ["XLA_FLAGS"] = f"{flags} --xla_cpu_multi_thread_eigen=false".strip()


def keep_compiled() -> None:
    """Lets JAX keep what it compiles in the person's own cache folder, up to `MOST_COMPILED`.

    A folder that was chosen for JAX itself stays. Where no folder can be made, nothing is kept.
    """
    if getattr(jax.config, "jax_compilation_cache_dir", None):
        return
    with suppress(StorageError):
        # Compiled for one processor: a home shared by several machines needs one folder each.
        folder = files.make_folder("compiled") / hashlib.sha256(_processor()).hexdigest()[:16]
        _drop_cut_off(folder)
        jax.config.update("jax_compilation_cache_dir", str(folder))
        jax.config.update("jax_compilation_cache_max_size", MOST_COMPILED)
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
        jax.config.update("jax_persistent_cache_min_entry_size_bytes", 0)
        # What cannot be read or kept (JAX 0.10) is compiled, again at each start
        # (findings/jax_broken_cache_entry.sh), and of no concern to anyone.
        unread = "Error (reading|writing) persistent compilation cache entry"
        warnings.filterwarnings("ignore", unread, UserWarning)


def _drop_cut_off(folder: Path) -> None:
    """Removes entries of JAX's cache whose writing was cut off, unless another process has it.

    JAX (0.10) writes the time of an entry last, and while one has none it keeps nothing else.
    """
    with suppress(Timeout, OSError), FileLock(folder / ".lockfile", timeout=0):
        for entry in folder.glob("*-cache"):
            if not entry.with_name(f"{entry.name.removesuffix('cache')}atime").exists():
                entry.unlink()


def _processor() -> bytes:
    """What distinguishes this machine's kind of processor from others."""
    path = Path("/proc/cpuinfo")
    lines = path.read_bytes().splitlines() if path.exists() else []
    kind = {line for line in lines if line.startswith((b"model name", b"flags", b"Features"))}
    return b"\n".join([platform.machine().encode(), platform.processor().encode(), *sorted(kind)])


def _useful(most: int, batch: int, units: int, fewest: int = FEWEST_UNITS) -> int:
    """How many devices, or threads, share a batch evenly, with enough to do for each.

    >>> _useful(2, 16, 256), _useful(6, 16, 256), _useful(8, 5, 256), _useful(8, 64, 64)
    (2, 4, 1, 1)
    """
    if units < fewest:
        return 1
    most = min(most, batch // FEWEST_STREAMS)
    return max((n for n in range(1, most + 1) if batch % n == 0), default=1)


def _even(most: int, networks: int) -> int:
    """How many devices have as many networks each.

    >>> _even(2, 2), _even(4, 2), _even(2, 3), _even(4, 6)
    (2, 2, 1, 3)
    """
    return max(n for n in range(1, most + 1) if networks % n == 0)


class Devices:
    """The devices that train: they share a batch, or have networks of their own.

    Args:
        batch: B, streams in all.
        units: U, units of the network.
        networks: How many learn at once.
        threaded: Whether threads can share the streams of a device: then a process has one device
            that trains, and nothing to exchange within.

    Attributes:
        count: How many they are, in all processes.
        threads: How many threads share the streams of each of them.
        apart: Those that have networks of their own, where that leaves no core idle that would
            otherwise have streams; else none.
        rows: The streams of this process.
        whole: The placement of what every device needs whole.
        by_stream: The placement of what has a row for each stream.
    """

    def __init__(
        self, batch: int, units: int, networks: int = 1, *, threaded: bool = False
    ) -> None:
        found = jax.devices()
        part = batch // jax.process_count()
        numbers = range(jax.process_count())
        held = [[device for device in found if device.process_index == i] for i in numbers]
        fewest = FEWEST_UNITS_OF_THREADS if threaded else FEWEST_UNITS
        each = _useful(min(map(len, held)), part, units, fewest)
        chosen = [device for devices in held for device in devices[: 1 if threaded else each]]
        even = _even(len(found), networks) if jax.default_backend() == "cpu" else 1
        spread = even > 1 and even >= each and collectives.is_alone()
        self.apart = found[:even] if spread else []
        self.count = len(self.apart or chosen)
        self.threads = each if threaded and not spread else 1
        self._waits = each > 1 and not threaded and jax.default_backend() == "cpu"
        first = jax.process_index() * part
        self.rows = slice(first, first + part)
        self._mesh = Mesh(np.array(chosen), ("streams",))
        self.whole = NamedSharding(self._mesh, PartitionSpec())
        self.by_stream = NamedSharding(self._mesh, PartitionSpec("streams"))

    def shared(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """A function to be compiled, in which our own code finds the devices it is dealt out to."""

        def traced(*given: Any) -> Any:
            with jax.sharding.use_abstract_mesh(self._mesh.abstract_mesh):
                return function(*given)

        return traced

    def replicate(self, arrays: Any) -> Any:
        """Arrays that every device needs whole."""
        return self.wait_for(self._put(arrays, self.whole))

    def lend(self, arrays: Any) -> Any:
        """What every device needs whole for one step; a single device copies it by itself."""
        return arrays if self.count == 1 else self.replicate(arrays)

    def shard(self, arrays: Any) -> Any:
        """Arrays with one row for each stream, (B, ...), dealt out to the devices."""
        return self.wait_for(self._put(arrays, self.by_stream))

    def wait_for(self, arrays: Any) -> Any:
        """Waits until arrays are there, where cores share a batch.

        JAX (0.10) has as many threads as there are cores. One that waits in a step for what
        another core brings, and one that waits for a copy to begin that step, would leave none to
        make the copy: then the process ends after a minute, without a word to anyone.
        """
        return jax.block_until_ready(arrays) if self._waits else arrays

    def shard_own(self, arrays: Any) -> Any:
        """Arrays with a row for each stream of this process, dealt out to its devices."""
        if self.count == 1:
            return arrays
        if collectives.is_alone():
            return self.wait_for(jax.device_put(arrays, self.by_stream))

        def put(array: Any) -> Any:
            return jax.make_array_from_process_local_data(self.by_stream, np.asarray(array))

        return jax.tree.map(put, arrays)

    def _put(self, arrays: Any, placement: NamedSharding) -> Any:
        """Arrays placed; with several processes, each takes what it needs of what all have."""
        if collectives.is_alone():
            return jax.device_put(arrays, placement)

        def put(array: Any) -> Any:
            held = collectives.fetch_array(array)
            return jax.make_array_from_callback(held.shape, placement, lambda part: held[part])

        return jax.tree.map(put, arrays)
