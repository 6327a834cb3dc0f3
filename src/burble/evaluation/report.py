"""How good a model is on its own text, beside what else is known of it. Knows no terminals.

The text is read again, and known by its fingerprint; scored is its held-out end, which the model
never saw.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from burble.evaluation import baselines, statistics
from burble.evaluation import evaluate as evaluation
from burble.evaluation.baselines import BaselineScore, Task
from burble.evaluation.evaluate import Report
from burble.evaluation.statistics import Measures
from burble.inference.generator import Generator
from burble.inference.settings import WritingSettings
from burble.ngram.index import LARGEST
from burble.ngram.training_text import TrainingText

if TYPE_CHECKING:
    from burble.evaluation.overlap import Copies

TEXTS, LENGTH, LENGTH_BY_WINDOW = 10, 2_000, 100
"""What a model writes to be measured; less where it reads a window anew for each symbol."""
SORTED = 4_000_000
"""Symbols of the training text that are sorted at once, to look for copies."""


@dataclass(frozen=True)
class Verdict:
    """What there is to say of a model on its own text.

    Attributes:
        report: Its score on the held-out part.
        adaptive: The same where it learns as it reads; None if that was not asked for.
        remembering: Its score with its memory; None if that was not asked for.
        remembering_adaptive: The same where both learn; None if not both were asked for.
        baselines: What the same symbols cost others, per character.
        written: Figures of what it writes; None if that is blank.
        recalled: The same where it writes with its memory; None also if that was not asked for.
        human: The same figures of as much of the held-out text; None if that is blank, and then
            nothing is written to be laid beside it.
        copies: What it wrote that stands in the training text; None if that is blank, or could
            not be looked for, as pydivsufsort is not installed.
        recalled_copies: The same of what it wrote with its memory.
        human_copies: The same of the held-out text.
    """

    report: Report
    adaptive: Report | None
    remembering: Report | None
    remembering_adaptive: Report | None
    baselines: Sequence[BaselineScore]
    written: Measures | None
    recalled: Measures | None
    human: Measures | None
    copies: "Copies | None"
    recalled_copies: "Copies | None"
    human_copies: "Copies | None"


def judge(
    writer: Generator,
    text: TrainingText,
    how: WritingSettings,
    *,
    adaptive: bool = False,
    tell: Callable[[str], object] = lambda _: None,
) -> Verdict:
    """All that is known of a model on its own text.

    Args:
        writer: The model.
        text: Its text.
        how: The temperature, nudge and seed with which it writes, and how far its memory is
            believed, where it is scored and writes with that, too; 0 leaves that out.
        adaptive: Whether to score it as it learns from what it reads, too.
        tell: Takes a sentence about what is being done.
    """
    if how.memory and not writer.has_memory:
        writer = Generator(writer.model, text.memory)
    # What not every model can comes first.
    tell("Scoring it as it learns …" if adaptive else "Scoring the held-out part …")
    learning = _reports(writer, text, how.memory, adaptive=True) if adaptive else (None, None)
    report, remembering = _reports(writer, text, how.memory, adaptive=False)
    tell("Scoring others on it …")
    others = _others(text, report)
    tell("Writing …")
    human = _pieces(text, LENGTH_BY_WINDOW if writer.model.window else LENGTH)
    samples = _samples(writer, human, replace(how, memory=0.0))
    recalled = _samples(writer, human, how) if how.memory else []
    reference = statistics.Reference.of(text.text(_first(text), text.start))
    tell("Looking for copies …")
    copied = _copies([group for group in (samples, recalled, human) if group], text)
    return Verdict(
        report=report,
        adaptive=learning[0],
        remembering=remembering,
        remembering_adaptive=learning[1],
        baselines=others,
        written=statistics.measure(samples, reference) if samples else None,
        recalled=statistics.measure(recalled, reference) if recalled else None,
        human=statistics.measure(human, reference) if human else None,
        copies=copied[0] if copied and samples else None,
        recalled_copies=copied[-2] if copied and recalled else None,
        human_copies=copied[-1] if copied and human else None,
    )


def parts_used(text: TrainingText, memory: float = 0.0) -> dict[str, tuple[int, int]]:
    """How many symbols were used, of how many there are, by what they were used for.

    Args:
        text: What the model was trained on.
        memory: How far a memory was believed.
    """
    used = {
        "scored": (len(text.ids) - text.start, text.validation),
        "others": (min(text.start, baselines.LARGEST), text.start),
    }
    return used | ({"memory": (min(text.start, LARGEST), text.start)} if memory else {})


def _reports(
    writer: Generator, text: TrainingText, memory: float, *, adaptive: bool
) -> tuple[Report, Report | None]:
    """The score of the network alone, and with its memory if that is to be believed at all."""
    shares = (0.0, memory) if memory else (0.0,)
    found = evaluation.score_end(
        writer, text.ids, text.start, text.given, adaptive=adaptive, shares=shares
    )
    return found[0], found[1] if memory else None


def _samples(writer: Generator, human: Sequence[str], how: WritingSettings) -> list[str]:
    """What a model writes, as much as `human` is; without what is blank."""
    if not human:
        return []
    samples = writer.generate_many(
        writer.beginning(how.seed or 0),
        count=len(human),
        length=max(map(len, human)),
        temperature=how.temperature,
        close_quotes=how.close_quotes,
        seed=how.seed,
        break_loops=False,
        memory=how.memory,
    )
    # Figures depend on how much there is, so it is as much of both.
    samples = [one[: len(other)] for one, other in zip(samples, human, strict=True)]
    return [sample for sample in samples if sample.strip()]


def _pieces(text: TrainingText, length: int) -> list[str]:
    """The beginning of the held-out text, in pieces."""
    validation = text.text(text.start, len(text.ids))[: TEXTS * length]
    pieces = [validation[i : i + length] for i in range(0, len(validation), length)]
    return [piece for piece in pieces if piece.strip()]


def _first(text: TrainingText) -> int:
    """Where the part of the training text begins that is worth the time of others."""
    return max(0, text.start - baselines.LARGEST)


def _others(text: TrainingText, report: Report) -> list[BaselineScore]:
    """What the symbols of a report cost others, per character."""
    first = _first(text)
    given = text.given[(text.given >= text.start) & (text.given < len(text.ids))]
    scored = len(text.ids) - text.start - len(given)
    per_character = scored / (report.characters + report.ends)
    task = Task(
        text.ids[first:], text.start - first, text.vocabulary, text.separator, given - text.start
    )
    return [
        replace(score, nats=score.nats * per_character) for score in baselines.score_baselines(task)
    ]


def _copies(groups: Sequence[Sequence[str]], text: TrainingText) -> "list[Copies]":
    """What groups of texts have from the training text; empty where that cannot be looked for."""
    from burble.evaluation import overlap

    longest = max((len(one) for group in groups for one in group), default=0)

    def pieces() -> Iterator[str]:
        for first in range(0, text.start, SORTED):
            # No copy is longer than what was written, so none is missed across two pieces.
            yield text.text(first, min(text.start, first + SORTED + longest))

    try:
        return overlap.find(groups, pieces())
    except ImportError:
        return []
