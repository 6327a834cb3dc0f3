"""What enters the network for a symbol, where it is not learned. Knows nothing of networks."""

import numpy as np
from numpy.typing import NDArray

from burble.settings import Input, ModelSettings


def width(kind: Input, size: int) -> int | None:
    """Numbers that stand for each of `size` symbols; None where that can be chosen."""
    return {"onehot": size, "scalar": 1}.get(kind)


def fixed(model: ModelSettings, size: int) -> NDArray[np.float32] | None:
    """What stands for each of `size` ids, shape (V, E), where that is not learned."""
    if model.input == "onehot":
        return np.eye(size, dtype=np.float32)
    if model.input == "scalar":
        return np.arange(size, dtype=np.float32)[:, None] / np.float32(size)
    return None
