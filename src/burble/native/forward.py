"""A recurrent network's forward step in the compiled kernels. Knows nothing of names or of text.

Axes: `B` streams, `T` steps, `V` symbols, `U` units, `G` the width of all gates, `P` parts of a
state: h and c of each LSTM layer, h alone of others. A stream has the same bits alone and among
others, read at once and step by step, with one instruction set and another.
"""

import ctypes
import math
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from burble.native.library import find, load_library

Array = NDArray[np.float32]
Ids = NDArray[np.integer]
Cell = Literal["lstm", "hard_lstm", "gru", "gru_before", "rnn"]
KINDS: dict[Cell, int] = {"lstm": 0, "hard_lstm": 1, "gru": 2, "rnn": 3}
"""The numbers of `network.h`; a GRU that resets before the product is not among them."""
OUTPUT = 4
BOUNDARY = 64
"""Bytes at whose multiples arrays begin: a vector then never lies in two lines of the cache."""


@dataclass(frozen=True)
class Layer:
    """The weights of one layer, their gates side by side.

    The gates are i, f, o, c of an LSTM, where the first three are halved for a sigmoid, or scaled
    and shifted for a hard one; z and r, halved, n of the input and n of the state of a GRU.

    Attributes:
        kernel: Of what comes from below, shape (inputs, G); None of the first layer, whose
            products are in `start`.
        recurrent: Of the layer's own state, shape (U, G).
        start: What the sums begin with: biases (1, G), or of the first layer a row for each symbol,
            (V, G).
    """

    kernel: Array | None
    recurrent: Array
    start: Array


class _Layer(ctypes.Structure):
    """`struct layer`."""

    _fields_ = (
        *((name, ctypes.c_int64) for name in ("kind", "below", "units", "panels")),
        ("weights", ctypes.c_void_p),
        ("start", ctypes.c_void_p),
    )


class _Network(ctypes.Structure):
    """`struct network`."""

    _fields_ = (
        *((name, ctypes.c_int64) for name in ("layers", "symbols", "units", "parts")),
        ("layer", ctypes.POINTER(_Layer)),
    )


class Network:
    """A network as the kernels want it.

    Args:
        library: The kernels; see `load_library`.
        cell: What its layers are.
        layers: One or more, from the lowest on.
        kernel: Of the output, shape (U, V).
        bias: Of the output, shape (V,).

    Attributes:
        library: The kernels.
        address: Where it is described, for as long as it is there.
        parts: P.
        units: U.
        symbols: V.

    Raises:
        ValueError: The shapes do not fit together.
    """

    def __init__(
        self,
        library: ctypes.CDLL,
        cell: Cell,
        layers: Sequence[Layer],
        kernel: Array,
        bias: Array,
    ) -> None:
        self.library, self._lanes = library, library.burble_lanes()
        self._kind, self._gates = KINDS[cell], 1 if cell == "rnn" else 4
        self.units, self.symbols = kernel.shape
        self.parts = len(layers) * (2 if "lstm" in cell else 1)
        _check_shapes(layers, self._gates, kernel, bias)
        packed = [self._pack(layer, self._gates) for layer in layers]
        self._packed = [*packed, self._pack(Layer(kernel, kernel[:0], bias[None]), 1)]
        self._describe()

    def _pack(self, layer: Layer, gates: int) -> tuple[Array, Array]:
        """A layer's weights, and what its sums begin with, in panels."""
        parts = [layer.recurrent] if layer.kernel is None else [layer.kernel, layer.recurrent]
        weights = _divide(np.concatenate(parts), gates, self._lanes)
        start = _divide(layer.start, gates, self._lanes)
        return align(weights.transpose(1, 0, 2, 3)), align(start)

    def with_start(self, start: Array) -> "Network":
        """The same network, where the sums of the first layer begin otherwise, (V, G)."""
        other = copy(self)
        packed = align(_divide(start, self._gates, self._lanes))
        if packed.shape != self._packed[0][1].shape:
            raise ValueError(f"sums begin with {start.shape}, which is not what the network has.")
        other._packed = [(self._packed[0][0], packed), *self._packed[1:]]
        other._describe()
        return other

    def _describe(self) -> None:
        """Tells the library where everything is, which stays there as long as this does."""
        self._layers = (_Layer * len(self._packed))()
        last = len(self._packed) - 1
        for place, (weights, start) in enumerate(self._packed):
            kind, units = (OUTPUT, self.symbols) if place == last else (self._kind, self.units)
            below, where = self.units if place else 0, (find(weights), find(start))
            self._layers[place] = _Layer(kind, below, units, len(weights), *where)
        self._network = _Network(last, self.symbols, self.units, self.parts, self._layers)
        self.address = ctypes.addressof(self._network)
        largest = max(len(weights) for weights, _ in self._packed)
        self._scratch = 2 * self.units + largest * 4 * self._lanes

    def step(self, ids: Ids, before: Array) -> tuple[Array, Array]:
        """Reads one symbol in each stream.

        Args:
            ids: Shape (B,); -1 where a stream reads nothing and stays as it is.
            before: The states, shape (P, B, U). Of each part, the rows lie one behind the other.

        Returns:
            Logits, shape (B, V), and states, (P, B, U).

        Raises:
            IndexError: There is no such symbol.
            ValueError: The shapes do not fit together.
        """
        return self._call(self.library.burble_step, ids, before, ids.shape)

    def read(self, ids: Ids, before: Array) -> tuple[Array, Array]:
        """Reads symbols of each stream, layer by layer, which is faster than step by step.

        Args:
            ids: Shape (T, B), at least one step; see `step`.
            before: See `step`.

        Returns:
            Logits, shape (T, B, V), and states, (P, B, U).

        Raises:
            IndexError: There is no such symbol.
            ValueError: The shapes do not fit together.
        """
        steps, streams = ids.shape
        scratch = make_room((steps * streams * self._scratch,))
        return self._call(self.library.burble_read, ids, before, ids.shape, find(scratch))

    def check_states(self, states: Array, streams: int) -> tuple[int, int, int]:
        """The shape of the states of some streams, (P, B, U).

        Raises:
            ValueError: They have another, or do not lie in order.
        """
        shape, row = (self.parts, streams, self.units), 4 * self.units
        strides = states.strides
        fits = states.shape == shape and states.dtype == np.float32 and strides[0] % 4 == 0
        # Of an axis of one, it does not matter how far the next would be.
        fits = fits and (streams == 1 or strides[1] == row) and (self.units == 1 or strides[2] == 4)
        if not fits:
            raise ValueError(
                f"states of shape {states.shape} came, but those of {streams} streams have "
                f"{shape}, float32 and in order."
            )
        return shape

    def _call(
        self,
        function: Callable[..., int],
        ids: Ids,
        before: Array,
        sizes: tuple[int, ...],
        *others: int,
    ) -> tuple[Array, Array]:
        """Calls a function of the library, which it does without Python's lock."""
        streams = sizes[-1]
        if 0 in sizes:
            raise ValueError(f"symbols of shape {ids.shape} came, which are none.")
        shape = self.check_states(before, streams)
        strides = before.strides
        # One piece of memory for all, since to ask where it lies takes as long as to fetch it.
        size = self.parts * streams * self.units
        made = np.empty(size + math.prod(sizes) * self.symbols, np.float32)
        to = find(made)
        states = find(before), strides[0] // 4, to, streams * self.units, to + 4 * size
        numbers = ids.astype(np.int64).tobytes()
        unknown = function(self.address, numbers, *sizes, *states, *others)
        if unknown >= 0:
            raise IndexError(
                f"symbol {ids.flat[unknown]} came, but the network has {self.symbols} of them."
            )
        return made[size:].reshape(*sizes, self.symbols), made[:size].reshape(shape)


def build_network(
    cell: Cell, layers: Sequence[Layer], kernel: Array, bias: Array
) -> Network | None:
    """A network in the compiled kernels, if they are used and know the cell; see `Network`."""
    library = load_library() if cell in KINDS else None
    return None if library is None else Network(_declare(library), cell, layers, kernel, bias)


@cache
def _declare(library: ctypes.CDLL) -> ctypes.CDLL:
    """Says what the functions of the library are given and give."""
    number, address = ctypes.c_int64, ctypes.c_void_p
    states = address, number, address, number, address
    library.burble_step.argtypes = (address, ctypes.c_char_p, number, *states)
    library.burble_read.argtypes = (address, ctypes.c_char_p, number, number, *states, address)
    library.burble_step.restype = library.burble_read.restype = number
    library.burble_make_helper.argtypes = address, number
    library.burble_make_helper.restype = address
    for end in (library.burble_still_helper, library.burble_drop_helper):
        end.argtypes, end.restype = (address,), None
    library.burble_helper_late.argtypes, library.burble_helper_late.restype = (address,), number
    library.burble_write.argtypes, library.burble_write.restype = (address,), number
    return library


def _check_shapes(layers: Sequence[Layer], gates: int, kernel: Array, bias: Array) -> None:
    """Raises ValueError unless all weights are of one network."""
    units, symbols = kernel.shape
    width = gates * units
    for place, layer in enumerate(layers):
        below = None if layer.kernel is None else layer.kernel.shape
        rows = 1 if place else symbols
        expected = ((units, width) if place else None, (units, width), (rows, width))
        if (below, layer.recurrent.shape, layer.start.shape) != expected:
            raise ValueError(f"the weights of layer {place} are not of {units} units.")
    if bias.shape != (symbols,) or not layers or 0 in (units, symbols):
        raise ValueError(f"a bias of shape {bias.shape} came with weights of {kernel.shape}.")


def _divide(rows: Array, gates: int, lanes: int) -> Array:
    """Rows (N, gates * U) in panels, shape (N, panels, gates, width), the last filled with 0."""
    count, width = len(rows), 4 * lanes // gates
    units = rows.shape[1] // gates
    panels = -(-units // width)
    filled = np.zeros((count, gates, panels * width), np.float32)
    filled[:, :, :units] = rows.reshape(count, gates, units)
    return filled.reshape(count, gates, panels, width).transpose(0, 2, 1, 3)


def align(array: Array) -> Array:
    """A copy in order that begins at the beginning of a line."""
    aligned = make_room(array.shape)
    aligned[...] = array
    return aligned


def make_room(shape: tuple[int, ...]) -> Array:
    """An array that begins at the beginning of a line, with whatever is there."""
    size = 4 * math.prod(shape)
    room = np.empty(size + BOUNDARY, np.uint8)
    skipped = -find(room) % BOUNDARY
    return room[skipped : skipped + size].view(np.float32).reshape(shape)
