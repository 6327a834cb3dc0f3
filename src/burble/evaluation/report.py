"""How good a model is on its own text, beside what else is known of it. Knows no terminals.

The text is read again, and known by its fingerprint; scored is its held-out end, which the model
never saw.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from burble.data.corpus import Corpus, fingerprint
from burble.data.partition import Split
from burble.data.vocabulary import Vocabulary
from burble.errors import CorpusError, SettingsError
from burble.evaluation import baselines, statistics
from burble.evaluation import evaluate as evaluation
from burble.evaluation.baselines import Score
from burble.evaluation.evaluate import Report
from burble.evaluation.statistics import Measures
from burble.inference.generator import Generator
from burble.inference.settings import WritingSettings
from burble.model.file import Model
from burble.ngram import index as memories
from burble.ngram.index import LARGEST, Memory

if TYPE_CHECKING:
    from burble.evaluation.overlap import Copies

SCORED = 200_000
"""Held-out symbols that are scored at most, from the first."""
TEXTS, LENGTH, LENGTH_BY_WINDOW = 10, 2_000, 100
"""What a model writes to be measured; less where it reads a window anew for each symbol."""
SORTED = 4_000_000
"""Symbols of the training text that are sorted at once, to look for copies."""


@dataclass(frozen=True)
class Own:
    """The text a model was trained on, in the model's alphabet.

    Attributes:
        ids: What was trained on and what is scored, shape (N,).
        start: Where the held-out part begins.
        vocabulary: The model's alphabet.
        separator: What is written between two documents.
        given: Places, in order, of symbols that are neither learned nor scored.
        held_out: Symbols that were held out, of which the first may be all that is scored.
    """

    ids: NDArray[np.integer]
    start: int
    vocabulary: Vocabulary
    separator: str
    given: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    held_out: int = 0

    def text(self, first: int, end: int) -> str:
        """A part of it as text."""
        return self.vocabulary.decode(self.ids[first:end], self.separator)

    def parts(self, memory: float = 0.0) -> dict[str, tuple[int, int]]:
        """How many symbols were used, of how many there are, by what they were used for.

        Args:
            memory: How far a memory was believed.
        """
        used = {
            "scored": (len(self.ids) - self.start, self.held_out),
            "others": (min(self.start, baselines.LARGEST), self.start),
        }
        return used | ({"memory": (min(self.start, LARGEST), self.start)} if memory else {})

    def memory(self) -> Memory:
        """A memory of what was trained on; of the last `LARGEST` symbols, if there are more."""
        return memories.of(self.ids[max(0, self.start - LARGEST) : self.start])


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
    baselines: Sequence[Score]
    written: Measures | None
    recalled: Measures | None
    human: Measures | None
    copies: "Copies | None"
    recalled_copies: "Copies | None"
    human_copies: "Copies | None"


def own(model: Model, text: Corpus) -> Own | None:
    """A text as the model's own, if it is the one that it was trained on.

    Args:
        model: The model.
        text: The text, with whatever held out, cut as the model's alphabet says.

    Raises:
        CorpusError: It is, but cannot be cut as it was.
    """
    mine = _own(model, text)
    if mine is not None or not model.learned_from(text.sha256):
        return mine
    if model.vocabulary.cut_elsewhere:
        raise CorpusError(
            f"this is the text the model was trained on, but {model.vocabulary.otherwise}, which "
            f"cuts it otherwise. Install that one: pip install regex=={model.vocabulary.cut_by}"
        )
    if _drawn(model):
        raise CorpusError(
            "this is the text the model was trained on, but from other sources than then, so that "
            "another part of it would be held out. Give the same files, in the same order."
        )
    return None


def _drawn(model: Model) -> str | None:
    """The fingerprint of what a model was trained on, where that was drawn from a text."""
    facts = model.summary.get("corpus")
    return facts.get("training_sha256") if isinstance(facts, dict) else None


def _own(model: Model, text: Corpus) -> Own | None:
    """A text as the model's own, if it is that and cut as it was."""
    facts, known = model.summary.get("corpus"), model.vocabulary
    if not model.learned_from(text.sha256) or known.boundary != text.vocabulary.boundary:
        return None
    if not isinstance(facts, dict) or not {*text.vocabulary.symbols} <= {*known.symbols}:
        return None
    held_out, symbols = facts.get("held_out"), facts.get("symbols")
    if not isinstance(held_out, int) or not isinstance(symbols, int):
        return None
    parted, start = _as_in_training(model, text), symbols - held_out
    if parted is None or not 0 < start <= symbols <= len(parted.ids):
        return None
    if known.cut_elsewhere and not _left_out(model) and symbols != len(parted.ids):
        return None
    # The same text from other files, for example, is not drawn from in the same way.
    drawn = _drawn(model)
    if drawn is not None and drawn != fingerprint(parted.ids[:start]):
        return None
    end = min(symbols, start + SCORED // (model.window or 1))
    ids = known.renumbered(parted.ids[:end], parted.vocabulary)
    return Own(ids, start, known, model.separator, parted.given, held_out)


def _left_out(model: Model) -> bool:
    """Whether a part of the text was left out altogether."""
    facts = model.summary.get("training")
    return bool(isinstance(facts, dict) and facts.get("left_out"))


def _as_in_training(model: Model, text: Corpus) -> Corpus | None:
    """A text with its parts in the order in which the model learned it; None if it says none."""
    facts = model.summary.get("training")
    how = facts if isinstance(facts, dict) else {}
    if how.get("split", "tail") == "tail":
        # Nothing moves, wherever the cut is.
        return text.divided(Split(0.0, kind="tail"))
    try:
        split = Split(float(how["held_out"]), float(how.get("left_out", 0.0)), how["split"])
        return text.divided(split)
    except (LookupError, TypeError, ValueError, SettingsError, CorpusError):
        return None


def judge(
    writer: Generator,
    text: Own,
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


def _reports(
    writer: Generator, text: Own, memory: float, *, adaptive: bool
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


def _pieces(text: Own, length: int) -> list[str]:
    """The beginning of the held-out text, in pieces."""
    held_out = text.text(text.start, len(text.ids))[: TEXTS * length]
    pieces = [held_out[i : i + length] for i in range(0, len(held_out), length)]
    return [piece for piece in pieces if piece.strip()]


def _first(text: Own) -> int:
    """Where the part of the training text begins that is worth the time of others."""
    return max(0, text.start - baselines.LARGEST)


def _others(text: Own, report: Report) -> list[Score]:
    """What the symbols of a report cost others, per character."""
    first = _first(text)
    given = text.given[(text.given >= text.start) & (text.given < len(text.ids))]
    scored = len(text.ids) - text.start - len(given)
    per_character = scored / (report.characters + report.ends)
    scores = baselines.scores(
        text.ids[first:], text.start - first, text.vocabulary, text.separator, given - text.start
    )
    return [Score(score.name, score.nats * per_character, score.adaptive) for score in scores]


def _copies(groups: Sequence[Sequence[str]], text: Own) -> "list[Copies]":
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
