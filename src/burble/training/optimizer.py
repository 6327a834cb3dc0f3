"""AdamW, and a limit on the norm of a gradient, as functions of arrays. Know no network.

What `keras.optimizers.AdamW` computes, to which it is tested equal, without loading Keras.

Source: Loshchilov and Hutter, Decoupled Weight Decay Regularization, 2019.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np

RATE = 1
"""Where the learning rate stands among the variables."""
BETA_1 = 0.9
EPSILON = 1e-7


@dataclass(frozen=True)
class AdamW:
    """The optimiser.

    Attributes:
        weight_decay: The pull of the weights towards zero.
        beta_2: How slowly it forgets the size of past gradients.
        decayed: Of each array, whether it is pulled.
    """

    weight_decay: float
    beta_2: float
    decayed: Sequence[bool]

    def start(self, weights: Sequence[Any], rate: float) -> list[Any]:
        """The variables before the first step.

        Returns:
            The steps done, the learning rate, and of each array the first and second moment.
        """
        moments = [np.zeros(array.shape, np.float32) for array in weights for _ in range(2)]
        return [np.int32(0), np.float32(rate), *moments]

    def apply(
        self, variables: Sequence[Any], gradient: Sequence[Any], weights: Sequence[Any]
    ) -> tuple[list[Any], list[Any]]:
        """The weights and the variables after a step."""
        done, rate, *moments = variables
        step = (done + 1).astype(jnp.float32)
        one, two = (1 - jnp.power(jnp.float32(beta), step) for beta in (BETA_1, self.beta_2))
        size = rate * jnp.sqrt(two) / one
        trained, kept = [], []
        for w, g, m, v, pulled in zip(
            weights, gradient, moments[::2], moments[1::2], self.decayed, strict=True
        ):
            m = m + (g - m) * (1 - BETA_1)
            v = v + (jnp.square(g) - v) * (1 - self.beta_2)
            w = w - w * jnp.float32(self.weight_decay) * rate if pulled else w
            trained.append(w - m * size / (jnp.sqrt(v) + EPSILON))
            kept += [m, v]
        return trained, [done + 1, rate, *kept]


def limit_norm(arrays: Sequence[Any], most: float) -> list[Any]:
    """Arrays, scaled down so that the norm of all together is `most` at the most.

    What is no finite number leaves no numbers.
    """
    norm = jnp.sqrt(jnp.sum(jnp.stack([jnp.sum(jnp.square(array)) for array in arrays])))
    scale = most * jnp.minimum(1 / norm, 1 / most) + (norm - norm)
    return [array * scale for array in arrays]
