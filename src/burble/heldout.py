"""The held-out text in batches, framed for scoring as it was for training. Knows no networks."""

from collections.abc import Iterator

import numpy as np

from burble.batches import Batch, in_order, whole_documents
from burble.corpus import Corpus
from burble.settings import TrainingSettings
from burble.windows import windows_in_order


def scored(
    corpus: Corpus, training: TrainingSettings, limit: int, rows: int = 1
) -> Iterator[Batch]:
    """Batches of the first `limit` held-out symbols.

    Args:
        corpus: The text.
        training: How it is framed.
        limit: Symbols to score at most.
        rows: How often streams are repeated, side by side.

    Yields:
        For streams, text in order from a zero state; for documents, each from its beginning; for
        windows, the symbols before each one.
    """
    edge = corpus.vocabulary.boundary_id
    tail = corpus.tail[: limit + 1]
    if training.framing == "windows":
        last = min(len(corpus.ids), corpus.cut + limit)
        yield from windows_in_order(corpus.ids, training.length, corpus.cut, last)
    elif training.framing != "documents" or edge is None:
        yield from in_order(tail, rows)
    elif len(tail) > 1:
        # Where the held-out part begins inside a document, its rest is scored like a document.
        starts = corpus.starts[(corpus.starts > corpus.cut)] - corpus.cut
        starts = np.append(0, starts[starts < len(tail) - 1])
        yield from whole_documents(tail[1:], starts, edge)
