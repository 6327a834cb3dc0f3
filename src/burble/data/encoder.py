"""Clean text to ids in two passes over blocks. Knows nothing of validation parts or models.

The first pass gives each symbol a number as it comes up; the second renumbers them by code point
and leaves out the rare ones.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from burble import files
from burble.data import documents, filtering, vocabulary
from burble.data.cleaning import Changes, code_points
from burble.data.documents import ReadOptions, ReadSummary
from burble.data.filtering import count_by_source, number_documents
from burble.data.labels import Labels
from burble.data.recut import recut
from burble.data.sentences import EDGE
from burble.data.source import Source
from burble.data.spool import Spool
from burble.data.vocabulary import Vocabulary
from burble.errors import CorpusError, SourceError, VocabularyError
from burble.files import Ids
from burble.formatting import some
from burble.settings import RECUT

IN_MEMORY = 1 << 24
"""Symbols that are kept in memory; more are memory-mapped."""
_BLOCK = 1 << 20
_POINTS = 0x110000
_NONE = np.iinfo(np.uint16).max


@dataclass(frozen=True)
class EncodedText:
    """A text as ids, in the order of reading.

    Attributes:
        ids: All symbols in order, shape (N,).
        starts: Where documents begin, shape (documents,).
        vocabulary: The alphabet.
        sha256: Fingerprint of the clean text.
        counts: How often each symbol occurs.
        names: The sources with text, in order.
        documents: How many documents each of them has.
        lines: Lines of the clean text.
        changes: What the cleaning changed.
        removed: Rare symbols that were removed, with their counts.
        notes: Sentences for the person.
        labels: The labels of the documents, where some were wanted.
        forms: What was taken and left of sources in a form of their own, in JSON types.
        private: Private data that was found, in JSON types.
    """

    ids: Ids
    starts: NDArray[np.int64]
    vocabulary: Vocabulary
    sha256: str
    counts: Counter[str]
    names: list[str]
    documents: list[int]
    lines: int
    changes: Changes
    removed: Counter[str]
    notes: list[str]
    labels: Labels | None = None
    forms: list[dict[str, Any]] = field(default_factory=list)
    private: dict[str, Any] = field(default_factory=dict)


Keep = Callable[[EncodedText, Iterator[Ids], str], EncodedText]
"""Keeps a text that is too large for memory: takes the facts about it, its ids in blocks, and the
SHA-256 of the bytes it was read from; gives it back with ids."""


def encode_sources(
    sources: Sequence[Source],
    options: ReadOptions,
    limit: int | None = None,
    keep: Keep | None = None,
) -> EncodedText:
    """Reads, cleans and encodes sources.

    Args:
        sources: What to read, in order.
        options: How.
        limit: Symbols kept in memory; None for `IN_MEMORY`.
        keep: What to do with more; None to keep them in memory, too.

    Raises:
        SourceError: There is no text, or a source cannot be read.
        CorpusError: All symbols are rare.
    """
    encoder = Encoder(options, IN_MEMORY if limit is None else limit)
    summary = documents.read_documents(sources, options, encoder.append)
    return _finish(encoder, summary, options, keep)


def _finish(
    encoder: "Encoder", summary: ReadSummary, options: ReadOptions, keep: Keep | None
) -> EncodedText:
    """The second pass over a text that was read."""
    if not summary.documents:
        raise SourceError(" ".join(["there is no text to read.", *summary.notes]))
    if summary.documents > 1:
        encoder.append(EDGE)
    encoder.flush()
    lines, kept, left_out = _leave_out(encoder, summary, options)
    by_source = count_by_source(kept, summary.documents_by_source)
    counts, least = encoder.counts(), options.cleaning.min_count
    alphabet = _make_alphabet(counts, options, boundary=sum(by_source) > 1)
    nonempty = _find_nonempty(encoder, alphabet, sum(by_source))
    facts = EncodedText(
        ids=np.zeros(0, alphabet.dtype),
        starts=np.zeros(0, np.int64),
        vocabulary=alphabet,
        sha256=encoder.digest.hexdigest(),
        counts=Counter({symbol: counts[symbol] for symbol in alphabet.symbols}),
        names=summary.names,
        documents=count_by_source(nonempty, by_source),
        lines=lines,
        changes=summary.changes,
        removed=Counter({symbol: n for symbol, n in counts.items() if 0 < n < least}),
        notes=[*summary.notes, *summary.artifacts, *left_out, *_describe_empty(summary, options)],
        labels=summary.labels.finish((kept, nonempty)),
        forms=summary.forms,
        private=summary.private,
    )
    blocks = encoder.renumber(alphabet, nonempty)
    if options.cleaning.unit in RECUT:
        facts, blocks = _recut(encoder, facts, nonempty, options)
    if keep and encoder.spool.size > encoder.limit:
        return keep(facts, blocks, summary.sha256)
    ids = np.concatenate([*blocks])
    return replace(facts, ids=ids, starts=find_starts(ids, facts.vocabulary.boundary_id))


def _find_nonempty(
    encoder: "Encoder", alphabet: Vocabulary, documents: int
) -> NDArray[np.bool_] | None:
    """Which documents stay: one all of whose symbols are rare goes with them; None for all."""
    if not alphabet.boundary or len(alphabet.symbols) == len(+encoder.counts()):
        return None
    known = np.array([symbol in alphabet.ids for symbol in encoder.symbols])
    return filtering.find_documents_with(encoder.blocks, documents, known)


def _recut(
    encoder: "Encoder",
    facts: EncodedText,
    kept: NDArray[np.bool_] | None,
    options: ReadOptions,
) -> tuple[EncodedText, Iterator[Ids]]:
    """A text of characters as one of words or bytes: the facts about it, and its ids in blocks."""

    def read(*, keep: bool) -> Iterator[str]:
        blocks = encoder.renumber(facts.vocabulary, kept, keep=keep)
        return (facts.vocabulary.join(block, EDGE) for block in blocks)

    found, counts, blocks = recut(read, facts.vocabulary, options.cleaning, options.alphabet)
    facts = replace(facts, ids=facts.ids.astype(found.dtype))
    return replace(facts, vocabulary=found, counts=counts), blocks


def _leave_out(
    encoder: "Encoder", summary: ReadSummary, options: ReadOptions
) -> tuple[int, NDArray[np.bool_] | None, list[str]]:
    """Leaves out documents, where the options do; returns lines, which stay, and notes."""
    lines, stay, notes = summary.lines, None, list[str]()
    if options.reading.leaves_out:
        symbols = len(encoder.symbols)
        kept, notes = filtering.choose_documents(
            encoder.blocks, symbols, summary.documents, options
        )
        if not kept.all():
            lines, stay = encoder.select(kept), kept
    return lines, stay, notes


def find_starts(ids: Ids, edge: int | None) -> NDArray[np.int64]:
    """Where documents begin, shape (documents,): at 0, and after each edge but one at the end.

    >>> find_starts(np.array([0, 1, 2, 0, 2], np.uint8), 2).tolist()
    [0, 3]
    """
    found = [np.zeros(1, np.int64)]
    for place in range(0, len(ids), _BLOCK) if edge is not None else ():
        found.append(np.flatnonzero(ids[place : place + _BLOCK] == edge) + (place + 1))
        files.release(ids)
    starts = np.concatenate(found)
    return starts[starts < len(ids)]


def _make_alphabet(counts: Counter[str], options: ReadOptions, *, boundary: bool) -> Vocabulary:
    """The symbols that are not rare."""
    unit, least = options.cleaning.unit, options.cleaning.min_count
    # Words and bytes are made of what characters are left.
    unit = "char" if unit in RECUT else unit
    if max(counts.values(), default=least) < least:
        raise CorpusError(
            f"every symbol occurs fewer than {least:,} times, so none is left to learn from; lower "
            "--min-count or add text."
        )
    return Vocabulary.from_counts(+counts, unit=unit, min_count=least, boundary=boundary)


def _describe_empty(summary: ReadSummary, options: ReadOptions) -> list[str]:
    """What to say of lines and documents without text."""
    if not summary.empty:
        return []
    what = "blank line" if options.cleaning.documents == "lines" else "empty document"
    return [f"{some(summary.empty, what)} skipped."]


class Encoder:
    """The first pass.

    Args:
        options: What one symbol is, and characters that are encoded at once.
        limit: Ids that are kept in memory at most.

    Attributes:
        spool: Ids in the order of first appearance; 0 is the edge between documents.
        digest: Hash of the text, its edges as NUL.
    """

    def __init__(self, options: ReadOptions, limit: int) -> None:
        self.limit, self.spool, self.digest = limit, Spool(limit), hashlib.sha256()
        self._by_character = options.cleaning.unit in ("char", *RECUT)
        self._plain = options.alphabet is None
        own = partial(vocabulary.split, unit=options.cleaning.unit)
        self._cut = options.alphabet.split if options.alphabet else own
        self._block, self._held, self._held_size = options.block, list[str](), 0
        self._numbers = {EDGE: 0}
        self._by_point = np.full(_POINTS, _NONE, np.uint16)
        self._by_point[0] = 0
        self._counts = np.zeros(_NONE, np.int64)

    def append(self, piece: str) -> None:
        """Takes a piece of clean text, which ends where a symbol does.

        Small ones are held back until arrays are worth their cost, or `flush` is called.
        """
        self._held.append(piece)
        self._held_size += len(piece)
        if self._held_size >= self._block:
            self.flush()

    def flush(self) -> None:
        """Encodes what is held back."""
        piece = "".join(self._held)
        self._held, self._held_size = [], 0
        if not piece:
            return
        self.digest.update(piece.encode())
        if self._by_character or (self._plain and piece.isascii()):
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
                self._add_symbol(chr(point))
            ids = self._by_point[points]
        return ids

    def _encode_symbols(self, symbols: Sequence[str]) -> NDArray[np.uint16]:
        """The ids of symbols that may be longer than one character."""
        for symbol in dict.fromkeys(symbols):
            if symbol not in self._numbers:
                self._add_symbol(symbol)
        return np.fromiter(map(self._numbers.__getitem__, symbols), np.uint16, len(symbols))

    def _add_symbol(self, symbol: str) -> None:
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
    def symbols(self) -> list[str]:
        """The symbol of each number, `EDGE` first."""
        return [*self._numbers]

    def blocks(self) -> Iterator[Ids]:
        """What was encoded, to be read again and again."""
        return self.spool.blocks(keep=True)

    def counts(self) -> Counter[str]:
        """How often each symbol has come up, edges left out."""
        return Counter({s: int(self._counts[n]) for s, n in self._numbers.items() if n})

    def select(self, kept: NDArray[np.bool_]) -> int:
        """Leaves out documents, as if they had never come up.

        Args:
            kept: Which stay, shape (documents,); each of them has an edge after it, and more than
                one there was.

        Returns:
            Lines that are left.
        """
        spool, digest = Spool(self.limit), hashlib.sha256()
        symbols, newline = self.symbols, self._numbers.get("\n", -1)
        self._counts[:] = 0
        lines = last = 0
        for block, numbers in number_documents(self.spool.blocks()):
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

    def renumber(
        self, alphabet: Vocabulary, kept: NDArray[np.bool_] | None, *, keep: bool = False
    ) -> Iterator[Ids]:
        """The second pass: ids of `alphabet`, in blocks; symbols that are not in it are left out.

        Args:
            alphabet: Where it has an edge, one follows each document.
            kept: Documents with a symbol that is in it, shape (documents,); None for all.
            keep: Whether it will be read again.
        """
        final = np.array([alphabet.ids.get(symbol, _NONE) for symbol in self._numbers], np.uint16)
        if alphabet.boundary_id is not None:
            final[0] = alphabet.boundary_id
        blocks = self.spool.blocks(keep=keep)
        if kept is not None:
            blocks = (block[kept[numbers]] for block, numbers in number_documents(blocks))
        for block in blocks:
            ids = final[block]
            ids = ids[ids != _NONE]
            if len(ids):
                yield ids.astype(alphabet.dtype)
