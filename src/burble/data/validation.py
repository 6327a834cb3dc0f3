"""What to tell of the held-out part of a text: what is in it, and what is not learned for it.

Knows nothing of terminals.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from burble.data.corpus import Corpus
from burble.data.vocabulary import describe

NAMED = 6
"""Sources that are told one by one, at most, and symbols."""
LOOKED_AT = 2_000_000
"""Symbols of a running text, from the first, in which a sorted list is looked for."""
LIST, LINE = 50, 60
"""Lines of a list, at least, and symbols of one, at most, on average."""
SORTED, KINDS = 0.98, 5
"""Neighbours of a list that stand in order, at least, and beginnings that it has."""


def told(corpus: Corpus) -> list[str]:
    """Sentences about the held-out part, for a person; empty where nothing is held out."""
    if corpus.cut == len(corpus.ids):
        return []
    return [*_sources(corpus), *_only_there(corpus), *_sorted(corpus)]


def _sources(corpus: Corpus) -> list[str]:
    """Of which sources it is, and which are not learned, or not scored."""
    parts = [*zip(corpus.names, corpus.learned_by_source, corpus.held_out_by_source, strict=True)]
    parts = [part for part in parts if part[1] or part[2]]
    if len(parts) < 2:
        return []
    if len(parts) <= NAMED:
        shares = (f"{held:,} of {held + learned:,} of {name}" for name, learned, held in parts)
        said = [f"Held-out symbols: {'; '.join(shares)}."]
    else:
        scored = sum(held > 0 for _, _, held in parts)
        of = f"{scored:,} of" if scored < len(parts) else "each of"
        said = [f"The held-out part is of {of} {len(parts):,} sources."]
    never = [name for name, learned, _ in parts if not learned]
    if never:
        said.append(f"Never learned, since all of it is held out or left out: {_listed(never)}.")
    whole = [name for name, _, held in parts if not held]
    if whole and corpus.split == "spread":
        why = "being too short to hold some of it out, or not drawn"
        said.append(f"Learned whole, {why}: {_listed(whole)}.")
    elif whole:
        # Of several sources it is the end only where that was asked for, or nothing else could be.
        said.append(f"Not scored: {_listed(whole)}.")
    return said


def _only_there(corpus: Corpus) -> list[str]:
    """How many symbols occur in it and nowhere else."""
    found = np.zeros(corpus.vocabulary.size, np.int64)
    for first in range(corpus.cut, len(corpus.ids), 1 << 20):
        part = corpus.ids[first : first + (1 << 20)]
        found += np.bincount(part, minlength=corpus.vocabulary.size)
    counts = zip(corpus.vocabulary.symbols, found.tolist(), strict=False)
    only = [symbol for symbol, n in counts if n and n == corpus.counts[symbol]]
    if not only:
        return []
    occur = "1 symbol occurs" if len(only) == 1 else f"{len(only):,} different symbols occur"
    return [
        f"{occur} in the held-out part alone, and will not be learned: {_listed(only, describe)}."
    ]


def _listed(names: Sequence[str], shown: Callable[[str], str] = str) -> str:
    """The first of some names."""
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return ", ".join(map(shown, names[:NAMED])) + more


def _sorted(corpus: Corpus) -> list[str]:
    """What to say of documents, or lines, in alphabetical order."""
    if corpus.documents > 1:
        text = corpus.read
        if not _in_order(corpus, text.ids[text.starts]):
            return []
        if corpus.split == "spread":
            return ["The documents are in alphabetical order; those held out are drawn from all."]
        return [
            "The documents are in alphabetical order, and their end, held out, is never learned; "
            "--split spread would hold out some of all letters."
        ]
    newline, ids = corpus.vocabulary.ids.get("\n"), corpus.ids[:LOOKED_AT]
    edges = np.flatnonzero(ids == newline) if newline is not None else np.zeros(0, np.intp)
    if len(edges) < LIST or len(ids) > LINE * len(edges):
        return []
    firsts = ids[edges[:-1] + 1]
    if not _in_order(corpus, firsts[firsts != newline]):
        return []
    return [
        "The lines are in alphabetical order, and their end, held out, is never learned; with "
        "--documents lines some of all letters would be held out."
    ]


def _in_order(corpus: Corpus, firsts: NDArray[np.integer]) -> bool:
    """Whether what begins with these symbols is sorted, capitals counting as small letters."""
    if len(firsts) < LIST:
        return False
    lower = [ord(symbol.lower()[0]) for symbol in corpus.vocabulary.symbols]
    points = np.array([*lower, 0])[firsts]
    return bool(np.mean(points[1:] >= points[:-1]) >= SORTED and len(np.unique(points)) >= KINDS)
