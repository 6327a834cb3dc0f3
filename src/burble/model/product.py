"""Weights times the states of many streams, each with the very bits that it has alone.

A matrix product adds in another order than a matrix-vector product, and in another order again for
another number of columns, so it would round a stream by what else there is. Here each stream gets
the very calls that it gets alone: matrix-vector products. What makes many of them faster than one
after the other is that they go through the weights in blocks of rows, small enough for the
processor's cache, and through all streams for each block. A sum of products belongs to one row, so
a block changes no bit; where one stream has no blocks, that is looked at once for each shape.

Blocks also keep OpenBLAS from dealing a product out to threads of its own. That takes longer than
the product as soon as anything else, such as a training, is running on the machine; whoever has
many streams deals those out instead. Knows nothing of networks.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
LARGEST_BLOCK = 1 << 15
"""Weights in a block at most: 128 KiB, of which a core's own cache holds several."""
LARGEST_WHOLE = 1 << 18
"""Weights that one stream meets at once: fewer than OpenBLAS would deal out."""
GROUP = 4
"""Rows that a matrix-vector product commonly adds up side by side."""


def multiply_streams(weights: Array, columns: Array) -> Array:
    """`weights @ columns`, where each column is what it would be as the only one.

    Args:
        weights: Shape (G, K).
        columns: Shape (K, B).

    Returns:
        Shape (G, B).
    """
    streams = columns.shape[1]
    if streams == 1 and weights.size <= LARGEST_WHOLE:
        return np.asarray(weights @ columns[:, 0])[:, None]
    rows = np.ascontiguousarray(columns.T)
    height = find_height(*weights.shape)
    if not height:
        return np.stack([weights @ row for row in rows], 1)
    if streams == 1 and len(weights) % height == 0:
        stacked = np.matmul(weights.reshape(-1, height, len(columns)), rows[0])
        return np.asarray(stacked.reshape(-1, 1))
    return _multiply_in_blocks(weights, rows, height)


def _multiply_in_blocks(weights: Array, rows: Array, height: int) -> Array:
    """The product of weights (G, K) and streams (B, K), `height` rows of weights at a time."""
    (outputs, inputs), streams = weights.shape, len(rows)
    whole = outputs - outputs % height
    product = np.empty((outputs, streams), np.float32)
    # As stacks of matrices and of vectors: NumPy goes through all vectors for each matrix.
    blocks = weights[:whole].reshape(-1, 1, height, inputs)
    into = product[:whole].reshape(-1, height, streams).transpose(0, 2, 1)[..., None]
    np.matmul(blocks, rows[None, :, :, None], out=into)
    if whole < outputs:
        np.matmul(weights[None, whole:], rows[:, :, None], out=product[whole:].T[..., None])
    return product


@lru_cache(4_096)
def find_height(outputs: int, inputs: int) -> int:
    """How many rows of weights a block has; 0 where blocks would change what is added up how.

    That is found out on random numbers, for weights that one stream meets at once: which sums are
    rounded in which order depends on shapes and on the processor, never on the numbers.

    Args:
        outputs: G, the rows of the weights.
        inputs: K, their columns.
    """
    most = min(LARGEST_BLOCK // max(1, inputs), outputs) // GROUP * GROUP
    # A single row that is left over would be a product of two vectors, which is added up otherwise.
    heights = (height for height in range(most, 0, -GROUP) if outputs % height != 1)
    height = next(heights, 0)
    if not height or outputs * inputs > LARGEST_WHOLE:
        # One stream alone meets the same blocks.
        return height
    rng = np.random.default_rng(0)
    weights = rng.random((outputs, inputs), np.float32) - np.float32(0.5)
    rows = rng.random((3, inputs), np.float32) - np.float32(0.5)
    alone = np.stack([weights @ row for row in rows], 1)
    return height if np.array_equal(alone, _multiply_in_blocks(weights, rows, height)) else 0
