"""What each symbol of a text costs a model, in nats. Knows nothing of characters or files.

A text is read from a zero state, with all that came before as context. To a model of documents
(`edge` is the id of the boundary) it is one document, from edge to edge, so that all its T symbols
and its end are foretold; to any other (`edge` is None) the first symbol is given, and T - 1 are.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from burble import engine, sampling
from burble.engine import Core
from burble.gate import Gate
from burble.recall import Index, Reader

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
        share: How far it is believed, 0 to 1; see `Gate`.
        learns: Whether memory and gate learn from what they are scored on.
        look: Shown what both believed, and what came.
    """

    def __init__(self, index: Index, share: float, *, learns: bool, look: Look) -> None:
        """Nothing was read."""
        self._reader = Reader(index, learns=learns)
        self._gate = Gate(share, learns=learns)
        self._look = look
        self._costs = [np.empty(0)]

    def begin(self, symbol: int) -> None:
        """Reads a symbol that is given."""
        self._reader.add(symbol)

    def __call__(self, beliefs: NDArray[np.float64], following: NDArray[np.intp]) -> None:
        """Takes what the network believed of the symbols that follow what was read."""
        mixed = np.empty_like(beliefs)
        for row, symbol in enumerate(following.tolist()):
            one = slice(row, row + 1)
            mixed[one] = self._gate.mix(beliefs[one], self._reader.expect())
            self._gate.learn(following[one])
            self._reader.add(symbol)
        self._look(mixed, following)
        self._costs.append(-mixed[np.arange(len(following)), following])

    def costs(self) -> NDArray[np.float64]:
        """What all symbols so far cost, nats."""
        return np.concatenate(self._costs)


def costs(
    core: Core, edge: int | None, ids: NDArray[np.integer], look: Look = nothing
) -> NDArray[np.float64]:
    """The cost of each symbol of one text, in memory that grows with its length alone.

    Args:
        core: The network.
        edge: The id of the boundary between documents, or None.
        ids: Shape (T,).
        look: Shown what was believed and what came.

    Returns:
        Nats, shape (T + 1,) with an edge and (T - 1,) without.
    """
    whole = from_edge_to_edge(edge, ids)
    state = core.start(1)
    found = [np.empty(0)]
    for at in range(0, len(whole) - 1, BLOCK):
        seen, following = whole[at : at + BLOCK], whole[at + 1 : at + BLOCK + 1]
        logits, state = core.read(seen[: len(following)], state)
        found.append(_nats(logits, following, look))
    return np.concatenate(found)


def costs_by_window(
    core: Core,
    edge: int | None,
    window: int,
    ids: NDArray[np.integer],
    look: Look = nothing,
) -> NDArray[np.float64]:
    """The cost of each symbol of one text, as `costs` gives it, from a few symbols before it.

    Args:
        core: The network.
        edge: The id of the boundary between documents, or None.
        window: Symbols it sees, from a zero state; fewer where there are no more.
        ids: Shape (T,).
        look: Shown what was believed and what came.

    Returns:
        Nats, shape (T + 1,) with an edge and (T - 1,) without.
    """
    whole = from_edge_to_edge(edge, ids)
    found = [costs(core, None, whole[: window + 1], look)]
    for first in range(window + 1, len(whole), LANES):
        following = whole[first : first + LANES]
        state = core.start(len(following))
        for at in range(first - window, first):
            logits, state = core.step(whole[at : at + len(following)], state)
        found.append(_nats(logits, following, look))
    return np.concatenate(found)


def costs_each(
    core: Core,
    edge: int | None,
    texts: Sequence[NDArray[np.integer]],
    look: Look = nothing,
) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """The cost of each symbol of many texts, short ones side by side.

    Args:
        core: The network.
        edge: The id of the boundary between documents, or None.
        texts: Ids of each text, shape (T,) each.
        look: Shown what was believed and what came.

    Yields:
        The number of a text, and its costs as `costs` gives them (rounded otherwise in the last
        bits); the longest first.
    """
    order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
    long = [i for i in order if len(texts[i]) > SHORT]
    for i in long:
        yield i, costs(core, edge, texts[i], look)
    for first in range(len(long), len(order), LANES):
        group = order[first : first + LANES]
        wholes = [from_edge_to_edge(edge, texts[i]) for i in group]
        yield from zip(group, _side_by_side(core, wholes, look), strict=True)


def _side_by_side(
    core: Core, wholes: list[NDArray[np.intp]], look: Look
) -> Iterator[NDArray[np.float64]]:
    """The costs of a few short texts, the longest first, read in one pass."""
    lengths = np.array([len(whole) for whole in wholes])
    padded = np.array([np.pad(whole, (0, lengths[0] - len(whole))) for whole in wholes])
    found = np.zeros(padded.shape)
    state = core.start(len(wholes))
    for at in range(lengths[0] - 1):
        # The longest stand first, so those that go on are the first rows.
        on = int(np.count_nonzero(lengths > at + 1))
        logits, state = core.step(padded[:on, at], engine.take(state, range(on)))
        found[:on, at] = _nats(logits, padded[:on, at + 1], look)
    return (row[: max(0, n - 1)] for row, n in zip(found, lengths, strict=True))


def _nats(
    logits: NDArray[np.float32], following: NDArray[np.intp], look: Look
) -> NDArray[np.float64]:
    """The cost of the symbol that followed each row of logits (rows, V)."""
    rows = sampling.log_probabilities(logits.astype(np.float64))
    look(rows, following)
    return -rows[np.arange(len(following)), following]


def from_edge_to_edge(edge: int | None, ids: NDArray[np.integer]) -> NDArray[np.intp]:
    """A text with the edges that a model of documents sees."""
    return np.array(ids if edge is None else [edge, *ids, edge], np.intp)
