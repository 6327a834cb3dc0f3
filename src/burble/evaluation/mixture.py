"""Scores of several models that are mixed, each of which learns by itself from what it reads.

Knows nothing of how they learn.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from burble.data.labels import Labels, Numbers
from burble.inference.scoring import Predictions
from burble.model.mixture import Mixture, build_mixer
from burble.model.softmax import log_softmax

Ids = NDArray[np.integer]
ROWS = 32
"""Symbols that are scored at once."""


class Evaluator(Protocol):
    """A model that learns from what it has predicted; see `evaluation.dynamic`."""

    def predict_texts(
        self, texts: Sequence[Ids], labels: Numbers | None = None
    ) -> Iterator[tuple[NDArray[np.intp], Predictions]]:
        """Predicts all symbols but the first of some texts, one text after the other."""


def predict_texts(
    model: Mixture,
    evaluators: Sequence[Evaluator],
    texts: Sequence[Ids],
    labels: Numbers | None = None,
) -> Iterator[tuple[NDArray[np.intp], Predictions]]:
    """Predicts all symbols but the first of some texts, with several models that learn.

    Args:
        model: The mixture of them.
        evaluators: The models.
        texts: Ids of each text in the alphabet of the mixture, shape (T,).
        labels: Those of each text, as the mixture numbers them, shape (texts, columns); none if
            None.

    Yields:
        As `burble.inference.scoring.predict_texts`, one text after the other.
    """
    mixer, readers = build_mixer(model), []
    for part, evaluator, own in zip(model.parts, evaluators, mixer.ids, strict=True):
        given = None if labels is None else part.labels.renumber(Labels(model.labels, labels))
        readers.append(_Reader(evaluator, own, texts, given))
    for place, text in enumerate(texts):
        for first in range(1, len(text), ROWS):
            symbols = np.asarray(text[first : first + ROWS], np.intp)
            rows = [reader.predict(place, first, len(symbols)) for reader in readers]
            mixed = log_softmax(mixer.mix(rows))
            yield np.full(len(symbols), place), Predictions(mixed, symbols)


class _Reader:
    """What one model predicts of texts, of which it may not know every symbol.

    Where one is unknown it reads nothing and predicts what it did.

    Args:
        evaluator: The model.
        own: The id that it reads for each of all symbols, or -1.
        texts: The texts, in the alphabet of all.
        labels: Those of each text, as the model numbers them.
    """

    def __init__(
        self,
        evaluator: Evaluator,
        own: Ids,
        texts: Sequence[Ids],
        labels: Numbers | None = None,
    ) -> None:
        parts = [_known_part(own[text]) for text in texts]
        self._rows = [places for _, places in parts]
        self._predicted = evaluator.predict_texts([ids for ids, _ in parts], labels)
        # The rows of one text that were predicted, from the one that is needed next.
        self._text, self._first = -1, 0
        self._held = np.zeros((0, 0))

    def predict(self, text: int, first: int, count: int) -> NDArray[np.float64]:
        """The log-probabilities of some symbols of a text, those before all were asked for.

        Args:
            text: Its number.
            first: The place of the first of them.
            count: How many there are.

        Returns:
            Shape (count, V), of the model's own alphabet.
        """
        rows = self._rows[text][first : first + count]
        if text != self._text:
            self._text, self._first, self._held = text, 0, self._held[:0]
        while self._first + len(self._held) <= rows[-1]:
            _, predictions = next(self._predicted)
            more = predictions.log_probabilities
            self._held = np.concatenate([self._held, more]) if len(self._held) else more
        self._held = self._held[rows[0] - self._first :]
        self._first = int(rows[0])
        return self._held[rows - self._first]


def _known_part(read: Ids) -> tuple[Ids, NDArray[np.intp]]:
    """The symbols of a text that a model knows, and which of its predictions holds at each place.

    Args:
        read: What it reads of the text, -1 where that is nothing, shape (T,).

    Returns:
        What it knows, with -1 behind it where more is to be predicted than that; and for each place
        the number of the last prediction that was made before, shape (T,), for all but the first.

    >>> ids, rows = _known_part(np.array([5, -1, 6, -1]))
    >>> ids.tolist(), rows[1:].tolist()
    ([5, 6, -1], [0, 0, 1])
    """
    # A text has to begin with something: with the first symbol of the alphabet, if need be.
    read = np.concatenate([np.maximum(read[:1], 0), read[1:]])
    known = read >= 0
    ids = read[known]
    rows = np.asarray(np.cumsum(known) - known - 1, np.intp)
    return (ids if known[-1] else np.append(ids, -1)), rows
