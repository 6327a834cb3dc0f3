"""The LSTM layer over a sequence as compiled code that XLA calls; knows nothing of Keras.

Three things make it faster than a loop of XLA's own operations: the gates are computed where the
products leave them, nothing is copied or turned between them, and the matrices are packed once for
all steps. Threads of our own share the streams, or devices of JAX do: each computes its own.
"""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.custom_derivatives import SymbolicZero

from burble.model.compiled import call_on_devices, make_call

WIDEST = 16
"""Of units, what is kept for the gradients has a multiple of this, whatever the processor."""


@functools.partial(jax.custom_vjp, nondiff_argnums=(0,))
def lstm(threads: int, *arguments: Any) -> Any:
    """The layer, as `lstm.run_lstm` has it.

    Where its input is ids (B, T), the bias has a row for each, and the kernel none. Where a mesh of
    devices is set, its devices have the streams dealt out to them.
    """
    return _forward(threads, arguments, kept=False)


def _forward(threads: int, arguments: tuple[Any, ...], *, kept: bool) -> Any:
    """Outputs, h and c, and with `kept` what the gradients need: gates and cell states."""

    def call(x: Any, *others: Any) -> Any:
        (batch, length), units = x.shape[:2], len(others[1])
        shapes = [(batch, length, units), (batch, units), (batch, units)]
        if kept:
            wide = -(-units // WIDEST) * WIDEST
            shapes += [(batch, length * 4 * wide), (batch, length * wide)]
        return make_call("burble_lstm_forward", threads, shapes)(x, *others)

    return call_on_devices(call, _OF_STREAMS, [True] * (5 if kept else 3))(*arguments)


_OF_STREAMS = [True, False, False, False, True, True]
"""Which of the arguments have a row for each stream."""


def _keep(threads: int, *primals: Any) -> Any:
    """The result, and the residuals that the gradients need."""
    arguments = (*(primal.value for primal in primals),)
    outputs, h, c, gates, cells = _forward(threads, arguments, kept=True)
    return (outputs, h, c), (*arguments, outputs, gates, cells)


def _differentiate(threads: int, residuals: Any, gradients: Any) -> Any:
    """The gradients of all arguments."""

    def call(*given: Any) -> Any:
        # Ids have no gradient.
        shapes = [(*given[0].shape[:2], len(given[1])), *(array.shape for array in given[1:6])]
        shapes.append(given[7].shape)
        return make_call("burble_lstm_backward", threads, shapes, {7: 6})(*given)[:6]

    given = [_fill(gradients[0], length=0), *map(_fill, gradients[1:])]
    call_everywhere = call_on_devices(call, [*_OF_STREAMS, *[True] * 6], _OF_STREAMS)
    d_x, *others = call_everywhere(*residuals, *given)
    ids = residuals[0].ndim == 2
    return np.zeros(residuals[0].shape, jax.dtypes.float0) if ids else d_x, *others


def _fill(gradient: Any, *, length: int | None = None) -> Any:
    """A gradient; of what has no part in what is minimised, zeros, for so many steps if given."""
    if not isinstance(gradient, SymbolicZero):
        return gradient
    batch, *rest = gradient.shape
    return jnp.zeros((batch, *(rest if length is None else [length, *rest[1:]])), jnp.float32)


lstm.defvjp(_keep, _differentiate, symbolic_zeros=True)
