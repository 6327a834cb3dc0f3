"""A network, and the memory that is mixed with it, as they read texts and predict what follows.

Knows nothing of characters, or of how a text is written.
"""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from burble.inference.beginnings import Beginnings
from burble.inference.context import Context, MemoryContext, StateContext, WindowContext
from burble.inference.open_ends import OpenContext, OpenEnd
from burble.inference.scoring import MemoryState, Predictions, mix_memory, predict_in_parts
from burble.model.engine import Array, Core, finish_reading
from burble.ngram.mixing import MixingWeights
from burble.ngram.predictor import NgramModel


@dataclass(frozen=True)
class Reader:
    """What reads a text from its beginning.

    Attributes:
        core: The network.
        window: Symbols that it sees; 0 for all that came before.
        memory: An n-gram model that is mixed with it, if any.
        weights: How much each counts; needed with a memory.
        beginnings: States after texts that the network has read before, if any are kept.
        may_be_open: Whether prompts may have an open end.
    """

    core: Core
    window: int
    memory: NgramModel | None = None
    weights: MixingWeights | None = None
    beginnings: Beginnings | None = None
    may_be_open: bool = False

    def read(self, ids: NDArray[np.integer], end: OpenEnd | None = None) -> tuple[Array, Context]:
        """The logits (1, V) after symbols, (T,), and a context that has read them.

        Args:
            ids: The symbols.
            end: What stands behind them and may go on, where ends may be open.
        """
        return finish_reading(self.read_in_parts(ids, end))

    def read_in_parts(
        self, ids: NDArray[np.integer], end: OpenEnd | None = None
    ) -> Generator[None, None, tuple[Array, Context]]:
        """`read` for whoever has other work in between: every few milliseconds."""
        context = self._begin()
        if self.may_be_open:
            context = OpenContext(context, end)
        logits = yield from context.read_in_parts(ids)
        return logits, context

    @property
    def side_by_side(self) -> bool:
        """Whether `read_several` is faster than to read one after the other."""
        plain = not self.window and self.memory is None and not self.may_be_open
        return plain and self.core.side_by_side

    def read_several(
        self, several: Sequence[NDArray[np.integer]]
    ) -> Generator[None, None, list[tuple[Array, Context]]]:
        """`read_in_parts` for texts side by side, each of at most `BLOCK` symbols."""
        found = yield from StateContext.read_several(self.core, several)
        return [*found]

    def _begin(self) -> Context:
        """A context of the network and its memory that has read nothing."""
        network: StateContext | WindowContext
        if self.window:
            network = WindowContext(self.core, self.window)
        else:
            network = StateContext(self.core, self.beginnings)
        if self.memory is None or self.weights is None:
            return network
        return MemoryContext(network, self.memory, self.weights)

    def predict_in_parts(self, ids: NDArray[np.integer]) -> Iterator[Predictions | None]:
        """What is predicted of each symbol of a text, as it is evaluated; see `predict_in_parts`.

        Args:
            ids: Shape (T,).
        """
        memory = None
        if self.memory is not None and self.weights is not None:
            memory = MemoryState.start(self.memory, self.weights)
            memory.read_symbols(ids[:1].tolist())
        for predictions in predict_in_parts(self.core, ids, self.window):
            if memory is None or predictions is None:
                yield predictions
            else:
                mixed, memory = mix_memory(predictions, memory)
                yield mixed
