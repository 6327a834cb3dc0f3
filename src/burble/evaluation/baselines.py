"""What a text costs those who know little: compressors, n-grams, letter frequencies, nothing.

Each is given what a model was given: the training text first, then the held-out text to foretell.
"""

import bz2
import lzma
import math
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from burble.data.vocabulary import Vocabulary
from burble.ngram import kneser_ney

LARGEST = 2_000_000
"""Symbols of a training text that are worth their time: the last of it."""
_PPMD_ORDER = 6
_PPMD_MEMORY = 64 << 20


@dataclass(frozen=True)
class Score:
    """What a symbol of the held-out text costs by one method.

    Attributes:
        name: The method.
        nats: Per symbol.
        adaptive: Whether it learns from the held-out text as it reads.
    """

    name: str
    nats: float
    adaptive: bool


def scores(
    ids: NDArray[np.integer],
    start: int,
    vocabulary: Vocabulary,
    separator: str,
    given: NDArray[np.integer] | None = None,
) -> Iterator[Score]:
    """What a symbol from `start` on costs, method by method, the simplest first.

    Args:
        ids: Shape (N,).
        start: Where the held-out text begins.
        vocabulary: The alphabet.
        separator: The text of the edge between two documents.
        given: Symbols of the held-out text, counted from 0, that are not scored.
    """
    size, scored = vocabulary.size, np.ones(len(ids) - start, bool)
    scored[[] if given is None else given] = False
    yield Score("knowing nothing", math.log(size), adaptive=False)
    orders = list(kneser_ney.costs_by_order(ids, start, size))
    yield Score("letter frequencies", float(orders[0][0][scored].mean()), adaptive=False)
    order = _best_order(ids[:start], size)
    for costs, adaptive in zip(orders[order - 1], (False, True), strict=True):
        yield Score(f"n-grams of up to {order}", float(costs[scored].mean()), adaptive)
    before = vocabulary.decode(ids[:start], separator).encode()
    both = vocabulary.decode(ids, separator).encode()
    for name, compress in _compressors():
        extra = len(compress(both)) - len(compress(before))
        yield Score(name, extra * 8 * math.log(2) / int(scored.sum()), adaptive=True)


def _best_order(training: NDArray[np.integer], size: int) -> int:
    """The order that foretells the last tenth of the training text best."""
    start = len(training) - len(training) // 10
    orders = kneser_ney.costs_by_order(training, start, size)
    return int(np.argmin([static.sum() for static, _ in orders])) + 1


def _compressors() -> Iterator[tuple[str, Callable[[bytes], bytes]]]:
    """Compressors by name; PPMd where it is installed."""
    yield "zlib", lambda data: zlib.compress(data, 9)
    yield "bz2", lambda data: bz2.compress(data, 9)
    yield "xz", lambda data: lzma.compress(data, preset=9 | lzma.PRESET_EXTREME)
    try:
        import pyppmd
    except ImportError:
        return
    yield (
        f"PPMd, order {_PPMD_ORDER}",
        lambda data: pyppmd.compress(data, max_order=_PPMD_ORDER, mem_size=_PPMD_MEMORY),
    )
