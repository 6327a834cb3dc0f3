"""What a model predicts of each symbol of a text, and the loss of that in nats.

Knows nothing of characters or files. A text is read from a zero state, with all that came before as
context. Its first symbol is given, and the T - 1 others are predicted. To a model of documents a
document is read from edge to edge (see `add_edges`), so that all its symbols and its end are.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from burble.model.engine import Core, select_streams
from burble.model.softmax import log_softmax
from burble.ngram.mixing import MixingWeights, mix_predictions, update_weights
from burble.ngram.predictor import NgramModel, NgramPredictor

BLOCK = 256
SHORT = 1_024
LANES = 64


@dataclass(frozen=True)
class Predictions:
    """What was predicted of N symbols, and what they were.

    Attributes:
        log_probabilities: Of each symbol that could have come, shape (N, V).
        symbols: Those that came, shape (N,).
    """

    log_probabilities: NDArray[np.float64]
    symbols: NDArray[np.intp]

    @property
    def nll(self) -> NDArray[np.float64]:
        """The negative log-likelihood of each symbol that came, nats, shape (N,)."""
        return -self.log_probabilities[np.arange(len(self.symbols)), self.symbols]


def predict_text(core: Core, ids: NDArray[np.integer], window: int = 0) -> Iterator[Predictions]:
    """Predicts each symbol of one text from those before it, in memory that does not grow.

    Args:
        core: The network.
        ids: Shape (T,).
        window: Symbols it sees, each time from a zero state, or fewer where there are no more; 0
            for all that came before.

    Yields:
        The predictions of a few symbols at a time, T - 1 in all.
    """
    yield from (found for found in predict_in_parts(core, ids, window) if found is not None)


def predict_in_parts(
    core: Core, ids: NDArray[np.integer], window: int = 0
) -> Iterator[Predictions | None]:
    """`predict_text` for whoever has other work in between: None every few milliseconds."""
    state = core.zero_state(1)
    begun = ids[: window + 1] if window else ids
    for at in range(0, len(begun) - 1, BLOCK):
        seen, following = begun[at : at + BLOCK], begun[at + 1 : at + BLOCK + 1]
        logits, state = yield from core.read_in_parts(seen[: len(following)], state)
        yield _pair(logits, following)
    for first in range(len(begun), len(ids), LANES):
        following = ids[first : first + LANES]
        state = core.zero_state(len(following))
        for at in range(first - window, first):
            logits, state = core.step(ids[at : at + len(following)], state)
        yield _pair(logits, following)


def predict_texts(
    core: Core,
    texts: Sequence[NDArray[np.integer]],
    window: int = 0,
    *,
    in_order: bool = False,
) -> Iterator[tuple[NDArray[np.intp], Predictions]]:
    """Predicts each symbol of many texts, short ones side by side.

    Args:
        core: The network.
        texts: Ids of each text, shape (T,) each.
        window: See `predict_text`.
        in_order: Whether one text comes after the other.

    Yields:
        The numbers of the texts that N symbols are of, shape (N,), and their predictions as of
        `predict_text` (rounded otherwise in the last bits). Those of one text come in order.
    """
    order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
    alone = [i for i in order if len(texts[i]) > SHORT]
    if window or in_order:
        order = alone = [*range(len(texts))]
    for i in alone:
        for predictions in predict_text(core, texts[i], window):
            yield np.full(len(predictions.symbols), i), predictions
    for first in range(len(alone), len(order), LANES):
        yield from _predict_side_by_side(core, texts, order[first : first + LANES])


def predict_labelled(
    core: Core,
    texts: Sequence[NDArray[np.integer]],
    labels: NDArray[np.integer],
    window: int = 0,
    *,
    in_order: bool = False,
) -> Iterator[tuple[NDArray[np.intp], Predictions]]:
    """Predicts each symbol of many texts with their labels, those of the same ones side by side.

    Args:
        core: The network.
        texts: Ids of each text, shape (T,) each.
        labels: Those of each text, shape (texts, columns); see `Engine.with_labels`.
        window: See `predict_text`.
        in_order: Whether one text comes after the other.

    Yields:
        As `predict_texts`.
    """
    kinds, which = np.unique(labels, axis=0, return_inverse=True)
    which = which.reshape(-1)
    groups = [np.flatnonzero(which == kind) for kind in range(len(kinds))]
    if in_order:
        # Neighbours that have the same labels are one group.
        groups = np.split(np.arange(len(texts)), np.flatnonzero(np.diff(which)) + 1)
    for group in groups:
        labelled = core.with_labels(labels[group[0]].tolist())
        chosen = [texts[i] for i in group.tolist()]
        for places, predictions in predict_texts(labelled, chosen, window, in_order=in_order):
            yield group[places], predictions


def _predict_side_by_side(
    core: Core, texts: Sequence[NDArray[np.integer]], group: Sequence[int]
) -> Iterator[tuple[NDArray[np.intp], Predictions]]:
    """The predictions of a few short texts, the longest first, read in one pass."""
    lengths = np.array([len(texts[i]) for i in group])
    padded = np.array([np.pad(texts[i], (0, lengths[0] - len(texts[i]))) for i in group], np.intp)
    state = core.zero_state(len(group))
    for at in range(lengths[0] - 1):
        # The longest stand first, so those that go on are the first rows.
        on = int(np.count_nonzero(lengths > at + 1))
        logits, state = core.step(padded[:on, at], select_streams(state, range(on)))
        yield np.array(group[:on]), _pair(logits, padded[:on, at + 1])


def _pair(logits: NDArray[np.float32], symbols: NDArray[np.integer]) -> Predictions:
    """What each row of logits (N, V) says of the symbol that followed."""
    log_probabilities = log_softmax(logits.astype(np.float64))
    return Predictions(log_probabilities, symbols.astype(np.intp))


@dataclass(frozen=True)
class MemoryState:
    """How far an n-gram memory has read a text, and how it is mixed in from there.

    Attributes:
        predictor: The memory, with what it has read; it reads on in place.
        weights: How much network and memory count.
        adaptive: Whether both learn from what they are scored on.
    """

    predictor: NgramPredictor
    weights: MixingWeights
    adaptive: bool = False

    @classmethod
    def start(
        cls,
        memory: NgramModel,
        weights: MixingWeights,
        *,
        adaptive: bool = False,
    ) -> "MemoryState":
        """A memory that has read nothing.

        Args:
            memory: The n-gram model.
            weights: How much network and memory count at the beginning.
            adaptive: Whether all of them learn from what they are scored on.
        """
        return cls(NgramPredictor(memory, adaptive=adaptive), weights, adaptive)

    def read_symbols(self, symbols: Sequence[int]) -> None:
        """Reads symbols that are given, and predicts none of them."""
        for symbol in symbols:
            self.predictor.append_symbol(symbol)


def mix_memory(predictions: Predictions, state: MemoryState) -> tuple[Predictions, MemoryState]:
    """What a network and its memory predict together.

    Args:
        predictions: The network's, of the symbols that follow what the memory has read.
        state: The memory, which reads them.

    Returns:
        The predictions of both, and the state after them.
    """
    network, weights = predictions.log_probabilities, state.weights
    mixed = np.empty_like(network)
    for row, symbol in enumerate(predictions.symbols.tolist()):
        one = slice(row, row + 1)
        mixture = mix_predictions(network[one], state.predictor.predict(), weights)
        mixed[one] = mixture.log_probabilities
        if state.adaptive:
            weights = update_weights(weights, mixture, predictions.symbols[one])
        state.predictor.append_symbol(symbol)
    return replace(predictions, log_probabilities=mixed), replace(state, weights=weights)


def add_edges(edge: int | None, ids: NDArray[np.integer]) -> NDArray[np.intp]:
    """A text with the edges that a model of documents sees."""
    return np.array(ids if edge is None else [edge, *ids, edge], np.intp)
