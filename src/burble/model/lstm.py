"""The LSTM layer and labels as functions of arrays, made for processors.

The layer is compiled code of our own where there is some for this processor (see `lstm_kernel`),
else a loop of XLA's operations. Three things make that one faster than the standard one of Keras.
Features come first and streams last, the order in which its products are cheapest; input and state
meet their weights in one product; and the gradients of the weights are one product after the
backward loop, not a sum that grows inside it. Both are equal to the standard layer, in values and
gradients, up to rounding.
"""

from typing import Any

import jax
import jax.numpy as jnp

from burble.model import compiled, lstm_kernel


def add_labels(vectors: Any, labels: Any) -> Any:
    """The vectors (labels, E) of the labels (..., columns), summed over columns: (..., E).

    Labels are numbered from 1; the vector of 0 is zero.
    """
    rows = jnp.take(vectors, jnp.maximum(labels - 1, 0), axis=0)
    return jnp.where(labels[..., None] > 0, rows, 0).sum(-2)


def run_lstm(
    x: Any, kernel: Any, recurrent: Any, bias: Any, h: Any, c: Any, *, threads: int = 1
) -> Any:
    """The layer over a sequence, float32.

    Args:
        x: Its input (B, T, D).
        kernel: (D, 4U), gates in the order i, f, g, o.
        recurrent: (U, 4U).
        bias: (4U,).
        h: The output before (B, U).
        c: The cell state before (B, U).
        threads: How many share the streams, where there is compiled code. Sums over streams, which
            the gradients of the weights are, depend on it in their last digits.

    Returns:
        The outputs (B, T, U), and h and c after them.
    """
    if compiled.is_available():
        return lstm_kernel.lstm(threads, x, kernel, recurrent, bias, h, c)
    return lstm_loop(x, kernel, recurrent, bias, h, c)


def run_from_symbols(
    ids: Any,
    vectors: Any,
    kernel: Any,
    recurrent: Any,
    bias: Any,
    h: Any,
    c: Any,
    *,
    threads: int = 1,
) -> Any:
    """`run_lstm` of an input that is the vectors (V, D) of ids (B, T).

    Compiled code multiplies each vector once, not at each place where its symbol stands, unless
    there are nearly as many symbols as places.
    """
    if not compiled.is_available() or 2 * len(vectors) > ids.size:
        x = jnp.take(vectors, ids, axis=0)
        return run_lstm(x, kernel, recurrent, bias, h, c, threads=threads)
    gates = vectors @ kernel + bias
    return lstm_kernel.lstm(threads, ids, kernel[:0], recurrent, gates, h, c)


def lstm_loop(x: Any, kernel: Any, recurrent: Any, bias: Any, h: Any, c: Any) -> Any:
    """What `run_lstm` computes, without compiled code of our own."""
    outputs, h, c = _features_first(x.transpose(1, 2, 0), kernel, recurrent, bias, h.T, c.T)
    return outputs.transpose(2, 0, 1), h.T, c.T


@jax.custom_vjp
def _features_first(x: Any, kernel: Any, recurrent: Any, bias: Any, h: Any, c: Any) -> Any:
    """The layer with arrays (T, D, B) and (U, B) in place of (B, T, D) and (B, U)."""
    return _forward(x, kernel, recurrent, bias, h, c)[0]


def _forward(x: Any, kernel: Any, recurrent: Any, bias: Any, h: Any, c: Any) -> Any:
    """The result, and the residuals that the gradients need."""
    weights = jnp.concatenate([kernel, recurrent])
    across = weights.T

    def step(state: Any, x: Any) -> Any:
        h, c = state
        seen = jnp.concatenate([x, h])
        i, f, g, o = jnp.split(across @ seen + bias[:, None], 4)
        i, f, g, o = jax.nn.sigmoid(i), jax.nn.sigmoid(f), jnp.tanh(g), jax.nn.sigmoid(o)
        c = f * c + i * g
        h = o * jnp.tanh(c)
        return (h, c), (h, seen, jnp.concatenate([i, f, g, o]), c)

    (last_h, last_c), (outputs, seen, gates, cells) = jax.lax.scan(step, (h, c), x)
    return (outputs, last_h, last_c), (weights, seen, gates, cells, c)


def _backward(residuals: Any, gradients: Any) -> Any:
    """The gradients of all arguments."""
    weights, seen, gates, cells, c = residuals
    d_outputs, d_h, d_c = gradients
    inputs = len(weights) - len(c)
    cells_before = jnp.concatenate([c[None], cells[:-1]])

    def step(state: Any, now: Any) -> Any:
        d_h, d_c = state
        d_output, gate, cell, before = now
        i, f, g, o = jnp.split(gate, 4)
        d_h = d_h + d_output
        out = jnp.tanh(cell)
        d_c = d_c + d_h * o * (1 - out * out)
        d_i, d_f = d_c * g * i * (1 - i), d_c * before * f * (1 - f)
        d_g, d_o = d_c * i * (1 - g * g), d_h * out * o * (1 - o)
        d_z = jnp.concatenate([d_i, d_f, d_g, d_o])
        d_x, d_h = jnp.split(weights @ d_z, [inputs])
        # Streams first from here on, as the product after the loop wants them.
        return (d_h, d_c * f), (d_x, d_z.T)

    steps = d_outputs, gates, cells, cells_before
    (d_h, d_c), (d_x, d_z) = jax.lax.scan(step, (d_h, d_c), steps, reverse=True)
    d_kernel, d_recurrent = jnp.split(jnp.einsum("tdb,tbg->dg", seen, d_z), [inputs])
    return d_x, d_kernel, d_recurrent, d_z.sum((0, 1)), d_h, d_c


_features_first.defvjp(_forward, _backward)
