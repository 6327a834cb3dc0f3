"""A text as ids, with its documents, held-out tail and fingerprint. Knows nothing of models."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from burble import outputs, preparation, repeats, sources, storage
from burble.documents import Progress, Reading
from burble.encoding import gather
from burble.errors import CorpusError
from burble.preparation import Prepared
from burble.repeats import Repeats
from burble.settings import AS_IT_COMES, SourceSettings, TextSettings, require
from burble.storage import Ids
from burble.text import Changes
from burble.vocabulary import Vocabulary
from burble.wording import some

SEPARATORS = {"lines": "\n", "sentences": " "}
"""What stands between two documents of some kinds when they are written; else a blank line."""
EXCERPT = 1_000
"""Symbols of an excerpt, besides a window."""
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Corpus:
    """Text that is ready to be learned.

    Attributes:
        ids: All symbols in order, shape (N,), memory-mapped where there are many; where there
            are several documents, each is followed by the boundary id, but for a last one that
            is cut short because the rest is left out.
        starts: Where in `ids` each document begins, shape (documents,).
        vocabulary: The alphabet.
        cut: Where the held-out tail begins, 0 to N.
        sha256: Fingerprint of the clean text before rare symbols were removed: the SHA-256 of
            its UTF-8, with a NUL after each document where there are several.
        names: The sources with text, in order.
        counts: How often each symbol occurs; this, the alphabet and the two that follow are of
            all that was read, what is left out included.
        characters: Characters (code points) in all, edges between documents not counted.
        lines: Lines of the clean text.
        changes: What the cleaning changed.
        removed: Rare symbols that were removed, with their counts.
        notes: A sentence for each thing that was passed over, cut or decided.
        separator: The text that stands for the edge between two documents.
        files: The files that were read.
        repeats: What stands in the text more than once, where that was counted.
    """

    ids: Ids
    starts: NDArray[np.int64]
    vocabulary: Vocabulary
    cut: int
    sha256: str
    names: tuple[str, ...]
    counts: Counter[str]
    characters: int
    lines: int
    changes: Changes
    removed: Counter[str]
    notes: tuple[str, ...]
    separator: str
    files: tuple[Path, ...] = ()
    repeats: Repeats | None = None

    @property
    def training(self) -> Ids:
        """The ids to learn from, shape (cut,)."""
        return self.ids[: self.cut]

    @property
    def tail(self) -> Ids:
        """The held-out ids, led by the last training id, from which the first is predicted."""
        return self.ids[max(0, self.cut - 1) :]

    def excerpt(self, window: int) -> str:
        """A piece from the middle of the training text, a window and some more symbols."""
        length = EXCERPT + window
        first = max(0, (self.cut - length) // 2)
        return self.vocabulary.decode(self.training[first : first + length], self.separator)

    def text(self) -> Iterator[str]:
        """The clean text in pieces, documents parted by the separator."""
        edge = self.vocabulary.boundary_id
        end = len(self.ids) - (edge is not None and self.ids[-1] == edge)
        for start in range(0, end, _BLOCK):
            part = self.ids[start : min(start + _BLOCK, end)]
            yield self.vocabulary.decode(part, self.separator)

    def save_text(self, path: Path, *, overwrite: bool = False) -> None:
        """Writes the clean text as UTF-8.

        Args:
            path: A file, made or replaced in one step.
            overwrite: Whether a text that is there may be replaced; what was read never is.

        Raises:
            InputError: It is there already, or was read for this corpus.
            StorageError: It cannot be written.
        """
        outputs.check_text(path, self.files, overwrite=overwrite)
        storage.write_atomically(path, (piece.encode() for piece in self.text()))


def build(
    arguments: Sequence[str],
    settings: TextSettings,
    *,
    held_out: float = 0.1,
    left_out: float = 0.0,
    reading: SourceSettings = AS_IT_COMES,
    progress: Progress | None = None,
) -> Corpus:
    """Reads, cleans and encodes all that the arguments name.

    Memory stays small whatever the size: large texts are encoded block by block into the
    cache, under a name made from their bytes and the settings, and mapped from there.

    Args:
        arguments: Paths and names as `sources.read` takes them.
        settings: How to clean the text.
        held_out: Share of the symbols, at the end, that is kept from training.
        left_out: Share of the symbols, after those, that is left out altogether.
        reading: How the sources are read.
        progress: Told the bytes read so far, and in all.

    Returns:
        The corpus.

    Raises:
        SourceError: A source is missing, unreadable, not text, or there is no text in all.
        EncodingError: A source is not text in that encoding.
        CorpusError: Fewer than two symbols would be left to learn from.
    """
    _check_share("held_out", held_out)
    _check_share("left_out", left_out)
    found, notes = sources.read(arguments, reading)
    prepared = preparation.prepare(found, Reading(settings, reading, progress=progress))
    prepared = replace(prepared, notes=[*notes, *prepared.notes])
    if left_out:
        prepared = _shortened(prepared, left_out)
    files = tuple(source.path for source in found if source.path)
    made = replace(_corpus(prepared, settings, held_out), files=files)
    again = repeats.count(made.ids, made.cut, made.vocabulary)
    return replace(made, repeats=again, notes=(*made.notes, *again.sentences))


def from_texts(
    texts: Sequence[str],
    settings: TextSettings,
    *,
    held_out: float = 0.1,
    names: Sequence[str] | None = None,
) -> Corpus:
    """Cleans and encodes texts that are at hand.

    Args:
        texts: The texts, in order.
        settings: How to clean them.
        held_out: Share of the symbols, at the end, that is kept from training.
        names: What to call them.

    Returns:
        The corpus.

    Raises:
        CorpusError: Fewer than two symbols would be left to learn from.

    >>> corpus = from_texts(["abba", "ab"], TextSettings(), held_out=0)
    >>> corpus.ids.tolist(), corpus.starts.tolist()
    ([0, 1, 1, 0, 2, 0, 1, 2], [0, 5])
    """
    _check_share("held_out", held_out)
    named = names or [f"text {number}" for number in range(1, len(texts) + 1)]
    reading = Reading(settings, names=list(named))
    pieces = (piece for text in texts for piece in reading.clean([text]))
    prepared = preparation.encode(gather(pieces, reading.block), reading)
    return _corpus(prepared, settings, held_out)


def _check_share(name: str, share: float) -> None:
    """Refuses a share that is none."""
    require(0 <= share < 1, name, share, "a share: at least 0 and less than 1")


def _shortened(prepared: Prepared, left_out: float) -> Prepared:
    """A text without its end, which begins where it would if it were held out."""
    end, _ = _cut(len(prepared.ids), prepared.starts, left_out)
    gone = len(prepared.ids) - end
    said = f"Left out altogether: {some(gone, 'symbol')} at the very end."
    if not gone:
        said = "Nothing is left out; the text is too short for that."
    starts = prepared.starts[prepared.starts < end]
    notes = [*prepared.notes, said]
    return replace(prepared, ids=prepared.ids[:end], starts=starts, notes=notes)


def _corpus(prepared: Prepared, settings: TextSettings, held_out: float) -> Corpus:
    """Joins what was prepared with its cut."""
    cut, said = _cut(len(prepared.ids), prepared.starts, held_out)
    if cut < 2:
        raise CorpusError(
            f"the text has {some(len(prepared.ids), 'symbol')}, of which {cut:,} would be trained "
            "on; at least 2 are needed. Add text."
        )
    separator = SEPARATORS.get(settings.documents, "\n\n")
    alphabet = prepared.vocabulary
    return Corpus(
        ids=prepared.ids,
        starts=prepared.starts,
        vocabulary=alphabet,
        cut=cut,
        sha256=prepared.sha256,
        names=tuple(prepared.names),
        counts=prepared.counts,
        characters=sum(len(symbol) * n for symbol, n in prepared.counts.items()),
        lines=prepared.lines,
        changes=prepared.changes,
        removed=prepared.removed,
        notes=(*prepared.notes, *said),
        separator=separator if alphabet.boundary else "",
    )


def _cut(size: int, starts: NDArray[np.int64], held_out: float) -> tuple[int, list[str]]:
    """Where the held-out tail begins: at a document if one is near enough, else within one.

    Args:
        size: N, ids in all.
        starts: Where documents begin.
        held_out: The share asked for.

    Returns:
        The place, and what to say of it.
    """
    asked = int(size * held_out)
    if not asked:
        reason = "the text is too short for that" if held_out else "all of it is trained on"
        return size, [f"Nothing is held out; {reason}, so nothing will tell when to stop."]
    cut = size - asked
    near = starts[np.searchsorted(starts, size - 2 * asked) :]
    near = near[(near <= size - asked / 2) & (near >= 2)]
    if len(near):
        return int(near[np.argmin(np.abs(near - cut))]), []
    if len(starts) > 1:
        return cut, ["The held-out part begins inside a document, since none begins near there."]
    return cut, []
