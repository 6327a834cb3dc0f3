"""What stands in a text more than once: documents and long lines, and where. Keeps hashes only."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from burble.storage import Ids
from burble.vocabulary import Vocabulary
from burble.wording import some

LONG = 40
"""Symbols of a line from which on it is unlikely to come again by chance."""
MOST = 1 << 26
"""Symbols that are looked at; of a longer text, blocks spread evenly over it."""
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Found:
    """How often stretches of one kind come again.

    Attributes:
        looked_at: How many there are, in what was looked at.
        again: Of those, how many are the same as one before them.
        held_out: How many are in the held-out part.
        in_both: Of those, how many stand in the training part too.
    """

    looked_at: int
    again: int
    held_out: int
    in_both: int


@dataclass(frozen=True)
class Repeats:
    """What stands in a text more than once.

    Attributes:
        documents: Of documents; nothing of a text that is a single one.
        lines: Of lines of `LONG` symbols or more; nothing where each is a document.
        share: How much of the text was looked at.
    """

    documents: Found
    lines: Found
    share: float

    @property
    def sentences(self) -> list[str]:
        """What to say of it: nothing where nothing is repeated."""
        kinds = {"document": self.documents, "long line": self.lines}
        again = _listed({kind: (f.again, f.looked_at) for kind, f in kinds.items()})
        both = _listed({kind: (f.in_both, f.held_out) for kind, f in kinds.items()})
        if not again:
            return []
        part = "" if self.share == 1 else f" in the {self.share:.0%} of the text looked at"
        said = [f"Repeated{part}: {again}."]
        if both:
            said.append(
                f"Held out, but in the training part as well: {both}; its score is better than it "
                "would be on new text."
            )
        if self.documents.again:
            said.append("With --deduplicate each document is read once.")
        return [" ".join(said)]


def _listed(counts: Mapping[str, tuple[int, int]]) -> str:
    """How many there are of each kind, and of how many; empty where there are none."""
    return ", ".join(f"{some(n, kind)} of {every:,}" for kind, (n, every) in counts.items() if n)


def count(ids: Ids, cut: int, alphabet: Vocabulary) -> Repeats:
    """Counts what is repeated.

    Args:
        ids: What is learned and then what is held out, shape (N,).
        cut: Where the held-out part begins.
        alphabet: What the ids mean.
    """
    edge, newline = alphabet.boundary_id, alphabet.ids.get("\n")
    looked = min(1.0, MOST / len(ids))
    edges = [i for i in (edge, newline) if i is not None]
    none = Found(0, 0, 0, 0)
    return Repeats(
        documents=none if edge is None else _found(ids, cut, [edge], 1),
        lines=none if newline is None else _found(ids, cut, edges, LONG),
        share=looked,
    )


def _found(ids: Ids, cut: int, edges: list[int], least: int) -> Found:
    """How often stretches between edges come again."""
    parts = [
        [*_looked_at(part, int(MOST * len(part) / len(ids)), edges[0])]
        for part in (ids[:cut], ids[cut:])
    ]
    every, ends = digests((block for part in parts for block in part), edges, least)
    # What is cut in two counts with the held-out part.
    learned = ends < sum(map(len, parts[0]))
    distinct = len(np.unique(every))
    both = np.isin(every[~learned], every[learned])
    return Found(len(every), len(every) - distinct, len(both), int(both.sum()))


def _looked_at(ids: Ids, most: int, edge: int) -> Iterator[Ids]:
    """Blocks of ids: all of them, or so many as are looked at, an edge after each."""
    places = range(0, len(ids), _BLOCK)
    if len(ids) <= most:
        yield from (ids[place : place + _BLOCK] for place in places)
        return
    for number in np.linspace(0, len(places) - 1, max(1, most // _BLOCK)).astype(int).tolist():
        yield np.append(ids[places[number] : places[number] + _BLOCK], ids.dtype.type(edge))


def digests(
    blocks: Iterable[Ids], edges: Collection[int], least: int = 1
) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """A hash of each stretch between edges, in order.

    Args:
        blocks: Ids, cut anywhere.
        edges: What ends a stretch.
        least: Shorter stretches are left out.

    Returns:
        64 bits of BLAKE2b of each, and where it ends, each of shape (stretches,).

    >>> hashes, ends = digests([np.array([5, 6, 0, 7, 0, 5, 6], np.uint8)], [0])
    >>> bool(hashes[0] == hashes[2]), bool(hashes[0] == hashes[1]), ends.tolist()
    (True, False, [2, 4, 7])
    """
    found, hashed, length = bytearray(), hashlib.blake2b(digest_size=8), 0
    places: list[NDArray[np.int64]] = []
    done = 0
    for block in blocks:
        wide, begin, kept = block.astype("<u2"), 0, []
        for end in np.flatnonzero(np.isin(block, [*edges])).tolist():
            hashed.update(wide[begin:end].data)
            if length + end - begin >= least:
                found += hashed.digest()
                kept.append(done + end)
            hashed, length, begin = hashlib.blake2b(digest_size=8), 0, end + 1
        hashed.update(wide[begin:].data)
        length += len(block) - begin
        done += len(block)
        places.append(np.array(kept, np.int64))
    if length >= max(1, least):
        found += hashed.digest()
        places.append(np.array([done], np.int64))
    return np.frombuffer(bytes(found), "<u8"), np.concatenate([np.zeros(0, np.int64), *places])


def first_of_their_kind(hashes: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Which are the first of their value.

    >>> first_of_their_kind(np.array([7, 8, 7], np.uint64)).tolist()
    [True, True, False]
    """
    first = np.zeros(len(hashes), bool)
    first[np.unique(hashes, return_index=True)[1]] = True
    return first
