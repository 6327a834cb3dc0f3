"""Text documents of LibreOffice and its like (.odt, .fodt) to text; a paragraph is a line.

Tracked changes are read as if all were accepted. Notes stand after the paragraph that refers to
them. Knows nothing of files.
"""

import re
from collections.abc import Callable, Iterator

from burble.data.forms import lines, signs
from burble.data.forms.form import Account, File, Write
from burble.data.forms.guard import open_archive, parse_xml
from burble.data.forms.lines import Lines
from burble.errors import SourceError
from burble.formatting import Note

_WHAT = "an OpenDocument text"
_OBJECT = "formula or embedded object"
_LEFT_OUT = {
    "office:annotation": lines.COMMENT,
    "text:deletion": lines.DELETED,
    "text:note-citation": "",
    "text:ruby-text": lines.RUBY,
    "text:hidden-text": lines.HIDDEN,
    "text:hidden-paragraph": lines.HIDDEN,
    "text:table-of-content": lines.CONTENTS,
    "text:alphabetical-index": lines.CONTENTS,
    "text:illustration-index": lines.CONTENTS,
    "text:table-index": lines.CONTENTS,
    "text:bibliography": lines.CONTENTS,
    "draw:image": lines.PICTURE,
    "draw:object": _OBJECT,
    "draw:object-ole": _OBJECT,
    # A picture in a flat file.
    "office:binary-data": "",
    "svg:title": "",
    "svg:desc": "",
    "office:forms": "",
    "office:event-listeners": "",
}
"""Elements whose text is left out, and how they are counted."""
_BODY = "office:body"
_STYLES = ("style:style", "style:text-properties")
_BREAKS = {"text:tab": "\t", "text:line-break": "\n"}
_WHITE = re.compile(r"[ \t\r\n]+")
_MOST_BLANKS = 10_000


def read(file: File, write: Write) -> list[Note]:
    """Reads a document, in an archive or flat; see `forms.form`."""
    if signs.is_flat(next(file.blocks(), b"")):
        hidden = _look_at_styles(file.blocks(), file)
        write(_Walker(file.account, hidden).walk(file.blocks(), file.name))
        return []
    with file.open() as opened, open_archive(opened, file.name, _WHAT) as archive:
        if b"encryption-data" in archive.read_whole("META-INF/manifest.xml"):
            raise SourceError(
                f"{file.name} is locked with a password. Save it without one, or leave it out."
            )
        styles = "styles.xml"
        hidden = _look_at_styles(archive.read(styles), file) if styles in archive else set[str]()
        write(_Walker(file.account, hidden).walk(archive.read("content.xml"), file.name))
    return []


def _look_at_styles(blocks: Iterator[bytes], file: File) -> set[str]:
    """Counts headers and footers, which the styles hold; returns the styles that hide text."""
    hidden, style = set[str](), ""
    is_past = False
    margins = 0
    within = [""]

    def begin(tag: str, attributes: dict[str, str]) -> None:
        nonlocal style, is_past
        if tag == _BODY:
            is_past = True
        elif tag == "style:style":
            style = attributes.get("style:name", "")
        elif tag == "style:text-properties" and attributes.get("text:display") == "none":
            hidden.add(style)
        elif tag in ("style:header", "style:footer"):
            within.append("")

    def finish(tag: str) -> None:
        nonlocal margins
        if tag in ("style:header", "style:footer") and len(within) > 1:
            margins += bool(within.pop().strip())

    def take(text: str) -> None:
        if len(within) > 1:
            within[-1] += text

    for _ in parse_xml(blocks, file.name, begin, finish, take):
        if is_past:
            break
    file.account.left[lines.MARGIN] += margins
    return hidden


class _Walker:
    """Walks through the XML of a document and lays out its text.

    Args:
        account: Where to count.
        hidden: The styles that hide what is written in them; those of the text itself are added.
    """

    def __init__(self, account: Account, hidden: set[str]) -> None:
        self._account = account
        self._lines = Lines(account)
        self._hidden_styles = hidden
        self._style = ""
        self._inside = False
        self._skipped: list[str] = []
        self._blank = True
        self._paragraphs = 0
        self._starts: dict[str, Callable[[dict[str, str]], object]] = {
            "style:style": self._name_style,
            "style:text-properties": self._look_at_style,
            "text:p": lambda _: self._begin_paragraph(),
            "text:h": lambda _: self._begin_paragraph(),
            "text:s": self._add_blanks,
            "text:note": self._begin_note,
            "draw:text-box": lambda _: self._begin_box(),
            "table:table": lambda _: self._take(lines.TABLE),
            "table:table-cell": lambda _: self._lines.begin_cell(),
            "text:insertion": lambda _: self._take(lines.INSERTED),
            "text:list-item": lambda _: self._leave(lines.NUMBER),
        }
        self._ends: dict[str, Callable[[], object]] = {
            "text:p": self._end_paragraph,
            "text:h": self._end_paragraph,
            "text:note": self._end_aside,
            "draw:text-box": self._end_aside,
            "table:table-cell": self._lines.end_cell,
            "table:table-row": self._lines.end_row,
        }

    def walk(self, blocks: Iterator[bytes], name: str) -> Iterator[str]:
        """The text of some XML, in pieces."""
        for _ in parse_xml(blocks, name, self._start, self._end, self._text):
            yield from self._lines.take()

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        """Takes the start of an element."""
        if self._skipped:
            if tag == self._skipped[0]:
                self._skipped.append(tag)
            return
        if tag == _BODY:
            self._inside = True
        elif not self._inside and tag not in _STYLES:
            # In a flat file headers and footers stand here, too.
            return
        why = self._find_reason(tag, attributes)
        if why is not None:
            self._leave(why)
            self._skipped.append(tag)
        elif tag in _BREAKS:
            self._lines.add(_BREAKS[tag])
            self._blank = False
        elif found := self._starts.get(tag):
            found(attributes)

    def _end(self, tag: str) -> None:
        """Takes the end of an element."""
        if self._skipped:
            if tag == self._skipped[0]:
                self._skipped.pop()
            return
        if tag == _BODY:
            self._inside = False
        if self._inside and (found := self._ends.get(tag)):
            found()

    def _text(self, text: str) -> None:
        """Takes text between tags, in which white space counts as one blank."""
        if not self._inside or self._skipped or not self._paragraphs:
            return
        text = _WHITE.sub(" ", text)
        if self._blank and text.startswith(" "):
            text = text[1:]
        if text:
            self._lines.add(text)
            self._blank = text.endswith(" ")

    def _find_reason(self, tag: str, attributes: dict[str, str]) -> str | None:
        """How an element is counted that is left out; None where it is read."""
        if tag in _LEFT_OUT:
            return _LEFT_OUT[tag]
        hidden = attributes.get("text:style-name") in self._hidden_styles and self._inside
        if hidden or (tag == "text:section" and attributes.get("text:display") == "none"):
            return lines.HIDDEN
        return None

    def _take(self, what: str) -> None:
        """Counts what is read."""
        self._account.taken[what] += 1

    def _leave(self, what: str) -> None:
        """Counts what is left out."""
        if what:
            self._account.left[what] += 1

    def _name_style(self, attributes: dict[str, str]) -> None:
        """Notes the style whose properties come next."""
        self._style = attributes.get("style:name", "")

    def _look_at_style(self, attributes: dict[str, str]) -> None:
        """Notes a style that hides its text."""
        if attributes.get("text:display") == "none":
            self._hidden_styles.add(self._style)

    def _add_blanks(self, attributes: dict[str, str]) -> None:
        """Adds blanks that do not count as one."""
        count = attributes.get("text:c", "1")
        self._lines.add(" " * min(int(count) if count.isdecimal() else 1, _MOST_BLANKS))

    def _begin_paragraph(self) -> None:
        """Begins a line."""
        self._paragraphs += 1
        self._blank = True

    def _end_paragraph(self) -> None:
        """Ends a line."""
        self._paragraphs -= 1
        self._lines.end_paragraph()

    def _begin_note(self, attributes: dict[str, str]) -> None:
        """Begins a note, which stands in the middle of its paragraph."""
        ends = attributes.get("text:note-class") == "endnote"
        self._take(lines.ENDNOTE if ends else lines.FOOTNOTE)
        self._lines.begin_aside()

    def _begin_box(self) -> None:
        """Begins a text box."""
        self._take(lines.BOX)
        self._lines.begin_aside()

    def _end_aside(self) -> None:
        """Keeps a note or a text box until its paragraph ends."""
        text = self._lines.end_aside()
        self._lines.add_after(text)
        self._blank = False
        if not self._paragraphs and text:
            # It hangs on a page.
            self._lines.end_paragraph()
