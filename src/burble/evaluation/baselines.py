"""What simple predictors score on a text, to lay beside a model's score. Knows no networks.

Each is given what a model was given: the training text first, then the validation text to predict.
To add one, write a function from `Task` to its scores, and add it to `BASELINES`.
"""

import bz2
import lzma
import math
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from burble.data import spread
from burble.data.corpus import Corpus
from burble.data.vocabulary import Vocabulary
from burble.ngram import kneser_ney

LARGEST = 2_000_000
"""Symbols of a training text that are worth their time: the last of it."""
_PPMD_ORDER = 6
_PPMD_MEMORY = 64 << 20
QUICK_COUNTED, QUICK_PIECES = 50_000, 10
"""Training symbols that a quick estimate counts at most, and the stretches they are taken from."""
QUICK_SCORED = spread.FIRST
"""Validation symbols that it scores at most, from the first."""
QUICK_ORDER = 5
"""Symbols of its longest n-gram."""


@dataclass(frozen=True)
class Task:
    """What a baseline has to predict, and from what.

    Attributes:
        ids: The training text and then the validation text, shape (N,).
        start: Where the validation text begins.
        vocabulary: The alphabet.
        separator: The text of the edge between two documents.
        given: Symbols of the validation text, counted from 0, that are not scored.
    """

    ids: NDArray[np.integer]
    start: int
    vocabulary: Vocabulary
    separator: str
    given: NDArray[np.integer] | None = None

    @property
    def scored(self) -> NDArray[np.bool_]:
        """Which symbols of the validation text are scored, shape (N - start,)."""
        scored = np.ones(len(self.ids) - self.start, bool)
        scored[[] if self.given is None else self.given] = False
        return scored

    @cached_property
    def training_bytes(self) -> bytes:
        """The training text, as UTF-8."""
        return self.vocabulary.decode(self.ids[: self.start], self.separator).encode()

    @cached_property
    def all_bytes(self) -> bytes:
        """Both texts, as UTF-8."""
        return self.vocabulary.decode(self.ids, self.separator).encode()


@dataclass(frozen=True)
class BaselineScore:
    """What a baseline scores on the validation text.

    Attributes:
        name: The method.
        nats: Its negative log-likelihood, per symbol.
        adaptive: Whether it learns from the validation text as it reads.
    """

    name: str
    nats: float
    adaptive: bool


Baseline = Callable[[Task], Iterable[BaselineScore]]


def score_baselines(task: Task) -> Iterator[BaselineScore]:
    """The scores of all `BASELINES` that are installed, the simplest first."""
    for baseline in BASELINES:
        yield from baseline(task)


def estimate_baselines(corpus: Corpus) -> tuple[float, float, float, int] | None:
    """A quick estimate of three of them, static, from a part of a text.

    Returns:
        Nats per symbol of uniform guessing, of symbol frequencies and of n-grams, and the order
        of these; None where there is nothing to score.
    """
    validation = corpus.ids[corpus.cut : corpus.cut + QUICK_SCORED]
    given = corpus.given[(corpus.given >= corpus.cut)] - corpus.cut
    scored = np.ones(len(validation), bool)
    scored[given[given < len(validation)]] = False
    if not scored.any():
        return None
    counted = sample_stretches(corpus.training)
    ids, size = np.concatenate([counted, validation]), corpus.vocabulary.size
    orders = kneser_ney.static_losses_by_order(ids, len(counted), size, QUICK_ORDER)
    losses = [float(nats[scored].mean()) for nats in orders]
    best = int(np.argmin(losses))
    return math.log(size), losses[0], losses[best], best + 1


def sample_stretches(training: NDArray[np.integer]) -> NDArray[np.integer]:
    """A text, or stretches spread evenly over it."""
    if len(training) <= QUICK_COUNTED:
        return np.array(training)
    size = QUICK_COUNTED // QUICK_PIECES
    firsts = np.linspace(0, len(training) - size, QUICK_PIECES).astype(int).tolist()
    return np.concatenate([training[first : first + size] for first in firsts])


def score_uniform(task: Task) -> Iterator[BaselineScore]:
    """Every symbol is as likely as the other."""
    yield BaselineScore("uniform guessing", math.log(task.vocabulary.size), adaptive=False)


def score_ngrams(task: Task) -> Iterator[BaselineScore]:
    """Symbol frequencies, and n-grams of the order that predicts the training text best."""
    size, scored = task.vocabulary.size, task.scored
    orders = list(kneser_ney.losses_by_order(task.ids, task.start, size))
    yield BaselineScore("symbol frequencies", float(orders[0][0][scored].mean()), adaptive=False)
    order = _best_order(task.ids[: task.start], size)
    for nats, adaptive in zip(orders[order - 1], (False, True), strict=True):
        yield BaselineScore(f"n-grams of up to {order}", float(nats[scored].mean()), adaptive)


def _best_order(training: NDArray[np.integer], size: int) -> int:
    """The order that predicts the last tenth of the training text best."""
    start = len(training) - len(training) // 10
    orders = kneser_ney.losses_by_order(training, start, size)
    return int(np.argmin([static.sum() for static, _ in orders])) + 1


def score_ppmd(task: Task) -> Iterator[BaselineScore]:
    """PPMd, where it is installed."""
    try:
        import pyppmd
    except ImportError:
        return

    def compress(data: bytes) -> bytes:
        return bytes(pyppmd.compress(data, max_order=_PPMD_ORDER, mem_size=_PPMD_MEMORY))

    yield from _compressor(f"PPMd, order {_PPMD_ORDER}", compress)(task)


def _compressor(name: str, compress: Callable[[bytes], bytes]) -> Baseline:
    """The baseline of a compressor: what the validation text adds to the training text."""

    def score(task: Task) -> Iterator[BaselineScore]:
        added = len(compress(task.all_bytes)) - len(compress(task.training_bytes))
        nats = added * 8 * math.log(2) / int(task.scored.sum())
        yield BaselineScore(name, nats, adaptive=True)

    return score


BASELINES: tuple[Baseline, ...] = (
    score_uniform,
    score_ngrams,
    _compressor("zlib", lambda data: zlib.compress(data, 9)),
    _compressor("bz2", lambda data: bz2.compress(data, 9)),
    _compressor("xz", lambda data: lzma.compress(data, preset=9 | lzma.PRESET_EXTREME)),
    score_ppmd,
)
