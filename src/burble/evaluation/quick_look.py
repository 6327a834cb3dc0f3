"""How well a base model predicts a text that it is to learn, beside n-grams of the text itself.

A look that takes a moment: a part of the training text is scored by the base as it is, and by a
Kneser-Ney model of what stands around that part. Knows nothing of what is made of it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from burble.data.corpus import Corpus
from burble.data.vocabulary import Vocabulary
from burble.inference.scoring import predict_texts
from burble.model.engine import build_engine
from burble.model.file import Model
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
    """What both score on the same part of a training text, in nats per symbol, static.

    Attributes:
        base: The base model.
        ngrams: The n-grams, of the order that is best there.
    """

    base: float
    ngrams: float


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
    return Look(_score_base(model, corpus.vocabulary, part), _score_ngrams(corpus, part))


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


def _score_ngrams(corpus: Corpus, part: _Part) -> float:
    """Nats per symbol of n-grams of the rest, of the best order."""
    ids = np.concatenate([part.rest, *part.pieces])
    scored = np.concatenate([np.arange(len(piece)) >= part.lead for piece in part.pieces])
    orders = kneser_ney.static_losses_by_order(ids, len(part.rest), corpus.vocabulary.size, ORDER)
    return min(float(nats[scored].mean()) for nats in orders)


def _score_base(model: Model, alphabet: Vocabulary, part: _Part) -> float:
    """Nats per symbol of the base, as it would predict with the alphabet of the text.

    Symbols that it has never seen it reads over. That one comes is predicted by how often one does
    in the rest of the text, and then each of them is as likely as the others.
    """
    own = model.vocabulary.renumber(np.arange(alphabet.size), alphabet)
    known = [own[piece] >= 0 for piece in part.pieces]
    texts = [own[piece][there] for piece, there in zip(part.pieces, known, strict=True)]
    nats = _known_losses(model, texts, np.unique(own[own >= 0]))
    mine = np.concatenate([np.flatnonzero(there) >= part.lead for there in known])
    there = np.concatenate([there[part.lead :] for there in known])
    return float(nats[mine].sum() + _escape_losses(own, part.rest, there).sum()) / len(there)


def _known_losses(
    model: Model, texts: Sequence[NDArray[np.integer]], shared: NDArray[np.integer]
) -> NDArray[np.float64]:
    """The loss of each symbol of some texts, among the symbols that are in the alphabets of both.

    The first of a text, which nothing stands before, is as likely as any.
    """
    uniform = math.log(max(1, len(shared)))
    numbers = [np.flatnonzero([len(text) > 0 for text in texts])]
    losses = [np.full(len(numbers[0]), uniform)]
    engine = build_engine(model.weights, model.architecture)
    for rows, predictions in predict_texts(engine, texts, model.window):
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
