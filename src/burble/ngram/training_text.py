"""The text a model was trained on, recognised by its fingerprint, and the index of it.

Knows nothing of terminals.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from burble.data import corpus
from burble.data.corpus import Corpus, fingerprint
from burble.data.labels import Labels, PlaceLabels
from burble.data.split import Split
from burble.data.vocabulary import Vocabulary
from burble.errors import CorpusError, ModelFileError, SettingsError
from burble.model import bases
from burble.model.file import Model, find_model_file, read_model
from burble.ngram.file import index_path, write_index
from burble.ngram.index import MAX_SYMBOLS, SuffixIndex, build_index
from burble.settings import SourceSettings

MAX_SCORED = 200_000
"""Symbols of the validation part that are scored at most, from the first."""


@dataclass(frozen=True)
class TrainingText:
    """The text a model was trained on, in the model's alphabet.

    Attributes:
        ids: What was trained on and what is scored, shape (N,).
        start: Where the validation part begins.
        vocabulary: The model's alphabet.
        separator: What is written between two documents.
        given: Positions, in order, of symbols that are neither learned nor scored.
        validation: Symbols of the validation part, of which the first may be all that is scored.
        labels: The labels at its places, as the model numbers them, where it has some.
    """

    ids: NDArray[np.integer]
    start: int
    vocabulary: Vocabulary
    separator: str
    given: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    validation: int = 0
    labels: PlaceLabels | None = None

    def text(self, first: int, end: int) -> str:
        """A part of it as text."""
        return self.vocabulary.decode(self.ids[first:end], self.separator)

    def build_index(self) -> SuffixIndex:
        """Indexes what was trained on, or the last `MAX_SYMBOLS` symbols, if there are more."""
        return build_index(self.ids[max(0, self.start - MAX_SYMBOLS) : self.start])


def join_training_texts(
    known: Sequence[tuple[Model, TrainingText]], mixture: Model
) -> TrainingText:
    """A text that each of several models was trained on, as their mixture reads it.

    Args:
        known: The models, and the text as each of them has it; it is taken as the first does.
        mixture: What knows the symbols and labels of all.

    Raises:
        CorpusError: One was trained on what another keeps for validation.
    """
    kept = {(one.start, one.text(one.start, len(one.ids)).casefold()) for _, one in known}
    if len(kept) > 1:
        raise CorpusError(
            "several of these models were trained on this text, but not with the same validation "
            "part: what one has never seen another has learned. Give a text that none of them saw."
        )
    model, text = known[0]
    ids, labels = mixture.vocabulary.renumber(text.ids, text.vocabulary), text.labels
    if labels:
        numbers = mixture.labels.renumber(Labels(model.labels, labels.numbers))
        labels = replace(labels, numbers=numbers)
    return replace(text, ids=ids, vocabulary=mixture.vocabulary, labels=labels)


def recognize_training_text(model: Model, text: Corpus) -> TrainingText | None:
    """A text as the model's own, if it is the one that it was trained on.

    Args:
        model: The model.
        text: The text, divided in whatever way, cut as the model's alphabet says.

    Raises:
        CorpusError: It is, but cannot be cut as it was.
    """
    known = _recognized(model, text)
    if known is not None or not model.was_trained_on(text.sha256):
        return known
    if model.vocabulary.is_cut_elsewhere:
        raise CorpusError(
            f"this is the text the model was trained on, but {model.vocabulary.cut_note}, which "
            f"cuts it otherwise. Install that one: pip install regex=={model.vocabulary.cut_by}"
        )
    if model.facts("corpus").get("training_sha256"):
        raise CorpusError(
            "this is the text the model was trained on, but from other sources than then, so that "
            "its validation part would be another. Give the same files, in the same order."
        )
    return None


def _recognized(model: Model, text: Corpus) -> TrainingText | None:
    """A text as the model's own, if it is that and cut as it was."""
    facts, alphabet = model.facts("corpus"), model.vocabulary
    if not model.was_trained_on(text.sha256) or alphabet.boundary != text.vocabulary.boundary:
        return None
    if not {*text.vocabulary.symbols} <= {*alphabet.symbols}:
        return None
    validation, symbols = facts.get("held_out"), facts.get("symbols")
    if not isinstance(validation, int) or not isinstance(symbols, int):
        return None
    parted, start = _as_in_training(model, text), symbols - validation
    if parted is None or not 0 < start <= symbols <= len(parted.ids):
        return None
    # A test part is left out of the text altogether.
    has_test = model.facts("training").get("left_out")
    if alphabet.is_cut_elsewhere and not has_test and symbols != len(parted.ids):
        return None
    # The same text from other files, for example, is not drawn from in the same way.
    sha256 = facts.get("training_sha256")
    if sha256 is not None and sha256 != fingerprint(parted.ids[:start]):
        return None
    end = min(symbols, start + MAX_SCORED // (model.window or 1))
    ids = alphabet.renumber(parted.ids[:end], parted.vocabulary)
    labels = None
    if parted.labels:
        labels = PlaceLabels(parted.starts, model.labels.renumber(parted.labels))
    return TrainingText(ids, start, alphabet, model.separator, parted.given, validation, labels)


def _as_in_training(model: Model, text: Corpus) -> Corpus | None:
    """A text with its parts in the order in which the model learned it; None if that is unknown."""
    known = model.facts("training")
    if known.get("split", "tail") == "tail":
        # Nothing moves, wherever the cut is.
        return text.split_again(Split(0.0, kind="tail"))
    try:
        split = Split(float(known["held_out"]), float(known.get("left_out", 0.0)), known["split"])
        return text.split_again(split)
    except (LookupError, TypeError, ValueError, SettingsError, CorpusError):
        return None


def write_training_index(
    path: Path, sources: Sequence[str], reading: SourceSettings
) -> tuple[Path, int]:
    """Writes the index of what a model was trained on, beside it.

    Args:
        path: A run folder or a model file.
        sources: The text, as `sources.find_sources` takes it.
        reading: How it is read.

    Returns:
        Where the index is, and how many symbols it holds; see `TrainingText.build_index`.

    Raises:
        ModelFileError: There is no model, or it is damaged, or it comes with burble.
        SourceError: A source cannot be read.
        CorpusError: The text is another one.
        StorageError: The disk refused.
    """
    file = find_model_file(path)
    if bases.is_base_file(file):
        raise ModelFileError(
            f"{file.stem} comes with burble, and nothing is written beside it. Give it the memory "
            f"of a text where it writes: burble sample {file.stem} --memory TEXT"
        )
    model = read_model(file)
    text = corpus.build_with_alphabet(model.vocabulary, sources, model.text, reading)
    known = recognize_training_text(model, text)
    if known is None:
        raise CorpusError(
            "this is not the text the model was trained on, and its memory would be of another "
            "text. Give that text as it was given then: all of its files, with the flags that say "
            "how they are read, and nothing else."
        )
    place, index = index_path(file), known.build_index()
    write_index(place, index, model)
    return place, len(index.contexts)
