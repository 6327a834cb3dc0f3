"""Whether a base model knows anything of a text that the text would not soon teach by itself.

A look that takes a moment: a part of the training text is scored by the base as it is, by a
Kneser-Ney model of what stands around that part, and by both together. Knows nothing of what is
made of it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from burble.data.corpus import Corpus
from burble.data.vocabulary import Vocabulary
from burble.inference.scoring import predict_texts
from burble.model.file import Model
from burble.model.mixture import build_core
from burble.ngram import kneser_ney

PIECES = 16
"""Stretches that are scored, spread evenly over the training text."""
LONGEST = 256
"""Symbols of each at most."""
FRACTION = 0.2
"""Of the training text, what is scored at most."""
LEAD = 64
"""Symbols before each that are read and not scored."""
COUNTED = 200_000
"""Symbols around them that n-grams are counted in at most."""
ORDER = 6
"""Symbols of the longest n-gram."""

Ids = NDArray[np.intp]


@dataclass(frozen=True)
class Look:
    """What is scored on a part of a training text, in nats per symbol, static.

    Attributes:
        base: The base model.
        ngrams: N-grams of the rest, of the order that is best there.
        both: The mean of what they predict, each with the weight, in tenths, that is best there.
    """

    base: float
    ngrams: float
    both: float

    @property
    def gain(self) -> float:
        """How much better n-grams predict with the base than without it: at least nothing."""
        return self.ngrams - self.both


@dataclass(frozen=True)
class _Part:
    """The part of a training text that is scored, and what stands around it.

    Attributes:
        pieces: Ids of each stretch with its lead, shape (lead + n,) each.
        lead: Symbols of each that are not scored.
        rest: Ids of what stands around them, shape (R,).
    """

    pieces: Sequence[Ids]
    lead: int
    rest: Ids


def look_at_text(model: Model, corpus: Corpus) -> Look | None:
    """Scores a part of the training text; the same text and model give the same figures.

    Args:
        model: The base; a symbol of it is what one of the text is.
        corpus: The text. Of its validation part nothing is read.

    Returns:
        The scores; None where the text is too short for a part of it to say anything.
    """
    part = _choose_part(corpus.training)
    if part is None:
        return None
    base, ngrams = _base_losses(model, corpus.vocabulary, part), _ngram_losses(corpus, part)
    return Look(float(base.mean()), float(ngrams.mean()), _score_mixture(base, ngrams))


def _choose_part(training: NDArray[np.integer]) -> _Part | None:
    """Stretches spread evenly over a training text."""
    size = min(LONGEST, int(len(training) * FRACTION) // PIECES)
    if not size:
        return None
    each, reach = len(training) / PIECES, COUNTED // (2 * PIECES)
    firsts = [int((number + 0.5) * each - size / 2) for number in range(PIECES)]
    lead = min(LEAD, firsts[0])
    rest = []
    for number, first in enumerate(firsts):
        begin, end = int(number * each), int((number + 1) * each)
        rest.append(training[max(begin, first - reach) : first])
        rest.append(training[first + size : min(end, first + size + reach)])
    pieces = [np.array(training[first - lead : first + size], np.intp) for first in firsts]
    return _Part(pieces, lead, np.concatenate(rest).astype(np.intp))


def _ngram_losses(corpus: Corpus, part: _Part) -> NDArray[np.float64]:
    """The loss of each symbol that is scored by n-grams of the rest, of the best order."""
    ids = np.concatenate([part.rest, *part.pieces])
    scored = np.concatenate([np.arange(len(piece)) >= part.lead for piece in part.pieces])
    orders = kneser_ney.static_losses_by_order(ids, len(part.rest), corpus.vocabulary.size, ORDER)
    return min((nats[scored] for nats in orders), key=lambda nats: float(nats.mean()))


def _score_mixture(base: NDArray[np.float64], ngrams: NDArray[np.float64]) -> float:
    """Nats per symbol of both together, shape (N,) each, by the best of some weights."""
    tenths = np.arange(1, 10)[:, None] / 10
    mixed = np.logaddexp(np.log(tenths) - base, np.log1p(-tenths) - ngrams).mean(1)
    return float(min(base.mean(), ngrams.mean(), -mixed.max()))


def _base_losses(model: Model, alphabet: Vocabulary, part: _Part) -> NDArray[np.float64]:
    """The loss of each symbol that is scored by the base, predicting with the text's alphabet.

    Symbols that it has never seen it reads over. That one comes is predicted by how often one does
    in the rest of the text, and then each of them is as likely as the others.
    """
    own = model.vocabulary.renumber(np.arange(alphabet.size), alphabet)
    known = [own[piece] >= 0 for piece in part.pieces]
    texts = [own[piece][there] for piece, there in zip(part.pieces, known, strict=True)]
    nats = _known_losses(model, texts, np.unique(own[own >= 0]))
    mine = np.concatenate([np.flatnonzero(there) >= part.lead for there in known])
    there = np.concatenate([there[part.lead :] for there in known])
    losses = _escape_losses(own, part.rest, there)
    losses[there] += nats[mine]
    return losses


def _known_losses(
    model: Model, texts: Sequence[NDArray[np.integer]], shared: NDArray[np.integer]
) -> NDArray[np.float64]:
    """The loss of each symbol of some texts, among the symbols that are in the alphabets of both.

    The first of a text, which nothing stands before, is as likely as any.
    """
    uniform = math.log(max(1, len(shared)))
    numbers = [np.flatnonzero([len(text) > 0 for text in texts])]
    losses = [np.full(len(numbers[0]), uniform)]
    for rows, predictions in predict_texts(build_core(model), texts, model.window):
        possible = np.logaddexp.reduce(predictions.log_probabilities[:, shared], axis=1)
        numbers.append(rows)
        losses.append(possible + predictions.nll)
    return np.concatenate(losses)[np.argsort(np.concatenate(numbers), kind="stable")]


def _escape_losses(
    own: NDArray[np.integer], rest: Ids, there: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """What it costs to say that each symbol is one that the base knows, or which other one it is.

    Args:
        own: The base's id of each id of the text, -1 where it has none, shape (V,).
        rest: Ids of the text in which both kinds are counted, shape (R,).
        there: Whether the base knows the symbol, shape (N,).
    """
    unseen = int(np.count_nonzero(own < 0))
    if not unseen:
        return np.zeros(len(there))
    rate = (np.count_nonzero(own[rest] < 0) + 0.5) / (len(rest) + 1)
    return np.where(there, -math.log1p(-rate), math.log(unseen) - math.log(rate))
