"""What the training text restricts: its passages, its words and its documents, where one may not.

Knows nothing of networks or terminals.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from burble.data import corpus, words
from burble.data.vocabulary import Vocabulary
from burble.errors import InputError, SettingsError
from burble.inference.passages import Passages, find_canonical_ids
from burble.inference.settings import MIN_WORD_COUNT, WritingSettings
from burble.model.file import Model
from burble.ngram.index import SuffixIndex
from burble.settings import SourceSettings

_BLOCK = 1 << 20


@dataclass(frozen=True)
class _Text:
    """A training text.

    Attributes:
        ids: Its symbols, shape (N,).
        vocabulary: Whose ids they are.
        separator: What stands between two documents.
        sha256: Its fingerprint.
    """

    ids: NDArray[np.integer]
    vocabulary: Vocabulary
    separator: str
    sha256: str

    def pieces(self) -> Iterator[str]:
        """All of it as text, in pieces."""
        for first in range(0, len(self.ids), _BLOCK):
            yield self.vocabulary.decode(self.ids[first : first + _BLOCK], self.separator)

    def documents(self) -> Iterator[str]:
        """Its documents, without blanks at their ends."""
        edges = np.flatnonzero(self.ids == self.vocabulary.size - 1)
        edges = edges if self.vocabulary.boundary else edges[:0]
        for first, end in zip([0, *edges + 1], [*edges, len(self.ids)], strict=True):
            yield self.vocabulary.decode(self.ids[first:end]).strip()


def settle(
    settings: WritingSettings,
    model: Model,
    memory: Callable[[], SuffixIndex] | None,
    reading: SourceSettings,
    tell: Callable[[str], object],
) -> tuple[WritingSettings, dict[str, Any]]:
    """Looks up in the training text what may not be written, or what alone may.

    Args:
        settings: How a text is written.
        model: The model.
        memory: Brings the model's memory; None where there is none.
        reading: How the training text is read, if one is given.
        tell: Takes a sentence about that text.

    Returns:
        The same settings with passages, words and documents as such; and facts in JSON types
        with which the same could be asked for again.

    Raises:
        SettingsError: The text is missing, or was not asked for.
        SourceError: It cannot be read.
    """
    sources = _sources(settings)
    asked = _asked(settings, sources, reading, has_memory=memory is not None)
    if not asked:
        return settings, {}
    text = _read(model, sources, reading) if sources or not memory else _remembered(model, memory())
    if not model.learned_from(text.sha256):
        tell("This is not the text the model was trained on; it is taken all the same.")
    facts: dict[str, Any] = {"training_text": text.sha256, **asked}
    found: dict[str, Any] = {}
    if "novel" in asked:
        known = model.vocabulary
        canonical_ids = find_canonical_ids(known.symbols, boundary=known.boundary)
        ids = known.renumbered(text.ids, text.vocabulary)
        found["novel"] = Passages.from_ids(ids, asked["novel"] + 1, canonical_ids)
    if "words" in asked:
        least = facts["word_count"] = settings.word_count or MIN_WORD_COUNT
        counts = words.count_words(text.pieces())
        found["words"] = frozenset(word for word, n in counts.items() if n >= least)
    if "new" in asked:
        if not sources and _has_validation(model):
            tell(
                "--new leaves out the documents that were learned, as the memory knows no others. "
                "With --training-text those that were held out are left out, too."
            )
        # A text without anything in it is no document.
        found["new"] = frozenset([*text.documents(), ""])
    return replace(settings, training_text=None, word_count=None, **found), facts


def _sources(settings: WritingSettings) -> tuple[str, ...]:
    """The training text, as `sources.read` takes it."""
    given = settings.training_text or ()
    several = (given,) if isinstance(given, str | os.PathLike) else given
    return tuple(os.fspath(one) for one in several)


def _asked(
    settings: WritingSettings,
    sources: Sequence[str],
    reading: SourceSettings,
    *,
    has_memory: bool,
) -> dict[str, Any]:
    """What has to be looked up in the training text.

    Raises:
        SettingsError: There is none, or it is there for nothing.
    """
    novel, words, new = settings.novel, settings.words, settings.new
    asked: dict[str, Any] = {}
    if not isinstance(novel, Passages) and novel:
        asked["novel"] = int(novel)
    asked |= {"words": words} if words == "known" else {}
    asked |= {"new": True} if new is True else {}
    if asked and not sources and not has_memory:
        raise SettingsError(
            "--novel, --words known and --new need the text the model was trained on, which it "
            "does not hold. Give it with --training-text, or once and for all: burble remember "
            "MODEL TEXT"
        )
    if sources and not asked:
        raise SettingsError(
            "--training-text is for --novel, --words known and --new, and none was given. Give one."
        )
    if reading.given and not sources:
        named = ", ".join(f"--{name}".replace("_", "-") for name in reading.given)
        raise InputError(
            f"{named}: this says how a text is read, and none is. Leave it out, or give a text."
        )
    return asked


def _has_validation(model: Model) -> bool:
    """Whether a part of its text was not learned."""
    known = model.summary.get("corpus")
    return isinstance(known, Mapping) and bool(known.get("held_out"))


def _read(model: Model, sources: Sequence[str], reading: SourceSettings) -> _Text:
    """A training text that is given, cleaned as the model's was."""
    text = corpus.build_as(model.vocabulary, sources, model.text, reading)
    return _Text(text.ids, text.vocabulary, text.separator, text.sha256)


def _remembered(model: Model, memory: SuffixIndex) -> _Text:
    """The training text as the model remembers it."""
    sha256 = model.summary["corpus"]["sha256"]
    return _Text(memory.ids(), model.vocabulary, model.separator, sha256)
