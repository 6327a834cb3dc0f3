"""The memory of any text for a model: read as the model's own was, and indexed on the spot.

Nothing of it is written to disk. Knows nothing of networks or terminals.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from burble.data import corpus
from burble.data.corpus import Corpus
from burble.data.documents import Progress
from burble.data.source import Source
from burble.data.sources import find_sources
from burble.data.split import Split
from burble.data.vocabulary import Vocabulary, describe_unknown
from burble.errors import CorpusError
from burble.formatting import listed, some
from burble.model.file import Model
from burble.ngram.index import MAX_SYMBOLS, SuffixIndex, build_index
from burble.ngram.training_text import recognize_training_text
from burble.settings import DEFAULT_READING, SourceSettings


@dataclass(frozen=True, eq=False)
class TextMemory:
    """A text, indexed in the alphabet of a model.

    Attributes:
        index: Its index.
        names: The sources it came from.
        is_own: Whether it is what the model was trained on; then the index is of its training part
            alone.
        notes: A sentence for each thing that was decided.
        left_out: A sentence for each thing that was left out.
    """

    index: SuffixIndex
    names: tuple[str, ...]
    is_own: bool
    notes: tuple[str, ...]
    left_out: tuple[str, ...] = ()


def index_text(
    model: Model,
    sources: Sequence[str],
    reading: SourceSettings = DEFAULT_READING,
    progress: Progress | None = None,
) -> TextMemory:
    """Indexes a text for a model.

    Args:
        model: The model, whose settings say how the text is cleaned.
        sources: What to read, as `sources.find_sources` takes it.
        reading: How it is read.
        progress: Called with the bytes read so far, and in all.

    Raises:
        SourceError: A source cannot be read.
        CorpusError: There is nothing in it that the model knows; or it is what the model was
            trained on, cut otherwise, so that its validation part is not known.
    """
    found, notes = find_sources(sources, reading)
    text = _read(model, found, reading, progress)
    notes = [*notes, *text.encoded.notes]
    own = recognize_training_text(model, text)
    if own is not None:
        index = own.build_index()
        notes.append(
            f"The memory is of what the model was trained on, {some(len(index.contexts), 'symbol')}"
            ", without the validation part."
        )
        return TextMemory(index, text.names, True, tuple(notes))
    ids, named = _renumber(text, model), listed([*text.names])
    left_out = _describe_unknown(text, model.vocabulary)
    index = build_index(ids[-MAX_SYMBOLS:])
    if len(ids) > MAX_SYMBOLS:
        left_out.append(f"The memory holds the last {MAX_SYMBOLS:,} of {len(ids):,} symbols.")
    notes.append(f"The memory is of {named}. Symbols in it: {len(index.contexts):,}.")
    return TextMemory(index, text.names, False, tuple(notes), tuple(left_out))


def _read(
    model: Model, found: Sequence[Source], reading: SourceSettings, progress: Progress | None
) -> Corpus:
    """A text, cleaned as the model's own was."""
    how, alphabet = model.text, model.vocabulary
    if not alphabet.boundary:
        # To a model without documents each source is one text.
        how = how.undivided
    whole = Split(0.0)
    text = corpus.build_from_sources(found, how, whole, reading, progress, alphabet=alphabet)
    if how.min_count > 1 and not model.was_trained_on(text.sha256):
        # What is rare in this text need not be unknown to the model.
        how = replace(how, min_count=1)
        text = corpus.build_from_sources(found, how, whole, reading, progress, alphabet=alphabet)
    return text


def _renumber(text: Corpus, model: Model) -> NDArray[np.integer]:
    """The ids of a text in a model's alphabet, without what the model does not know.

    Raises:
        CorpusError: It knows nothing of it.
    """
    known, edge = model.vocabulary, text.vocabulary.boundary_id
    ids = np.asarray(known.renumber(text.ids, text.vocabulary))
    if edge is None and known.boundary_id is not None:
        # A single text is a document, and ends.
        ids = np.append(ids, known.boundary_id)
    elif edge is not None and known.boundary_id is None:
        between = [i for s in known.split(text.separator) if (i := known.ids.get(s)) is not None]
        places = np.flatnonzero(text.ids == edge)
        ids = np.insert(ids, np.repeat(places, len(between)), np.tile(between, len(places)))
    ids = ids[ids >= 0]
    if not len(ids):
        raise CorpusError(
            f"a memory of {listed([*text.names])} would be empty: this model knows none of its "
            "symbols. Give a text in the model's alphabet."
        )
    return ids.astype(known.dtype)


def _describe_unknown(text: Corpus, known: Vocabulary) -> list[str]:
    """A sentence on the symbols that a model does not know, if there are any."""
    unknown = {symbol: n for symbol, n in text.counts.most_common() if symbol not in known.ids}
    return [describe_unknown(unknown, "of the memory")] if unknown else []
