"""Keeps compiled steps between trainings, so that the next one starts sooner."""

import hashlib
import platform
from contextlib import suppress
from pathlib import Path

import jax

from burble import files
from burble.errors import StorageError

MOST_BYTES = 1 << 28


def keep() -> None:
    """Lets JAX keep what it compiles in the person's own cache folder, up to `MOST_BYTES`.

    A folder that was chosen for JAX itself stays. Where no folder can be made, nothing is kept.
    """
    if getattr(jax.config, "jax_compilation_cache_dir", None):
        return
    with suppress(StorageError):
        # Compiled for one processor: a home shared by several machines needs one folder each.
        folder = files.folder("compiled") / hashlib.sha256(_processor()).hexdigest()[:16]
        jax.config.update("jax_compilation_cache_dir", str(folder))
        jax.config.update("jax_compilation_cache_max_size", MOST_BYTES)
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
        jax.config.update("jax_persistent_cache_min_entry_size_bytes", 0)


def _processor() -> bytes:
    """What tells this machine's kind of processor from others."""
    path = Path("/proc/cpuinfo")
    lines = path.read_bytes().splitlines() if path.exists() else []
    kind = {line for line in lines if line.startswith((b"model name", b"flags", b"Features"))}
    return b"\n".join([platform.machine().encode(), platform.processor().encode(), *sorted(kind)])
