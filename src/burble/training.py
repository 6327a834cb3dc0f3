"""The training loop, a generator of events over one compiled step.

Knows nothing of terminals or files: it takes and gives states, and whoever listens saves them.
Everything a step does is a function of (settings, corpus, state), so a run that is interrupted
and resumed gives the same bits as one that is not.
"""

import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from burble import model as network
from burble.batches import Batch, Streams
from burble.corpus import Corpus
from burble.errors import DivergedError
from burble.modelfile import Weights
from burble.settings import Settings, TrainingSettings

import jax  # isort: skip  (after burble.model, which chooses the backend)
import jax.numpy as jnp  # isort: skip
import keras  # isort: skip

REPORTS = 200


@dataclass(frozen=True)
class State:
    """All that changes while training; saving it and going on from it changes nothing.

    Attributes:
        step: Steps done.
        arrays: Weights, dropout seeds, optimiser variables, carried state, and the loss and
            the targets since the last report, by name.
        best: The best held-out loss so far, nats per symbol; infinite before the first.
        stale: Held-out scores since the best one.
        elapsed: Seconds of training so far.
    """

    step: int
    arrays: Mapping[str, NDArray[Any]]
    best: float = math.inf
    stale: int = 0
    elapsed: float = 0.0


@dataclass(frozen=True)
class Report:
    """The mean training loss since the last report.

    Attributes:
        step: Steps done.
        steps: Steps in all.
        loss: Nats per symbol, dropout on.
        speed: Symbols a second since the start.
    """

    step: int
    steps: int
    loss: float
    speed: float


@dataclass(frozen=True)
class Score:
    """A held-out score.

    Attributes:
        step: Steps done.
        loss: Nats per symbol, from a zero state, full context, dropout off.
        improved: Whether it is the best so far.
        weights: The weights it was measured with, by the names of the model file.
        state: The whole state, to be saved.
    """

    step: int
    loss: float
    improved: bool
    weights: Weights
    state: State


@dataclass(frozen=True)
class End:
    """The end of training.

    Attributes:
        state: The last state.
        reason: "done", "no better" (patience ran out) or "stopped" (asked to).
        weights: The last weights.
    """

    state: State
    reason: str
    weights: Weights


Event = Report | Score | End


class Trainer:
    """One network with its compiled step and score.

    Args:
        corpus: What to learn.
        settings: Settings with a fixed number of steps (see `fix_steps`).
    """

    def __init__(self, corpus: Corpus, settings: Settings) -> None:
        """Builds the network; nothing is compiled yet."""
        self.settings = settings
        self.corpus = corpus
        training = settings.training
        self.core = network.build(settings.model, corpus.vocabulary.size, training.seed)
        self.batches = Streams(
            corpus.training, training.batch, training.length, training.seed, training.reset_rate
        )
        self._optimizer = _optimizer(training, self.core)
        self._step = jax.jit(partial(_step, self.core, self._optimizer), donate_argnums=0)
        self._nats = jax.jit(partial(_nats, self.core))

    def start(self) -> State:
        """The state before the first step."""
        return State(0, {name: np.asarray(a) for name, a in self._flat(self._fresh()).items()})

    def _fresh(self) -> dict[str, list[Any]]:
        """The arrays before the first step, by group."""
        model, batch = self.settings.model, self.settings.training.batch
        parts = model.layers * (2 if model.cell == "lstm" else 1)
        return {
            "weight": [v.value for v in self.core.trainable_variables],
            "seed": [v.value for v in self.core.non_trainable_variables],
            "optimizer": [v.value for v in self._optimizer.variables],
            "carried": [jnp.zeros((batch, model.units))] * parts,
            "loss": [jnp.zeros(2)],
        }

    @staticmethod
    def _flat(groups: dict[str, list[Any]]) -> dict[str, Any]:
        """Grouped arrays by names such as `weight.3`."""
        return {f"{g}.{i}": a for g, arrays in groups.items() for i, a in enumerate(arrays)}

    def _grouped(self, state: State) -> dict[str, list[Any]]:
        """Fresh device copies of a state's arrays, by group."""
        shape = self._fresh()
        return {
            g: [jnp.array(state.arrays[f"{g}.{i}"], copy=True) for i in range(len(shape[g]))]
            for g in shape
        }

    def weights(self, state: State) -> Weights:
        """The weights in a state, by the names of the model file."""
        arrays = [state.arrays[f"weight.{i}"] for i in range(len(self.core.trainable_variables))]
        return network.weights_of(arrays, self.settings.model, self.corpus.vocabulary.size)

    def score(
        self, state: State, ids: NDArray[Any], *, carried: bool = False
    ) -> tuple[float, float]:
        """Scores text with dropout off.

        Args:
            state: Whose weights to use.
            ids: Shape (n,); each but the first is predicted from all before it.
            carried: Whether to start from each stream's carried state, not from zero.

        Returns:
            The mean loss, nats per symbol, and the largest absolute value in the final state.
        """
        groups = self._grouped(state)
        rows = len(groups["carried"][0]) if carried else 1
        start = groups["carried"] if carried else [c[:1] * 0 for c in groups["carried"]]
        inputs = np.broadcast_to(ids[None, :].astype(np.int32), (rows, len(ids)))
        loss, largest = self._nats(groups["weight"], groups["seed"], inputs, start)
        return float(loss), float(largest)

    def measure(self, count: int = 6) -> tuple[float, float]:
        """Seconds a step and a score take on this machine, compilation left out."""
        state = self.start()
        groups = self._grouped(state)
        groups = self._step(groups, *_fields(self.batches.at(0)))
        groups["loss"][0].block_until_ready()
        started = time.perf_counter()
        for step in range(1, count + 1):
            groups = self._step(groups, *_fields(self.batches.at(step)))
        groups["loss"][0].block_until_ready()
        stepped = time.perf_counter()
        seconds = (stepped - started) / count
        if len(self.corpus.tail) < 2:
            return seconds, 0.0
        self.score(state, self.corpus.tail)
        stepped = time.perf_counter()
        self.score(state, self.corpus.tail)
        return seconds, time.perf_counter() - stepped

    def run(self, state: State, stop: Callable[[], bool] = lambda: False) -> Iterator[Event]:
        """Trains from `state` to the last step.

        Args:
            state: From `start`, or one that was saved.
            stop: Asked before every step whether to stop there.

        Yields:
            Reports and scores as they come, then one `End`.

        Raises:
            DivergedError: The loss is no longer a finite number.
        """
        training = self.settings.training
        report_every = max(1, training.steps // REPORTS)
        score_every = max(1, training.steps // training.evaluations)
        groups = self._grouped(state)
        started, first = time.perf_counter() - state.elapsed, state
        step, best, stale = state.step, state.best, state.stale

        def snapshot() -> State:
            arrays = {name: np.asarray(a) for name, a in self._flat(groups).items()}
            return State(step, arrays, best, stale, time.perf_counter() - started)

        while step < training.steps and not (training.patience and stale >= training.patience):
            if stop():
                yield End(snapshot(), "stopped", self.weights(snapshot()))
                return
            groups = self._step(groups, *_fields(self.batches.at(step)))
            step += 1
            if step % report_every == 0 or step == training.steps:
                total, count = np.asarray(groups["loss"][0]).tolist()
                groups["loss"] = [jnp.zeros(2)]
                if not math.isfinite(total):
                    raise DivergedError(_diverged(step, training))
                speed = (step - first.step) * training.batch * training.length
                seconds = time.perf_counter() - started - first.elapsed
                yield Report(step, training.steps, total / max(count, 1), speed / seconds)
            if step % score_every == 0 or step == training.steps:
                now = snapshot()
                loss = self._held_out(now)
                improved = loss < best or len(self.corpus.tail) < 2
                best, stale = (loss, 0) if improved else (best, stale + 1)
                now = replace(now, best=best, stale=stale)
                yield Score(step, loss, improved, self.weights(now), now)
        reason = "done" if step >= training.steps else "no better"
        yield End(snapshot(), reason, self.weights(snapshot()))

    def _held_out(self, state: State) -> float:
        """The held-out loss; not a number where nothing is held out."""
        tail = self.corpus.tail
        return self.score(state, tail)[0] if len(tail) > 1 else math.nan


def fix_steps(corpus: Corpus, settings: Settings, started: float | None = None) -> Settings:
    """Settings with a definite number of steps, from steps, epochs or minutes, in that order.

    Args:
        corpus: What will be learned.
        settings: What was asked for.
        started: The `time.perf_counter()` from which the minutes count; now if None.

    Returns:
        The settings; with them, training repeats exactly whatever the machine's speed.
    """
    training = settings.training
    if training.steps:
        return settings
    per_epoch = -(-corpus.cut // (training.batch * training.length))
    if training.epochs:
        steps = max(1, round(training.epochs * per_epoch))
    else:
        started = time.perf_counter() if started is None else started
        seconds, scoring = Trainer(corpus, settings).measure()
        left = training.minutes * 60 - (time.perf_counter() - started)
        # Scoring may take a tenth of the time, whatever the length of the held-out text.
        scores = min(training.evaluations, max(1, int(left / 10 / max(scoring, 1e-9))))
        training = replace(training, evaluations=scores)
        steps = max(1, int((left - scoring * scores) / seconds))
    return replace(settings, training=replace(training, steps=steps))


def _fields(batch: Batch) -> tuple[Any, ...]:
    """The arrays of a batch in the order a step takes them."""
    return batch.inputs, batch.targets, batch.weights, batch.resets


def _diverged(step: int, training: TrainingSettings) -> str:
    """What to say when the loss is no longer finite."""
    return (
        f"the loss is no longer a number at step {step:,}. The best model so far is kept. Train "
        f"again with a lower --learning-rate than {training.learning_rate:g}."
    )


def _optimizer(training: TrainingSettings, core: Any) -> Any:
    """AdamW with a warm-up and a cosine, and decay on kernels only."""
    steps = max(training.steps, 2)
    warmup = max(1, round(steps * training.warmup))
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0,
        max(1, steps - warmup),
        alpha=0.02,
        warmup_target=training.learning_rate,
        warmup_steps=warmup,
    )
    optimizer = keras.optimizers.AdamW(
        schedule,
        weight_decay=training.weight_decay,
        beta_2=0.99,
        global_clipnorm=training.clip,
    )
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    optimizer.build(core.trainable_variables)
    return optimizer


def _losses(logits: Any, targets: Any) -> Any:
    """The loss at each place, nats, shape (B, T)."""
    return (
        jax.nn.logsumexp(logits, -1) - jnp.take_along_axis(logits, targets[..., None], -1)[..., 0]
    )


def _step(
    core: Any, optimizer: Any, groups: Any, inputs: Any, targets: Any, weights: Any, resets: Any
) -> Any:
    """One optimiser step over all groups of arrays."""
    carried = [c * (1 - resets)[:, None] for c in groups["carried"]]

    def mean_loss(trained: Any) -> Any:
        outputs, seeds = core.stateless_call(
            trained, groups["seed"], [inputs, *carried], training=True
        )
        total = (_losses(outputs[0], targets) * weights).sum()
        return total / jnp.maximum(weights.sum(), 1), (total, outputs[1:], seeds)

    gradient, (total, after, seeds) = jax.grad(mean_loss, has_aux=True)(groups["weight"])
    trained, optimized = optimizer.stateless_apply(groups["optimizer"], gradient, groups["weight"])
    return {
        "weight": trained,
        "seed": seeds,
        "optimizer": optimized,
        "carried": after,
        "loss": [groups["loss"][0] + jnp.stack([total, weights.sum()])],
    }


def _nats(core: Any, trained: Any, seeds: Any, ids: Any, carried: Any) -> Any:
    """The mean loss of ids (B, n), and the largest absolute value in the final state."""
    outputs, _ = core.stateless_call(trained, seeds, [ids[:, :-1], *carried], training=False)
    largest = jnp.stack([jnp.abs(part).max() for part in outputs[1:]]).max()
    return _losses(outputs[0], ids[:, 1:]).mean(), largest
