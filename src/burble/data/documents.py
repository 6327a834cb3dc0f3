"""Sources to one stream of clean text with an edge after each document. Knows nothing of ids.

The edge is the character NUL, which clean text never holds.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import groupby

from burble.data import artifacts, cleaning, encodings, gutenberg, sentences, tables
from burble.data.artifacts import INVISIBLE, Findings
from burble.data.cleaning import Changes
from burble.data.sentences import EDGE
from burble.data.sources import Source
from burble.data.vocabulary import Vocabulary
from burble.formatting import listed, shown
from burble.settings import AS_IT_COMES, SourceSettings, TextSettings

_BLANK_LINES = rf"(?:(?:[^\S\n]|[{INVISIBLE}])*\n)"
_EDGES = {
    "lines": re.compile(rf"\n{_BLANK_LINES}*"),
    "blank": re.compile(rf"\n{_BLANK_LINES}+"),
}
_LEADING = re.compile(rf"\A{_BLANK_LINES}+")

Progress = Callable[[int, int], None]


@dataclass
class _Told:
    """What is told of sources, once for all of them.

    Attributes:
        marked: Those with a byte-order mark.
        empty: Those without text.
        blank: Those without text that are not empty, but show nothing.
        again: Those with the content of another, and that one.
        contents: The first source of each content.
    """

    marked: list[str] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)
    blank: list[str] = field(default_factory=list)
    again: list[tuple[str, str]] = field(default_factory=list)
    contents: dict[object, str] = field(default_factory=dict)

    def content(self, source: Source, digest: bytes) -> None:
        """Takes down what a source holds."""
        key = digest, source.form, source.part
        if key in self.contents:
            self.again.append((source.name, self.contents[key]))
        self.contents.setdefault(key, source.name)

    def sentences(self, *, repeated: bool) -> list[str]:
        """One for each kind; of repeated contents only if asked."""
        told = []
        if self.marked:
            start = "starts" if len(self.marked) == 1 else "start"
            mark = "with a byte-order mark, which is no part of the text."
            told.append(f"{listed(self.marked)} {start} {mark}")
        if self.empty:
            are = "is empty and was" if len(self.empty) == 1 else "are empty and were"
            told.append(f"{listed(self.empty)} {are} passed over.")
        if self.blank:
            hold = "holds" if len(self.blank) == 1 else "hold"
            was = "was" if len(self.blank) == 1 else "were"
            nothing = f"only characters that show nothing and {was} passed over."
            told.append(f"{listed(self.blank)} {hold} {nothing}")
        if repeated and len(self.again) == 1:
            told.append(f"{self.again[0][0]} has the same content as {self.again[0][1]}.")
        elif repeated and self.again:
            names = listed([f"{name} as {first}" for name, first in self.again])
            told.append(f"{len(self.again):,} sources have the same content as others: {names}.")
        return told


@dataclass
class Reading:
    """How sources are read, and what is found while they are.

    Attributes:
        settings: How to clean the text and what a document is.
        reading: How the sources are read.
        block: Bytes and characters handled at once.
        progress: Told the bytes read so far, and in all.
        alphabet: That of a model whose text this may be, which says where to cut graphemes; see
            `Vocabulary.split`.
        notes: Sentences for the person.
        names: The sources with text so far.
        counts: Documents of each of them.
        changes: What the cleaning changed.
        findings: What was found that may not be meant.
        documents: Documents so far.
        empty: Rows, lines and sources without text so far.
        lines: Lines so far.
        digest: Hash of all bytes read so far.
    """

    settings: TextSettings
    reading: SourceSettings = AS_IT_COMES
    block: int = 1 << 16
    progress: Progress | None = None
    alphabet: Vocabulary | None = None
    notes: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    changes: Changes = field(default_factory=Changes)
    findings: Findings = field(default_factory=Findings)
    documents: int = 0
    empty: int = 0
    lines: int = 0
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def read(self, sources: Iterable[Source]) -> Iterator[str]:
        """The clean text of all sources, in pieces, with an edge between two documents.

        Raises:
            EncodingError: A source is not text in the encoding.
            SourceError: A source cannot be read as asked.
        """
        sources, done = list(sources), 0
        total, told = sum(source.size for source in sources), _Told()

        def pass_on(blocks: Iterator[bytes]) -> Iterator[bytes]:
            nonlocal done
            for block in blocks:
                self.digest.update(block)
                content.update(block)
                done += len(block)
                if self.progress:
                    self.progress(done, total)
                yield block

        for source in sources:
            documents, empty, content = self.documents, self.empty, hashlib.sha256()
            self.findings.begin(source.name, self.lines, is_text=source.form == "text")
            raw = pass_on(source.read(self.block))
            # A mark is a surer sign than what was named for the other sources.
            encoding = "" if source.marked else self.reading.encoding
            decoded = encodings.decode_blocks(raw, source.name, encoding)
            if decoded.has_mark:
                told.marked.append(source.name)
            for document in self._texts(source, decoded.pieces):
                yield from self.clean(document)
            self.digest.update(source.size.to_bytes(8, "little"))
            if self.documents > documents:
                self.names.append(source.name)
                self.counts.append(self.documents - documents)
                told.content(source, content.digest())
            else:
                blank = told.blank if self.findings.beyond_ascii else told.empty
                blank.append(source.name)
                self.empty = empty
        self.notes += told.sentences(repeated=not self.reading.deduplicate)

    def _texts(self, source: Source, pieces: Iterator[str]) -> Iterator[Iterable[str]]:
        """The texts in one source: itself, or one for each row of a table."""
        if source.form == "book":
            book, told = gutenberg.cut("".join(pieces), source.name)
            self.notes.append(told)
            yield [book]
        elif source.form == "table":
            name = source.name.removesuffix(f":{shown(source.part)}")
            for row in tables.rows(pieces, name, source.part, self.notes, self.reading):
                yield [row]
        else:
            yield pieces

    def clean(self, raw: Iterable[str]) -> Iterator[str]:
        """The clean text of one source or row, in pieces, with an edge before all but the first.

        Args:
            raw: The text, cut anywhere.

        Yields:
            Pieces of clean text.
        """
        kind, documents, lines = self.settings.documents, self.documents, self.lines
        emptied = 0
        if kind == "sentences":
            # Capitals and full stops tell where a sentence ends, so they go only afterwards.
            whole = replace(self.settings, lowercase=False, strip_punctuation=False)
            parts = groupby(sentences.split(self._clean(cleaning.blocks(raw), whole)), EDGE.__eq__)
            for pieces in (pieces for is_edge, pieces in parts if not is_edge):
                before = self.documents
                cleaned = self._clean(pieces, self.settings, count_lines=False)
                yield from self._part(_trimmed(cleaned))
                emptied += self.documents == before
        else:
            yield from self._part(self._clean(cleaning.blocks(raw), self.settings))
        found = self.documents - documents
        if kind == "lines":
            self.empty += self.lines - lines - found
        else:
            self.empty += max(emptied, not found)

    def _clean(
        self, pieces: Iterable[str], settings: TextSettings, *, count_lines: bool = True
    ) -> Iterator[str]:
        """Pieces that can be cleaned apart, clean; counts what changed, and the lines."""
        last = "\n"
        for piece in pieces:
            if count_lines:
                self.findings.look(piece, self.lines)
            cleaned, changes = cleaning.clean(piece, settings)
            self.changes.add(changes)
            if count_lines:
                self.lines += cleaned.count("\n")
                last = cleaned[-1:] or last
            yield cleaned
        self.lines += last != "\n"

    def _part(self, cleaned: Iterable[str]) -> Iterator[str]:
        """Clean text with edges where lines or blank lines make them, and one before it.

        What is held back is blank: only what follows tells whether an edge lies in it.
        """
        edges = _EDGES.get(self.settings.documents)
        before, held = self.documents, ""
        for piece in cleaned:
            held += piece
            if self.documents == before:
                if not artifacts.shown(held):
                    continue
                held = _LEADING.sub("", held) if edges else held
                if self.documents:
                    yield EDGE
                self.documents += 1
            ready, held = _part(held) if edges else (held, "")
            if edges:
                ready = edges.sub(EDGE, ready)
                self.documents += ready.count(EDGE)
            yield ready


def _trimmed(pieces: Iterable[str]) -> Iterator[str]:
    """The same text without white space at its beginning and its end."""
    held, begun = "", False
    for piece in pieces:
        held = held + piece if begun else piece.lstrip()
        full = held.rstrip()
        begun = begun or bool(full)
        if full:
            yield full
            held = held[len(full) :]


def _part(held: str) -> tuple[str, str]:
    """What can be passed on, and the blank end, from its first newline, that can't be yet."""
    full = artifacts.shown(held)
    end = held.find("\n", len(full))
    return (held, "") if end < 0 else (held[:end], held[end:])
