"""Selects the sampling settings that suit a model. Knows nothing of training.

At a low temperature a model repeats itself, at a high one it misspells, and a small one forgets
to close its quotes. All of it is measured on samples, beside a person's text: the model's own
validation text.
"""

import math
from collections import Counter
from collections.abc import Callable, Generator, Mapping
from functools import partial
from typing import Any, TypeVar, cast

from burble.data.corpus import Corpus
from burble.evaluation import statistics
from burble.evaluation.statistics import Reference, TextStatistics
from burble.formatting import some
from burble.inference.generator import Generator as Writer

TEMPERATURES = (0.6, 0.7, 0.8, 0.9, 1.0)
REAL_WORDS = 0.96
"""The fraction of its words that should stand in the training text. Of a model that began from
another no more is asked than of a person's text: its words may be those that the other has read."""
MORE_REPEATED = 0.03
"""How much more of a sample than of a person's text may have come before."""
QUOTE_BIASES = (1.0, 2.0, 3.0)
"""Biases, in logits, with which quotes and brackets may be closed, the smallest first."""
LESS_CLOSED = 0.03
"""How many fewer of a sample's quotes and brackets than of a person's may close."""
OPENED, CLOSED = 20, 0.9
"""Marks of a person's text that open, at least, and the fraction of them that close: if fewer, they
may be apostrophes."""
TEXTS, LENGTH = 16, 400
MANY, FEW = 1_000, 4
"""Symbols from which on an alphabet is large, and the fewer texts that are written then."""
KNOWN = 0.5
"""The fraction of a person's words that the training text knows, where an alphabet is large: with
fewer, what is found between its marks are no words, as in Chinese."""
LOOPED, MOSTLY_LOOPED = 0.01, 0.5
"""The fraction of a text in loops from which on they are its own way, and from which on there is no
saying how often a passage may stand in a row."""
LOOPS_COUNTED = 300_000
"""Training symbols that are searched for loops, from the last."""
WORDS_COUNTED = 1_000_000
"""Training symbols whose words are counted, from the last."""


T = TypeVar("T")
Selection = Generator[float, None, Mapping[str, Any]]
"""Yields the fraction that is done, about; returns what was found."""
Measurement = Generator[float, None, TextStatistics]
"""The same, of samples of one temperature and bias."""


def select_loop_settings(text: Corpus) -> dict[str, Any]:
    """The settings of writing with which what a text itself repeats does not count as a loop.

    Returns:
        `break_loops` or `rounds`, in JSON types; empty for a text that hardly loops.
    """
    learned = _part(text, max(0, text.cut - LOOPS_COUNTED), text.cut)
    looped, rounds = statistics.find_loops(learned)
    if looped < LOOPED * len(learned):
        return {}
    return {"break_loops": False} if looped > MOSTLY_LOOPED * len(learned) else {"rounds": rounds}


def select_sampling(writer: Writer, text: Corpus) -> Selection:
    """Selects the settings of writing that suit a model, and says why.

    Args:
        writer: The model.
        text: What it was trained on.

    Yields:
        The fraction of it that is done, about, after each symbol or so.

    Returns:
        `temperature` and `close_quotes`, with the fractions `words`, `repeated` and `closed` of
        what it wrote with them, in JSON types; empty where nothing can be said: the validation
        text is missing or too short to tell how much of it came before, the text has no words, or
        the model reads a window anew for each symbol, which would take long. `close_quotes` is
        left out where a person's text says nothing of it, and `closed` where the model opens none.
    """
    validation = _part(text, text.cut, text.cut + TEXTS * LENGTH)
    pieces = [validation[i : i + LENGTH] for i in range(0, len(validation), LENGTH)]
    if writer.model.window or not validation.strip():
        return {}
    reference = Reference.from_text(_part(text, max(0, text.cut - WORDS_COUNTED), text.cut))
    human = statistics.measure_texts(pieces, reference)
    many = text.vocabulary.size >= MANY
    if math.isnan(human.words) or math.isnan(human.repeated) or (many and human.words < KNOWN):
        return {}
    write = partial(_measure_samples, writer, reference, FEW if many else TEXTS)
    opened, closed = statistics.count_quotes([validation])
    quoted = opened >= OPENED and closed >= CLOSED * opened
    rounds = len(TEMPERATURES) + len(QUOTE_BIASES) * quoted
    tried = yield from _try_temperatures(write, rounds)
    sound = REAL_WORDS if writer.model.base is None else min(REAL_WORDS, human.words)
    temperature = _select_temperature(tried, sound, human.repeated + MORE_REPEATED)
    best, facts = tried[temperature], {"temperature": temperature}
    if quoted:
        bias, best = yield from _select_bias(write, (temperature, best), human)
        facts |= {"close_quotes": bias, "closed": round(best.closed, 4)}
    facts |= {"words": round(_known_words(best), 4), "repeated": round(best.repeated, 4)}
    # Of none there is no fraction, and a model's file knows no such number.
    return {name: value for name, value in facts.items() if not math.isnan(value)}


def explain_missing(text: Corpus) -> str:
    """A sentence where the validation text is too short to select anything; else empty."""
    validation = _part(text, text.cut, text.cut + TEXTS * LENGTH)
    if not validation.strip() or not math.isnan(_repeated_fraction(validation)):
        return ""
    return (
        f"The validation text has {some(len(validation), 'character')}, too few to find which "
        "temperature suits the model."
    )


def _repeated_fraction(written: str) -> float:
    """How much of a text came before; NaN where it is too short to tell."""
    nothing = Reference(frozenset(), Counter(), Counter())
    return statistics.measure_texts([written], nothing).repeated


def _try_temperatures(
    write: Callable[[float], Measurement], rounds: int
) -> Generator[float, None, dict[float, TextStatistics]]:
    """Statistics of what is written at each temperature, the lowest first."""
    tried = {}
    for place, temperature in enumerate(TEMPERATURES):
        tried[temperature] = yield from _in_rounds(write(temperature), place, rounds)
    return tried


def _select_temperature(
    tried: Mapping[float, TextStatistics], real: float, repeated: float
) -> float:
    """The highest temperature at which words are real; if none is, the one with the most.

    Args:
        tried: What was written at each temperature, the lowest first.
        real: The fraction of words that must be real.
        repeated: The fraction of a text that may have come before.
    """
    calm = [t for t, one in tried.items() if one.repeated <= repeated] or [max(tried)]
    sound = [t for t in calm if _known_words(tried[t]) >= real]
    return sound[-1] if sound else max(calm, key=lambda t: _known_words(tried[t]))


def _select_bias(
    write: Callable[[float, float], Measurement],
    best: tuple[float, TextStatistics],
    human: TextStatistics,
) -> Generator[float, None, tuple[float, TextStatistics]]:
    """The smallest bias with which about as many quotes close as in a person's text.

    If none is strong enough, the one with which most do; none where it opens none.
    """
    temperature, unbiased = best
    found = {0.0: unbiased}
    if math.isnan(unbiased.closed):
        return 0.0, unbiased
    rounds = len(TEMPERATURES) + len(QUOTE_BIASES)
    for place, bias in enumerate(QUOTE_BIASES, len(TEMPERATURES)):
        if any(one.closed >= human.closed - LESS_CLOSED for one in found.values()):
            break
        found[bias] = yield from _in_rounds(write(temperature, bias), place, rounds)
    most = max(found, key=lambda bias: (found[bias].closed >= 0, found[bias].closed))
    return most, found[most]


def _measure_samples(
    writer: Writer, reference: Reference, count: int, temperature: float, bias: float = 0.0
) -> Measurement:
    """Statistics of what a model writes, in some samples."""
    samples: list[list[str]] = [[] for _ in range(count)]
    options = {"length": LENGTH, "seed": 0, "temperature": temperature, "close_quotes": bias}
    settings, _ = writer.resolve_settings(options)
    written = 0
    for number, piece in writer.prepare_texts("", settings).stream_side_by_side(range(count)):
        text = piece if isinstance(piece, str) else ""
        samples[number].append(text)
        if number == 0:
            written += len(text)
            yield min(1.0, written / LENGTH)
    return statistics.measure_texts(["".join(sample) for sample in samples], reference)


def _in_rounds(measurement: Measurement, place: int, rounds: int) -> Measurement:
    """The same measurement, where it is one of several rounds of what is done."""
    while True:
        try:
            yield (place + next(measurement)) / rounds
        except StopIteration as found:
            return cast(TextStatistics, found.value)


def _known_words(written: TextStatistics) -> float:
    """The fraction of its words that are real; where it writes no word at all, none is misspelt."""
    return 1.0 if math.isnan(written.words) else written.words


def _part(text: Corpus, first: int, end: int) -> str:
    """A part of a corpus as text."""
    return text.vocabulary.decode(text.ids[first:end], text.separator)
