"""The LSTM layer over a sequence as compiled code that XLA calls; knows nothing of Keras.

Three things make it faster than a loop of XLA's own operations: the gates are computed where the
products leave them, nothing is copied or turned between them, and the matrices are packed once for
all steps. Threads of our own share the streams, or devices of JAX do: each computes its own.
"""

import ctypes
import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import PartitionSpec

from burble.native.library import load_library

WIDEST = 16
"""Of units, what is kept for the gradients has a multiple of this, whatever the processor."""
CALLS = "burble_lstm_forward", "burble_lstm_backward"


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
    """Whether threads can share a layer, where it is available: not on Windows."""
    library = load_library()
    return library is not None and bool(library.burble_has_team())


@functools.partial(jax.custom_vjp, nondiff_argnums=(0,))
def lstm(threads: int, *arguments: Any) -> Any:
    """The layer, as `lstm.run_lstm` has it.

    Where its input is ids (B, T), the bias has a row for each, and the kernel none. Where a mesh of
    devices is set, its devices have the streams dealt out to them.
    """
    return _forward(threads, arguments, kept=False)


def _call(
    name: str,
    threads: int,
    shapes: list[tuple[int, ...]],
    aliases: dict[int, int] | None = None,
) -> Any:
    """A call of the compiled code that gives arrays of these shapes."""
    results = [jax.ShapeDtypeStruct(shape, jnp.float32) for shape in shapes]
    made = jax.ffi.ffi_call(name, results, input_output_aliases=aliases)
    return functools.partial(made, threads=np.int32(threads))


def _forward(threads: int, arguments: tuple[Any, ...], *, kept: bool) -> Any:
    """Outputs, h and c, and with `kept` what the gradients need: gates and cell states."""

    def call(x: Any, *others: Any) -> Any:
        (batch, length), units = x.shape[:2], len(others[1])
        shapes = [(batch, length, units), (batch, units), (batch, units)]
        if kept:
            wide = -(-units // WIDEST) * WIDEST
            shapes += [(batch, length * 4 * wide), (batch, length * wide)]
        return _call(CALLS[0], threads, shapes)(x, *others)

    return _on_devices(call, _OF_STREAMS, [True] * (5 if kept else 3))(*arguments)


_OF_STREAMS = [True, False, False, False, True, True]
"""Which of the arguments have a row for each stream."""


def _keep(threads: int, *arguments: Any) -> Any:
    """The result, and the residuals that the gradients need."""
    outputs, h, c, gates, cells = _forward(threads, arguments, kept=True)
    return (outputs, h, c), (*arguments, outputs, gates, cells)


def _differentiate(threads: int, residuals: Any, gradients: Any) -> Any:
    """The gradients of all arguments."""

    def call(*given: Any) -> Any:
        # Ids have no gradient.
        shapes = [(*given[0].shape[:2], len(given[1])), *(array.shape for array in given[1:6])]
        *found, _ = _call(CALLS[1], threads, [*shapes, given[7].shape], {7: 6})(*given)
        return found if axes is None else _add_up(found, axes)

    axes = _axes()
    call_everywhere = _on_devices(call, [*_OF_STREAMS, *[True] * 6], _OF_STREAMS)
    d_x, *others = call_everywhere(*residuals, *gradients)
    ids = residuals[0].ndim == 2
    return np.zeros(residuals[0].shape, jax.dtypes.float0) if ids else d_x, *others


lstm.defvjp(_keep, _differentiate)


def _axes() -> tuple[str, ...] | None:
    """The axes of the mesh whose devices share a batch; None where there is only one device."""
    mesh = jax.sharding.get_abstract_mesh()
    return mesh.axis_names if mesh.size > 1 else None


def _on_devices(call: Any, streams: list[bool], out_streams: list[bool]) -> Any:
    """A call made by each device of the mesh for its own streams."""
    axes = _axes()
    if axes is None:
        return call

    def places(of_streams: list[bool]) -> tuple[PartitionSpec, ...]:
        return tuple(PartitionSpec(axes if one else None) for one in of_streams)

    return jax.shard_map(
        lambda *given: tuple(call(*given)),
        in_specs=places(streams),
        out_specs=places(out_streams),
        check_vma=False,
    )


def _add_up(found: list[Any], axes: tuple[str, ...]) -> list[Any]:
    """Gradients, of which those of weights are added up over all devices."""
    weights = [g for g, own in zip(found, _OF_STREAMS, strict=True) if not own]
    sums = iter(jax.lax.psum(weights, axes))
    return [g if own else next(sums) for g, own in zip(found, _OF_STREAMS, strict=True)]
