"""Sources to one stream of clean text with an edge after each document. Knows nothing of ids.

The edge is the character NUL, which clean text never holds. Whoever reads gives a function that
takes the text piece by piece, and gets a summary of what was read in return.
"""

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from itertools import groupby
from typing import Any

from burble.data import cleaning, edges, encodings, gutenberg, shapes
from burble.data.artifacts import Artifacts
from burble.data.chats.message import describe_speakers
from burble.data.chats.people import People
from burble.data.cleaning import Changes
from burble.data.forms import form as forms
from burble.data.forms import registry
from burble.data.label_reader import LabelReader
from burble.data.private import PrivateData
from burble.data.sentences import EDGE
from burble.data.shapes import LeftOut
from burble.data.source import Source
from burble.data.vocabulary import Vocabulary
from burble.errors import MissingFieldError
from burble.formatting import Note, listed, some
from burble.settings import DEFAULT_READING, SourceSettings, TextSettings

Progress = Callable[[int, int], None]
Write = Callable[[str], object]


@dataclass(frozen=True)
class ReadOptions:
    """How sources are read.

    Attributes:
        cleaning: How to clean the text and what a document is.
        reading: How the sources are read.
        alphabet: That of a model whose text this may be, which says where to cut graphemes; see
            `Vocabulary.split`.
        progress: Called with the bytes read so far, and in all.
        block: Bytes and characters handled at once.
    """

    cleaning: TextSettings
    reading: SourceSettings = DEFAULT_READING
    alphabet: Vocabulary | None = None
    progress: Progress | None = None
    block: int = 1 << 16


@dataclass(frozen=True)
class ReadSummary:
    """What was read.

    Attributes:
        names: The sources with text, in order.
        documents_by_source: How many documents each of them has.
        lines: Lines of the clean text.
        empty: Rows, lines and documents without text that were skipped.
        changes: What the cleaning changed.
        notes: Sentences on the sources.
        artifacts: Sentences on what a person may not mean to teach.
        labels: The labels of the documents, as they were read.
        forms: What was taken and left of each source in a form of its own, in JSON types.
        private: Private data that was found, in JSON types.
        sha256: Of the bytes of all sources; see `hash_sources`.
    """

    names: list[str]
    documents_by_source: list[int]
    lines: int
    empty: int
    changes: Changes
    notes: list[str]
    artifacts: list[str]
    labels: LabelReader
    forms: list[dict[str, Any]]
    private: dict[str, Any]
    sha256: str = ""

    @property
    def documents(self) -> int:
        """How many documents there are."""
        return sum(self.documents_by_source)


def read_documents(sources: Sequence[Source], options: ReadOptions, write: Write) -> ReadSummary:
    """Reads and cleans sources; writes their text in pieces, an edge between two documents.

    Raises:
        EncodingError: A source is not text in the encoding.
        SourceError: A source cannot be read as its form demands.
    """
    reader, remarks, digest = _Reader(options, write), _Remarks(), hashlib.sha256()
    if options.reading.mask_names:
        _learn_people(sources, options.reading, reader.people)
    notes: list[Note] = []
    total, done = sum(source.size for source in sources), 0

    def watch(source: Source, content: "hashlib._Hash") -> Iterator[bytes]:
        nonlocal done
        for block in source.read(options.block):
            digest.update(block)
            content.update(block)
            done += len(block)
            if options.progress:
                options.progress(done, total)
            yield block

    for source in sources:
        content, empty = hashlib.sha256(), reader.empty
        blocks = watch(source, content)
        reader.begin_source(source)
        if form := registry.get_form(source.form):
            # Its bytes are looked at for what they hash to; it is read on its own.
            deque(blocks, maxlen=0)
            file = source.as_file(options.reading, reader.labels, reader.people)
            notes += reader.read_form(form, file, may_lack=source.is_among)
        else:
            notes += _read_text(source, blocks, options.reading.encoding, reader, remarks)
        digest.update(source.size.to_bytes(8, "little"))
        remarks.add_source(source, content.digest(), reader, empty)
    texts = forms.describe_accounts(reader.accounts) + Note.combine(notes)
    texts += describe_speakers(reader.people, options.reading, reader.labels.columns)
    texts += remarks.describe(repeated=not options.reading.deduplicate)
    return reader.summarize(texts, digest.hexdigest())


def _learn_people(sources: Sequence[Source], reading: SourceSettings, people: People) -> None:
    """Takes note of all who speak, before anything is read that may name them."""
    for source in sources:
        form = registry.get_form(source.form)
        if form in registry.CHATS:
            file = source.as_file(reading, people=people)
            messages = import_module(form.module).read_messages(file)
            people.learn(message.speaker for message in messages)


def _read_text(
    source: Source, blocks: Iterator[bytes], encoding: str, reader: "_Reader", remarks: "_Remarks"
) -> list[Note]:
    """Reads one source that is text as it stands, or a book."""
    # A mark is a surer sign than what was named for the other sources.
    named = "" if source.encoding_is_known else encoding
    decoded = encodings.decode_blocks(blocks, source.name, named)
    if decoded.has_mark:
        remarks.marked.append(source.name)
    if source.form == "book":
        book, note = gutenberg.cut("".join(decoded.pieces), source.name)
        reader.read([book])
        return [note]
    reader.read(decoded.pieces)
    return []


class _Reader:
    """Cleans texts and parts them into documents, and counts what it writes.

    Attributes:
        artifacts: What was found that a person may not mean to teach.
        empty: Rows, lines and documents without text so far.
        labels: Takes the labels of the documents.
        accounts: What was taken and left of each source in a form of its own.
        people: Who speaks in chats.
        private: Private data that was found.
    """

    def __init__(self, options: ReadOptions, write: Write) -> None:
        settings = options.cleaning
        self.people = People()
        self.private = PrivateData(options.reading.mask_private)
        self.artifacts, self.empty = Artifacts(), 0
        self.labels = LabelReader(settings.label)
        self.accounts: list[tuple[str, forms.Form, forms.Account]] = []
        self._settings, self._write = settings, write
        self._changes = Changes()
        self._names: list[str] = []
        self._counts: list[int] = []
        self._source, self._before = "", 0
        self._documents = self._lines = 0
        self._left_out = LeftOut()
        self._split = shapes.find_splitter(settings, self._left_out)

    def begin_source(self, source: Source) -> None:
        """What is read from now on is of another source."""
        self._source, self._before = source.name, self._documents
        self.labels.begin_source(source.name, source.own_labels)
        is_text = source.form == "text"
        self.artifacts.begin_source(source.name, self._lines, is_text=is_text)
        self.private.begin_source(source.name, is_text=is_text)

    def end_source(self) -> bool:
        """Notes the source if it had documents; returns whether it had."""
        count = self._documents - self._before
        if count:
            self._names.append(self._source)
            self._counts.append(count)
        return bool(count)

    def read(self, text: Iterable[str]) -> None:
        """Writes the documents of one source or row, whose text may be cut anywhere."""
        kind, lines = self._settings.documents, self._lines
        text = self.private.read(text)
        if split := self._split:
            counts = [self._write_text(part) for part in self._clean_parts(text, split)]
        else:
            clean = self._clean(cleaning.cut_blocks(text), self._settings)
            counts = [self._write_text(edges.mark_edges(clean, kind))]
        found = sum(counts)
        self.labels.add(found)
        if kind == "lines":
            self.empty += self._lines - lines - found
        else:
            self.empty += max(counts.count(0), not found)

    def read_form(self, form: forms.Form, file: forms.File, *, may_lack: bool) -> list[Note]:
        """Writes the documents of a source in a form of its own."""
        self.accounts.append((self._source, form, file.account))
        try:
            return form.read(file, self.read)
        except MissingFieldError:
            if may_lack:
                return [Note(file.name, f"no field {file.part!r}, so nothing was read.")]
            raise

    def summarize(self, notes: list[str], sha256: str) -> ReadSummary:
        """What was read in all."""
        return ReadSummary(
            names=self._names,
            documents_by_source=self._counts,
            lines=self._lines,
            empty=self.empty,
            changes=self._changes,
            notes=[*notes, *self._left_out.describe(), *self._describe_people()],
            artifacts=self.artifacts.describe(),
            labels=self.labels,
            forms=forms.to_json(self.accounts),
            private=self.private.to_json(),
            sha256=sha256,
        )

    def _describe_people(self) -> list[str]:
        """What to say of private data, and of names that were masked."""
        masked = self.people.masked
        told = f"Masked in what was said: {some(masked, 'name')}. Names with endings stay."
        return [*self.private.describe(), *([told] if masked else [])]

    def _write_text(self, pieces: Iterable[str]) -> int:
        """Writes one text after an edge, unless it is the first; returns its documents."""
        found = 0
        for piece in pieces:
            if not found:
                if self._documents:
                    self._write(EDGE)
                found = 1
            found += piece.count(EDGE)
            self._write(piece)
        self._documents += found
        return found

    def _clean_parts(
        self, text: Iterable[str], split: Callable[[Iterable[str]], Iterator[str]]
    ) -> Iterator[Iterator[str]]:
        """The sentences or records of a text, each in pieces to be taken before the next."""
        # Capitals and punctuation tell where one ends, so they go only afterwards.
        whole = replace(self._settings, lowercase=False, strip_punctuation=False)
        clean = self._clean(cleaning.cut_blocks(text), whole)
        trim = edges.trim if self._settings.documents == "sentences" else shapes.trim_blank_lines
        for is_edge, pieces in groupby(split(clean), EDGE.__eq__):
            if not is_edge:
                again = self._clean(pieces, self._settings, is_raw=False)
                yield edges.mark_edges(trim(again), self._settings.documents)

    def _clean(
        self, pieces: Iterable[str], settings: TextSettings, *, is_raw: bool = True
    ) -> Iterator[str]:
        """Pieces that can be cleaned apart, clean; counts what changed, and lines that are raw."""
        last = "\n"
        for piece in pieces:
            if is_raw:
                self.artifacts.count(piece, self._lines)
            cleaned, changes = cleaning.clean(piece, settings)
            self._changes.add(changes)
            if is_raw:
                self._lines += cleaned.count("\n")
                last = cleaned[-1:] or last
            yield cleaned
        self._lines += last != "\n"


@dataclass
class _Remarks:
    """Names of sources of which there is something to say, once for all of them.

    Attributes:
        marked: Those with a byte-order mark.
        empty: Those without text.
        blank: Those without text that are not empty, but show nothing.
        repeated: Those with the content of another, and that one.
        contents: The first source of each content.
    """

    marked: list[str] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)
    blank: list[str] = field(default_factory=list)
    repeated: list[tuple[str, str]] = field(default_factory=list)
    contents: dict[object, str] = field(default_factory=dict)

    def add_source(self, source: Source, digest: bytes, reader: "_Reader", empty: int) -> None:
        """Notes a source that was read; `empty` documents were so before it."""
        if reader.end_source():
            self.add_content(source, digest)
            return
        # It is named itself, so what is empty in it is not counted.
        reader.empty = empty
        shows_nothing = reader.artifacts.beyond_ascii
        (self.blank if shows_nothing else self.empty).append(source.name)

    def add_content(self, source: Source, digest: bytes) -> None:
        """Notes what a source holds."""
        key = digest, source.form, source.part
        if key in self.contents:
            self.repeated.append((source.name, self.contents[key]))
        self.contents.setdefault(key, source.name)

    def describe(self, *, repeated: bool) -> list[str]:
        """A sentence for each kind; of repeated contents only if that is wanted."""
        mark = "with a byte-order mark, which is no part of the text"
        nothing = "only invisible characters and"
        kinds = (
            (self.marked, f"starts {mark}", f"start {mark}"),
            (self.empty, "is empty and was passed over", "are empty and were passed over"),
            (self.blank, f"holds {nothing} was passed over", f"hold {nothing} were passed over"),
        )
        notes = [_name_sources(*kind) for kind in kinds if kind[0]]
        if repeated and len(self.repeated) == 1:
            notes.append(f"{self.repeated[0][0]} has the same content as {self.repeated[0][1]}.")
        elif repeated and self.repeated:
            names = listed([f"{name} as {first}" for name, first in self.repeated])
            notes.append(
                f"{len(self.repeated):,} sources have the same content as others: {names}."
            )
        return notes


def _name_sources(names: list[str], one: str, several: str) -> str:
    """A sentence about sources: about one by its name, about several with their number first."""
    if len(names) == 1:
        return f"{names[0]} {one}."
    return f"{len(names):,} sources {several}: {listed(names)}."
