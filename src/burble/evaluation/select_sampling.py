"""How a model writes best: as bold as its spelling allows, with quotes that close.

At a low temperature a model repeats itself, at a high one it misspells, and a small one forgets
to close its quotes. All of it is measured on what the model writes, beside a person's text. Knows
nothing of training.
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
"""The share of its words that should stand in the training text."""
MORE_REPEATED = 0.03
"""How much more of it than of a person's text may have come before."""
NUDGES = (1.0, 2.0, 3.0)
"""How strongly quotes and brackets may be closed, the gentlest first."""
LESS_CLOSED = 0.03
"""How many fewer of its quotes and brackets than of a person's may close."""
OPENED, CLOSED = 20, 0.9
"""Marks of a person's text that open, at least, and the share of them that close: fewer, and they
may be apostrophes."""
TEXTS, LENGTH = 16, 400
MANY, FEW = 1_000, 4
"""Symbols from which on an alphabet is large, and the fewer texts that are written then."""
KNOWN = 0.5
"""The share of a person's words that the training text knows, where an alphabet is large: with
fewer, what is found between its marks are no words, as in Chinese."""
OWN, ALL = 0.01, 0.5
"""The share of a text that goes round from which on that is its own way, and from which on there is
no saying how often it may."""
LOOKED = 300_000
"""Training symbols that are looked at for that, from the last."""
LARGEST = 1_000_000
"""Training symbols of which the words are known, from the last."""


T = TypeVar("T")
Search = Generator[float, None, Mapping[str, Any]]
"""Yields the share that is done, about; returns what was found."""
Writing = Generator[float, None, TextStatistics]
"""The same, of one temperature."""


def repetition(text: Corpus) -> dict[str, Any]:
    """The settings of writing with which what a text itself repeats is no loop.

    Args:
        text: What is learned.

    Returns:
        `break_loops` or `rounds`, in JSON types; empty for a text that hardly goes round.
    """
    learned = _part(text, max(0, text.cut - LOOKED), text.cut)
    looped, rounds = statistics.find_loops(learned)
    if looped < OWN * len(learned):
        return {}
    return {"break_loops": False} if looped > ALL * len(learned) else {"rounds": rounds}


def suited(writer: Writer, text: Corpus) -> Mapping[str, Any]:
    """The settings of writing that suit a model, and why; see `search`."""
    return outcome(search(writer, text))


def outcome(work: Generator[float, None, T]) -> T:
    """What work comes to that tells how far it is, done in one go."""
    while True:
        try:
            next(work)
        except StopIteration as found:
            return cast(T, found.value)


def search(writer: Writer, text: Corpus) -> Search:
    """Finds the settings of writing that suit a model, and why.

    Args:
        writer: The model.
        text: What it was trained on.

    Yields:
        The share of it that is done, about, after each symbol or so.

    Returns:
        `temperature` and `close_quotes`, with the shares `words`, `repeated` and `closed` of what
        it wrote with them, in JSON types; empty where nothing can be said: nothing is held out, or
        too little to tell how much of it came before, the text has no words, or the model reads a
        window anew for each symbol, which would take long. `close_quotes` is left out where a
        person's text says nothing of it, and `closed` where the model opens none.
    """
    validation = _part(text, text.cut, text.cut + TEXTS * LENGTH)
    pieces = [validation[i : i + LENGTH] for i in range(0, len(validation), LENGTH)]
    if writer.model.window or not validation.strip():
        return {}
    reference = Reference.from_text(_part(text, max(0, text.cut - LARGEST), text.cut))
    human = statistics.measure_texts(pieces, reference)
    many = text.vocabulary.size >= MANY
    if math.isnan(human.words) or math.isnan(human.repeated) or (many and human.words < KNOWN):
        return {}
    write = partial(_written, writer, reference, FEW if many else TEXTS)
    opened, closed = statistics.count_quotes([validation])
    quoted = opened >= OPENED and closed >= CLOSED * opened
    rounds = len(TEMPERATURES) + len(NUDGES) * quoted
    tried = {}
    for place, temperature in enumerate(TEMPERATURES):
        tried[temperature] = yield from _shown(write(temperature), place, rounds)
    temperature = _boldest(tried, human)
    best, facts = tried[temperature], {"temperature": temperature}
    if quoted:
        nudge, best = yield from _closing(write, (temperature, best), human)
        facts |= {"close_quotes": nudge, "closed": round(best.closed, 4)}
    facts |= {"words": round(_real(best), 4), "repeated": round(best.repeated, 4)}
    # Of none there is no share, and a model's file knows no such number.
    return {name: value for name, value in facts.items() if not math.isnan(value)}


def unknown(text: Corpus) -> str:
    """A sentence where too little is held out to find what suits a model; else empty.

    >>> from burble.data.corpus import from_texts
    >>> from burble.settings import TextSettings
    >>> unknown(from_texts(["abc " * 20], TextSettings()))
    'Only 8 characters are held out, too few to find which temperature suits the model.'
    """
    validation = _part(text, text.cut, text.cut + TEXTS * LENGTH)
    if not validation.strip() or not math.isnan(_repeated(validation)):
        return ""
    are = "is" if len(validation) == 1 else "are"
    return (
        f"Only {some(len(validation), 'character')} {are} held out, too few to find which "
        "temperature suits the model."
    )


def _repeated(written: str) -> float:
    """How much of a text came before; NaN where it is too short to tell."""
    nothing = Reference(frozenset(), Counter(), Counter())
    return statistics.measure_texts([written], nothing).repeated


def _boldest(tried: Mapping[float, TextStatistics], human: TextStatistics) -> float:
    """The boldest temperature at which words are real; if none is, the one with the most."""
    most = human.repeated + MORE_REPEATED
    calm = [t for t, one in tried.items() if one.repeated <= most] or [max(tried)]
    sound = [t for t in calm if _real(tried[t]) >= REAL_WORDS]
    return sound[-1] if sound else max(calm, key=lambda t: _real(tried[t]))


def _closing(
    write: Callable[[float, float], Writing],
    best: tuple[float, TextStatistics],
    human: TextStatistics,
) -> Generator[float, None, tuple[float, TextStatistics]]:
    """The gentlest nudge with which about as many quotes close as in a person's text.

    If none is strong enough, the one with which most do; none where it opens none.
    """
    temperature, unnudged = best
    found = {0.0: unnudged}
    if math.isnan(unnudged.closed):
        return 0.0, unnudged
    rounds = len(TEMPERATURES) + len(NUDGES)
    for place, nudge in enumerate(NUDGES, len(TEMPERATURES)):
        if any(one.closed >= human.closed - LESS_CLOSED for one in found.values()):
            break
        found[nudge] = yield from _shown(write(temperature, nudge), place, rounds)
    most = max(found, key=lambda nudge: (found[nudge].closed >= 0, found[nudge].closed))
    return most, found[most]


def _written(
    writer: Writer, reference: Reference, count: int, temperature: float, nudge: float = 0.0
) -> Writing:
    """Figures of what a model writes, in some texts."""
    samples: list[list[str]] = [[] for _ in range(count)]
    pieces = writer.stream_side_by_side(
        count=count, length=LENGTH, seed=0, temperature=temperature, close_quotes=nudge
    )
    for number, piece in pieces:
        samples[number].append(piece)
        if number == 0:
            yield min(1.0, len(samples[0]) / LENGTH)
    return statistics.measure_texts(["".join(sample) for sample in samples], reference)


def _shown(writing: Writing, place: int, rounds: int) -> Writing:
    """The same writing, with what it is of several rounds as the share that is done."""
    while True:
        try:
            yield (place + next(writing)) / rounds
        except StopIteration as found:
            return cast(TextStatistics, found.value)


def _real(written: TextStatistics) -> float:
    """The share of its words that are real; where it writes no word at all, none is misspelt."""
    return 1.0 if math.isnan(written.words) else written.words


def _part(text: Corpus, first: int, end: int) -> str:
    """A part of a corpus as text."""
    return text.vocabulary.decode(text.ids[first:end], text.separator)
