"""The loss of each symbol of some texts, by all that predicts them: what scores are made of.

Networks, static or adaptive, or several that are mixed; an n-gram model beside them; labels. Knows
nothing of files, or of what is made of the losses.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from burble.data.labels import Numbers
from burble.errors import require_packages
from burble.evaluation import mixture
from burble.evaluation.calibration import Calibration
from burble.inference.generator import Generator
from burble.inference.scoring import (
    MemoryState,
    Predictions,
    mix_memory,
    predict_labelled,
    predict_texts,
)
from burble.model.mixture import Mixture


@dataclass(frozen=True)
class Texts:
    """Texts to be scored.

    Attributes:
        ids: Ids of each; the first of each is given, and the others are predicted.
        labels: The labels of each, shape (texts, columns), where there are some.
    """

    ids: Sequence[NDArray[np.integer]]
    labels: Numbers | None = None

    @property
    def labelled(self) -> bool:
        """Whether any of them has a label."""
        return self.labels is not None and bool(self.labels.any())


def compute_losses(
    writer: Generator,
    texts: Texts,
    skipped: int,
    *,
    adaptive: bool,
    weights: Sequence[float],
) -> list[tuple[NDArray[np.float64], Calibration]]:
    """The loss of each symbol that is scored, and their calibration, for each weight; see `_score`.

    The network reads once for all of them.
    """
    states = _start_memories(writer, adaptive=adaptive, weights=weights)
    given = _list_given(texts.ids, writer.model.vocabulary.boundary_id)
    calibrations = [Calibration() for _ in weights]
    losses: list[list[NDArray[np.float64]]] = [[] for _ in weights]
    numbers, begun, left = [], 0, skipped
    for places, network in _predict(writer, texts, adaptive=adaptive, in_order=any(weights)):
        numbers.append(places)
        # A memory, which reads text after text, is given what begins each.
        beginning = [symbol for text in given[begun : places[0] + 1] for symbol in text]
        begun, passed = max(begun, places[0] + 1), min(left, len(places))
        for place, state in enumerate(states):
            predictions = network
            if state is not None:
                state.read_symbols(beginning)
                predictions, states[place] = mix_memory(network, state)
            losses[place].append(predictions.nll)
            calibrations[place].add(
                predictions.log_probabilities[passed:], predictions.symbols[passed:]
            )
        left -= passed
    order = np.argsort(np.concatenate(numbers), kind="stable")
    found = [np.concatenate(each)[order][skipped:] for each in losses]
    return list(zip(found, calibrations, strict=True))


def _start_memories(
    writer: Generator, *, adaptive: bool, weights: Sequence[float]
) -> list[MemoryState | None]:
    """The n-gram model that has read nothing, for each weight; None for the network alone."""
    return [
        MemoryState.start(
            writer.memory, writer.mixing_weights(weight, adaptive=adaptive), adaptive=adaptive
        )
        if weight
        else None
        for weight in weights
    ]


def _predict(
    writer: Generator, texts: Texts, *, adaptive: bool, in_order: bool
) -> Iterator[tuple[NDArray[np.intp], Predictions]]:
    """The network's predictions of some texts, with the numbers of these; see `predict_texts`."""
    if not adaptive:
        core, window, labels = writer.engine, writer.model.window, texts.labels
        if labels is None:
            return predict_texts(core, texts.ids, window, in_order=in_order)
        return predict_labelled(core, texts.ids, labels, window, in_order=in_order)
    # Brings Keras and JAX, which take seconds to load.
    with require_packages("an adaptive score"):
        from burble.evaluation.dynamic import DynamicEvaluator

    model = writer.model
    if isinstance(model, Mixture):
        each = [DynamicEvaluator(part) for part in model.parts]
        return mixture.predict_texts(model, each, texts.ids, texts.labels)
    return DynamicEvaluator(model).predict_texts(texts.ids, texts.labels)


def _list_given(texts: Sequence[NDArray[np.integer]], edge: int | None) -> list[list[int]]:
    """The symbols that are given where each text begins, after those of the texts before it."""
    given, before = [], -1
    for ids in texts:
        first = [int(ids[0])]
        if edge is not None and first != [edge]:
            first = [edge, *first]
        given.append(first[1:] if edge is not None and before == edge else first)
        before = int(ids[-1])
    return given
