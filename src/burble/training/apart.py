"""The step of an ensemble whose networks are dealt out to devices. Knows nothing of what they are.

Networks learn each by itself: a device that has networks of its own reads all streams for them, and
has nothing to exchange with the others, nor to wait for.
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from burble.runs.state import Arrays
from burble.training.optimizer import RATE

MOMENTS = RATE + 1
"""Where the variables of the optimiser begin that each weight has of its own."""


class Apart:
    """Networks dealt out evenly, in their order.

    Args:
        devices: Those that each take as many networks.
        step: Of the number of the first weight of a device's networks, their arrays, how much the
            weights after it count in the average, and the fields of a batch: their arrays after it.
    """

    def __init__(self, devices: Sequence[Any], step: Callable[..., Arrays]) -> None:
        self._devices = devices
        self._step = jax.jit(step, donate_argnums=1)

    def place(self, arrays: Arrays) -> Arrays:
        """Copies of arrays, those of networks on their devices; what all share stays here."""
        moments = self.place_weights(arrays.optimizer[MOMENTS:])
        return arrays._replace(
            weights=self.place_weights(arrays.weights),
            average=self.place_weights(arrays.average),
            best=self.place_weights(arrays.best),
            rng=[*self.place_weights(arrays.rng[:-1]), arrays.rng[-1]],
            optimizer=[*arrays.optimizer[:MOMENTS], *moments],
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
        done, own = arrays.optimizer[0], arrays.rng[-1]
        each = len(arrays.weights) // len(self._devices)
        parts = [
            self._step(np.int32(n * each), part, np.float32(weight), *batch)
            for n, part in enumerate(self._parts(arrays, [done, np.float32(rate)]))
        ]
        return Arrays(
            weights=[array for part in parts for array in part.weights],
            average=[array for part in parts for array in part.average],
            best=arrays.best,
            rng=[*(array for part in parts for array in part.rng[:-1]), _next(own)],
            optimizer=[
                np.int32(done + 1),
                np.float32(rate),
                *(array for part in parts for array in part.optimizer[MOMENTS:]),
            ],
            hidden=[array for part in parts for array in part.hidden],
            # Waits for the step before this one, so that no device is ever without work.
            loss=[total_loss(arrays.loss), *(part.loss for part in parts)],
        )

    def _parts(self, arrays: Arrays, shared: list[Any]) -> list[Arrays]:
        """The arrays of each device, with those of the optimiser that all share."""
        *seeds, own = arrays.rng
        whole = arrays.weights, arrays.average, seeds, arrays.optimizer[MOMENTS:], arrays.hidden
        return [
            Arrays(
                weights=weights,
                average=average,
                best=[],
                rng=[*rest, own],
                optimizer=[*shared, *moments],
                hidden=hidden,
                loss=np.zeros(2, np.float32),
            )
            for weights, average, rest, moments, hidden in zip(
                *map(self._split, whole), strict=True
            )
        ]

    def _split(self, arrays: list[Any]) -> list[list[Any]]:
        """The arrays of each device."""
        each = len(arrays) // len(self._devices)
        return [arrays[n * each : (n + 1) * each] for n in range(len(self._devices))]


def _next(seed: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Our own random numbers after a step."""
    return seed + np.array([0, 1], np.uint32)


def total_loss(loss: Any) -> NDArray[np.float32]:
    """The losses since the last report in one array; see `Arrays`.

    Where networks are apart, it is a list of what it was a step before and what each device adds.
    """
    if not isinstance(loss, list):
        return np.asarray(loss)
    before, *added = map(np.asarray, loss)
    return np.asarray(before + np.mean(added, 0, np.float32))
