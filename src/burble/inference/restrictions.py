"""What the training text restricts: its passages, its words and its documents, where one may not.

Knows nothing of networks or terminals.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from burble.data import words
from burble.data.vocabulary import Vocabulary
from burble.errors import InputError, SettingsError, require_packages
from burble.files import path_names
from burble.formatting import list_flags
from burble.inference.passages import Passages, find_canonical_ids
from burble.inference.settings import MIN_WORD_COUNT, WritingSettings
from burble.model.file import Model
from burble.ngram.index import SuffixIndex
from burble.settings import SourceSettings, Unit

if TYPE_CHECKING:
    from burble.ngram.memory import TextMemory

_BLOCK = 1 << 20
NO_TRAINING_TEXT = (
    "--novel, --words known and --new look in the memory's text alone; the text the model was "
    "trained on is not at hand, and could be given with --training-text."
)


@dataclass(frozen=True)
class _Text:
    """A training text."""

    ids: NDArray[np.integer]
    vocabulary: Vocabulary
    separator: str
    sha256: str = ""

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


def look_up_restrictions(
    settings: WritingSettings,
    model: Model,
    memory: Callable[[], SuffixIndex] | None,
    other: "TextMemory | None",
    reading: SourceSettings,
    log: Callable[[str], object],
) -> tuple[WritingSettings, dict[str, Any]]:
    """Looks up in texts what may not be written, or what alone may.

    Args:
        settings: How a text is written.
        model: The model.
        memory: Loads the memory of its training text; None where there is none.
        other: The memory of another text, which is looked up as well; None where there is none.
        reading: How the training text is read, if one is given.
        log: Takes a sentence about that text.

    Returns:
        The same settings with passages, words and documents as such; and facts in JSON types
        with which the same could be requested again.

    Raises:
        SettingsError: The text is missing, or nothing is looked up in it.
        SourceError: It cannot be read.
    """
    requests = _list_requests(settings)
    sources = path_names("training_text", settings.training_text or ())
    _check(requests, sources, reading, model.text.unit, has_memory=bool(memory or other))
    if not requests:
        return settings, {}
    own = _find_training_text(model, memory, sources, reading)
    for note in _describe_text(own, model, requests, is_given=bool(sources)):
        log(note)
    texts = [own] if own else []
    facts = {"training_text": own.sha256} if own else {}
    if other is not None:
        texts.append(_Text(other.index.ids(), model.vocabulary, model.separator))
    found = _find(requests, texts, model.vocabulary)
    return replace(settings, training_text=None, word_count=None, **found), facts | requests


def _find(requests: Mapping[str, Any], texts: Sequence[_Text], known: Vocabulary) -> dict[str, Any]:
    """Passages, words and documents of some texts, by the names of their settings."""
    found: dict[str, Any] = {}
    if "novel" in requests:
        canonical_ids = find_canonical_ids(known.symbols, boundary=known.boundary)
        ids = _join([known.renumber(text.ids, text.vocabulary) for text in texts])
        found["novel"] = Passages.from_ids(ids, requests["novel"] + 1, canonical_ids)
    if "words" in requests:
        counts = sum((words.count_words(text.pieces()) for text in texts), Counter[str]())
        least = requests["word_count"]
        found["words"] = frozenset(word for word, count in counts.items() if count >= least)
    if "new" in requests:
        # A text without anything in it is no document.
        found["new"] = frozenset([*(one for text in texts for one in text.documents()), ""])
    return found


def _join(texts: Sequence[NDArray[np.integer]]) -> NDArray[np.integer]:
    """Ids of texts after each other, with one between them over which no passage reaches."""
    if len(texts) == 1:
        return texts[0]
    return np.concatenate([part for ids in texts for part in (ids, np.array([-1]))][:-1])


def _list_requests(settings: WritingSettings) -> dict[str, Any]:
    """What has to be looked up in the training text, by the names of its settings."""
    novel = settings.novel
    requests: dict[str, Any] = {}
    if not isinstance(novel, Passages) and novel:
        requests["novel"] = int(novel)
    requests |= {"words": "known"} if settings.words == "known" else {}
    requests |= {"new": True} if settings.new is True else {}
    if "words" in requests:
        requests["word_count"] = settings.word_count or MIN_WORD_COUNT
    return requests


def _check(
    requests: Mapping[str, Any],
    sources: Sequence[str],
    reading: SourceSettings,
    unit: Unit,
    *,
    has_memory: bool,
) -> None:
    """Refuses a training text that is missing, or there for nothing; and words of bytes."""
    if requests and not sources and not has_memory:
        raise SettingsError(
            "--novel, --words known and --new need the text the model was trained on, which it "
            "does not hold. Give it with --training-text, or once and for all: burble remember "
            "MODEL TEXT. (A text that --memory names is looked up as well.)"
        )
    if sources and not requests:
        raise SettingsError(
            "--training-text is for --novel, --words known and --new, and none was given. Give one."
        )
    if reading.given and not sources:
        raise InputError(
            f"{list_flags(reading.given)}: this says how a text is read, and none is. Leave it "
            "out, or give a text."
        )
    if "words" in requests and unit == "bytes":
        raise SettingsError(
            "--words known follows words letter by letter, and a symbol of this model is a byte, "
            "which may be half of one. Leave it out, or take a model of characters or words."
        )


def _find_training_text(
    model: Model,
    memory: Callable[[], SuffixIndex] | None,
    sources: Sequence[str],
    reading: SourceSettings,
) -> _Text | None:
    """The training text: as it is given, or else from its memory; None where neither is."""
    if sources:
        return _read(model, sources, reading)
    return _recall(model, memory()) if memory else None


def _describe_text(
    own: _Text | None, model: Model, requests: Mapping[str, Any], *, is_given: bool
) -> Iterator[str]:
    """What to say of the training text that is looked up in, or of there being none."""
    if own is None:
        yield NO_TRAINING_TEXT
        return
    if not model.was_trained_on(own.sha256):
        yield "This is not the text the model was trained on; it is used all the same."
    if "new" in requests and not is_given and model.facts("corpus").get("held_out"):
        yield (
            "--new leaves out the documents that the model learned from, as its memory holds no "
            "others. With --training-text those of the validation part are left out, too."
        )


def _read(model: Model, sources: Sequence[str], reading: SourceSettings) -> _Text:
    """A training text that is given, cleaned as the model's was."""
    # What reads texts is loaded only where one is read.
    with require_packages("reading a text"):
        from burble.data import corpus

    text = corpus.build_with_alphabet(model.vocabulary, sources, model.text, reading)
    return _Text(text.ids, text.vocabulary, text.separator, text.sha256)


def _recall(model: Model, memory: SuffixIndex) -> _Text:
    """The training text as the model remembers it."""
    sha256 = model.facts("corpus")["sha256"]
    return _Text(memory.ids(), model.vocabulary, model.separator, sha256)
