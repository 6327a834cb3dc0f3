"""The forward step of a model that learned each document from a zero state, and reads it from one.

What stands before the edge of documents then changes nothing of what follows, as in training. Knows
nothing of text. Axes: `B` streams, `T` steps.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from burble.model.engine import Array, Core, Reading, State, finish_reading


class ResetEngine:
    """The forward step of a model whose state becomes zero before it reads the edge of documents.

    Args:
        core: Its network, which carries its state on.
        reset_id: The id of the edge.

    Attributes:
        core: The network.
        reset_id: That id.
    """

    def __init__(self, core: Core, reset_id: int) -> None:
        self.core, self.reset_id = core, reset_id

    @property
    def side_by_side(self) -> bool:
        """See `Core`."""
        return self.core.side_by_side

    def with_labels(self, labels: Sequence[int]) -> "ResetEngine":
        """The engine for texts that have some labels; see `Core`."""
        return ResetEngine(self.core.with_labels(labels), self.reset_id)

    def zero_state(self, streams: int) -> State:
        """The state of streams that have read nothing; see `Core`."""
        return self.core.zero_state(streams)

    def step(self, ids: NDArray[np.integer], state: State) -> tuple[Array, State]:
        """Reads one symbol in each stream; see `Core`."""
        return self.core.step(ids, reset_streams(ids == self.reset_id, state))

    def read_symbols(self, ids: NDArray[np.integer], state: State) -> tuple[Array, State]:
        """Reads many symbols in one stream; see `Core`."""
        return finish_reading(self.read_in_parts(ids, state))

    def read_in_parts(self, ids: NDArray[np.integer], state: State) -> Reading:
        """Reads many symbols, (T,), or (T, B), up to each edge by themselves; see `Core`."""
        edges = (ids if ids.ndim == 2 else ids[:, None]) == self.reset_id
        places = np.flatnonzero(edges.any(1)).tolist()
        if not places:
            return (yield from self.core.read_in_parts(ids, state))
        found = []
        for first, end in pairwise(sorted({0, *places, len(ids)})):
            if first:
                yield
            before = reset_streams(edges[first], state)
            logits, state = yield from self.core.read_in_parts(ids[first:end], before)
            found.append(logits)
        return np.concatenate(found), state


def reset_streams(chosen: NDArray[np.bool_], state: State) -> State:
    """A state, (…, B), that is zero in the streams that are chosen, (B,); it is not changed."""
    if not chosen.any():
        return state
    return tuple(np.where(chosen, np.float32(0), part) for part in state)
