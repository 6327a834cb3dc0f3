"""One optimiser step and one score, as pure functions of arrays, compiled. Knows nothing of text.

Arrays come in groups, by name: `weight`, `average` (of the weights so far, if they are averaged),
`good` (the best so far of what is scored), `seed` (of the dropout), `optimizer`, `carried` (the
state of each stream, each (B, U)) and `loss` (the sum of the losses, in nats, and of the weights
of their places, since the last report).
"""

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
from numpy.typing import NDArray

from burble.errors import SettingsError
from burble.model import network
from burble.model.lstm import kept
from burble.model.network import Ensemble, mean_log_probabilities, trained_array_names
from burble.settings import ModelSettings, Precision, TrainingSettings
from burble.training.batches import Batch
from burble.training.collectives import fetched
from burble.training.devices import Devices

Groups = dict[str, list[Any]]
GROUPS = ("weight", "average", "good", "seed", "optimizer", "carried", "loss")


class Objective:
    """A network with its compiled step and score.

    Args:
        model: The shape of the network.
        size: V, the number of ids.
        training: How it is trained.
    """

    def __init__(self, model: ModelSettings, size: int, training: TrainingSettings) -> None:
        """Builds the network; nothing is compiled yet."""
        _check(training.precision)
        self.model = model
        self.devices = Devices(training.batch, model.units)
        self._ensemble = network.Ensemble(model, size, training.seed, training.precision)
        self._optimizer = keras.optimizers.AdamW(
            training.learning_rate,
            weight_decay=training.weight_decay,
            beta_2=training.beta_2,
            # Each network's gradient may be as large as if it were alone.
            global_clipnorm=training.clip * math.sqrt(model.ensemble) or None,
        )
        self._optimizer.exclude_from_weight_decay(var_names=["bias"])
        self._optimizer.build(self._ensemble.trained)
        names = [variable.path for variable in self._optimizer.variables]
        self._rate_place = names.index(self._optimizer.learning_rate.path)
        # Placed as they came: a step that finds its arrays elsewhere is compiled anew.
        places = dict.fromkeys(GROUPS, self.devices.whole) | {"carried": self.devices.by_stream}
        self._averaged = bool(training.averaging)
        self._first_seed = np.array([training.seed % 2**32, 0], np.uint32)
        names = trained_array_names(model, size)
        recurrent = [name.endswith(".recurrent") for name in names]
        leave_out = partial(_leave_out, recurrent, model.dropout_recurrent)
        step = partial(_step, self._ensemble, self._optimizer, leave_out)
        self._step = jax.jit(step, donate_argnums=0, out_shardings=places)
        self._nats = jax.jit(partial(_nats, self._ensemble))

    def start(self, batch: int) -> Groups:
        """The arrays before the first step, for `batch` streams."""
        weights = [variable.value for variable in self._ensemble.trained]
        return {
            "weight": weights,
            "average": weights if self._averaged else [],
            "good": weights,
            "seed": [v.value for v in self._ensemble.others] + [self._first_seed],
            "optimizer": self.fresh_optimizer(),
            "carried": self.zero(batch),
            "loss": self.no_loss(),
        }

    def no_loss(self) -> list[Any]:
        """The group `loss` of nothing, placed as a step gives it: else it would compile anew."""
        return [self.devices.copied(jnp.zeros(2))]

    def copies(self, arrays: list[Any]) -> list[Any]:
        """Copies that a step may use up, placed as a step gives them."""
        return [self.devices.copied(jnp.array(array, copy=True)) for array in arrays]

    def fresh_optimizer(self) -> list[Any]:
        """The optimiser's variables before its first step."""
        return [variable.value for variable in self._optimizer.variables]

    def zero(self, batch: int) -> list[Any]:
        """The zero state of `batch` streams."""
        parts = self.model.ensemble * self.model.layers * (2 if self.model.cell == "lstm" else 1)
        return [jnp.zeros((batch, self.model.units)) for _ in range(parts)]

    def place(self, arrays: Mapping[str, NDArray[Any]]) -> Groups:
        """Flat arrays on the devices that train, by group; streams are dealt out to them."""
        return {
            name: self.devices.dealt(group) if name == "carried" else self.devices.copied(group)
            for name, group in grouped(arrays).items()
        }

    def step(self, groups: Groups, batch: Batch, rate: float, share: float = 1.0) -> Groups:
        """One optimiser step; the arrays, from `place`, are used up. See `Devices.finish`.

        Args:
            groups: The arrays before it.
            batch: The rows `devices.rows` of a batch.
            rate: The step size.
            share: How much the weights after it count in the average.
        """
        groups["optimizer"][self._rate_place] = self.devices.copied(np.float32(rate))
        share = self.devices.copied(np.float32(share))
        after = self._step(groups, share, *self.devices.dealt_own(_fields(batch)))
        return dict(self.devices.finish(after))

    def nats(self, weights: list[Any], seed: list[Any], batch: Batch, carried: list[Any]) -> Any:
        """The loss of a batch with dropout off.

        Args:
            weights: The weights.
            seed: The dropout seeds; not used up.
            batch: B streams, any B and T.
            carried: The state before it, each (B, U).

        Returns:
            The summed loss in nats, the summed weights of its places, and the state after it.
        """
        return self._nats(weights, seed[:-1], carried, *_fields(batch))


def _check(precision: Precision) -> None:
    """Refuses numbers with which this machine would only lose time.

    Raises:
        SettingsError: It would.
    """
    if precision != "float32" and jax.default_backend() == "cpu":
        raise SettingsError(
            f"precision is {precision!r}, but processors compute it slower than float32: a step of "
            "2 x 256 units took 4.3 times as long on two cores of an AMD EPYC. Leave out "
            "--precision; it is for accelerators."
        )


def _fields(batch: Batch) -> tuple[Any, ...]:
    """The arrays of a batch in the order the compiled functions take them."""
    return batch.inputs, batch.targets, batch.weights, batch.resets


def _losses(logits: Any, targets: Any) -> Any:
    """The loss at each place, nats, shape (..., B, T), from logits (..., B, T, V)."""
    aims = jnp.broadcast_to(targets, logits.shape[:-1])[..., None]
    return jax.nn.logsumexp(logits, -1) - jnp.take_along_axis(logits, aims, -1)[..., 0]


def _leave_out(recurrent: list[bool], rate: float, weights: list[Any], seed: Any) -> list[Any]:
    """The weights with a share of the recurrent ones set to zero, and the others scaled up.

    Source: Merity et al., Regularizing and Optimizing LSTM Language Models, 2018.
    """
    if not rate:
        return weights
    keys = jax.random.split(jax.random.fold_in(jax.random.key(seed[0]), seed[1]), len(weights))
    return [
        jnp.where(kept(key, weight.shape, rate), weight / (1 - rate), 0) if chosen else weight
        for weight, chosen, key in zip(weights, recurrent, keys, strict=True)
    ]


def _step(
    ensemble: Ensemble,
    optimizer: Any,
    leave_out: Callable[..., list[Any]],
    groups: Groups,
    share: Any,
    *batch: Any,
) -> Groups:
    """One optimiser step over all groups."""
    inputs, targets, weights, resets = batch
    *seeds, own = groups["seed"]
    carried = [c * (1 - resets)[:, None] for c in groups["carried"]]

    def mean_loss(trained: Any) -> Any:
        logits, after, others = ensemble(leave_out(trained, own), seeds, inputs, carried, True)
        total = (_losses(logits, targets) * weights).sum()
        # The networks learn each by itself; what is told is their mean.
        return total / jnp.maximum(weights.sum(), 1), (total / len(logits), after, others)

    gradient, (total, after, seeds) = jax.grad(mean_loss, has_aux=True)(groups["weight"])
    trained, optimized = optimizer.stateless_apply(groups["optimizer"], gradient, groups["weight"])
    return {
        "weight": trained,
        "average": _averaged(groups["average"], trained, share),
        "good": groups["good"],
        "seed": [*seeds, own + jnp.array([0, 1], jnp.uint32)],
        "optimizer": optimized,
        "carried": after,
        "loss": [groups["loss"][0] + jnp.stack([total, weights.sum()])],
    }


def _averaged(average: list[Any], latest: list[Any], share: Any) -> list[Any]:
    """The average with the latest weights counted in; of no average, none."""
    if not average:
        return []
    return [a + share * (w - a) for a, w in zip(average, latest, strict=True)]


def _nats(
    ensemble: Ensemble,
    trained: Any,
    seeds: Any,
    carried: Any,
    inputs: Any,
    targets: Any,
    weights: Any,
    resets: Any,
) -> Any:
    """The summed loss and weights of a batch, and the state after it."""
    carried = [c * (1 - resets)[:, None] for c in carried]
    logits, after, _ = ensemble(trained, seeds, inputs, carried, False)
    losses = _losses(mean_log_probabilities(logits), targets)
    return (losses * weights).sum(), weights.sum(), after


def flat(groups: Groups) -> dict[str, NDArray[Any]]:
    """Grouped arrays by names such as `weight.3`, off the device."""
    return {f"{g}.{i}": fetched(a) for g, arrays in groups.items() for i, a in enumerate(arrays)}


def grouped(arrays: Mapping[str, NDArray[Any]]) -> Groups:
    """Copies of flat arrays on one device, by group, in order."""
    groups: Groups = {name: [] for name in GROUPS}
    for name in sorted(arrays, key=lambda n: int(n.rpartition(".")[2])):
        groups[name.rpartition(".")[0]].append(jnp.array(arrays[name]))
    return groups


def finite(arrays: list[Any]) -> bool:
    """Whether all are numbers."""
    return all(bool(np.isfinite(fetched(array)).all()) for array in arrays)
