"""Clean text to ids in two passes over blocks. Knows nothing of sources or models.

The first pass gives each symbol a number as it comes up; the second renumbers them by code point,
leaves out the rare ones, and notes where documents begin.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from burble.data import vocabulary
from burble.data.cleaning import code_points
from burble.data.sentences import EDGE
from burble.data.vocabulary import Vocabulary
from burble.errors import VocabularyError
from burble.files import Ids, Spool
from burble.settings import Unit

Cut = Callable[[str], Sequence[str]]
_POINTS = 0x110000
_NONE = np.iinfo(np.uint16).max


class Encoder:
    """The first pass.

    Attributes:
        spool: Ids in the order of first appearance; 0 is the edge between documents.
        digest: Hash of the text, its edges as NUL.
        kept: Numbers, from 0, of the documents of which the second pass left something; None
            where it left all.
    """

    def __init__(self, unit: Unit, limit: int, cut: Cut | None = None) -> None:
        """Makes an encoder that has seen nothing.

        Args:
            unit: What one symbol is.
            limit: Ids that are kept in memory at most.
            cut: Cuts text into symbols; as the unit says if it is None.
        """
        self.unit = unit
        self._plain = cut is None
        self._cut = cut or partial(vocabulary.split, unit=unit)
        self.spool = Spool(limit)
        self._limit = limit
        self.digest = hashlib.sha256()
        self.kept: list[NDArray[np.int64]] | None = None
        self._numbers = {EDGE: 0}
        self._by_point = np.full(_POINTS, _NONE, np.uint16)
        self._by_point[0] = 0
        self._counts = np.zeros(_NONE, np.int64)

    def add(self, piece: str) -> None:
        """Encodes a piece of clean text, which ends where a symbol does."""
        if not piece:
            return
        self.digest.update(piece.encode())
        if self.unit == "char" or (self._plain and piece.isascii()):
            ids = self._encode_points(code_points(piece))
        else:
            ids = self._encode_symbols(self._cut(piece))
        counts = np.bincount(ids)
        self._counts[: len(counts)] += counts
        self.spool.append(ids.astype(np.uint8) if len(self._numbers) <= 256 else ids)

    def _encode_points(self, points: NDArray[np.uint8 | np.uint32]) -> NDArray[np.uint16]:
        """The ids of code points."""
        ids: NDArray[np.uint16] = self._by_point[points]
        if ids.max() == _NONE:
            for point in np.unique(points[ids == _NONE]):
                self._number(chr(point))
            ids = self._by_point[points]
        return ids

    def _encode_symbols(self, symbols: Sequence[str]) -> NDArray[np.uint16]:
        """The ids of symbols that may be longer than one character."""
        for symbol in dict.fromkeys(symbols):
            if symbol not in self._numbers:
                self._number(symbol)
        return np.fromiter(map(self._numbers.__getitem__, symbols), np.uint16, len(symbols))

    def _number(self, symbol: str) -> None:
        """Gives a new symbol the next number."""
        if len(self._numbers) == _NONE:
            raise VocabularyError(
                f"the text has more than {_NONE - 1:,} different symbols, which is the most a "
                "model can have. Leave out a source that is not text, or use --unit char."
            )
        self._numbers[symbol] = len(self._numbers)
        if len(symbol) == 1:
            self._by_point[ord(symbol)] = self._numbers[symbol]

    @property
    def size(self) -> int:
        """How many numbers have been given, that of the edge included."""
        return len(self._numbers)

    def select(self, kept: NDArray[np.bool_]) -> int:
        """Leaves out documents, as if they had never come up.

        Args:
            kept: Which stay, shape (documents,); each of them has an edge after it, and more than
                one there was.

        Returns:
            Lines that are left.
        """
        spool, digest = Spool(self._limit), hashlib.sha256()
        symbols, newline = [*self._numbers], self._numbers.get("\n", -1)
        self._counts[:] = 0
        done = lines = last = 0
        for block in self.spool.blocks():
            numbers = numbered(block, done)
            done = int(numbers[-1]) + int(block[-1] == 0)
            ids = block[kept[numbers]]
            # A line ends at a newline, or with a document that has none at its end.
            before = np.concatenate([[last], ids[:-1]])
            lines += int(np.count_nonzero((ids == newline) | ((ids == 0) & (before != newline))))
            last = int(ids[-1]) if len(ids) else last
            # A single document needs no edge.
            ids = ids if kept.sum() > 1 else ids[ids != 0]
            self._counts[: len(symbols)] += np.bincount(ids, minlength=len(symbols))
            digest.update("".join(map(symbols.__getitem__, ids.tolist())).encode())
            if len(ids):
                spool.append(ids)
        self.spool, self.digest = spool, digest
        return lines

    def documents(self, counts: Sequence[int]) -> list[int]:
        """How many documents of each source are left after the second pass.

        Args:
            counts: How many each had.
        """
        if self.kept is None:
            return [*counts]
        return by_source(np.concatenate([np.zeros(0, np.int64), *self.kept]), counts)

    def counts(self) -> Counter[str]:
        """How often each symbol has come up, edges left out."""
        return Counter({s: int(self._counts[n]) for s, n in self._numbers.items() if n})

    def renumber(self, alphabet: Vocabulary) -> Iterator[Ids]:
        """The second pass: ids of `alphabet`, in blocks; symbols that are not in it are left out.

        Where the alphabet has an edge, one follows each document, and none is empty.
        """
        final = np.array([alphabet.ids.get(symbol, _NONE) for symbol in self._numbers], np.uint16)
        whole = bool(np.all(final[1:] != _NONE))
        if alphabet.boundary_id is not None:
            final[0] = alphabet.boundary_id
        at_edge, done = True, 0
        self.kept = None if whole or alphabet.boundary_id is None else []
        for block in self.spool.blocks():
            ids = final[block]
            if not whole:
                there = np.flatnonzero(ids != _NONE)
                there = there[_is_kept(ids[there], alphabet.boundary_id, at_edge)]
                ids = ids[there]
            if self.kept is not None:
                numbers = np.cumsum(block == 0) + (done - 1)
                done = int(numbers[-1]) + 1
                self.kept.append(numbers[there][ids == alphabet.boundary_id])
            if len(ids):
                at_edge = ids[-1] == alphabet.boundary_id
                yield ids.astype(alphabet.dtype)
        if alphabet.boundary_id is not None and not at_edge:
            yield np.array([alphabet.boundary_id], alphabet.dtype)


def _is_kept(ids: NDArray[np.uint16], edge: int | None, at_edge: bool) -> NDArray[np.bool_]:
    """All but each edge that follows an edge, since rare symbols may have been all between."""
    if edge is None or not len(ids):
        return np.ones(len(ids), bool)
    edges = ids == edge
    return np.asarray(~(edges & np.concatenate([[at_edge], edges[:-1]])))


def numbered(block: Ids, first: int) -> NDArray[np.intp]:
    """The number of the document that each symbol is of, an edge being the last of its own.

    Args:
        block: Numbers as the first pass gives them, 0 for an edge, shape (n,).
        first: The number of the document in which the block begins.

    >>> numbered(np.array([5, 0, 6, 6], np.uint8), 2).tolist()
    [2, 2, 3, 3]
    """
    edges = block == 0
    numbers: NDArray[np.intp] = np.cumsum(edges) - edges + first
    return numbers


def by_source(documents: NDArray[np.integer], counts: Sequence[int]) -> list[int]:
    """How many of some documents are of each source.

    Args:
        documents: Their numbers, in order.
        counts: How many documents each source has.

    >>> by_source(np.array([0, 3, 4]), [2, 1, 2])
    [1, 0, 2]
    """
    ends = np.searchsorted(documents, np.cumsum(counts))
    return [int(n) for n in np.diff(ends, prepend=0)]


def gather(pieces: Iterable[str], size: int) -> Iterator[str]:
    """Joins small pieces until they have `size` characters, so that arrays are worth their cost."""
    held: list[str] = []
    length = 0
    for piece in pieces:
        held.append(piece)
        length += len(piece)
        if length >= size:
            yield "".join(held)
            held, length = [], 0
    yield "".join(held)


def starts(
    blocks: Iterable[Ids], edge: int | None, found: list[NDArray[np.int64]]
) -> Iterator[Ids]:
    """Passes blocks of ids on, and adds to `found` where a document begins after an edge."""
    done = 0
    for block in blocks:
        if edge is not None:
            found.append(np.flatnonzero(block == edge) + (done + 1))
        done += len(block)
        yield block
