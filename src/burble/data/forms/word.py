"""Word documents (.docx) to text, as Word itself would save it: a paragraph is a line.

Insertions that are tracked are read and deletions left out, as if all changes were accepted. Notes
stand after the paragraph that refers to them. Knows nothing of files.
"""

import re
from collections import deque
from collections.abc import Callable, Iterator
from typing import Literal

from burble.data.forms import lines
from burble.data.forms.form import Account, File, Write
from burble.data.forms.guard import Archive, open_archive, parse_xml
from burble.data.forms.lines import Lines
from burble.formatting import Note

_WHAT = "a Word document"
_NOTES = {
    "w:footnoteReference": ("footnotes", lines.FOOTNOTE),
    "w:endnoteReference": ("endnotes", lines.ENDNOTE),
}
_LEFT_OUT = {
    "w:del": lines.DELETED,
    "w:moveFrom": "passage moved elsewhere (tracked)",
    "w:rt": lines.RUBY,
    "m:oMath": lines.FORMULA,
    # What is here stands in the alternative before it, too.
    "mc:Fallback": "",
}
"""Elements whose text is left out, and how they are counted."""
_TAKEN = {
    "w:ins": lines.INSERTED,
    "w:moveTo": "passage moved here (tracked)",
    "w:tbl": lines.TABLE,
}
_PICTURES = ("wp:docPr", "v:imagedata")
_GENERATED = re.compile(r"\s*(?:TOC|INDEX|TOA)\b")
_OFF = ("0", "false", "off")


def read(file: File, write: Write) -> list[Note]:
    """Reads a document; see `forms.form`."""
    with file.open() as opened, open_archive(opened, file.name, _WHAT) as archive:
        _count_beside(archive, file)
        notes = {
            kind: _read_notes(archive, file, _find(archive, part), file.account)
            for kind, (part, _) in _NOTES.items()
        }
        walker = Walker(file.account, notes, _find_hidden(archive, file.name))
        write(walker.walk(archive.read(_find(archive, "document")), file.name))
    return []


def _find(archive: Archive, part: str) -> str:
    """The member that is a part of a document: Word for the web gives some of them a number."""
    pattern = re.compile(rf"word/{part}\d*\.xml")
    return next(filter(pattern.fullmatch, archive.members), f"word/{part}.xml")


def _count_beside(archive: Archive, file: File) -> None:
    """Counts what a document has beside its text: comments, headers and footers."""
    left = file.account.left
    for member in archive.members:
        if re.fullmatch(r"word/(?:header|footer)\d*\.xml", member):
            words = Walker(Account(), {})
            found = "".join(words.walk(archive.read(member), file.name))
            left[lines.MARGIN] += bool(found.strip())
    if (member := _find(archive, "comments")) in archive:

        def count(tag: str, _attributes: dict[str, str]) -> None:
            left[lines.COMMENT] += tag == "w:comment"

        comments = archive.read(member)
        deque(parse_xml(comments, file.name, count, lambda _: None, lambda _: None), maxlen=0)


def _read_notes(archive: Archive, file: File, member: str, account: Account) -> dict[str, str]:
    """The footnotes or endnotes of a document, by their numbers."""
    if member not in archive:
        return {}
    walker = Walker(account, {})
    deque(walker.walk(archive.read(member), file.name), maxlen=0)
    return walker.notes


def _find_hidden(archive: Archive, name: str) -> frozenset[str]:
    """The styles that hide what is written in them, by themselves or by the one below them."""
    member = _find(archive, "styles")
    if member not in archive:
        return frozenset()
    hidden, below, style = set[str](), dict[str, str](), ""

    def begin(tag: str, attributes: dict[str, str]) -> None:
        nonlocal style
        value = attributes.get("w:val", "")
        if tag == "w:style":
            style = attributes.get("w:styleId", "")
        elif tag == "w:basedOn":
            below[style] = value
        elif tag == "w:vanish" and value not in _OFF:
            hidden.add(style)

    styles = archive.read(member)
    deque(parse_xml(styles, name, begin, lambda _: None, lambda _: None), maxlen=0)
    while more := {one for one, other in below.items() if other in hidden} - hidden:
        hidden |= more
    return frozenset(hidden)


class Walker:
    """Walks through the XML of a document and lays out its text.

    Args:
        account: Where to count.
        given: The notes that it may refer to, by the element that does and their numbers.
        hidden: The styles that hide what is written in them.

    Attributes:
        notes: The text of each note that it holds, by its number.
    """

    def __init__(
        self,
        account: Account,
        given: dict[str, dict[str, str]],
        hidden: frozenset[str] = frozenset(),
    ) -> None:
        self.notes: dict[str, str] = {}
        self._account, self._given = account, given
        self._lines = Lines(account)
        self._skipped = 0
        self._in_text = self._in_properties = self._joined = self._broken = False
        self._hidden: Literal["", "hidden", "counted"] = ""
        self._hidden_styles, self._in_hidden = hidden, False
        self._note = ""
        self._fields: list[list[str]] = []
        self._starts, self._ends = self._list_starts(), self._list_ends()

    def _list_starts(self) -> dict[str, Callable[[dict[str, str]], object]]:
        """What follows from the beginning of an element, given its attributes."""
        return {
            "w:t": lambda _: self._set_text(True),
            "w:delText": lambda _: self._set_text(True),
            "w:instrText": lambda _: self._set_text(True),
            "w:pPr": lambda _: self._set_properties(True),
            "w:r": lambda _: self._show(),
            "w:vanish": self._hide,
            "w:rStyle": lambda given: self._set_style(given.get("w:val", "")),
            "w:pStyle": lambda given: self._set_paragraph_style(given.get("w:val", "")),
            "w:tab": lambda _: self._add("" if self._in_properties else "\t"),
            "w:ptab": lambda _: self._add("\t"),
            "w:br": self._break,
            "w:cr": lambda _: self._add("\n"),
            "w:noBreakHyphen": lambda _: self._add("\u2011"),
            "w:softHyphen": lambda _: self._leave(lines.SOFT_HYPHEN),
            "w:numPr": lambda _: self._leave(lines.NUMBER),
            "w:sym": self._add_symbol,
            "w:altChunk": lambda _: self._leave("embedded file"),
            "w:fldChar": self._change_field,
            "w:fldSimple": lambda given: self._begin_simple(given.get("w:instr", "")),
            "w:txbxContent": lambda _: self._begin_box(),
            "w:footnote": self._begin_note,
            "w:endnote": self._begin_note,
            "w:tc": lambda _: self._lines.begin_cell(),
            "w:footnoteReference": lambda given: self._refer("w:footnoteReference", given),
            "w:endnoteReference": lambda given: self._refer("w:endnoteReference", given),
        }

    def _list_ends(self) -> dict[str, Callable[[], object]]:
        """What follows from the end of an element."""
        return {
            "w:t": lambda: self._set_text(False),
            "w:delText": lambda: self._set_text(False),
            "w:instrText": lambda: self._set_text(False),
            "w:pPr": lambda: self._set_properties(False),
            "w:r": self._show,
            "w:p": self._end_paragraph,
            "w:tc": self._lines.end_cell,
            "w:tr": self._lines.end_row,
            "w:fldSimple": self._end_field,
            "w:txbxContent": self._end_box,
            "w:footnote": self._end_note,
            "w:endnote": self._end_note,
        }

    def walk(self, blocks: Iterator[bytes], name: str) -> Iterator[str]:
        """The text of some XML, in pieces."""
        for _ in parse_xml(blocks, name, self._start, self._end, self._text):
            yield from self._lines.take()

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        """Takes the start of an element."""
        if tag in _LEFT_OUT and not (self._in_properties and tag == "w:del"):
            if not self._skipped:
                self._leave(_LEFT_OUT[tag])
            self._skipped += 1
        elif self._skipped:
            return
        elif tag in _TAKEN and not self._in_properties:
            self._account.taken[_TAKEN[tag]] += 1
        elif tag in _PICTURES:
            self._leave(lines.PICTURE)
        elif tag == "w:del":
            # The mark between two paragraphs is deleted.
            self._joined = True
        elif found := self._starts.get(tag):
            found(attributes)

    def _end(self, tag: str) -> None:
        """Takes the end of an element."""
        if tag in _LEFT_OUT and not (self._in_properties and tag == "w:del"):
            self._skipped -= 1
        elif not self._skipped and (found := self._ends.get(tag)):
            found()

    def _text(self, text: str) -> None:
        """Takes text between tags."""
        if not self._in_text or self._skipped:
            return
        if self._fields and self._fields[-1][0] == "code":
            self._fields[-1][1] += text
        elif self._hidden:
            self._leave(lines.HIDDEN if self._hidden == "hidden" else "")
            self._hidden = "counted"
        else:
            self._add(text)

    def _set_text(self, inside: bool) -> None:
        """What follows is text, or is not."""
        self._in_text = inside

    def _set_properties(self, inside: bool) -> None:
        """What follows is of the properties of a paragraph, or is not."""
        self._in_properties = inside

    def _show(self) -> None:
        """What follows is not hidden, unless its paragraph is."""
        self._hidden = "hidden" if self._in_hidden else ""

    def _set_style(self, style: str) -> None:
        """Notes the style of a run, which may hide it."""
        if style in self._hidden_styles and not self._in_properties:
            self._hidden = "hidden"

    def _set_paragraph_style(self, style: str) -> None:
        """Notes the style of a paragraph, which may hide all of it."""
        self._in_hidden = style in self._hidden_styles

    def _hide(self, attributes: dict[str, str]) -> None:
        """Notes that a run is hidden; what hides the mark of a paragraph hides no text."""
        if not self._in_properties:
            self._hidden = "" if attributes.get("w:val", "") in _OFF else "hidden"

    def _leave(self, what: str) -> None:
        """Counts something that is left out."""
        if what:
            self._account.left[what] += 1

    @property
    def _is_generated(self) -> bool:
        """Whether Word has made by itself what stands here."""
        return any(kind == "generated" for kind, _ in self._fields)

    def _break(self, attributes: dict[str, str]) -> None:
        """Ends a line; where a page or a column ends, only if more of the paragraph follows."""
        if attributes.get("w:type", "textWrapping") == "textWrapping":
            self._add("\n")
        else:
            self._broken = not self._lines.is_empty

    def _add(self, text: str) -> None:
        """Adds text to the line, unless it is of a field that Word makes by itself."""
        if self._is_generated:
            return
        if self._broken and text:
            self._broken = False
            self._lines.add("\n")
        self._lines.add(text)

    def _add_symbol(self, attributes: dict[str, str]) -> None:
        """Adds a symbol that is given by its number; one of a symbol font has no character."""
        point = int(attributes.get("w:char", "0") or "0", 16)
        if 0xE000 <= point <= 0xF8FF or not 32 <= point <= 0x10FFFF:
            self._leave("symbol of a symbol font")
        else:
            self._add(chr(point))

    def _change_field(self, attributes: dict[str, str]) -> None:
        """Follows a field: its code, its result, its end."""
        kind = attributes.get("w:fldCharType")
        if kind == "begin":
            self._fields.append(["code", ""])
        elif kind == "separate" and self._fields:
            self._fields[-1][0] = self._name_result(self._fields[-1][1])
        elif kind == "end":
            self._end_field()

    def _begin_simple(self, code: str) -> None:
        """Begins a field whose code is an attribute."""
        self._fields.append([self._name_result(code), code])

    def _name_result(self, code: str) -> str:
        """Whether the result of a field is text of the writer's, or generated by Word."""
        if _GENERATED.match(code):
            self._leave(lines.CONTENTS)
            return "generated"
        return "result"

    def _end_field(self) -> None:
        """Ends a field; one of a damaged file may end without a beginning."""
        if self._fields:
            self._fields.pop()

    def _refer(self, kind: str, attributes: dict[str, str]) -> None:
        """Notes a footnote or endnote, which is written after the paragraph."""
        note = self._given.get(kind, {}).get(attributes.get("w:id", ""))
        if note:
            self._account.taken[_NOTES[kind][1]] += 1
            self._lines.add_after(note)

    def _begin_note(self, attributes: dict[str, str]) -> None:
        """Begins a note; those that only part notes from text have a type."""
        is_note = attributes.get("w:type", "normal") == "normal"
        self._note = attributes.get("w:id", "") if is_note else ""
        self._lines.begin_aside()

    def _end_note(self) -> None:
        """Keeps a note."""
        text = self._lines.end_aside()
        if self._note:
            self.notes[self._note] = text

    def _begin_box(self) -> None:
        """Begins a text box, which lies within a paragraph and is written after it."""
        self._account.taken[lines.BOX] += 1
        self._lines.begin_aside()

    def _end_box(self) -> None:
        """Keeps a text box until its paragraph ends."""
        self._lines.add_after(self._lines.end_aside())

    def _end_paragraph(self) -> None:
        """Ends a line, unless its end is deleted or it is one that Word makes by itself."""
        self._in_hidden = self._broken = False
        if self._joined:
            self._joined = False
        elif not self._is_generated or not self._lines.is_empty:
            self._lines.end_paragraph()
