"""One optimiser step and one score, as compiled functions of arrays. Knows nothing of text."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar, cast

import jax
import jax.numpy as jnp
import numpy as np

from burble.errors import SettingsError
from burble.model import network
from burble.model.dropout import dropout_mask
from burble.model.network import Ensemble, mean_log_probabilities, trained_array_names
from burble.runs.state import Arrays
from burble.settings import ModelSettings, Precision, TrainingSettings
from burble.training.apart import Apart, total_loss
from burble.training.batches import Batch
from burble.training.collectives import fetch_array
from burble.training.devices import Devices
from burble.training.optimizer import RATE, AdamW, limit_norm

Tree = TypeVar("Tree")


class CompiledNetwork:
    """A network with its compiled step and score."""

    def __init__(
        self, model: ModelSettings, size: int, training: TrainingSettings, labels: int = 0
    ) -> None:
        _check(training.precision)
        self.model = model
        threaded = network.shares_threads(model, training.precision)
        self.devices = Devices(training.batch, model.units, model.ensemble, threaded=threaded)
        self._ensemble = network.Ensemble(
            model, size, training.seed, training.precision, labels, self.devices.threads
        )
        names = trained_array_names(model, size, labels)
        self._optimizer = AdamW(
            weight_decay=training.weight_decay,
            beta_2=training.beta_2,
            decayed=[not name.endswith("bias") for name in names],
        )
        self._learning_rate = training.learning_rate
        # A window predicts what comes after it, and nothing on the way.
        self._last = bool(training.window)
        self._averaged = bool(training.averaging)
        self._first_seed = np.array([training.seed % 2**32, 0], np.uint32)
        recurrent = [name.endswith(".recurrent") for name in names]
        leave_out = partial(_leave_out, recurrent, model.dropout_recurrent)
        self._apart = self._deal_out(leave_out, training.clip)
        update = partial(_update, self._optimizer, training.clip, model.ensemble)
        step = partial(_step, partial(_learn, self._run(self._ensemble), leave_out), update, 0)
        # Placed as they came: a step that finds its arrays elsewhere is compiled anew.
        whole: list[Any] = [self.devices.whole] * len(Arrays._fields)
        places = Arrays(*whole)._replace(hidden=cast(Any, self.devices.by_stream))
        self._step = jax.jit(self.devices.shared(step), donate_argnums=0, out_shardings=places)
        self._nats = jax.jit(partial(_nats, self._run(self._ensemble)))

    def _run(self, ensemble: Ensemble) -> Callable[..., Any]:
        """Networks as they are trained: with the logits that count."""
        return partial(ensemble, last=self._last)

    def _deal_out(self, leave_out: Callable[..., list[Any]], clip: float) -> Apart | None:
        """The networks, each on a device of its own, where there are such."""
        if not (devices := self.devices.apart):
            return None
        networks, parts = self.model.ensemble, len(devices)
        decayed = self._optimizer.decayed
        own = replace(self._optimizer, decayed=decayed[: len(decayed) // parts])
        each = networks // parts
        learn = partial(_learn, self._run(self._ensemble.first(each)), leave_out)
        return Apart(devices, partial(_step, learn, partial(_update, own, clip, each)))

    def initial_arrays(self, batch: int) -> Arrays:
        """The arrays before the first step, for `batch` streams."""
        weights = self._ensemble.trained
        return Arrays(
            weights=weights,
            average=weights if self._averaged else [],
            best=weights,
            rng=[*self._ensemble.others, self._first_seed],
            optimizer=self.initial_optimizer(),
            hidden=self.zero_state(batch),
            loss=self.zero_loss(),
        )

    def zero_loss(self) -> Any:
        """The loss of nothing, placed as a step gives it: else it would compile anew."""
        zero = np.zeros(2, np.float32)
        return zero if self._apart else self.devices.replicate(zero)

    def copy_weights(self, arrays: list[Any]) -> list[Any]:
        """Copies that a step may use up, placed as a step gives them."""
        fetched = [fetch_array(array) for array in arrays]
        if self._apart:
            return self._apart.place_weights(fetched)
        copies: list[Any] = self.devices.replicate(fetched)
        return copies

    def initial_optimizer(self) -> list[Any]:
        """The optimiser's variables before its first step."""
        return self._optimizer.start(self._ensemble.trained, self._learning_rate)

    def zero_state(self, batch: int) -> list[Any]:
        """The zero state of `batch` streams."""
        parts = self.model.ensemble * self.model.layers * (2 if self.model.cell == "lstm" else 1)
        return [np.zeros((batch, self.model.units), np.float32) for _ in range(parts)]

    def place(self, arrays: Arrays) -> Arrays:
        """Copies of arrays on the devices that train; streams are dealt out to them."""
        copies = fetch_arrays(arrays)
        if self._apart:
            return self._apart.place(copies)
        placed: Arrays = self.devices.replicate(copies._replace(hidden=[]))
        return placed._replace(hidden=self.devices.shard(copies.hidden))

    def step(self, arrays: Arrays, batch: Batch, rate: float, weight: float = 1.0) -> Arrays:
        """One optimiser step; the arrays, from `place`, are used up. See `Devices.wait_for`.

        Args:
            arrays: The arrays before it.
            batch: The rows `devices.rows` of a batch.
            rate: The learning rate.
            weight: How much the weights after it count in the average.
        """
        if self._apart:
            return self._apart.step(arrays, rate, weight, _fields(batch))
        optimizer = list(arrays.optimizer)
        optimizer[RATE] = self.devices.lend(np.float32(rate))
        own = self.devices.shard_own(_fields(batch))
        counts = self.devices.lend(np.float32(weight))
        after = self._step(arrays._replace(optimizer=optimizer), counts, *own)
        return cast(Arrays, self.devices.wait_for(after))

    def nats(self, weights: list[Any], rng: list[Any], batch: Batch, hidden: list[Any]) -> Any:
        """The loss of a batch with dropout off.

        Args:
            weights: The weights.
            rng: The random numbers of the dropout; not used up.
            batch: B streams, any B and T.
            hidden: The hidden state before it, each (B, U).

        Returns:
            The summed loss in nats, the summed weights of its places, and the state after it.
        """
        return self._nats(weights, rng[:-1], hidden, *_fields(batch))


def _check(precision: Precision) -> None:
    """Refuses numbers with which this machine would only lose time."""
    if precision != "float32" and jax.default_backend() == "cpu":
        raise SettingsError(
            f"precision is {precision!r}, but processors compute it slower than float32: a step of "
            "2 x 256 units took 4.3 times as long on two cores of an AMD EPYC. Leave out "
            "--precision; it is for accelerators."
        )


def _fields(batch: Batch) -> tuple[Any, ...]:
    """The arrays of a batch in the order the compiled functions take them."""
    labels = [] if batch.labels is None else [batch.labels]
    return batch.inputs, batch.targets, batch.weights, batch.resets, *labels


def _of_steps(logits: Any, *arrays: Any) -> list[Any]:
    """What arrays (B, T) have for the steps that logits (..., B, S, V) are of, the last ones."""
    return [array[:, -logits.shape[-2] :] for array in arrays]


def _losses(logits: Any, targets: Any) -> Any:
    """The loss at each place, nats, shape (..., B, T), from logits (..., B, T, V)."""
    aims = jnp.broadcast_to(targets, logits.shape[:-1])[..., None]
    return jax.nn.logsumexp(logits, -1) - jnp.take_along_axis(logits, aims, -1)[..., 0]


def _leave_out(
    recurrent: list[bool], rate: float, weights: list[Any], seed: Any, first: Any = 0
) -> list[Any]:
    """The weights with a fraction of the recurrent ones set to zero, and the others scaled up.

    Args:
        recurrent: Which of the weights of all networks are recurrent.
        rate: The fraction.
        weights: Those of some of the networks.
        seed: That of the step.
        first: The number of the first of them among all.

    Source: Merity et al., Regularizing and Optimizing LSTM Language Models, 2018.
    """
    if not rate:
        return weights
    keys = jax.random.split(jax.random.fold_in(jax.random.key(seed[0]), seed[1]), len(recurrent))
    keys = jax.lax.dynamic_slice_in_dim(keys, first, len(weights))
    return [
        jnp.where(dropout_mask(key, weight.shape, rate), weight / (1 - rate), 0)
        if chosen
        else weight
        # The networks are all alike.
        for weight, chosen, key in zip(weights, recurrent, keys, strict=False)
    ]


def _learn(
    ensemble: Callable[..., Any],
    leave_out: Callable[..., list[Any]],
    weights: list[Any],
    rng: list[Any],
    hidden: list[Any],
    first: Any,
    *batch: Any,
) -> tuple[list[Any], Any, list[Any], list[Any]]:
    """What networks learn from a batch; see `_leave_out` for `first`.

    Returns:
        The gradient, the loss with the weights of its places, the states and the seeds after it.
    """
    inputs, targets, places, resets, *labels = batch
    *seeds, own = rng
    hidden = [h * (1 - resets)[:, None] for h in hidden]

    def mean_loss(trained: Any) -> Any:
        kept = leave_out(trained, own, first)
        logits, after, others = ensemble(kept, seeds, inputs, hidden, True, *labels)
        aims, counted = _of_steps(logits, targets, places)
        total = (_losses(logits, aims) * counted).sum()
        # The networks learn each by itself; what is reported is their mean.
        return total / jnp.maximum(places.sum(), 1), (total / len(logits), after, others)

    gradient, (total, after, seeds) = jax.grad(mean_loss, has_aux=True)(weights)
    return gradient, jnp.stack([total, places.sum()]), after, seeds


def _update(
    optimizer: AdamW,
    clip: float,
    networks: int,
    weights: list[Any],
    variables: list[Any],
    gradient: list[Any],
) -> tuple[list[Any], list[Any]]:
    """Weights and the optimiser's variables after a step; each network has a limit of its own."""
    each = len(gradient) // networks
    parts = [gradient[n * each : (n + 1) * each] for n in range(networks)]
    if clip:
        parts = [limit_norm(part, clip) for part in parts]
    return optimizer.apply(variables, [array for part in parts for array in part], weights)


def _step(
    learn: Callable[..., Any],
    update: Callable[..., Any],
    first: Any,
    arrays: Arrays,
    weight: Any,
    *batch: Any,
) -> Arrays:
    """One optimiser step of networks, of which the first weight has the number `first`."""
    *_, own = arrays.rng
    gradient, loss, after, seeds = learn(arrays.weights, arrays.rng, arrays.hidden, first, *batch)
    trained, variables = update(arrays.weights, arrays.optimizer, gradient)
    return Arrays(
        weights=trained,
        average=_averaged(arrays.average, trained, weight),
        best=arrays.best,
        rng=[*seeds, own + jnp.array([0, 1], jnp.uint32)],
        optimizer=variables,
        hidden=after,
        loss=arrays.loss + loss,
    )


def _averaged(average: list[Any], latest: list[Any], weight: Any) -> list[Any]:
    """The average with the latest weights counted in; of no average, none."""
    if not average:
        return []
    return [a + weight * (w - a) for a, w in zip(average, latest, strict=True)]


def _nats(ensemble: Callable[..., Any], trained: Any, seeds: Any, hidden: Any, *batch: Any) -> Any:
    """The summed loss and weights of a batch, and the state after it."""
    inputs, targets, weights, resets, *labels = batch
    hidden = [h * (1 - resets)[:, None] for h in hidden]
    logits, after, _ = ensemble(trained, seeds, inputs, hidden, False, *labels)
    aims, counted = _of_steps(logits, targets, weights)
    losses = _losses(mean_log_probabilities(logits), aims)
    return (losses * counted).sum(), weights.sum(), after


def fetch_arrays(arrays: Arrays) -> Arrays:
    """Arrays as NumPy arrays, off the devices."""
    fetched = cast(Arrays, jax.tree.map(fetch_array, arrays))
    return fetched._replace(loss=total_loss(fetched.loss))


def copy_to_device(arrays: Tree) -> Tree:
    """Copies of arrays, in whatever structure, on one device."""
    # JAX would compile a function that copies for each of their shapes.
    return cast(Tree, jax.tree.map(lambda array: jax.device_put(fetch_array(array)), arrays))


def finite(arrays: list[Any]) -> bool:
    """Whether all are numbers."""
    return all(bool(np.isfinite(fetch_array(array)).all()) for array in arrays)
