"""Compiled code that XLA calls; knows nothing of what it computes.

Threads of our own share the rows of a call, or devices of JAX do: each computes its own.
"""

import ctypes
import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import PartitionSpec

from burble.native.library import load_library

CALLS = (
    "burble_lstm_forward",
    "burble_lstm_backward",
    "burble_dense_forward",
    "burble_dense_backward",
    "burble_drop",
)


def is_available() -> bool:
    """Whether there is compiled code for this processor that is wanted; makes it known to JAX."""
    library = load_library()
    return library is not None and _register(library)


@functools.cache
def _register(library: ctypes.CDLL) -> bool:
    """Makes the calls known to JAX; a library built without its headers has none."""
    if not all(hasattr(library, name) for name in CALLS):
        return False
    for name in CALLS:
        jax.ffi.register_ffi_target(name, jax.ffi.pycapsule(getattr(library, name)), platform="cpu")
    return True


def has_threads() -> bool:
    """Whether threads can share the rows of a call, where it is available: not on Windows."""
    library = load_library()
    return library is not None and bool(library.burble_has_team())


def make_call(
    name: str,
    threads: int,
    shapes: Sequence[tuple[int, ...]],
    aliases: dict[int, int] | None = None,
    **numbers: np.int32,
) -> Callable[..., Any]:
    """A call that gives float32 arrays of these shapes.

    Args:
        name: One of `CALLS`.
        threads: How many share it.
        shapes: Those of its results.
        aliases: Which argument's memory which result takes.
        numbers: What else it is told, by name.
    """
    results = [jax.ShapeDtypeStruct(shape, jnp.float32) for shape in shapes]
    made = jax.ffi.ffi_call(name, results, input_output_aliases=aliases)
    return functools.partial(made, threads=np.int32(threads), **numbers)


def call_on_devices(
    call: Callable[..., Sequence[Any]], dealt: Sequence[bool], results: Sequence[bool]
) -> Callable[..., Sequence[Any]]:
    """A call made by each device of the mesh that is set, if there are several.

    Args:
        call: Of arrays, gives arrays.
        dealt: Which of the arguments have rows that are dealt out to the devices; others are whole.
        results: Which of the results have; others are sums over rows, and added up.
    """
    mesh = jax.sharding.get_abstract_mesh()
    if mesh.size < 2:
        return call
    axes = mesh.axis_names

    def add_up(*given: Any) -> tuple[Any, ...]:
        found = call(*given)
        parts = [one for one, own in zip(found, results, strict=True) if not own]
        sums = iter(jax.lax.psum(parts, axes)) if parts else iter(())
        return tuple(one if own else next(sums) for one, own in zip(found, results, strict=True))

    def places(of_rows: Sequence[bool]) -> tuple[PartitionSpec, ...]:
        return tuple(PartitionSpec(axes if one else None) for one in of_rows)

    return jax.shard_map(add_up, in_specs=places(dealt), out_specs=places(results), check_vma=False)
