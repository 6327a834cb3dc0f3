"""A dense layer, compiled where there is code for this processor. Knows nothing of what it is for.

XLA's products (JAX 0.10) take three times as long for one with as many outputs as a text has
symbols: the gradient of its matrix sums over all places, and no side of it is a multiple of
anything.
"""

import functools
from typing import Any

import jax

from burble.model import compiled


def run_dense(x: Any, kernel: Any, bias: Any, *, threads: int = 1) -> Any:
    """The layer, float32.

    Args:
        x: Its input (B, T, U).
        kernel: (U, V).
        bias: (V,).
        threads: How many share the places, where there is compiled code. Sums over places, which
            the gradients of kernel and bias are, depend on it in their last digits.

    Returns:
        The outputs (B, T, V).
    """
    if compiled.is_available():
        return _dense(threads, x, kernel, bias)
    return x @ kernel + bias


@functools.partial(jax.custom_vjp, nondiff_argnums=(0,))
def _dense(threads: int, x: Any, kernel: Any, bias: Any) -> Any:
    """`run_dense` in compiled code."""

    def call(x: Any, kernel: Any, bias: Any) -> Any:
        places = x.reshape(-1, x.shape[-1])
        shape = len(places), len(bias)
        (y,) = compiled.make_call("burble_dense_forward", threads, [shape])(places, kernel, bias)
        return [y.reshape(*x.shape[:-1], -1)]

    return compiled.call_on_devices(call, [True, False, False], [True])(x, kernel, bias)[0]


def _keep(threads: int, x: Any, kernel: Any, bias: Any) -> Any:
    """The outputs, and what the gradients need."""
    return _dense(threads, x, kernel, bias), (x, kernel)


def _differentiate(threads: int, residuals: Any, d_y: Any) -> Any:
    """The gradients of x, kernel and bias."""

    def call(x: Any, kernel: Any, d_y: Any) -> Any:
        places, across = x.reshape(-1, x.shape[-1]), d_y.reshape(-1, d_y.shape[-1])
        shapes = [places.shape, kernel.shape, across.shape[1:]]
        made = compiled.make_call("burble_dense_backward", threads, shapes)
        d_x, d_kernel, d_bias = made(places, kernel, across)
        return d_x.reshape(x.shape), d_kernel, d_bias

    found = compiled.call_on_devices(call, [True, False, True], [True, False, False])
    return tuple(found(*residuals, d_y))


_dense.defvjp(_keep, _differentiate)
