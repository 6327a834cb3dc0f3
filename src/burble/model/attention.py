"""The forward step of a network that attends among its last symbols, as textgenrnn's does.

It reads so many symbols anew for each one it predicts, from a zero state: LSTM layers above an
embedding, then the mean of what embedding and layers gave at each place, weighted by attention.
Before the first symbol there are places without one, which have a vector of their own. Its state
is the symbols it sees. Knows nothing of text, nor of the format that such networks come in.
"""

from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from burble.model.architecture import ATTENTION, PADDING, Weights
from burble.model.engine import Array, Reading, State, finish_reading
from burble.model.folding import Folded, fold_layers, name_cell
from burble.model.forward import Forward, build_forward
from burble.model.product import multiply_streams
from burble.model.windows import move_windows, read_one_by_one
from burble.settings import ModelSettings


class AttentionEngine:
    """The forward step of one network; see `Core`.

    Args:
        weights: Arrays by the names and shapes of `array_shapes`, of a model that attends.
        model: The shape of the network.
        span: Symbols that it sees (S).
    """

    side_by_side = False

    def __init__(self, weights: Weights, model: ModelSettings, span: int) -> None:
        self._span, self._padding = span, len(weights["embedding"])
        self._embedding = np.concatenate([weights["embedding"], weights[PADDING][None]])
        self._attention = weights[ATTENTION]
        self._output = np.ascontiguousarray(weights["output.kernel"].T), weights["output.bias"]
        self._zero = np.zeros((2 if model.cell == "lstm" else 1, model.units, 1), np.float32)
        folded = fold_layers(weights, model)
        self._upper = [(np.ascontiguousarray(k.T), bias[:, None]) for k, _, bias in folded[1:]]
        kernel, _, bias = folded[0]
        table = multiply_streams(np.ascontiguousarray(kernel.T), self._embedding.T) + bias[:, None]
        self._layers = [self._build(model, folded[0], table)]
        # What enters those above differs from place to place: each place is a symbol of its own.
        places = [np.zeros((layer[0].shape[1], span), np.float32) for layer in folded[1:]]
        self._layers += map(partial(self._build, model), folded[1:], places)

    @staticmethod
    def _build(model: ModelSettings, folded: Folded, table: Array) -> Forward:
        """One layer by itself, whose logits are its outputs."""
        # There are as many logits as symbols: more than units, or some symbols that never come.
        symbols = max(table.shape[1], model.units)
        same, none = np.eye(model.units, symbols, dtype=np.float32), np.zeros(symbols, np.float32)
        return build_forward(name_cell(model), _widen(table, symbols), [folded], same, none)

    def with_labels(self, _labels: Sequence[int]) -> "AttentionEngine":
        """The engine itself: such networks know no labels."""
        return self

    def zero_state(self, streams: int) -> State:
        """What is seen before the first symbol, shape (S, B); see `Core`."""
        return (np.full((self._span, streams), self._padding, np.float32),)

    def step(self, ids: NDArray[np.integer], state: State) -> tuple[Array, State]:
        """Reads one symbol in each stream; see `Core`."""
        seen = move_windows(ids, state)
        return np.stack([self._predict(row) for row in seen.T.astype(np.intp)]), (seen,)

    def read_symbols(self, ids: NDArray[np.integer], state: State) -> tuple[Array, State]:
        """Reads many symbols in one stream, one by one; see `Core`."""
        return finish_reading(self.read_in_parts(ids, state))

    def read_in_parts(self, ids: NDArray[np.integer], state: State) -> Reading:
        """Reads many symbols in one stream, one by one; see `Core`."""
        return read_one_by_one(self.step, ids, state)

    def _predict(self, seen: NDArray[np.intp]) -> Array:
        """The logits (V,) after the symbols that are seen, (S,).

        Each step is a product of a matrix and a vector, or of one vector with all places: what is
        predicted in a stream does not depend on what is read in others.
        """
        (first, *upper), places = self._layers, np.arange(self._span)
        found = [self._embedding[seen], self._read(first, seen)]
        for layer, (kernel, bias) in zip(upper, self._upper, strict=True):
            table = _widen(multiply_streams(kernel, found[-1].T) + bias, len(self._zero[0]))
            found.append(self._read(layer.with_table(table), places))
        joined = np.concatenate(found, 1)
        scores = joined @ self._attention
        shares = np.exp(scores - scores.max())
        shares /= shares.sum()
        kernel, bias = self._output
        return np.asarray(kernel @ (shares @ joined) + bias)

    def _read(self, layer: Forward, ids: NDArray[np.intp]) -> Array:
        """The outputs of a layer at each place, (S, U)."""
        read = finish_reading(layer.read_in_parts(ids[:, None], self._zero))[0]
        return read[:, 0, : self._zero.shape[1]]


def _widen(table: Array, symbols: int) -> Array:
    """A table (G, V) for so many symbols, or for more if it has them."""
    return np.pad(table, ((0, 0), (0, max(0, symbols - table.shape[1]))))
