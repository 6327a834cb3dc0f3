"""The step of an ensemble whose networks are dealt out to devices. Knows nothing of what they are.

Networks learn each by itself. A device that has networks of its own reads all streams for them, has
no gradients to exchange, and waits for the others once a step, for two numbers: the norm to which
gradients are limited is that of all networks together.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import jax
import numpy as np

from burble.runs.state import Arrays
from burble.training.optimizer import RATE

MOMENTS = RATE + 1
"""Where the variables of the optimiser begin that each weight has of its own."""


class Apart:
    """Networks dealt out evenly, in their order.

    Args:
        devices: Those that each take as many networks.
        networks: N, how many there are.
        learn: Of the weights of a device's networks, their seeds with that of the step, their
            hidden states, the number of their first weight and the fields of a batch: the gradient,
            the square of its norm, the summed loss with the summed weights of its places, and the
            states and the seeds after it.
        update: Of weights, their averages, the optimiser's own variables for them, its others, the
            gradient, the square of the norm of all and a weight in the average: the first three
            after it.
    """

    def __init__(
        self,
        devices: Sequence[Any],
        networks: int,
        learn: Callable[..., Any],
        update: Callable[..., Any],
    ) -> None:
        self._devices, self._networks = devices, networks
        self._learn = jax.jit(learn, donate_argnums=2)
        self._update = jax.jit(update, donate_argnums=(0, 1, 2))

    def place(self, arrays: Arrays) -> Arrays:
        """Copies of arrays, those of networks on their devices; what all share stays here."""
        return arrays._replace(
            weights=self.place_weights(arrays.weights),
            average=self.place_weights(arrays.average),
            best=self.place_weights(arrays.best),
            rng=[*self.place_weights(arrays.rng[:-1]), arrays.rng[-1]],
            optimizer=[
                *arrays.optimizer[:MOMENTS],
                *self.place_weights(arrays.optimizer[MOMENTS:]),
            ],
            hidden=self.place_weights(arrays.hidden),
        )

    def place_weights(self, arrays: list[Any]) -> list[Any]:
        """Arrays of all networks, network by network, each on its device."""
        parts = zip(self._split(arrays), self._devices, strict=True)
        return [array for part, device in parts for array in jax.device_put(part, device)]

    def step(self, arrays: Arrays, rate: float, weight: float, batch: Sequence[Any]) -> Arrays:
        """One step of all networks; the arrays, from `place`, are used up.

        Args:
            arrays: The arrays before it.
            rate: The learning rate.
            weight: How much the weights after it count in the average.
            batch: The fields of a batch.
        """
        *seeds, own = arrays.rng
        done, moments = arrays.optimizer[0], arrays.optimizer[MOMENTS:]
        weights, hidden, rest = map(self._split, (arrays.weights, arrays.hidden, seeds))
        each = len(weights[0])
        # All devices are at work before the first is waited for.
        learned = [
            self._learn(weights[n], [*rest[n], own], hidden[n], np.int32(n * each), *batch)
            for n in range(len(self._devices))
        ]
        gradients, squares, losses, after, keys = zip(*learned, strict=True)
        square = np.sum([np.asarray(one) for one in squares], dtype=np.float32)
        # What is reported is the mean of the networks; all have the same places.
        loss = np.sum([np.asarray(one) for one in losses], 0, np.float32)
        shares = np.array([self._networks, len(self._devices)], np.float32)
        updated = [
            self._update(*state, [done, np.float32(rate)], gradient, square, np.float32(weight))
            for *state, gradient in zip(
                weights, self._split(arrays.average), self._split(moments), gradients, strict=True
            )
        ]
        joined = [_join(parts) for parts in zip(*updated, strict=True)]
        return arrays._replace(
            weights=joined[0],
            average=joined[1],
            rng=[*_join(keys), own + np.array([0, 1], np.uint32)],
            optimizer=[np.int32(done + 1), np.float32(rate), *joined[2]],
            hidden=_join(after),
            loss=arrays.loss + loss / shares,
        )

    def _split(self, arrays: list[Any]) -> list[list[Any]]:
        """The arrays of each device."""
        each = len(arrays) // len(self._devices)
        return [arrays[n * each : (n + 1) * each] for n in range(len(self._devices))]


def _join(parts: Iterable[list[Any]]) -> list[Any]:
    """The arrays of all devices."""
    return [array for part in parts for array in part]
