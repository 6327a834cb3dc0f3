"""What a source is: in a form of its own, or text; what is neither is refused by its name.

Each source is opened once for it, as there may be many. Knows nothing of where sources come from.
"""

import re
from dataclasses import dataclass, replace
from functools import cached_property

from burble.data import encodings, gutenberg
from burble.data.dumps import archives, zips
from burble.data.encodings import ContentType
from burble.data.forms import registry
from burble.data.forms.form import Form
from burble.data.source import Source, with_beside
from burble.errors import EncodingError, FieldError, SourceError
from burble.formatting import listed, shown
from burble.settings import SourceSettings

_XML = re.compile(rb"(?:\xef\xbb\xbf)?\s*<\?xml\s")


@dataclass(frozen=True)
class Look:
    """A source, and what its first bytes show.

    Attributes:
        source: The source, unpacked where it was compressed.
        head: Its first bytes, at most `encodings.HEAD`.
        reading: How sources are read.
        part: The field of it that is named; empty where none is.
    """

    source: Source
    head: bytes
    reading: SourceSettings
    part: str = ""

    @cached_property
    def kind(self) -> ContentType:
        """What its bytes are."""
        return encodings.detect_content_type(self.head)

    @cached_property
    def form(self) -> Form | None:
        """Its form: what a person says, or else what it looks like; None for plain text."""
        if self.reading.form and not (self.part and self.reading.form == registry.TEXT):
            return registry.find_named(self.reading.form)
        return self._find_form()

    def _find_form(self, *, parts: bool | None = None) -> Form | None:
        """The form that it looks like; of those with parts, where one is named."""
        source = self.source
        name = source.member or (source.path.name if source.path else source.name)
        return registry.find_form(
            archives.inner_name(name),
            self.head,
            source.open,
            plain=self.reading.plain,
            parts=bool(self.part) if parts is None else parts,
        )

    @property
    def is_archive(self) -> bool:
        """Whether it is a ZIP archive of whatever, and no document."""
        return zips.is_zip(self.head) and not self.form

    @property
    def is_text(self) -> bool:
        """Whether it can be read as it stands."""
        kind = self.kind
        return not self.form and not (kind.binary and (kind.sure or not self.reading.encoding))

    def take(self) -> Source:
        """The source as what it is.

        Raises:
            SourceError: It cannot be read here, or a part of it must be named.
        """
        source, form, part = self.source, self.form, self.part
        if form:
            form.check(source.name)
        if part and not (form and form.has_parts):
            raise SourceError(self._describe_no_parts())
        if not form:
            source = self._check_text(source)
            return replace(source, looks_like=_find_likeness(source, self.head))
        source = with_beside(source, form.beside) if source.opened else source
        if not form.tells_encoding:
            source = self._check_text(source)
        if form.needs_part and not part and not source.size:
            return source
        if form.needs_part and not part:
            told = form.list_fields(source.as_file(self.reading))
            raise FieldError(told, f"{source.name} is {form.what}")
        known = form.tells_encoding or source.encoding_is_known
        name = f"{source.name}:{shown(part)}" if part else source.name
        return replace(source, name=name, part=part, form=form.name, encoding_is_known=known)

    def take_text(self) -> Source:
        """The source as text that stands as it is, whatever form it looks like.

        Raises:
            SourceError: It does not look like text.
        """
        return self._check_text(self.source)

    def _check_text(self, source: Source) -> Source:
        """The source, if its first bytes look like text."""
        kind, encoding, name = self.kind, self.reading.encoding, source.name
        if kind.binary and (kind.sure or not encoding):
            model = "model" in kind.binary
            write = f" To write with it: burble sample {name}." if model else ""
            read = "" if kind.sure else " If it is text, name its encoding with --encoding."
            raise SourceError(f"{name} is {kind.binary}, not text; leave it out.{write}{read}")
        if kind.codec and not kind.marked and not encoding:
            raise EncodingError(encodings.describe_missing_mark(kind.codec, name))
        return replace(source, encoding_is_known=kind.marked)

    def _describe_no_parts(self) -> str:
        """What to say where a part is named of a file that has none."""
        name, form = self.source.name, self._find_form(parts=False)
        what = form.what if form else self.kind.binary or "plain text"
        table = "" if form or self.kind.binary else " If it is a table, add --form table."
        return (
            f"{name}:{shown(self.part)} names a field, but {name} is {what}, which has no "
            f"fields.{table} Fields can be named of {listed(registry.list_parted(), most=99)}."
        )


def look(source: Source, reading: SourceSettings, part: str = "") -> Look:
    """Looks at a source.

    Args:
        source: The source, which may be compressed.
        reading: How it is read.
        part: The field of it that is named.

    Raises:
        SourceError: It cannot be unpacked.
    """
    head = next(source.read(encodings.HEAD), b"")
    if archives.find_compression(head):
        source = archives.decompress(source)
        head = next(source.read(encodings.HEAD), b"")
    return Look(source, head, reading, part)


def _find_likeness(source: Source, head: bytes) -> str:
    """What plain text looks like that may be meant to be read otherwise; see `Source`."""
    if not source.path:
        return ""
    name = (source.member or source.path.name).lower()
    if name.endswith(registry.MARKED):
        return "marked"
    if _XML.match(head):
        return "XML"
    # What any header of theirs says; found fast.
    begin = head.lower()
    told = b"gutenberg" in begin or b"small print" in begin
    return "book" if told and gutenberg.has_marks(head.decode("latin-1")) else ""
