"""Dynamic evaluation: a network that goes on learning from a text while it is scored on it.

After each few symbols, which were scored before, the weights take a small step against the
gradient of their cost, each in the measure of how large its gradients have been, and are pulled
back a little to where they began. Source: Krause et al., Dynamic Evaluation of Neural Sequence
Models, 2018. Nothing that is learned is kept.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from burble.errors import SettingsError
from burble.inference import scoring
from burble.inference.scoring import Look, from_edge_to_edge
from burble.model import network
from burble.model.file import Model
from burble.model.network import mean_log_probabilities, trained_array_names

SEGMENT = 32
"""Symbols that are scored, and then learned from."""
RATE = 1e-3
"""The size of a step where the gradient is as large as it has been."""
FLOOR = 3e-3
"""What is added to the size of the gradients, so that weights that are hardly used keep still."""
PULL = 1e-3
"""The share of the way back to where the weights began, after each segment."""


class Adaptive:
    """A network that learns from what it reads.

    Args:
        model: The model; it is not changed.
    """

    def __init__(self, model: Model) -> None:
        """Builds the network with the model's weights.

        Raises:
            SettingsError: The model sees windows, each from a zero state.
        """
        if model.window:
            raise SettingsError(
                "this model reads a window anew for each symbol, and learns nothing between them. "
                "Leave out --adaptive, or take a model of streams or documents."
            )
        shape, vocabulary = model.architecture, model.vocabulary
        self._edge = vocabulary.boundary_id
        self._ensemble = network.Ensemble(shape, vocabulary.size, 0)
        names = trained_array_names(shape, vocabulary.size)
        self._start = [
            jnp.asarray(model.weights[name]).reshape(variable.shape)
            for variable, name in zip(self._ensemble.trained, names, strict=True)
        ]
        self._others = [variable.value for variable in self._ensemble.others]
        parts = shape.ensemble * shape.layers * (2 if shape.cell == "lstm" else 1)
        self._zero = [jnp.zeros((1, shape.units)) for _ in range(parts)]
        self._learn = jax.jit(self._learned)

    def costs(
        self, texts: Sequence[NDArray[np.integer]], look: Look = scoring.nothing
    ) -> list[NDArray[np.float64]]:
        """The cost of each symbol of some texts, from edge to edge; see `costs_each`."""
        return [*self.costs_each([from_edge_to_edge(self._edge, ids) for ids in texts], look)]

    def costs_each(
        self, texts: Sequence[NDArray[np.integer]], look: Look = scoring.nothing
    ) -> Iterator[NDArray[np.float64]]:
        """What all symbols but the first of some texts cost, as `scoring.costs` gives them.

        Args:
            texts: Ids of each, shape (T,); what is learned from one serves the next.
            look: Shown what was believed and what came.

        Yields:
            The costs of each, in order.
        """
        weights, squares = self._start, [jnp.zeros_like(weight) for weight in self._start]
        number = 0
        for whole in texts:
            state, found = self._zero, [np.empty(0)]
            for first in range(0, len(whole) - 1, SEGMENT):
                number += 1
                part = whole[first : first + SEGMENT + 1].astype(np.int32)
                following, there = part[1:], np.zeros(SEGMENT, np.float32)
                there[: len(following)] = 1
                # Padded to one length, for which the step is compiled once.
                seen = np.pad(part[:-1], (0, SEGMENT - len(following)))
                aims = np.pad(following, (0, SEGMENT - len(following)))
                weights, squares, state, beliefs = self._learn(
                    weights, squares, float(number), seen, aims, there, state
                )
                rows = np.asarray(beliefs, np.float64)[: len(following)]
                look(rows, following.astype(np.intp))
                found.append(-rows[np.arange(len(following)), following])
            yield np.concatenate(found)

    def _learned(
        self,
        weights: list[Any],
        squares: list[Any],
        number: float,
        seen: Any,
        aims: Any,
        there: Any,
        state: list[Any],
    ) -> tuple[list[Any], list[Any], list[Any], Any]:
        """Scores a segment, and then learns from it.

        Args:
            weights: Before it.
            squares: The sum of the squares of all gradients before it.
            number: Segments so far, this one included.
            seen: Symbols, shape (SEGMENT,).
            aims: What followed each.
            there: 1 where there is a symbol, 0 where there is padding.
            state: The state before it.

        Returns:
            Weights, squares and state after it, and the logarithms of all probabilities
            (SEGMENT, V) before anything was learned from it.
        """

        def cost(trained: list[Any]) -> tuple[Any, tuple[Any, list[Any]]]:
            logits, after, _ = self._ensemble(trained, self._others, seen[None], state, False)
            each = jax.nn.log_softmax(logits[:, 0], -1)
            nats = -jnp.take_along_axis(each, aims[None, :, None], -1)[..., 0]
            # Each network learns by itself.
            return (nats * there).sum(), (mean_log_probabilities(logits[:, 0]), after)

        gradients, (beliefs, after) = jax.grad(cost, has_aux=True)(weights)
        squares = [total + g * g for total, g in zip(squares, gradients, strict=True)]
        weights = [
            w - RATE * g / (jnp.sqrt(total / number) + FLOOR) + PULL * (began - w)
            for w, g, total, began in zip(weights, gradients, squares, self._start, strict=True)
        ]
        return weights, squares, after, beliefs
