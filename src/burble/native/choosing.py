"""How the next symbol of many texts is chosen, in the compiled kernels.

Drawn from logits, and watched for passages that go round. Knows nothing of settings or characters.
"""

import ctypes
import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from burble.native.library import find, load_library

MOST_SYMBOLS = 4096
"""More are not drawn from here; as in `choose.h`."""
Counts = NDArray[np.int32]


def draw_symbols(
    logits: NDArray[np.float32],
    temperature: float,
    impossible: float,
    uniforms: NDArray[np.float64],
) -> NDArray[np.intp] | None:
    """Draws a symbol from each row of logits.

    Args:
        logits: Shape (B, V).
        temperature: What they are divided by, above 0.
        impossible: What is not above is not drawn, unless there is nothing else in its row.
        uniforms: A number from [0, 1) for each row, shape (B,).

    Returns:
        The ids, shape (B,); None where the kernels are not in use, cannot read the logits as they
        lie, or find one that is no finite number.
    """
    draw = _load_draw()
    rows, symbols = logits.shape
    usual = logits.flags.c_contiguous and logits.dtype == np.float32 and 0 < symbols <= MOST_SYMBOLS
    if draw is None or not usual or len(uniforms) != rows:
        return None
    chosen = np.empty(rows, np.int64)
    numbers = uniforms.astype(np.float64).tobytes()
    where = find(logits), find(chosen)
    wrong = draw(where[0], rows, symbols, temperature, impossible, numbers, where[1])
    return None if wrong != -1 else chosen


def average_logits(logits: NDArray[np.float32]) -> NDArray[np.float32] | None:
    """The logarithms of the mean probabilities of several networks.

    Args:
        logits: Shape (N, …, V), in order; they are overwritten.

    Returns:
        Shape (…, V); None where the kernels are not in use or cannot read the logits as they lie.
    """
    library = load_library()
    if library is None or not (logits.flags.c_contiguous and logits.dtype == np.float32):
        return None
    *rows, symbols = logits.shape[1:]
    sizes = map(ctypes.c_int64, (len(logits), math.prod(rows), symbols))
    library.burble_average(ctypes.c_void_p(find(logits)), *sizes)
    mean: NDArray[np.float32] = logits[0]
    return mean


class _Rounds(ctypes.Structure):
    """`struct rounds`."""

    _fields_ = (
        *((name, ctypes.c_int64) for name in ("texts", "longest", "symbols", "layout")),
        *((name, ctypes.c_void_p) for name in ("past", "same", "silent", "closing", "broken")),
        *((name, ctypes.c_void_p) for name in ("limits", "speaks")),
    )


class Watch:
    """Takes symbols into what was written lately; see `build_watch`.

    Attributes:
        limits: For each distance, how many symbols that repeat are too many, shape (P,).
        speaks: Whether each symbol speaks, shape (V,).
        layout: How many may repeat where none of them speaks.
        broken: Of each text that is written by the kernels, the first step of that call at which
            its likeliest symbol was blocked, -1 for none, shape (B,).
    """

    def __init__(
        self,
        function: Callable[..., int],
        limits: Counts,
        speaks: NDArray[np.bool_],
        layout: int,
    ) -> None:
        self._function = function
        self.limits, self.speaks, self.layout = limits, speaks, layout

    def set_texts(self, past: Counts, same: Counts, silent: Counts) -> None:
        """Watches these texts from now on.

        Args:
            past: The last P symbols of each, the latest first, shape (B, P).
            same: For each distance, how many in a row are those so far before them, (B, P).
            silent: How many in a row do not speak, shape (B,).

        Raises:
            ValueError: The arrays do not fit together.
        """
        shape = len(silent), len(self.limits)
        arrays = past, same, silent
        fit = past.shape == same.shape == shape and all(
            one.dtype == np.int32 and one.flags.c_contiguous for one in arrays
        )
        if not fit:
            raise ValueError(f"what {shape[0]} texts repeat came as {past.shape} and {same.shape}.")
        closing: NDArray[np.bool_] = np.logical_or.reduce(same >= self.limits, 1)
        self.broken = np.full(len(silent), -1)
        self._arrays: tuple[NDArray[Any], ...] = *arrays, closing, self.broken
        self._rounds = self.describe(0, len(silent))
        self._address = ctypes.addressof(self._rounds)

    def describe(self, first: int, end: int) -> "_Rounds":
        """What the library is told of some of the texts, which these arrays outlive."""
        arrays = *(one[first:end] for one in self._arrays), self.limits, self.speaks
        sizes = end - first, len(self.limits), len(self.speaks), self.layout
        return _Rounds(*sizes, *map(find, arrays))

    def check_texts(self, texts: int, symbols: int) -> None:
        """Raises ValueError unless it watches so many texts of so many symbols."""
        watched = len(self._arrays[2]), len(self.speaks)
        if watched[0] != texts or watched[1] < symbols:
            raise ValueError(f"{texts} texts of {symbols} symbols came, but {watched} are watched.")

    def append_symbols(self, symbols: NDArray[np.intp]) -> bool:
        """Takes the symbol of each text, (B,), into the arrays; whether any is at its limit.

        Raises:
            IndexError: There is no such symbol.
        """
        if symbols.shape != self._arrays[2].shape:
            raise ValueError(f"{len(symbols)} symbols came for {len(self._arrays[2])} texts.")
        reached = self._function(self._address, symbols.astype(np.int64).tobytes())
        if reached < 0:
            raise IndexError(f"a symbol came that is none of {len(self.speaks)}.")
        return bool(reached)


def build_watch(limits: Counts, speaks: NDArray[np.bool_], layout: int) -> Watch | None:
    """What watches texts in the compiled kernels, if they are in use; see `Watch`."""
    library = load_library()
    if library is None:
        return None
    function = library.burble_watch
    function.argtypes, function.restype = (ctypes.c_void_p, ctypes.c_char_p), ctypes.c_int64
    return Watch(
        function, np.ascontiguousarray(limits, np.int32), np.ascontiguousarray(speaks), layout
    )


def _load_draw() -> Callable[..., int] | None:
    """The function that draws, if the kernels are in use."""
    library = load_library()
    return None if library is None else _declare_draw(library)


@cache
def _declare_draw(library: ctypes.CDLL) -> Callable[..., int]:
    """Says what the function is given and gives."""
    function = library.burble_draw
    number, address, real = ctypes.c_int64, ctypes.c_void_p, ctypes.c_float
    function.argtypes = (address, number, number, real, real, ctypes.c_char_p, address)
    function.restype = number
    return function
