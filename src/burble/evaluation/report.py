"""A report on a model and the text it was trained on. Knows nothing of terminals.

The text is read again and known by its fingerprint; its validation part, which the model never
saw, is scored.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from burble.data.labels import PlaceLabels
from burble.evaluation import baselines, statistics
from burble.evaluation import evaluate as evaluation
from burble.evaluation.baselines import BaselineScore, Task
from burble.evaluation.evaluate import Report
from burble.evaluation.statistics import TextStatistics
from burble.inference.generator import Generator
from burble.inference.settings import WritingSettings
from burble.ngram.index import MAX_SYMBOLS
from burble.ngram.training_text import TrainingText

if TYPE_CHECKING:
    from burble.evaluation.overlap import Overlap

TEXTS, LENGTH, LENGTH_BY_WINDOW = 10, 2_000, 100
"""What a model writes to be measured; less where it reads a window anew for each symbol."""
SORTED = 4_000_000
"""Symbols of the training text that are sorted at once, to search for overlap."""


@dataclass(frozen=True)
class ModelReport:
    """What there is to say of a model on the text it was trained on.

    Attributes:
        static: Its score on the validation part.
        adaptive: The same with dynamic evaluation; None if that was not wanted.
        with_memory: Its score with the n-gram model; None if that was not wanted.
        with_memory_adaptive: The same where both adapt; None if not both were wanted.
        baselines: What simpler predictors score on the same symbols, per character.
        samples: Statistics of what it writes; None if that is blank.
        samples_with_memory: The same where it writes with the n-gram model; None also if that was
            not wanted.
        validation: The same statistics of as much of the validation text; None if that is blank,
            and then nothing is written to be laid beside it.
        samples_overlap: Overlap of what it wrote with the training text; None if that is blank,
            or pydivsufsort is not installed.
        samples_with_memory_overlap: The same of what it wrote with the n-gram model.
        validation_overlap: The same of the validation text.
    """

    static: Report
    adaptive: Report | None
    with_memory: Report | None
    with_memory_adaptive: Report | None
    baselines: Sequence[BaselineScore]
    samples: TextStatistics | None
    samples_with_memory: TextStatistics | None
    validation: TextStatistics | None
    samples_overlap: "Overlap | None"
    samples_with_memory_overlap: "Overlap | None"
    validation_overlap: "Overlap | None"


def build_report(
    writer: Generator,
    text: TrainingText,
    how: WritingSettings,
    *,
    adaptive: bool = False,
    log: Callable[[str], object] = lambda _: None,
) -> ModelReport:
    """Scores a model on its own text, and measures what it writes.

    Args:
        writer: The model.
        text: The text it was trained on.
        how: The temperature, quote bias and seed with which it writes; the weight of the n-gram
            model, with which it is scored and writes, too, and 0 leaves that out; and a label with
            which it does both: if there is none, documents are scored with their own.
        adaptive: Whether to score it with dynamic evaluation, too.
        log: Takes a sentence about what is being done.
    """
    weight = how.memory_choice.weight
    if weight and not writer.has_memory:
        writer = Generator(writer.model, text.build_index)
    # What not every model can comes first.
    log("Scoring with dynamic evaluation …" if adaptive else "Scoring the validation part …")
    learning = _score_model(writer, text, how, adaptive=True) if adaptive else (None, None)
    static, with_memory = _score_model(writer, text, how, adaptive=False)
    log("Scoring the baselines …")
    compared = _score_baselines(text, static)
    return ModelReport(
        static=static,
        adaptive=learning[0],
        with_memory=with_memory,
        with_memory_adaptive=learning[1],
        baselines=compared,
        **_measure_samples(writer, text, how, log),
    )


def parts_used(text: TrainingText, memory: float = 0.0) -> dict[str, tuple[int, int]]:
    """How many symbols were used, of how many there are, by what they were used for."""
    used = {
        "scored": (len(text.ids) - text.start, text.validation),
        "baselines": (min(text.start, baselines.LARGEST), text.start),
    }
    return used | ({"memory": (min(text.start, MAX_SYMBOLS), text.start)} if memory else {})


def _score_model(
    writer: Generator, text: TrainingText, how: WritingSettings, *, adaptive: bool
) -> tuple[Report, Report | None]:
    """The score of the network alone, and with the n-gram model if that has any weight."""
    memory, labels = how.memory_choice.weight, text.labels
    weights = (0.0, memory) if memory else (0.0,)
    if any(given := writer.model.labels.find(how.label)):
        labels = PlaceLabels(np.zeros(1, np.int64), np.array([given], np.int32))
    found = evaluation.score_validation(
        writer,
        text.ids,
        text.start,
        text.given,
        adaptive=adaptive,
        weights=weights,
        labels=labels,
    )
    return found[0], found[1] if memory else None


def _measure_samples(
    writer: Generator, text: TrainingText, how: WritingSettings, log: Callable[[str], object]
) -> dict[str, Any]:
    """What is measured of samples and of the validation text: fields of `ModelReport`."""
    weight = how.memory_choice.weight
    log("Writing samples …")
    human = _validation_pieces(text, LENGTH_BY_WINDOW if writer.model.window else LENGTH)
    groups = {
        "samples": _write_samples(writer, human, replace(how, memory=0.0)),
        "samples_with_memory": _write_samples(writer, human, how) if weight else [],
        "validation": human,
    }
    reference = statistics.Reference.from_text(text.text(_first_counted(text), text.start))
    log("Searching for overlap with the training text …")
    overlaps = zip(groups, _find_overlaps([*groups.values()], text), strict=True)
    measured = {
        name: statistics.measure_texts(group, reference) if group else None
        for name, group in groups.items()
    }
    return measured | {f"{name}_overlap": overlap for name, overlap in overlaps}


def _write_samples(writer: Generator, human: Sequence[str], how: WritingSettings) -> list[str]:
    """What a model writes, as much as `human` is; without what is blank."""
    if not human:
        return []
    samples = writer.generate_many(
        writer.draw_prompt(how.seed or 0),
        count=len(human),
        length=max(map(len, human)),
        temperature=how.temperature,
        close_quotes=how.close_quotes,
        seed=how.seed,
        break_loops=False,
        memory=how.memory,
        label=how.label,
    )
    # Figures depend on how much there is, so it is as much of both.
    samples = [one[: len(other)] for one, other in zip(samples, human, strict=True)]
    return [sample for sample in samples if sample.strip()]


def _validation_pieces(text: TrainingText, length: int) -> list[str]:
    """The beginning of the validation text, in pieces."""
    validation = text.text(text.start, len(text.ids))[: TEXTS * length]
    pieces = [validation[i : i + length] for i in range(0, len(validation), length)]
    return [piece for piece in pieces if piece.strip()]


def _first_counted(text: TrainingText) -> int:
    """Where the part of the training text begins that baselines count."""
    return max(0, text.start - baselines.LARGEST)


def _score_baselines(text: TrainingText, report: Report) -> list[BaselineScore]:
    """What simpler predictors score on the symbols of a report, per character."""
    first = _first_counted(text)
    given = text.given[(text.given >= text.start) & (text.given < len(text.ids))]
    scored = len(text.ids) - text.start - len(given)
    per_character = scored / (report.characters + report.ends)
    task = Task(
        text.ids[first:], text.start - first, text.vocabulary, text.separator, given - text.start
    )
    return [
        replace(score, nats=score.nats * per_character) for score in baselines.score_baselines(task)
    ]


def _find_overlaps(groups: Sequence[Sequence[str]], text: TrainingText) -> "list[Overlap | None]":
    """The overlap of groups of texts with the training text; None of an empty one.

    All are None where pydivsufsort is not installed.
    """
    from burble.evaluation import overlap

    longest = max((len(one) for group in groups for one in group), default=0)

    def pieces() -> Iterator[str]:
        for first in range(0, text.start, SORTED):
            # No overlap is longer than what was written, so none is missed across two pieces.
            yield text.text(first, min(text.start, first + SORTED + longest))

    try:
        found = iter(overlap.find_overlaps([group for group in groups if group], pieces()))
    except ImportError:
        return [None for _ in groups]
    return [next(found) if group else None for group in groups]
