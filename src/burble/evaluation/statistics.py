"""Statistics of a text that a model wrote, to lay beside those of a text a person wrote.

Knows nothing of models. Every fraction is between 0 and 1; every length is in characters.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from statistics import mean

import numpy as np

from burble.data import sentences
from burble.data.cleaning import code_points
from burble.data.quotes import Quotes
from burble.data.words import LAYOUT, find_words

WINDOW = 12
"""Characters of a window, for what was seen before."""
ROUNDS = 3
"""Times a passage stands in a row to count as a loop."""
LONGEST_PERIOD = 400
GRAM = 3
"""Characters of the n-grams that are compared."""


@dataclass(frozen=True)
class TextStatistics:
    """Statistics of one text, or of several taken together.

    Attributes:
        words: Fraction of its words that occur in the training text; NaN where it has none.
        distinct_words: Different words, as a fraction of all.
        distinct_grams: Different sequences of three characters, as a fraction of all.
        repeated: Fraction of its windows of twelve characters that stood in it before, of those
            that hold a letter or digit.
        looped: Fraction of its characters in a passage that stands three times in a row or more.
        closed: Fraction of its opened quotes and brackets that are closed; NaN where none opens.
        line_length: Mean length of a line that is not blank.
        sentence_length: Mean length of a sentence.
        letters: Jensen-Shannon divergence of its character frequencies from those of the training
            text, in bits, 0 to 1.
        grams: The same of sequences of three characters.
    """

    words: float
    distinct_words: float
    distinct_grams: float
    repeated: float
    looped: float
    closed: float
    line_length: float
    sentence_length: float
    letters: float
    grams: float


@dataclass(frozen=True)
class Reference:
    """What is known of the training text.

    Attributes:
        words: Its words, in lower case.
        letters: How often each character occurs.
        grams: How often each sequence of three characters occurs.
    """

    words: Set[str]
    letters: Counter[str]
    grams: Counter[str]

    @classmethod
    def from_text(cls, text: str) -> "Reference":
        """Counts a training text."""
        return cls(frozenset(find_words(text)), Counter(text), Counter(trigrams(text)))


def measure_texts(samples: Sequence[str], reference: Reference) -> TextStatistics:
    """The statistics of some texts, each weighed by its length; none may be empty."""
    every = [find_words(sample) for sample in samples]
    written = [word for found in every for word in found]
    grams = [gram for sample in samples for gram in trigrams(sample)]
    letters = Counter("".join(samples))
    opened, closed = count_quotes(samples)
    lines = [line for sample in samples for line in sample.splitlines() if line.strip()]
    parts = [
        len(part)
        for sample in samples
        for part in "".join(sentences.split_sentences([sample])).split(sentences.EDGE)
    ]
    size = sum(map(len, samples))
    return TextStatistics(
        words=_fraction(sum(word in reference.words for word in written), len(written)),
        distinct_words=_fraction(len(set(written)), len(written)),
        distinct_grams=_fraction(len(set(grams)), len(grams)),
        repeated=_fraction(*map(sum, zip(*map(_repeated, samples), strict=True))),
        looped=sum(find_loops(sample)[0] for sample in samples) / size,
        closed=_fraction(closed, opened),
        line_length=mean(map(len, lines)) if lines else 0.0,
        sentence_length=mean(parts),
        letters=jensen_shannon(letters, reference.letters),
        grams=jensen_shannon(Counter(grams), reference.grams),
    )


def count_quotes(samples: Iterable[str]) -> tuple[int, int]:
    """How many quotes and brackets open in some texts, and how many of them close.

    >>> count_quotes(["'Why?' (she", "said)"])
    (2, 1)
    """
    opened = closed = 0
    for sample in samples:
        found = Quotes()
        found.add(sample)
        found.end()
        opened, closed = opened + found.opened, closed + found.closed
    return opened, closed


def trigrams(text: str) -> Iterable[str]:
    """Its sequences of three characters, overlapping."""
    return (text[i : i + GRAM] for i in range(len(text) - GRAM + 1))


def jensen_shannon(one: Counter[str], other: Counter[str]) -> float:
    """The Jensen-Shannon divergence of two distributions, in bits: 0 if equal, 1 if disjoint.

    >>> jensen_shannon(Counter("ab"), Counter("aabb")), jensen_shannon(Counter("a"), Counter("b"))
    (0.0, 1.0)
    """
    found = 0.0
    if not one or not other:
        return math.nan
    # Counted once: there may be as many symbols as there is text.
    ours, theirs = one.total(), other.total()
    for counts, weight in ((one, ours), (other, theirs)):
        for symbol, n in counts.items():
            p, q = one[symbol] / ours, other[symbol] / theirs
            fraction = n / weight
            found += fraction / 2 * math.log2(2 * fraction / (p + q))
    return found


def _fraction(some: float, every: float) -> float:
    """A fraction, or NaN of nothing."""
    return some / every if every else math.nan


def _repeated(sample: str) -> tuple[int, int]:
    """How many of a sample's windows stood in it before, and how many there are.

    Those without a letter or digit, such as parts of rules and indents, are none.
    """
    every = (sample[i : i + WINDOW] for i in range(len(sample) - WINDOW + 1))
    windows = [window for window in every if any(map(str.isalnum, window))]
    return len(windows) - len(set(windows)), len(windows)


def find_loops(sample: str) -> tuple[int, int]:
    """How much of a text goes round, and how often.

    Returns:
        How many of its characters lie in a passage that stands several times in a row; and how
        often such a passage stands in a row at most.

    >>> find_loops("row, row, row, row on")
    (18, 3)
    """
    points = code_points(sample)
    looped = np.zeros(len(points), bool)
    most = 0
    for period in range(1, min(LONGEST_PERIOD, len(points) // ROUNDS) + 1):
        # Where a run of symbols equals what stood one period before, the passage goes round.
        same = np.concatenate([[False], points[period:] == points[:-period], [False]])
        edges = np.flatnonzero(same[1:] != same[:-1])
        starts, ends = edges[::2], edges[1::2]
        long = ends - starts >= max(period * (ROUNDS - 1), WINDOW)
        for start, end in zip(starts[long].tolist(), ends[long].tolist(), strict=True):
            spoken = any(map(str.isalnum, sample[start : start + period]))
            if spoken or end - start >= LAYOUT:
                looped[start : end + period] = True
                most = max(most, (end - start) // period + 1)
    return int(looped.sum()), most
