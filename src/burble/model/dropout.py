"""Dropout as a function of arrays, made for processors; knows nothing of layers.

16 random bits for each number, where Keras takes 32, and drawn once where XLA would draw them again
for the gradients. Compiled code draws the same bits as JAX does, in a third of the time.
"""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from burble.model import compiled


def drop(inputs: Any, key: Any, rate: float, *, threads: int = 1, length: int = 1) -> Any:
    """Sets a fraction `rate` of `inputs` (..., D) to zero by chance, and scales up the others.

    Args:
        inputs: What is dropped from.
        key: Seeds what is drawn, two words.
        rate: The fraction, a multiple of 2^-16 after rounding.
        threads: How many share the numbers, where there is compiled code.
        length: Of how many rows (D,) each of `inputs` is the last: it loses what it would among
            all of them.
    """
    limit = round(rate * 2**16)
    if _is_compiled(inputs):
        return _drop(threads, limit, length, inputs, key)
    *lead, features = inputs.shape
    mask = dropout_mask(key, (*lead, length, features), rate)[..., -1, :]
    return jnp.where(mask, inputs / (1 - limit / 2**16), 0)


def dropout_mask(key: Any, shape: tuple[int, ...], rate: float) -> Any:
    """Which of the numbers of an array stay: all but a fraction `rate` of them, by chance."""
    *lead, features = shape
    words = jax.random.bits(key, (*lead, -(-features // 2)))
    pairs = jax.lax.bitcast_convert_type(words, jnp.uint16)
    bits = pairs.reshape(*lead, -1)[..., :features]
    # What XLA would draw again for the gradients (JAX 0.10) takes longer than all else of a layer.
    return jax.lax.optimization_barrier(bits >= jnp.uint16(round(rate * 2**16)))


def _is_compiled(inputs: Any) -> bool:
    """Whether compiled code draws; of several devices, none knows which numbers it has."""
    alone = jax.sharding.get_abstract_mesh().size < 2 and jax.default_backend() == "cpu"
    usual = inputs.dtype == jnp.float32 and inputs.ndim > 1
    return alone and usual and compiled.is_available()


@functools.partial(jax.custom_vjp, nondiff_argnums=(0, 1, 2))
def _drop(threads: int, limit: int, length: int, inputs: Any, key: Any) -> Any:
    """`drop` in compiled code, of 2^16 numbers so many."""
    rows = inputs.reshape(-1, inputs.shape[-1])
    call = compiled.make_call(
        "burble_drop", threads, [rows.shape], limit=np.int32(limit), length=np.int32(length)
    )
    (dropped,) = call(rows, key)
    return dropped.reshape(inputs.shape)


def _keep(threads: int, limit: int, length: int, inputs: Any, key: Any) -> Any:
    """What is left, and what the gradients need."""
    return _drop(threads, limit, length, inputs, key), key


def _differentiate(threads: int, limit: int, length: int, key: Any, gradient: Any) -> Any:
    """The gradient of what is dropped from: to draw again takes less time than to keep."""
    return _drop(threads, limit, length, gradient, key), np.zeros(key.shape, jax.dtypes.float0)


_drop.defvjp(_keep, _differentiate)
