"""Dynamic evaluation: a network that goes on learning from a text while it is scored on it.

After each few symbols, which were scored before, the weights take a small step against the
gradient of their loss, each scaled by how large its gradients have been, and are pulled back a
little to where they began. Source: Krause et al., Dynamic Evaluation of Neural Sequence
Models, 2018. Nothing that is learned is kept.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from burble.errors import SettingsError
from burble.inference.scoring import Predictions
from burble.model import network
from burble.model.file import Model
from burble.model.network import mean_log_probabilities, trained_array_names

SEGMENT = 32
"""Symbols that are scored, and then learned from."""
LEARNING_RATE = 1e-3
"""The size of a step where the gradient is as large as it has been."""
GENTLE_RATE = 4e-4
"""The same for a model that began from another: it knows more that can be lost."""
FLOOR = 3e-3
"""What is added to the size of the gradients, so that weights that are hardly used keep still."""
PULL = 1e-3
"""The fraction of the way back to where the weights began, after each segment."""
FIRM_PULL = 1e-2
"""The same for a model that began from another."""


class _Learner(NamedTuple):
    """All that changes as a network reads; squares are sums of those of all gradients so far."""

    weights: list[Any]
    squares: list[Any]
    hidden: list[Any]


class DynamicEvaluator:
    """A network that learns from what it reads; the model itself is not changed.

    Raises:
        SettingsError: The model sees windows, each from a zero state.
    """

    def __init__(self, model: Model) -> None:
        if model.window or model.attention:
            raise SettingsError(
                "this model reads a window anew for each symbol, and learns nothing between them. "
                "Leave out --adaptive, or take a model of streams or documents."
            )
        shape, vocabulary = model.architecture, model.vocabulary
        from_nothing = model.base is None
        self._rate = LEARNING_RATE if from_nothing else GENTLE_RATE
        self._pull = PULL if from_nothing else FIRM_PULL
        self._columns, labels = len(model.labels.columns), len(model.labels)
        self._ensemble = network.Ensemble(shape, vocabulary.size, 0, labels=labels)
        names = trained_array_names(shape, vocabulary.size, labels)
        self._start = [
            jnp.asarray(model.weights[name]).reshape(variable.shape)
            for variable, name in zip(self._ensemble.trained, names, strict=True)
        ]
        self._others = self._ensemble.others
        parts = shape.ensemble * shape.layers * (2 if shape.cell == "lstm" else 1)
        self._zero = [jnp.zeros((1, shape.units), jnp.float32) for _ in range(parts)]
        self._learn = jax.jit(self._score_and_learn)

    def predict_texts(
        self, texts: Sequence[NDArray[np.integer]], labels: NDArray[np.integer] | None = None
    ) -> Iterator[tuple[NDArray[np.intp], Predictions]]:
        """Predicts all symbols but the first of some texts, and learns from each few of them.

        Args:
            texts: Ids of each, shape (T,); what is learned from one serves the next. What is -1 is
                predicted, but nothing is learned of it; it can only be the last.
            labels: Those of each, shape (texts, columns); none if None.

        Yields:
            As `burble.inference.scoring.predict_texts`, one text after the other.
        """
        learner = _Learner(self._start, [jnp.zeros_like(w) for w in self._start], self._zero)
        number, columns = 0, self._columns
        for place, text in enumerate(texts):
            own = np.zeros(columns, np.int32) if labels is None else labels[place]
            named = [np.broadcast_to(own, (SEGMENT, columns)).astype(np.int32)] if columns else []
            learner = learner._replace(hidden=self._zero)
            for first in range(0, len(text) - 1, SEGMENT):
                number += 1
                part = text[first : first + SEGMENT + 1].astype(np.int32)
                targets, present = part[1:], np.zeros(SEGMENT, np.float32)
                present[: len(targets)] = targets >= 0
                # Padded to one length, for which the step is compiled once.
                padding = (0, SEGMENT - len(targets))
                learner, log_probabilities = self._learn(
                    learner,
                    float(number),
                    np.pad(part[:-1], padding),
                    np.pad(np.maximum(targets, 0), padding),
                    present,
                    *named,
                )
                rows = np.asarray(log_probabilities, np.float64)[: len(targets)]
                yield np.full(len(targets), place), Predictions(rows, targets.astype(np.intp))

    def _score_and_learn(
        self,
        before: _Learner,
        number: float,
        inputs: Any,
        targets: Any,
        present: Any,
        *labels: Any,
    ) -> tuple[_Learner, Any]:
        """Scores a segment, and then learns from it.

        Args:
            before: The learner before it.
            number: Segments so far, this one included.
            inputs: Symbols, shape (SEGMENT,).
            targets: What followed each.
            present: 1 where there is a symbol, 0 where there is padding.
            *labels: Those of each symbol, shape (SEGMENT, columns), where the model has some.

        Returns:
            The learner after it, and all log-probabilities (SEGMENT, V) before anything was
            learned from it.
        """

        def loss(trained: list[Any]) -> tuple[Any, tuple[Any, list[Any]]]:
            named = [label[None] for label in labels]
            logits, hidden, _ = self._ensemble(
                trained, self._others, inputs[None], before.hidden, False, *named
            )
            each = jax.nn.log_softmax(logits[:, 0], -1)
            nats = -jnp.take_along_axis(each, targets[None, :, None], -1)[..., 0]
            # Each network learns by itself.
            return (nats * present).sum(), (mean_log_probabilities(logits[:, 0]), hidden)

        gradients, (log_probabilities, hidden) = jax.grad(loss, has_aux=True)(before.weights)
        squares = [total + g * g for total, g in zip(before.squares, gradients, strict=True)]
        weights = self._step(before.weights, gradients, squares, number)
        return _Learner(weights, squares, hidden), log_probabilities

    def _step(
        self, weights: list[Any], gradients: list[Any], squares: list[Any], number: float
    ) -> list[Any]:
        """The weights after a step; see `_Learner` for `squares`, sums over `number` segments."""
        return [
            w - self._rate * g / (jnp.sqrt(total / number) + FLOOR) + self._pull * (began - w)
            for w, g, total, began in zip(weights, gradients, squares, self._start, strict=True)
        ]
