"""Documents that are left out of a text: those that came before, and those with rare symbols.

Knows nothing of sources. Holds a few bytes for each document, never a text.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from burble.data.documents import Reading
from burble.data.encoder import Encoder, by_source, numbered
from burble.data.repeats import digests, first_of_their_kind
from burble.errors import CorpusError
from burble.files import Ids
from burble.formatting import some

EDGE = 0
"""What an encoder's spool holds after each document."""


def drop(encoder: Encoder, reading: Reading) -> None:
    """Leaves documents out of what an encoder has read, as the reading asks.

    Args:
        encoder: All of the text; changed where something is left out.
        reading: What was found on the way; its counts are made to fit, and it is told.

    Raises:
        CorpusError: There is but one document, or none would be left.
    """
    kept = np.ones(reading.documents, bool)
    if reading.reading.deduplicate and len(kept) < 2:
        reading.notes.append(
            "--deduplicate leaves out documents that come again, and this text is a single one. "
            "Part it with --documents lines or blank."
        )
    elif reading.reading.deduplicate:
        kept = first_of_their_kind(digests(encoder.spool.blocks(keep=True), EDGE))
        if again := len(kept) - int(kept.sum()):
            reading.notes.append(f"Left out: {some(again, 'repeated document')}.")
    if reading.reading.drop_documents_with_rare > 1:
        kept = _drop_rare(encoder, reading, kept)
    if not kept.all():
        reading.lines = encoder.select(kept)
        reading.documents = int(kept.sum())
        reading.counts[:] = by_source(np.flatnonzero(kept), reading.counts)


def _drop_rare(encoder: Encoder, reading: Reading, kept: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Leaves out documents with rare symbols, and tells it.

    Raises:
        CorpusError: There is but one document, or none would be left.
    """
    least = reading.reading.drop_documents_with_rare
    if len(kept) < 2:
        raise CorpusError(
            "--drop-documents-with-rare leaves out documents, and this text is a single one. Part "
            "it with --documents lines or blank, or take rare symbols out with --min-count."
        )
    left = _without_rare(encoder, kept, least)
    if not left.any():
        raise CorpusError(
            f"every document has a symbol that occurs fewer than {least:,} times, so none is "
            "left; lower --drop-documents-with-rare, or use --min-count."
        )
    if gone := int(kept.sum()) - int(left.sum()):
        what = f"with a symbol that occurs fewer than {least:,} times"
        reading.notes.append(f"Left out: {some(gone, 'document')} {what}.")
    if 1 < reading.settings.min_count <= least:
        reading.notes.append(f"--min-count {reading.settings.min_count} takes nothing more out.")
    return left


def _without_rare(encoder: Encoder, kept: NDArray[np.bool_], rarest: int) -> NDArray[np.bool_]:
    """Leaves out documents until each symbol that is left occurs `rarest` times.

    What goes with a document may make others rare, so it is looked again and again.
    """
    while True:
        counts = np.zeros(encoder.size, np.int64)
        for block, numbers in _numbered(encoder):
            counts += np.bincount(block[kept[numbers]], minlength=len(counts))
        rare = (counts > 0) & (counts < rarest)
        rare[EDGE] = False
        if not rare.any():
            return kept
        kept = kept.copy()
        for block, numbers in _numbered(encoder):
            kept[numbers[rare[block]]] = False


def _numbered(encoder: Encoder) -> Iterator[tuple[Ids, NDArray[np.intp]]]:
    """The blocks of an encoder, each with the number of the document that each symbol is of."""
    done = 0
    for block in encoder.spool.blocks(keep=True):
        numbers = numbered(block, done)
        done = int(numbers[-1]) + int(block[-1] == EDGE)
        yield block, numbers
