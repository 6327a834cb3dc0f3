"""A text as ids, parted: first what is learned, then what is held out. Knows nothing of models.

Where the held-out part is the end of the text, nothing moves. Where it is of all sources, its
pieces are put behind the others, and places at which a document was cut in two are noted.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from burble import files
from burble.data import encoder, splitting
from burble.data.encoder import EncodedText
from burble.data.splitting import MANY, Ints, Pieces
from burble.files import Ids
from burble.formatting import some
from burble.settings import SplitKind, require

_BLOCK = 1 << 20


@dataclass(frozen=True)
class Split:
    """What part of a text is asked to be held out.

    Attributes:
        validation: Share of the symbols that is kept from training.
        test: Share of the symbols that is left out altogether.
        kind: Where both are; see `TrainingSettings.split`.
    """

    validation: float = 0.1
    test: float = 0.0
    kind: SplitKind = "auto"

    def __post_init__(self) -> None:
        """Checks every field."""
        for name in ("validation", "test"):
            share = getattr(self, name)
            require(0 <= share < 1, name, share, "a share: at least 0 and less than 1")
        require(self.kind in ("auto", "tail", "spread"), "split", self.kind, "auto, tail or spread")


@dataclass(frozen=True)
class Divided:
    """A text in two parts.

    Attributes:
        ids: What is learned, then what is held out, shape (N,).
        starts: Where each document, or part of one, begins, shape (documents,).
        cut: Where the held-out part begins.
        kind: tail or spread, as it was done.
        given: Places, in order, of symbols that are neither learned nor scored: where a document
            was cut in two, the edge in between, the first symbol after it, and its end.
        learned: Symbols of each source that are learned.
        validation: Symbols of each source that are held out.
        notes: Sentences for the person.
    """

    ids: Ids
    starts: Ints
    cut: int
    kind: SplitKind
    given: Ints
    learned: Ints
    validation: Ints
    notes: list[str] = field(default_factory=list)


def divide(text: EncodedText, split: Split, *, sentences: bool) -> Divided:
    """Parts a text.

    Args:
        text: The text in the order of reading.
        split: What is asked for.
        sentences: Whether its documents are the sentences of running text.

    Returns:
        Its parts. Where nothing can be drawn or cut off evenly, its end is held out after all.
    """
    kind: str = split.kind
    if kind == "auto":
        kind = splitting.suited(text.documents, sentences=sentences)
    if kind == "spread" and len(text.starts) > 1 and (split.validation or split.test):
        found = _spread(text, split, sentences=sentences)
        if found.cut < len(found.ids) or not split.validation:
            return found
    parts = _tail(text, split)
    if kind == "spread" and parts.cut < len(parts.ids):
        alone = "there is one running text alone"
        why = alone if len(text.starts) == 1 else "no source is long enough to give some of its own"
        parts = replace(parts, notes=[f"The end is held out, since {why}.", *parts.notes])
    return parts


def _tail(text: EncodedText, split: Split) -> Divided:
    """The parts where the end is held out."""
    size, notes = len(text.ids), list[str]()
    if split.test:
        end, _ = _cut(size, text.starts, split.test)
        notes = [_note_test(size - end, "at the very end")]
        size = end
    starts = text.starts[text.starts < size]
    cut, said = _cut(size, starts, split.validation)
    pieces, _ = Pieces.of(len(text.ids), text.starts, text.documents).cut(np.array([cut, size]))
    sources = len(text.documents)
    parts = pieces.begins < cut, (pieces.begins >= cut) & (pieces.begins < size)
    learned, validation = (_by_source(pieces.at(part), sources) for part in parts)
    nothing, notes = np.zeros(0, np.int64), [*notes, *said]
    return Divided(text.ids[:size], starts, cut, "tail", nothing, learned, validation, notes)


def _cut(size: int, starts: NDArray[np.int64], share: float) -> tuple[int, list[str]]:
    """Where the held-out tail begins: at a document if one is near enough, else within one.

    Args:
        size: N, ids in all.
        starts: Where documents begin.
        share: The share asked for.

    Returns:
        The place, and what to say of it.
    """
    asked = int(size * share)
    if not asked:
        reason = "the text is too short for that" if share else "all of it is trained on"
        return size, [f"Nothing is held out; {reason}, so nothing will tell when to stop."]
    cut = size - asked
    near = starts[np.searchsorted(starts, size - 2 * asked) :]
    near = near[(near <= size - asked / 2) & (near >= 2)]
    if len(near):
        return int(near[np.argmin(np.abs(near - cut))]), []
    if len(starts) > 1:
        return cut, ["The held-out part begins inside a document, since none begins near there."]
    return cut, []


def _spread(text: EncodedText, split: Split, *, sentences: bool) -> Divided:
    """The parts where documents, and ends of long ones, of all sources are held out."""
    pieces = Pieces.of(len(text.ids), text.starts, text.documents)
    running, number, notes = sentences or len(pieces) < MANY, 0, list[str]()
    if split.test:
        pieces, gone = splitting.divide(pieces, split.test, running=running, number=0)
        notes.append(_note_test(int(gone.sizes.sum()), "of all sources"))
        number = 1
    learned, held = splitting.divide(pieces, split.validation, running=running, number=number)
    ids, starts, given = _arranged(text, learned.and_(held), len(learned))
    sources = len(text.documents)
    return Divided(
        ids=ids,
        starts=starts,
        cut=int(starts[len(learned)]) if len(held) else len(ids),
        kind="spread",
        given=given,
        learned=_by_source(learned, sources),
        validation=_by_source(held, sources),
        notes=notes,
    )


def _note_test(symbols: int, where: str) -> str:
    """What to say of what is left out."""
    if not symbols:
        return "Nothing is left out; the text is too short for that."
    return f"Left out altogether: {some(symbols, 'symbol')} {where}."


def _by_source(pieces: Pieces, sources: int) -> Ints:
    """Symbols of each source in some pieces."""
    return np.bincount(pieces.sources, pieces.sizes, minlength=sources).astype(np.int64)


def _arranged(text: EncodedText, pieces: Pieces, learned: int) -> tuple[Ids, Ints, Ints]:
    """A text's pieces one after the other, an edge after each that has none of its own.

    Args:
        text: The text.
        pieces: Which, in the new order.
        learned: How many of them are learned.

    Returns:
        Ids, where each piece begins, and the places that are given; see `Divided`.
    """
    ends = np.cumsum(pieces.sizes + ~pieces.last)
    starts = np.append(0, ends[:-1])
    # No end of a document that is cut in two can be known from what is learned.
    unknown = ~pieces.last | (~pieces.first & (np.arange(len(pieces)) >= learned))
    given = np.unique(np.concatenate([starts[~pieces.first], ends[unknown] - 1]))
    blocks = _copied(text, pieces)
    if ends[-1] <= encoder.IN_MEMORY:
        return np.concatenate(list(blocks)), starts, given
    return files.mapped(blocks, text.vocabulary.dtype), starts, given


def _copied(text: EncodedText, pieces: Pieces) -> Iterator[Ids]:
    """The symbols of pieces in order, those that follow each other in one block."""
    edge: Ids = np.array([text.vocabulary.boundary_id], text.vocabulary.dtype)
    breaks = ~pieces.last | np.append(pieces.begins[1:] != pieces.ends[:-1], True)
    first = seen = 0
    for piece in np.flatnonzero(breaks).tolist():
        begin, end = int(pieces.begins[first]), int(pieces.ends[piece])
        for at in range(begin, end, _BLOCK):
            block: Ids = text.ids[at : min(at + _BLOCK, end)]
            yield block
            if at // _BLOCK != seen:
                seen = at // _BLOCK
                files.let_go(text.ids)
        if not pieces.last[piece]:
            yield edge
        first = piece + 1
