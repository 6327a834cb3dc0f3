"""A text as ids, split: what is learned, then the validation part. Knows nothing of models.

Where the validation part is the end of the text, nothing moves. Where it is spread over all
sources, its pieces are put behind the others, and places at which a document was cut in two are
noted. The test part is left out of both.
"""

from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from burble.data import spread
from burble.data.encoder import EncodedText
from burble.data.spread import MANY, Ints, Pieces
from burble.files import Ids
from burble.formatting import some
from burble.settings import SplitKind, require


@dataclass(frozen=True)
class Split:
    """How to split a text.

    Attributes:
        validation: Fraction of the symbols that is kept from training, and tells when to stop.
        test: Fraction of the symbols that is left out altogether.
        kind: Where both are; see `TrainingSettings.split`.
    """

    validation: float = 0.1
    test: float = 0.0
    kind: SplitKind = "auto"

    def __post_init__(self) -> None:
        """Checks every field."""
        for name in ("validation", "test"):
            fraction = getattr(self, name)
            require(0 <= fraction < 1, name, fraction, "a fraction: at least 0 and less than 1")
        require(self.kind in ("auto", "tail", "spread"), "split", self.kind, "auto, tail or spread")


@dataclass(frozen=True)
class Divided:
    """A text that is split.

    Attributes:
        ids: What is learned, then the validation part, shape (N,).
        starts: Where each document, or part of one, begins, shape (documents,).
        cut: Where the validation part begins.
        kind: tail or spread, as it was done.
        given: Places, in order, of symbols that are neither learned nor scored: where a document
            was cut in two, the edge in between, the first symbol after it, and its end.
        learned: Symbols of each source that are learned.
        validation: Symbols of each source in the validation part.
        documents: Which document of the text each of them is, or is a part of, shape (documents,).
        notes: Sentences for the person.
    """

    ids: Ids
    starts: Ints
    cut: int
    kind: SplitKind
    given: Ints
    learned: Ints
    validation: Ints
    documents: Ints
    notes: list[str] = field(default_factory=list)


def split_text(text: EncodedText, split: Split, *, sentences: bool) -> Divided:
    """Splits a text.

    Returns:
        Its parts. Where nothing can be drawn or cut off evenly, its end is for validation after
        all.
    """
    kind: str = split.kind
    if kind == "auto":
        kind = choose_kind(text.documents, sentences=sentences)
    if kind == "spread" and len(text.starts) > 1 and (split.validation or split.test):
        found = _split_spread(text, split, sentences=sentences)
        if found.cut < len(found.ids) or not split.validation:
            return found
    parts = _split_tail(text, split)
    if kind == "spread" and parts.cut < len(parts.ids):
        alone = "there is one running text alone"
        why = alone if len(text.starts) == 1 else "no source is long enough to give some of its own"
        note = f"The validation part is the end of the text, since {why}."
        parts = replace(parts, notes=[note, *parts.notes])
    return parts


def choose_kind(documents: list[int], *, sentences: bool) -> Literal["tail", "spread"]:
    """How to split a text where that was left open.

    Args:
        documents: How many each source has.
        sentences: Whether they are the sentences of running text.

    Returns:
        tail for one running text, whose end is for validation; spread for all others.

    >>> choose_kind([1], sentences=False), choose_kind([1, 1], sentences=False)
    ('tail', 'spread')
    """
    sources, every = sum(map(bool, documents)), sum(documents)
    return "tail" if sources < 2 and (sentences or every < MANY) else "spread"


def _split_tail(text: EncodedText, split: Split) -> Divided:
    """The parts where the end of the text is for validation, and the very end for testing."""
    size, notes = len(text.ids), list[str]()
    if split.test:
        end, _ = _find_tail(size, text.starts, split.test)
        notes.append(_describe_test(size - end, "at the very end"))
        size = end
    starts = text.starts[text.starts < size]
    cut, more = _find_tail(size, starts, split.validation)
    # Where each source begins, and the last one ends.
    firsts = np.append(text.starts, len(text.ids))[np.cumsum([0, *text.documents])]
    return Divided(
        ids=text.ids[:size],
        starts=starts,
        cut=cut,
        kind="tail",
        given=np.zeros(0, np.int64),
        learned=np.diff(np.minimum(firsts, cut)),
        validation=np.diff(np.clip(firsts, cut, size)),
        documents=np.arange(len(starts)),
        notes=notes + more,
    )


def _find_tail(size: int, starts: NDArray[np.int64], fraction: float) -> tuple[int, list[str]]:
    """Where the end of a text begins: at a document if one is near enough, else within one.

    Args:
        size: N, ids in all.
        starts: Where documents begin.
        fraction: How much of the ids the end should have.

    Returns:
        The place, and what to say of it.
    """
    wanted = int(size * fraction)
    if not wanted:
        reason = "the text is too short for one" if fraction else "all of the text is trained on"
        return size, [f"No validation part: {reason}, so nothing will tell when to stop."]
    cut = size - wanted
    near = starts[np.searchsorted(starts, size - 2 * wanted) :]
    near = near[(near <= size - wanted / 2) & (near >= 2)]
    if len(near):
        return int(near[np.argmin(np.abs(near - cut))]), []
    if len(starts) > 1:
        return cut, ["The validation part begins inside a document, since none begins near there."]
    return cut, []


def _split_spread(text: EncodedText, split: Split, *, sentences: bool) -> Divided:
    """The parts where documents, and ends of long ones, of all sources are for validation."""
    pieces = Pieces.whole(len(text.ids), text.starts, text.documents)
    running, number, notes = sentences or len(pieces) < MANY, 0, list[str]()
    if split.test:
        pieces, gone = spread.draw(pieces, split.test, running=running, number=0)
        notes.append(_describe_test(int(gone.sizes.sum()), "of all sources"))
        number = 1
    learned, held = spread.draw(pieces, split.validation, running=running, number=number)
    ordered = learned.join(held)
    ids, starts, given = spread.arrange(text, ordered, len(learned))
    sources = len(text.documents)
    return Divided(
        ids=ids,
        starts=starts,
        cut=int(starts[len(learned)]) if len(held) else len(ids),
        kind="spread",
        given=given,
        learned=_count_by_source(learned, sources),
        validation=_count_by_source(held, sources),
        documents=np.searchsorted(text.starts, ordered.begins, side="right") - 1,
        notes=notes,
    )


def _describe_test(symbols: int, where: str) -> str:
    """What to say of the test part."""
    if not symbols:
        return "No test part: the text is too short for one."
    return f"Test part, which takes no part in training: {some(symbols, 'symbol')} {where}."


def _count_by_source(pieces: Pieces, sources: int) -> Ints:
    """Symbols of each source in some pieces."""
    return np.bincount(pieces.sources, pieces.sizes, minlength=sources).astype(np.int64)
