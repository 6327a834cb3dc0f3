"""The state of a training, and its file. Knows nothing of JAX or of what lies beside that file."""

import json
import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray

STORED = {
    "weights": "weight",
    "best": "good",
    "rng": "seed",
    "hidden": "carried",
    "best_loss": "best",
    "evals_without_improvement": "stale",
    "best_epoch_loss": "best_epoch",
    "eval_due": "due",
}
"""Fields of a state with another name in its file, which earlier versions of burble know."""
_DAMAGED = (
    *(OSError, ValueError, LookupError, TypeError, AttributeError),
    safetensors.SafetensorError,
)


class Arrays(NamedTuple):
    """All arrays that change while training: a pytree, on the devices that train or off them.

    Attributes:
        weights: What is trained, in the order of `network.trained_array_names`.
        average: The running average of the weights; empty where they are not averaged.
        best: The weights with the best validation loss so far.
        rng: The random numbers of the dropout: the seeds of Keras, and last our own, shape (2,).
        optimizer: The variables of AdamW: steps, learning rate, first and second moments.
        hidden: The hidden state of each stream, each of shape (B, U).
        loss: The losses since the last report, summed, in nats; and the weights of their places,
            summed; shape (2,). On devices that have networks of their own see `apart.total_loss`.
    """

    weights: list[Any]
    average: list[Any]
    best: list[Any]
    rng: list[Any]
    optimizer: list[Any]
    hidden: list[Any]
    loss: Any

    @property
    def evaluated(self) -> list[Any]:
        """The weights that are evaluated: their average, if they are averaged."""
        return self.average or self.weights


@dataclass(frozen=True)
class State:
    """All that changes while training; saving it and going on from it changes nothing.

    Attributes:
        arrays: All arrays.
        step: Steps done.
        best_loss: The best validation loss so far, nats per symbol; infinite before the first.
        evals_without_improvement: Validation scores since the best one.
        recoveries: Times the loss diverged and training went back to the best weights.
        epoch_nats: The training loss of the epoch so far, summed over its places, nats; not a
            number where the loss diverged in it.
        epoch_places: So many places.
        best_epoch_loss: The best mean training loss of a whole epoch so far; infinite before one.
        elapsed: Seconds of training so far.
        eval_due: Whether the score of this step is still to be taken: it was stopped.
    """

    arrays: Arrays
    step: int = 0
    best_loss: float = math.inf
    evals_without_improvement: int = 0
    recoveries: int = 0
    epoch_nats: float = 0.0
    epoch_places: float = 0.0
    best_epoch_loss: float = math.inf
    elapsed: float = 0.0
    eval_due: bool = False


def without_arrays(state: State) -> State:
    """What is known of a state whose arrays are elsewhere: on the devices that train."""
    return replace(state, arrays=Arrays([], [], [], [], [], [], None))


def dump_state(state: State) -> bytes:
    """The file of a state, with a sum by which damage is known."""
    values = {STORED.get(k, k): v for k, v in vars(state).items() if k != "arrays"}
    counters, named = json.dumps(values), _named_arrays(state.arrays)
    known = {"burble": counters, "crc32": str(_sum(counters, named))}
    return safetensors.numpy.save(named, known)


def _named_arrays(arrays: Arrays) -> dict[str, NDArray[Any]]:
    """Arrays by the names that files have for them, such as `weight.3`."""
    lists = arrays._replace(loss=[arrays.loss])._asdict()
    return {f"{STORED.get(k, k)}.{i}": a for k, group in lists.items() for i, a in enumerate(group)}


def _arrays(named: Mapping[str, NDArray[Any]]) -> Arrays:
    """Arrays from the names that files have for them; the inverse of `_named_arrays`.

    Raises:
        LookupError: There are others.
    """
    groups: dict[str, list[Any]] = {STORED.get(field, field): [] for field in Arrays._fields}
    for name in sorted(named, key=lambda n: int(n.rpartition(".")[2])):
        groups[name.rpartition(".")[0]].append(named[name])
    found = Arrays(*groups.values())
    return found._replace(loss=found.loss[0])


def load_state(path: Path) -> State | None:
    """The state in a file; None where there is none, or a damaged one."""
    try:
        with safetensors.safe_open(path, "numpy") as file:
            known, names = file.metadata(), list(file.keys())
            arrays = {name: file.get_tensor(name) for name in names}
        # Files of earlier versions have no sum.
        if known.get("crc32", "") not in ("", str(_sum(known["burble"], arrays))):
            return None
        fields = {name: field for field, name in STORED.items()}
        values = json.loads(known["burble"])
        return State(_arrays(arrays), **{fields.get(k, k): v for k, v in values.items()})
    except _DAMAGED:
        return None


def load_step(path: Path) -> int | None:
    """Steps done of the state in a file, without its arrays; None where it cannot be read."""
    try:
        with safetensors.safe_open(path, "numpy") as file:
            return int(json.loads(file.metadata()["burble"])["step"])
    except _DAMAGED:
        return None


def _sum(counters: str, arrays: Mapping[str, NDArray[Any]]) -> int:
    """A sum over all of a state."""
    found = zlib.crc32(counters.encode())
    for name in sorted(arrays):
        found = zlib.crc32(
            np.ascontiguousarray(arrays[name]).data, zlib.crc32(name.encode(), found)
        )
    return found
