"""A text as ids, with its documents, validation part and fingerprint. Knows nothing of models."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from burble import files as _files
from burble.data import encoded_texts, encoder, order, outputs, repeats, sources
from burble.data.cleaning import Changes
from burble.data.documents import Progress, ReadOptions
from burble.data.encoder import EncodedText
from burble.data.labels import Labels, PlaceLabels
from burble.data.repeats import Repeats
from burble.data.source import Source
from burble.data.sources import Found
from burble.data.split import Split, split_text
from burble.data.vocabulary import Vocabulary, cut_here
from burble.errors import CorpusError
from burble.files import Ids
from burble.formatting import some, unescape
from burble.settings import DEFAULT_READING, SourceSettings, SplitKind, TextSettings

SEPARATORS = {"lines": "\n", "sentences": " ", "blank2": "\n\n\n", "fasta": "\n"}
"""What stands between two documents of some kinds when they are written; else a blank line."""
EXCERPT = 1_000
"""Symbols of an excerpt, besides a window."""
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Corpus:
    """Text that is ready to be learned.

    Attributes:
        ids: What is learned and then the validation part, shape (N,), memory-mapped where there are
            many; where there are several documents, each is followed by the boundary id, but for
            a last one that is cut short because the rest is for testing.
        starts: Where in `ids` each document begins, shape (documents,).
        vocabulary: The alphabet.
        cut: Where the validation part begins, 0 to N.
        sha256: Fingerprint of the clean text before rare symbols were removed: the SHA-256 of
            its UTF-8, with a NUL after each document where there are several.
        names: The sources with text, in order.
        counts: How often each symbol occurs; this, the alphabet and the two that follow are of
            all that was read, the test part included.
        characters: Characters (code points) in all, edges between documents not counted.
        lines: Lines of the clean text.
        changes: What the cleaning changed.
        removed: Rare symbols that were removed, with their counts.
        notes: A sentence for each thing that was passed over, cut or decided.
        separator: The text that stands for the edge between two documents.
        split: tail, where the validation part is the end of the text, so that `ids` are in the
            order of reading; or spread, where it is of all sources; see `split`.
        given: Places in `ids`, in order, that are neither learned nor scored: where a document was
            cut in two.
        learned_by_source: Symbols of each source that are learned, by the order of `names`.
        validation_by_source: Symbols of each source for validation.
        encoded: The text in the order of reading.
        cleaning: How it was cleaned.
        labels: The labels of the documents in `starts`; None where none were wanted.
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
    split: SplitKind
    given: NDArray[np.int64]
    learned_by_source: tuple[int, ...]
    validation_by_source: tuple[int, ...]
    encoded: EncodedText
    cleaning: TextSettings
    labels: Labels | None = None
    files: tuple[Path, ...] = ()
    repeats: Repeats | None = None

    @property
    def documents(self) -> int:
        """How many documents there are."""
        return len(self.starts if self.split == "tail" else self.encoded.starts)

    @property
    def training(self) -> Ids:
        """The ids to learn from, shape (cut,)."""
        return self.ids[: self.cut]

    @cached_property
    def training_sha256(self) -> str:
        """Fingerprint of the ids to learn from; see `fingerprint`."""
        return fingerprint(self.training)

    @property
    def tail(self) -> Ids:
        """The validation ids, led by the last training id, from which the first is predicted."""
        return self.ids[max(0, self.cut - 1) :]

    @property
    def place_labels(self) -> PlaceLabels | None:
        """The labels at each place of `ids`; None where there are none."""
        return PlaceLabels(self.starts, self.labels.numbers) if self.labels else None

    def excerpt(self, window: int) -> str:
        """A piece from the middle of the training text, a window and some more symbols."""
        length = EXCERPT + window
        first = max(0, (self.cut - length) // 2)
        return self.vocabulary.decode(self.training[first : first + length], self.separator)

    def text(self) -> Iterator[str]:
        """The clean text in pieces, in the order of reading, documents parted by the separator."""
        ids = self.ids if self.split == "tail" else self.encoded.ids
        edge = self.vocabulary.boundary_id
        end = len(ids) - (edge is not None and ids[-1] == edge)
        blocks = (ids[at : min(at + _BLOCK, end)] for at in range(0, end, _BLOCK))
        return self.vocabulary.decode_blocks(blocks, self.separator)

    def split_again(self, split: Split) -> "Corpus":
        """The same text with another part of it for validation.

        Raises:
            CorpusError: Fewer than two symbols would be left to learn from.
        """
        return replace(_corpus(self.encoded, self.cleaning, split), files=self.files)

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
        _files.write_atomically(path, (piece.encode() for piece in self.text()))


def fingerprint(ids: NDArray[np.integer]) -> str:
    """The SHA-256 of ids, two bytes each, whatever type they have here."""
    digest = hashlib.sha256()
    for start in range(0, len(ids), _BLOCK):
        digest.update(np.asarray(ids[start : start + _BLOCK], "<u2").tobytes())
    return digest.hexdigest()


def build(
    arguments: Sequence[str],
    settings: TextSettings,
    *,
    validation: float = 0.1,
    test: float = 0.0,
    split: SplitKind = "auto",
    reading: SourceSettings = DEFAULT_READING,
    progress: Progress | None = None,
) -> Corpus:
    """Reads, cleans and encodes all that the arguments name.

    Memory stays small whatever the size: large texts are encoded block by block into the
    cache, under a name made from their bytes and the settings, and mapped from there.

    Args:
        arguments: Paths and names as `sources.find_sources` takes them.
        settings: How to clean the text.
        validation: Fraction of the symbols that is kept from training.
        test: Fraction of the symbols that is left out altogether.
        split: Where both are; see `TrainingSettings`.
        reading: How the sources are read.
        progress: Called with the bytes read so far, and in all.

    Returns:
        The corpus.

    Raises:
        SourceError: A source is missing, unreadable, not text, or there is no text in all; or
            labels are, or cannot be learned.
        EncodingError: A source is not text in that encoding.
        CorpusError: Fewer than two symbols would be left to learn from.
    """
    wanted = Split(validation, test, split)
    found = sources.find_sources(arguments, reading)
    return build_found(found, settings, wanted, reading, progress)


def build_found(
    found: Found,
    settings: TextSettings,
    split: Split,
    reading: SourceSettings = DEFAULT_READING,
    progress: Progress | None = None,
) -> Corpus:
    """The same of sources that were found, and what was said of them; see `build`."""
    named, notes = found[0], [*found[1]]
    made = build_from_sources(named, settings, split, reading, progress)
    labels = made.encoded.labels
    if labels:
        labels.check()
        notes += labels.summarize()
    again = repeats.count_repeats(made.encoded.ids, made.ids, made.cut, made.vocabulary)
    sentences = [*again.sentences, *(order.check_order(made) if reading.sort_check else [])]
    return replace(made, repeats=again, notes=(*notes, *made.notes, *sentences))


def build_with_alphabet(
    alphabet: Vocabulary,
    arguments: Sequence[str],
    settings: TextSettings,
    reading: SourceSettings = DEFAULT_READING,
) -> Corpus:
    """Reads a text to be compared with that of a model, without a validation part; see `build`.

    Args:
        alphabet: The model's, which says where to cut graphemes, and what is a word; see
            `Vocabulary.split`.
        arguments: Paths and names as `sources.find_sources` takes them.
        settings: How the model's text was cleaned.
        reading: How the sources are read.
    """
    found, notes = sources.find_sources(arguments, reading)
    made = build_from_sources(found, settings, Split(0.0), reading, alphabet=alphabet)
    return replace(made, notes=(*notes, *made.notes))


def build_from_sources(
    found: Sequence[Source],
    settings: TextSettings,
    split: Split,
    reading: SourceSettings = DEFAULT_READING,
    progress: Progress | None = None,
    *,
    alphabet: Vocabulary | None = None,
) -> Corpus:
    """Cleans and encodes sources that were found; see `build` and `build_with_alphabet`."""
    if alphabet and alphabet.cut_by == cut_here(settings.unit) and settings.unit != "word":
        alphabet = None
    options = ReadOptions(settings, reading, alphabet, progress)
    if sum(source.size for source in found) > encoder.IN_MEMORY:
        text = encoded_texts.load_or_encode([*found], options)
    else:
        text = encoder.encode_sources(found, options)
    files = tuple(source.path for source in found if source.path)
    return replace(_corpus(text, settings, split), files=files)


def _advise(text: EncodedText, split: Split) -> str:
    """What to do about a text of which too little is learned."""
    if len(text.ids) < 2:
        return "Add text."
    fractions = {"--validation": split.validation, "--test": split.test}
    given = " and ".join(f"{name}, which is {n:g}" for name, n in fractions.items() if n)
    return f"Lower {given}."


def _corpus(text: EncodedText, settings: TextSettings, split: Split) -> Corpus:
    """Joins what was text with its parts."""
    parts = split_text(text, split, sentences=settings.documents == "sentences")
    if parts.cut < 2:
        raise CorpusError(
            f"the text has {some(len(text.ids), 'symbol')}, of which {parts.cut:,} would be "
            f"trained on; at least 2 are needed. {_advise(text, split)}"
        )
    separator = unescape(settings.document_separator) or SEPARATORS.get(settings.documents, "\n\n")
    alphabet = text.vocabulary
    return Corpus(
        ids=parts.ids,
        starts=parts.starts,
        vocabulary=alphabet,
        cut=parts.cut,
        sha256=text.sha256,
        names=tuple(text.names),
        counts=text.counts,
        characters=int(alphabet.lengths @ np.array([text.counts[s] for s in alphabet.symbols])),
        lines=text.lines,
        changes=text.changes,
        removed=text.removed,
        notes=(*text.notes, *parts.notes),
        separator=separator if alphabet.boundary else "",
        split=parts.kind,
        given=parts.given,
        learned_by_source=tuple(parts.learned.tolist()),
        validation_by_source=tuple(parts.validation.tolist()),
        encoded=text,
        cleaning=settings,
        labels=text.labels and text.labels.take(parts.documents),
    )
