"""Whether the documents of a text are sorted, so that its end is unlike the rest.

What is sorted by anything, and validated on its end, is validated on what was never learned. Knows
nothing of how a text is read.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from burble.data.corpus import Corpus

LOOKED_AT = 2_000_000
"""Symbols of a running text, from the first, in which a sorted list is looked for."""
LIST, LINE = 50, 60
"""Lines of a list, at least, and symbols of one, at most, on average."""
SORTED, KINDS = 0.98, 5
"""Neighbours of a list that stand in order, at least, and beginnings that it has."""
MOST = 50_000
"""Documents that are compared with the one before them, spread evenly over the text."""
BEGINNING = 24
"""Symbols of a document by which it may be sorted."""
_NUMBER = re.compile(r"\D{0,4}(\d[\d.:/T-]*)")
_FEW = 5
"""Documents below which nothing can be said of their order."""


def describe_order(corpus: "Corpus") -> list[str]:
    """What to say of documents, or lines, in alphabetical order."""
    if corpus.documents > 1:
        text = corpus.encoded
        if not _in_order(corpus, text.ids[text.starts]):
            return []
        if corpus.split == "spread":
            return [
                "The documents are in alphabetical order; the validation part is drawn from all."
            ]
        return [
            "The documents are in alphabetical order, and their end, the validation part, is "
            "never learned; --split spread would take some of all letters."
        ]
    newline, ids = corpus.vocabulary.ids.get("\n"), corpus.ids[:LOOKED_AT]
    edges = np.flatnonzero(ids == newline) if newline is not None else np.zeros(0, np.intp)
    if len(edges) < LIST or len(ids) > LINE * len(edges):
        return []
    firsts = ids[edges[:-1] + 1]
    if not _in_order(corpus, firsts[firsts != newline]):
        return []
    return [
        "The lines are in alphabetical order, and their end, the validation part, is never "
        "learned; with --documents lines some of all letters would be taken."
    ]


def _in_order(corpus: "Corpus", firsts: NDArray[np.integer]) -> bool:
    """Whether what begins with these symbols is sorted, capitals counting as small letters."""
    if len(firsts) < LIST:
        return False
    lower = [ord(symbol.lower()[0]) for symbol in corpus.vocabulary.symbols]
    points = np.array([*lower, 0])[firsts]
    return bool(np.mean(points[1:] >= points[:-1]) >= SORTED and len(np.unique(points)) >= KINDS)


def check_order(corpus: "Corpus") -> list[str]:
    """Whether the documents look sorted, and what that means for the validation part.

    Compared are neighbours: by how they begin, by their lengths, by the number or date at their
    beginning, and by their labels.
    """
    text = corpus.encoded
    count = len(text.starts)
    if count < _FEW:
        return [f"Sort check: {count:,} documents are too few to look sorted."]
    found = [*_find_orders(corpus)]
    sorted_by = [f"{what} ({share:.0%} of neighbours)" for what, share in found if share >= SORTED]
    if not sorted_by:
        most = max(found, key=lambda one: one[1])
        return [
            f"Sort check: the documents do not look sorted; nearest to it is {most[0]}, with "
            f"{most[1]:.0%} of neighbours in order."
        ]
    where = (
        "The validation part is drawn from all of them, which is right."
        if corpus.split == "spread"
        else "The validation part is their end, which is unlike the rest: add --split spread."
    )
    return [f"Sort check: the documents look sorted {' and '.join(sorted_by)}. {where}"]


def _find_orders(corpus: "Corpus") -> Iterator[tuple[str, float]]:
    """Ways in which documents may be sorted, and which fraction of neighbours is in that order."""
    starts, size = corpus.encoded.starts, len(corpus.encoded.ids)
    places = np.unique(np.linspace(0, len(starts) - 2, min(MOST, len(starts) - 1)).astype(int))
    begins = [(_begin(corpus, i), _begin(corpus, i + 1)) for i in places.tolist()]
    if len({one for one, _ in begins}) >= _FEW:
        yield "by how they begin", float(np.mean([one <= other for one, other in begins]))
    lengths = np.diff(np.append(starts, size))
    pairs = lengths[places], lengths[places + 1]
    if len(np.unique(lengths)) >= _FEW:
        yield "by length, the shortest first", float(np.mean(pairs[0] <= pairs[1]))
        yield "by length, the longest first", float(np.mean(pairs[0] >= pairs[1]))
    numbers = [(_NUMBER.match(one), _NUMBER.match(other)) for one, other in begins]
    both = [(_parts(one[1]), _parts(other[1])) for one, other in numbers if one and other]
    if len(both) > 0.8 * len(begins) and len({one for one, _ in both}) >= _FEW:
        yield "by number or date", float(np.mean([one <= other for one, other in both]))
        yield "by number or date, the latest first", float(np.mean([a >= b for a, b in both]))
    labels = corpus.encoded.labels
    for column, known in enumerate(labels.names.columns if labels else ()):
        ids = labels.numbers[:, column] if labels else np.zeros(0)
        kinds = len(np.unique(ids))
        if 1 < kinds < len(ids) // 2:
            changes = int(np.count_nonzero(np.diff(ids)))
            # As many changes as labels: all documents of each stand together.
            yield f"by {known}", 1 - max(0, changes - (kinds - 1)) / (len(ids) - 1)


def _begin(corpus: "Corpus", document: int) -> str:
    """How a document begins, in small letters."""
    start = int(corpus.encoded.starts[document])
    return corpus.vocabulary.decode(corpus.encoded.ids[start : start + BEGINNING], "\0").casefold()


def _parts(number: str) -> tuple[int, ...]:
    """The numbers in a number or a date, as they are compared."""
    return tuple(map(int, re.findall(r"\d+", number)))
