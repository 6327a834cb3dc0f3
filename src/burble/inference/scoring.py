"""What each symbol of a text costs a model, in nats. Knows nothing of characters or files.

A text is read from a zero state, with all that came before as context. Its first symbol is given,
and the T - 1 others are foretold. To a model of documents a document is read from edge to edge (see
`from_edge_to_edge`), so that all its symbols and its end are foretold.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from burble.model.engine import Core, select_streams
from burble.model.softmax import log_softmax
from burble.ngram.mixing import MixingWeights, mix_predictions, update_weights
from burble.ngram.predictor import NgramModel, NgramPredictor

Look = Callable[[NDArray[np.float64], NDArray[np.intp]], object]
"""Shown the logarithms of all probabilities (rows, V), and the symbols that came (rows,)."""

BLOCK = 256
SHORT = 1_024
LANES = 64


def nothing(_beliefs: NDArray[np.float64], _following: NDArray[np.intp]) -> None:
    """Does not look."""


class Remembering:
    """A look that scores what a network and its memory expect together.

    Args:
        index: The memory.
        share: How far it is believed, 0 to 1; see `MixingWeights`.
        learns: Whether memory and mixing weights learn from what they are scored on.
        look: Shown what both believed, and what came.
    """

    def __init__(self, index: NgramModel, share: float, *, learns: bool, look: Look) -> None:
        """Nothing was read."""
        self._reader = NgramPredictor(index, adaptive=learns)
        self._weights = MixingWeights.trained(share, adaptive=learns)
        self._learns = learns
        self._look = look
        self._costs = [np.empty(0)]

    def begin(self, symbols: Sequence[int]) -> None:
        """Reads symbols that are given."""
        for symbol in symbols:
            self._reader.append_symbol(symbol)

    def __call__(self, beliefs: NDArray[np.float64], following: NDArray[np.intp]) -> None:
        """Takes what the network believed of the symbols that follow what was read."""
        mixed = np.empty_like(beliefs)
        for row, symbol in enumerate(following.tolist()):
            one = slice(row, row + 1)
            mixture = mix_predictions(beliefs[one], self._reader.predict(), self._weights)
            mixed[one] = mixture.log_probabilities
            if self._learns:
                self._weights = update_weights(self._weights, mixture, following[one])
            self._reader.append_symbol(symbol)
        self._look(mixed, following)
        self._costs.append(-mixed[np.arange(len(following)), following])

    def costs(self) -> NDArray[np.float64]:
        """What all symbols so far cost, nats."""
        return np.concatenate(self._costs)


def costs(core: Core, ids: NDArray[np.integer], look: Look = nothing) -> NDArray[np.float64]:
    """The cost of each symbol of one text, in memory that grows with its length alone.

    Args:
        core: The network.
        ids: Shape (T,).
        look: Shown what was believed and what came.

    Returns:
        Nats, shape (T - 1,).
    """
    state = core.zero_state(1)
    found = [np.empty(0)]
    for at in range(0, len(ids) - 1, BLOCK):
        seen, following = ids[at : at + BLOCK], ids[at + 1 : at + BLOCK + 1].astype(np.intp)
        logits, state = core.read_symbols(seen[: len(following)], state)
        found.append(_nats(logits, following, look))
    return np.concatenate(found)


def costs_by_window(
    core: Core,
    window: int,
    ids: NDArray[np.integer],
    look: Look = nothing,
) -> NDArray[np.float64]:
    """The cost of each symbol of one text, as `costs` gives it, from a few symbols before it.

    Args:
        core: The network.
        window: Symbols it sees, from a zero state; fewer where there are no more.
        ids: Shape (T,).
        look: Shown what was believed and what came.

    Returns:
        Nats, shape (T - 1,).
    """
    found = [costs(core, ids[: window + 1], look)]
    for first in range(window + 1, len(ids), LANES):
        following = ids[first : first + LANES].astype(np.intp)
        state = core.zero_state(len(following))
        for at in range(first - window, first):
            logits, state = core.step(ids[at : at + len(following)], state)
        found.append(_nats(logits, following, look))
    return np.concatenate(found)


def costs_each(
    core: Core,
    texts: Sequence[NDArray[np.integer]],
    look: Look = nothing,
) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """The cost of each symbol of many texts, short ones side by side.

    Args:
        core: The network.
        texts: Ids of each text, shape (T,) each.
        look: Shown what was believed and what came.

    Yields:
        The number of a text, and its costs as `costs` gives them (rounded otherwise in the last
        bits); the longest first.
    """
    order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
    long = [i for i in order if len(texts[i]) > SHORT]
    for i in long:
        yield i, costs(core, texts[i], look)
    for first in range(len(long), len(order), LANES):
        group = order[first : first + LANES]
        some = [np.asarray(texts[i], np.intp) for i in group]
        yield from zip(group, _side_by_side(core, some, look), strict=True)


def _side_by_side(
    core: Core, texts: list[NDArray[np.intp]], look: Look
) -> Iterator[NDArray[np.float64]]:
    """The costs of a few short texts, the longest first, read in one pass."""
    lengths = np.array([len(text) for text in texts])
    padded = np.array([np.pad(text, (0, lengths[0] - len(text))) for text in texts])
    found = np.zeros(padded.shape)
    state = core.zero_state(len(texts))
    for at in range(lengths[0] - 1):
        # The longest stand first, so those that go on are the first rows.
        on = int(np.count_nonzero(lengths > at + 1))
        logits, state = core.step(padded[:on, at], select_streams(state, range(on)))
        found[:on, at] = _nats(logits, padded[:on, at + 1], look)
    return (row[: max(0, n - 1)] for row, n in zip(found, lengths, strict=True))


def _nats(
    logits: NDArray[np.float32], following: NDArray[np.intp], look: Look
) -> NDArray[np.float64]:
    """The cost of the symbol that followed each row of logits (rows, V)."""
    rows = log_softmax(logits.astype(np.float64))
    look(rows, following)
    return -rows[np.arange(len(following)), following]


def from_edge_to_edge(edge: int | None, ids: NDArray[np.integer]) -> NDArray[np.intp]:
    """A text with the edges that a model of documents sees."""
    return np.array(ids if edge is None else [edge, *ids, edge], np.intp)
