"""What a model predicted of each symbol of a text: how likely it was, and what was likelier.

Knows nothing of files, or of how texts are written.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from burble.inference import prompts
from burble.inference.generator import Generator
from burble.inference.scored import Symbol
from burble.inference.scoring import MemoryState, Predictions, mix_memory, predict_text
from burble.inference.settings import Unknown
from burble.inference.spoken import Gathered, begin_spoken
from burble.inference.suggestions import Suggestion

AHEAD = 16
"""Characters of a text in which the next one of the cleaned text is looked for."""


@dataclass(frozen=True)
class SymbolScore:
    """What was predicted of one symbol.

    Attributes:
        at: Where it begins in the text that was given, in characters.
        text: The symbol as the model reads it.
        log_probability: Of it, nats; None for a first one that nothing stands before.
        likeliest: What was likeliest there, the first most.
    """

    at: int
    text: str
    log_probability: float | None
    likeliest: tuple[Suggestion, ...]


def score_symbols(
    generator: Generator,
    text: str,
    count: int = 5,
    *,
    unknown: Unknown = "error",
    memory: float = 0.0,
) -> list[SymbolScore]:
    """Scores each symbol of a text from all that stands before it.

    Args:
        generator: The model.
        text: The text; cleaned as the model's own was.
        count: How many of the likeliest are named.
        unknown: See `prompts.prepare_prompt`.
        memory: Weight of the model's memory, 0 to 1.

    Raises:
        VocabularyError, EncodingError: See `prompts.prepare_prompt`.
        SettingsError: There is no memory.
    """
    ready = prompts.prepare_prompt(text, generator.model, unknown)
    vocabulary = generator.model.vocabulary
    if not ready.text:
        return []
    predicted = predict_text(generator.engine, ready.ids, generator.model.window)
    scores = [*_describe(_with_memory(generator, predicted, ready.ids, memory), generator, count)]
    # A document's edge stands before the first symbol; of running text nothing does.
    none: list[tuple[float | None, tuple[Suggestion, ...]]] = [(None, ())]
    ids = ready.ids[vocabulary.boundary :].tolist()
    rows = none * (len(ids) - len(scores)) + [*scores]
    symbols = _gather(generator, ids, rows)
    starts = np.cumsum([0, *(len(symbol) for symbol, *_ in symbols[:-1])])
    places = np.array(align_text(text, ready.text))[starts].tolist()
    return [SymbolScore(place, *one) for place, one in zip(places, symbols, strict=True)]


def _gather(
    generator: Generator,
    ids: Sequence[int],
    rows: Sequence[tuple[float | None, tuple[Suggestion, ...]]],
) -> list[tuple[str, float | None, tuple[Suggestion, ...]]]:
    """The text of each symbol, with what was predicted of it; bytes of one character as one."""
    vocabulary = generator.model.vocabulary
    # Between two documents stands their edge: one symbol, of as many characters as parts them.
    pieces = (*vocabulary.symbols, generator.model.separator)
    spoken, gathered, found = begin_spoken(vocabulary, pieces, "", []), Gathered(), []
    for symbol, (log_probability, likeliest) in zip(ids, rows, strict=True):
        text = pieces[symbol] if spoken is None else spoken.read(symbol)
        top = tuple((one.text, one.probability) for one in likeliest)
        told = gathered.add(Symbol(text, log_probability, top), text)
        if told is not None:
            others = tuple(Suggestion(*one) for one in told.top)
            found.append((told.text, told.log_probability, others))
    return found


def _with_memory(
    generator: Generator, predicted: Iterator[Predictions], ids: NDArray[np.integer], weight: float
) -> Iterator[Predictions]:
    """Predictions with those of the memory mixed in, if it has a weight."""
    if not weight:
        yield from predicted
        return
    state = MemoryState.start(generator.memory, generator.mixing_weights(weight))
    state.read_symbols([int(ids[0])])
    for predictions in predicted:
        mixed, state = mix_memory(predictions, state)
        yield mixed


def _describe(
    predicted: Iterator[Predictions], generator: Generator, count: int
) -> Iterator[tuple[float, tuple[Suggestion, ...]]]:
    """The log-probability of each symbol that came, and what was likeliest."""
    names = (*generator.model.vocabulary.names, "")
    for predictions in predicted:
        rows = predictions.log_probabilities
        best = np.argsort(-rows, axis=1, kind="stable")[:, :count]
        chances = np.exp(np.take_along_axis(rows, best, 1)).tolist()
        for nll, ids, each in zip(predictions.nll.tolist(), best.tolist(), chances, strict=True):
            yield -nll, tuple(Suggestion(names[i], p) for i, p in zip(ids, each, strict=True))


def align_text(given: str, cleaned: str) -> Sequence[int]:
    """Where each character of a cleaned text stands in the text that was given.

    >>> align_text("A  b!", "a b")
    [0, 1, 3]
    """
    places, at = [], 0
    for char in cleaned:
        near = (n for n in range(at, min(at + AHEAD, len(given))) if _are_alike(given[n], char))
        # What is not found was put in the place of another.
        at = next(near, at)
        places.append(min(at, max(0, len(given) - 1)))
        at += 1
    return places


def _are_alike(one: str, other: str) -> bool:
    """Whether two characters differ in nothing but case."""
    return one == other or one.casefold() == other.casefold()
