"""What stands in a text more than once: documents and long lines, and where. Keeps hashes only."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from burble.data.vocabulary import Vocabulary
from burble.files import Ids, release

LONG = 40
"""Symbols of a line from which on it is unlikely to come again by chance."""
FEW = 0.01
"""Fraction of lines that come again below which nothing is said: any book has some."""
MOST = 1 << 25
"""Symbols that are looked at; of a longer text, blocks spread evenly over it."""
_BLOCK = 1 << 20
_LOOK = 16
Places = NDArray[np.int64]


@dataclass(frozen=True)
class Found:
    """How often stretches of one kind come again.

    Attributes:
        looked_at: How many there are, in what was looked at.
        again: Of those, how many are the same as one before them.
        validation: How many are in the validation part.
        in_both: Of those, how many stand in the training part too.
    """

    looked_at: int
    again: int
    validation: int
    in_both: int

    @property
    def are_few(self) -> bool:
        """Whether so few come again that no score is the better for it."""
        return self.again < FEW * self.looked_at and self.in_both <= FEW * self.validation


@dataclass(frozen=True)
class Repeats:
    """What stands in a text more than once.

    Attributes:
        documents: Of documents; nothing of a text that is a single one.
        lines: Of lines of `LONG` symbols or more; nothing where each is a document.
        fraction: How much of the text was looked at.
    """

    documents: Found
    lines: Found
    fraction: float

    @property
    def sentences(self) -> list[str]:
        """What to say of it: nothing where nothing is repeated, or hardly a line."""
        kinds = {"documents": self.documents}
        if not self.lines.are_few:
            kinds[f"lines of {LONG} characters or more"] = self.lines
        again = _describe_counts({kind: (f.again, f.looked_at) for kind, f in kinds.items()})
        both = _describe_counts({kind: (f.in_both, f.validation) for kind, f in kinds.items()})
        if not again:
            return []
        part = "" if self.fraction == 1 else f" in the {self.fraction:.0%} of the text looked at"
        sentences = [f"Repeated{part}: {again}."]
        if both:
            sentences.append(
                f"Of the validation part, also in the training part: {both}; the validation loss "
                "is lower than on new text."
            )
        if self.documents.again:
            sentences.append("With --deduplicate each document is read once.")
        return [" ".join(sentences)]


def _describe_counts(counts: Mapping[str, tuple[int, int]]) -> str:
    """How many there are of each kind, of how many; empty where there are none."""
    found = (f"{n:,} of {every:,} {kind}" for kind, (n, every) in counts.items() if n)
    return " and ".join(found)


def count_repeats(read: Ids, ids: Ids, cut: int, alphabet: Vocabulary) -> Repeats:
    """Counts what is repeated.

    Args:
        read: The text in the order of reading, shape (N,).
        ids: What is learned and then the validation part of it.
        cut: Where the validation part begins.
        alphabet: What the ids mean.
    """
    edge, newline = alphabet.boundary_id, alphabet.ids.get("\n")
    edges = [i for i in (edge, newline) if i is not None]
    none = Found(0, 0, 0, 0)
    return Repeats(
        documents=none if edge is None else _count_stretches(read, ids, cut, [edge], 1),
        lines=none if newline is None else _count_stretches(read, ids, cut, edges, LONG),
        fraction=min(1.0, MOST / len(read)),
    )


def _count_stretches(read: Ids, ids: Ids, cut: int, edges: list[int], least: int) -> Found:
    """How often stretches between edges come again."""
    hashes, learned = _hash_stretches(ids, cut, edges, least)
    every = np.sort(hashes if read is ids else _hash_stretches(read, cut, edges, least)[0])
    again = np.count_nonzero(every[1:] == every[:-1])
    both = _is_among(hashes[~learned], np.sort(hashes[learned]))
    return Found(len(every), int(again), len(both), int(both.sum()))


def _hash_stretches(
    ids: Ids, cut: int, edges: list[int], least: int
) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
    """A hash of each stretch in what is looked at, the same for the same symbols.

    Most stretches differ in their length, beginning or end; only those that do not are read whole.

    Args:
        ids: Shape (N,).
        cut: Where the validation part begins. What is cut in two counts with that.
        edges: What ends a stretch.
        least: Symbols of the shortest that is looked at.

    Returns:
        The hashes, and which stretches are learned, each of shape (stretches,).
    """
    keys, learned = [np.zeros(0, np.uint64)], [np.zeros(0, bool)]
    for begins, ends in _find_stretches(ids, edges, least):
        keys.append(_make_keys(ids, begins, ends))
        learned.append(ends < cut)
        release(ids)
    hashes = np.concatenate(keys)
    ordered = np.sort(hashes)
    doubled = ordered[1:][ordered[1:] == ordered[:-1]]
    done = 0
    for begins, ends in _find_stretches(ids, edges, least) if len(doubled) else ():
        mine = hashes[done : done + len(begins)]
        for row in np.flatnonzero(_is_among(mine, doubled) & (ends - begins > _LOOK)).tolist():
            whole = hashlib.blake2b(ids[begins[row] : ends[row]].tobytes(), digest_size=8)
            mine[row] = int.from_bytes(whole.digest(), "little")
        done += len(begins)
        release(ids)
    return hashes, np.concatenate(learned)


def _is_among(hashes: NDArray[np.uint64], others: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Which hashes are among others, which are sorted.

    NumPy's own `isin` and `unique` (2.4) take a hundred times as long for numbers without order.
    """
    if not len(others):
        return np.zeros(len(hashes), bool)
    there = others[np.minimum(np.searchsorted(others, hashes), len(others) - 1)] == hashes
    return np.asarray(there)


def _find_stretches(ids: Ids, edges: list[int], least: int) -> Iterator[tuple[Places, Places]]:
    """Where the stretches between edges begin and end, in each block that is looked at."""
    places = range(0, len(ids), _BLOCK)
    chosen = [*places]
    if len(ids) > MOST:
        even = np.linspace(0, len(places) - 1, max(1, MOST // _BLOCK)).astype(int)
        chosen = [places[number] for number in even.tolist()]
    # Where the last edge was; none where nobody knows how a stretch began.
    last, done = np.array([-1]), 0
    for place in chosen:
        block = ids[place : place + _BLOCK]
        found = np.flatnonzero(np.logical_or.reduce([block == edge for edge in edges])) + place
        done, before = place + len(block), done
        # A text ends without an edge.
        end = [done] if done == len(ids) else []
        marks = np.concatenate([last if place == before else last[:0], found, end]).astype(np.int64)
        begins, ends = marks[:-1] + 1, marks[1:]
        long = ends - begins >= least
        yield begins[long], ends[long]
        last = marks[-1:]


def _make_keys(ids: Ids, begins: Places, ends: Places) -> NDArray[np.uint64]:
    """What each stretch's length and the symbols at its two ends make, shape (stretches,)."""
    lengths = ends - begins
    mixed = (lengths + 1).astype(np.uint64)
    whole = ids if len(ids) >= _LOOK else np.pad(ids, (0, _LOOK))
    looks = np.lib.stride_tricks.sliding_window_view(whole, _LOOK)
    first = looks[np.minimum(begins, len(looks) - 1)]
    for row in np.flatnonzero(begins >= len(looks)).tolist():
        # So near the end of the text that a look would go beyond it.
        first[row] = np.roll(first[row], len(looks) - 1 - begins[row])
    first *= np.arange(_LOOK) < lengths[:, None]
    last = looks[np.maximum(ends - _LOOK, 0)] * (lengths >= _LOOK)[:, None]
    for symbols in (first, last):
        for column in symbols.astype(ids.dtype).view(np.uint64).T:
            mixed = (mixed ^ column) * np.uint64(0x9E3779B97F4A7C15)
            mixed ^= mixed >> np.uint64(32)
    return mixed
