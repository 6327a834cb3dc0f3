"""Many symbols of some texts in one call of the compiled kernels: read, chosen, read, and so on.

Each is what it would be if the network's step, the draw and the watch were called one by one. Knows
nothing of settings or characters. Axes: `B` texts, `T` steps, `P` parts of a state, `U` units.
"""

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from weakref import finalize, ref

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


class _Member(ctypes.Structure):
    """`struct member`."""

    _fields_ = (
        *((name, ctypes.c_void_p) for name in ("net", "before")),
        ("before_stride", ctypes.c_int64),
        *((name, ctypes.c_void_p) for name in ("odd", "even")),
        ("after_stride", ctypes.c_int64),
    )


class _Writing(ctypes.Structure):
    """`struct writing`."""

    _fields_ = (
        ("members", ctypes.c_int64),
        ("member", ctypes.POINTER(_Member)),
        *((name, ctypes.c_int64) for name in ("steps", "streams", "reset")),
        *((name, ctypes.c_void_p) for name in ("first", "drawn", "uniforms")),
        ("row", ctypes.c_int64),
        *((name, ctypes.c_void_p) for name in ("logits", "rounds", "helper")),
        *((name, ctypes.c_float) for name in ("temperature", "impossible")),
    )


def can_write(networks: Sequence[Network]) -> bool:
    """Whether symbols of networks whose probabilities are averaged can be drawn in the kernels."""
    shapes = {(one.parts, one.units, one.symbols) for one in networks}
    return len(shapes) == 1 and all(one.symbols <= MOST_SYMBOLS for one in networks)


class Room:
    """Where the states and logits of some texts are written, again and again.

    Args:
        networks: Those that write; see `can_write`.
        texts: B.
    """

    def __init__(self, networks: Sequence[Network], texts: int) -> None:
        first = networks[0]
        shape = 2, first.parts, texts, first.units
        self.states = [np.empty(shape, np.float32) for _ in networks]
        self.logits = np.empty(len(networks) * texts * first.symbols, np.float32)
        self.texts = texts


class Helper:
    """What a second thread needs that takes a part of each layer while a few texts are written.

    Texts are the same with it and without it, and never wait long for it: where the other core has
    something else to do, they are written without it.

    Args:
        networks: Those that write; see `can_write`.
        texts: How many are written at most.
    """

    def __init__(self, networks: Sequence[Network], texts: int) -> None:
        library = networks[0].library
        self.texts = texts
        self.address: int | None = library.burble_make_helper(networks[0].address, texts)
        self._count_late = library.burble_helper_late
        if self.address is not None:
            # What reads the networks' weights must be gone before they are.
            finalize(self, _end, ref(self), library, self.address, networks)

    @property
    def late(self) -> int:
        """How often it did not finish in time, and was let go."""
        return 0 if self.address is None else int(self._count_late(self.address))


def _end(
    helper: "ref[Helper]", library: ctypes.CDLL, address: int, _networks: Sequence[Network]
) -> None:
    """Ends a helper of networks, which are there until then.

    Where it is still there, Python itself ends, and a thread that is not waited for may write on
    with it: then its memory stays.
    """
    if helper() is None:
        library.burble_drop_helper(address)
    else:
        library.burble_still_helper(address)


class Work:
    """Texts that are gone on with for some symbols, all of them or a few at a time.

    Args:
        networks: What predicts the symbols; see `can_write`. Their probabilities are averaged.
        ids: The last ones, which they have not read, shape (B,).
        before: The states before them of each network, shape (P, B, U); see `Network.step`. They
            are changed where they are in the room.
        uniforms: A number from [0, 1) for each symbol, shape (T, B), at least one step.
        choice: How symbols are chosen.
        room: Where there is room for so many texts.
        reset_id: The id before which the states of a text become zero, if it is drawn before the
            last step; None for none. Where it is among `ids`, whoever calls has seen to it.

    Attributes:
        drawn: The symbols that are written, shape (T, B).
        after: The states of each network before the last of them, (P, B, U), which are in the room.

    Raises:
        ValueError: The shapes do not fit together.
    """

    def __init__(
        self,
        networks: Sequence[Network],
        ids: NDArray[np.int64],
        before: Sequence[Array],
        uniforms: NDArray[np.float64],
        choice: Choice,
        room: Room,
        reset_id: int | None = None,
    ) -> None:
        steps, texts = uniforms.shape
        if ids.shape != (texts,) or not steps or room.texts != texts:
            raise ValueError(f"symbols of shape {ids.shape} came for numbers of {uniforms.shape}.")
        if choice.watch is not None:
            choice.watch.check_texts(texts, networks[0].symbols)
        self._networks, self._choice = networks, choice
        self._ids = np.ascontiguousarray(ids, np.int64)
        self._uniforms = np.ascontiguousarray(uniforms, np.float64)
        self._before, self._room = before, room
        self._reset = -1 if reset_id is None else reset_id
        self._states: list[tuple[Array, Array]] = []
        for network, states, both in zip(networks, before, room.states, strict=True):
            network.check_states(states, texts)
            odd, even = both if find(states) != find(both) else both[::-1]
            self._states.append((odd, even))
        self.drawn = np.empty((steps, texts), np.int64)
        self.after = [both[(steps - 1) % 2] for both in self._states]

    def _describe(self, first: int) -> ctypes.Array[_Member]:
        """What the library is told of the networks, from one of the texts on."""
        members = (_Member * len(self._networks))()
        each = zip(self._networks, self._before, self._states, strict=True)
        for place, (network, before, states) in enumerate(each):
            start, stride = 4 * first * network.units, len(self._ids) * network.units
            odd, even = (find(one) + start for one in states)
            here = find(before) + start, before.strides[0] // 4
            members[place] = _Member(network.address, *here, odd, even, stride)
        return members

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
        watch, members = self._choice.watch, self._describe(first)
        helper = helper if helper is not None and end - first <= helper.texts else None
        rounds = None if watch is None else watch.describe(first, end)
        symbols = self._networks[0].symbols
        work = _Writing(
            *(len(members), members, len(self.drawn), end - first, self._reset),
            *(find(one) + 8 * first for one in (self._ids, self.drawn, self._uniforms)),
            len(self._ids),
            find(self._room.logits) + 4 * first * len(members) * symbols,
            None if rounds is None else ctypes.addressof(rounds),
            None if helper is None else helper.address,
            *(self._choice.temperature, self._choice.impossible),
        )
        wrong = self._networks[0].library.burble_write(ctypes.byref(work))
        if wrong == -2:
            raise IndexError(f"a symbol came that is none of {symbols}.")
        if wrong >= 0:
            raise NotFiniteError(f"at step {wrong} a logit is no number.")
