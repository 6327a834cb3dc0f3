"""Many symbols of some texts in one call of the compiled kernels: read, chosen, read, and so on.

Each is what it would be if the network's step, the draw and the watch were called one by one. Knows
nothing of settings or characters. Axes: `B` texts, `T` steps, `P` parts of a state, `U` units.
"""

import ctypes
from dataclasses import dataclass
from weakref import finalize

import numpy as np
from numpy.typing import NDArray

from burble.native.choosing import MOST_SYMBOLS, Watch
from burble.native.forward import Array, Network
from burble.native.library import find


@dataclass(frozen=True)
class Choice:
    """How symbols are chosen.

    Attributes:
        temperature: What logits are divided by, above 0.
        impossible: What is not above is not drawn, unless there is nothing else.
        watch: Takes what is drawn and blocks what would go round too often; None for nothing.
    """

    temperature: float
    impossible: float
    watch: Watch | None


class NotFiniteError(ArithmeticError):
    """A logit is no finite number."""


class _Writing(ctypes.Structure):
    """`struct writing`."""

    _fields_ = (
        ("net", ctypes.c_void_p),
        *((name, ctypes.c_int64) for name in ("steps", "streams")),
        *((name, ctypes.c_void_p) for name in ("first", "drawn", "uniforms")),
        ("row", ctypes.c_int64),
        ("before", ctypes.c_void_p),
        ("before_stride", ctypes.c_int64),
        *((name, ctypes.c_void_p) for name in ("odd", "even", "logits")),
        ("after_stride", ctypes.c_int64),
        *((name, ctypes.c_void_p) for name in ("rounds", "helper")),
        *((name, ctypes.c_float) for name in ("temperature", "impossible")),
    )


def can_write(network: Network) -> bool:
    """Whether symbols of a network can be drawn in the kernels."""
    return bool(network.symbols <= MOST_SYMBOLS)


class Room:
    """Where the states and logits of some texts are written, again and again.

    Args:
        network: The network.
        texts: B.
    """

    def __init__(self, network: Network, texts: int) -> None:
        shape = network.parts, texts, network.units
        self.states = np.empty(shape, np.float32), np.empty(shape, np.float32)
        self.logits = np.empty((texts, network.symbols), np.float32)


class Helper:
    """What a second thread needs that takes a part of each layer while a few texts are written.

    Texts are the same with it and without it, and never wait long for it: where the other core has
    something else to do, they are written without it.

    Args:
        network: The network.
        texts: How many are written at most.
    """

    def __init__(self, network: Network, texts: int) -> None:
        library = network.library
        self.texts = texts
        self.address: int | None = library.burble_make_helper(network.address, texts)
        self._count_late = library.burble_helper_late
        if self.address is not None:
            # What reads the network's weights must be gone before they are.
            finalize(self, _drop, library, self.address, network)

    @property
    def late(self) -> int:
        """How often it did not finish in time, and was let go."""
        return 0 if self.address is None else int(self._count_late(self.address))


def _drop(library: ctypes.CDLL, address: int, _network: Network) -> None:
    """Ends a helper of a network, which is there until then."""
    library.burble_drop_helper(address)


class Work:
    """Texts that are gone on with for some symbols, all of them or a few at a time.

    Args:
        network: What predicts the symbols.
        ids: The last ones, which it has not read, shape (B,).
        before: The states before them, shape (P, B, U); see `Network.step`. They are changed where
            they are in the room.
        uniforms: A number from [0, 1) for each symbol, shape (T, B), at least one step.
        choice: How symbols are chosen.
        room: Where there is room for so many texts.

    Attributes:
        drawn: The symbols that are written, shape (T, B).
        after: The states before the last of them, (P, B, U), which are in the room.

    Raises:
        ValueError: The shapes do not fit together.
    """

    def __init__(
        self,
        network: Network,
        ids: NDArray[np.int64],
        before: Array,
        uniforms: NDArray[np.float64],
        choice: Choice,
        room: Room,
    ) -> None:
        steps, texts = uniforms.shape
        shape = network.check_states(before, texts)
        if ids.shape != (texts,) or not steps or room.states[0].shape != shape:
            raise ValueError(f"symbols of shape {ids.shape} came for numbers of {uniforms.shape}.")
        self._network, self._choice = network, choice
        self._ids = np.ascontiguousarray(ids, np.int64)
        self._uniforms = np.ascontiguousarray(uniforms, np.float64)
        is_first = find(before) == find(room.states[0])
        self._states = room.states[::-1] if is_first else room.states
        self._before, self._logits = before, room.logits
        self.drawn = np.empty((steps, texts), np.int64)
        self.after = self._states[(steps - 1) % 2]

    def write(self, first: int, end: int, helper: Helper | None = None) -> None:
        """Writes some of the texts.

        Args:
            first: The first of them.
            end: The one after the last.
            helper: Takes a part of each layer, of no more texts than it is made for.

        Raises:
            NotFiniteError: What is predicted is no number.
            IndexError: There is no such symbol.
        """
        watch, part = self._choice.watch, slice(first, end)
        helper = helper if helper is not None and end - first <= helper.texts else None
        rounds = None if watch is None else watch.describe(first, end)
        work = _Writing(
            self._network.address,
            *(len(self.drawn), end - first, find(self._ids[part])),
            *(find(self.drawn[:, part]), find(self._uniforms[:, part]), len(self._ids)),
            *(find(self._before[:, part]), self._before.strides[0] // 4),
            *(find(one[:, part]) for one in self._states),
            *(find(self._logits[part]), len(self._ids) * self._network.units),
            None if rounds is None else ctypes.addressof(rounds),
            None if helper is None else helper.address,
            *(self._choice.temperature, self._choice.impossible),
        )
        wrong = self._network.library.burble_write(ctypes.byref(work))
        if wrong == -2:
            raise IndexError(f"a symbol came that is none of {self._network.symbols}.")
        if wrong >= 0:
            raise NotFiniteError(f"at step {wrong} a logit is no number.")
