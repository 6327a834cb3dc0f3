"""What a model has from its training text besides its weights: a memory, words, no passages.

Knows nothing of terminals.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from burble import corpus, judging, measures, memoryfile
from burble.bans import Passages
from burble.corpus import Corpus
from burble.errors import CorpusError, SettingsError
from burble.generation import Generator
from burble.modelfile import Model
from burble.settings import AS_IT_COMES, SourceSettings, require


def remember(file: Path, model: Model, text: Corpus) -> tuple[Path, int]:
    """Writes the memory of what a model was trained on, beside it.

    Args:
        file: The model's file.
        model: The model.
        text: The text it was trained on; what was held out of it is not remembered.

    Returns:
        Where the memory is, and how many symbols it holds; see `Own.memory`.

    Raises:
        CorpusError: The text is another one.
        StorageError: The disk refused.
    """
    own = judging.own(model, text)
    if own is None:
        raise CorpusError(
            "this is not the text the model was trained on, and its memory would be of another "
            "text. Give that text, cleaned as it was: all of its files, and nothing else."
        )
    path, memory = memoryfile.beside(file), own.memory()
    memoryfile.write(path, memory, model)
    return path, len(memory.contexts)


def allowed(
    writer: Generator,
    asked: tuple[int, str, int],
    sources: Sequence[str] | None = None,
    reading: SourceSettings = AS_IT_COMES,
    tell: Callable[[str], object] = str,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the training text allows: its words, and not its passages; and how that is told.

    Args:
        writer: The model.
        asked: The longest passage that may be written, 0 for any; any or known words; and how
            often a word occurs to be known.
        sources: The training text; the model's memory if none is given.
        reading: How that text is read.
        tell: Takes a sentence about the text.

    Returns:
        Fields of `WritingSettings`, and facts in JSON types.

    Raises:
        SettingsError: A value that cannot be, or the text is missing, or not asked for.
    """
    longest, words, least = asked
    require(longest >= 0, "novel", longest, "0 or more symbols")
    require(least >= 1, "word_count", least, "1 or more")
    if not sources:
        reading.without_tables()
    if not _is_asked(asked, sources, writer):
        return {}, {}
    ids, written, sha256 = _text(writer, sources, reading)
    told: dict[str, Any] = {"training_text": sha256}
    if not writer.model.learned_from(sha256):
        tell("This is not the text the model was trained on; it is taken all the same.")
    found: dict[str, Any] = {}
    if longest:
        told["novel"] = longest
        found["novel"] = Passages.of(ids, longest + 1)
    if words == "known":
        counts = measures.count_words(written)
        found["words"] = frozenset(word for word, n in counts.items() if n >= least)
        told |= {"words": words, "word_count": least}
    return found, told


def _is_asked(
    asked: tuple[int, str, int], sources: Sequence[str] | None, writer: Generator
) -> bool:
    """Whether a training text is needed.

    Raises:
        SettingsError: It is and there is none, or the other way round.
    """
    longest, words, _ = asked
    wanted = bool(longest or words == "known")
    if wanted and not sources and not writer.has_memory:
        raise SettingsError(
            "--novel and --words known need the text the model was trained on, which it does not "
            "hold. Give it with --training-text, or once and for all: burble remember MODEL TEXT"
        )
    if sources and not wanted:
        raise SettingsError(
            "--training-text is for --novel and --words known, and neither was given. Give one."
        )
    return wanted


def _text(
    writer: Generator, sources: Sequence[str] | None, reading: SourceSettings
) -> tuple[NDArray[np.integer], Iterator[str], str]:
    """A training text as the model's ids, in pieces of text, and its fingerprint."""
    model = writer.model
    if not sources:
        ids = writer.memory.memory.ids()
        written = model.vocabulary.decode(ids, model.separator)
        return ids, iter([written]), model.summary["corpus"]["sha256"]
    text = corpus.build(sources, model.text, held_out=0.0, reading=reading)
    renumbered = model.vocabulary.renumbered(text.ids, text.vocabulary)
    return renumbered, text.text(), text.sha256
