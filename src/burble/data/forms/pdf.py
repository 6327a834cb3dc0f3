"""PDF documents to text: their text layer, as PDFium finds it. Knows nothing of files.

A PDF says where letters stand, and not what they are for. So lines are put together to paragraphs,
hyphens at line ends are taken away, and running heads and page numbers are left out, as far as
their places tell. What is a picture of text is named and not read.
"""

import ctypes
from collections.abc import Iterable, Iterator
from typing import Any

from burble.data.forms.form import File, Write, list_places
from burble.data.forms.pages import HYPHEN, Line, Page, lay_out
from burble.errors import SourceError
from burble.formatting import Note

_CHUNK = 64
"""Pages that are looked at together, to find what comes again on each of them."""
MOST_PAGES = 50_000
MOST_LETTERS = 2_000_000
"""Of one page."""
_SCANNED = 0.4
"""Fraction of a page without text that pictures cover, from which it is taken to be scanned."""
_COMMENTS = (1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
"""Kinds of annotations that people write: notes, marks and drawings; 2 is a link."""


def read(file: File, write: Write) -> list[Note]:
    """Reads a document; see `forms.form`."""
    scanned: list[int] = []
    write(_read_pages(file, scanned))
    if not scanned:
        return []
    count = len(scanned)
    file.account.left["scanned page"] += count
    which = f"page {list_places(scanned)} is a picture" if count == 1 else ""
    which = which or f"pages {list_places(scanned)} are pictures"
    message = f"{which} without a text layer. To read them, run a program for OCR, as ocrmypdf is."
    return [Note(file.name, message)]


def _read_pages(file: File, scanned: list[int]) -> Iterator[str]:
    """The text of all pages; the numbers of those that are pictures go into `scanned`."""
    import pypdfium2

    with file.open() as opened:
        try:
            document = pypdfium2.PdfDocument(file.path or opened)
        except pypdfium2.PdfiumError as error:
            raise SourceError(_describe(file.name, str(error))) from error
        try:
            if len(document) > MOST_PAGES:
                raise SourceError(
                    f"{file.name} has {len(document):,} pages, and {MOST_PAGES:,} are read at "
                    "most. Part it."
                )
            yield from _read_chunks(document, file, scanned)
        finally:
            document.close()


def _describe(name: str, error: str) -> str:
    """What to say of a file that PDFium refuses."""
    if "password" in error.lower():
        return f"{name} is locked with a password. Save it without one, or leave it out."
    return f"{name} is damaged: PDFium says {error!r}. Get a whole copy of it, or save it again."


def _read_chunks(document: Any, file: File, scanned: list[int]) -> Iterator[str]:
    """The text, some pages at a time."""
    count, begun = len(document), False
    for first in range(0, count, _CHUNK):
        numbers = range(first, min(first + _CHUNK, count))
        pages = [_read_page(document, number, file, scanned) for number in numbers]
        text = lay_out(pages, file.account)
        if text:
            yield f"{chr(10) * begun}{text}"
            begun = True
    if begun:
        yield "\n"


def _read_page(document: Any, number: int, file: File, scanned: list[int]) -> Page:
    """One page."""
    import pypdfium2

    try:
        page = document[number]
    except pypdfium2.PdfiumError as error:
        raise SourceError(
            f"{file.name} is damaged: page {number + 1:,} cannot be read. Save it again."
        ) from error
    try:
        width, height = page.get_size()
        lines = [*_find_lines(page, number, file)]
        file.account.left["comment"] += _count_comments(page)
        if lines:
            file.account.taken["page"] += 1
        elif _covered(page, width * height) >= _SCANNED:
            scanned.append(number + 1)
        else:
            file.account.left["blank page"] += 1
        return Page(number, width, height, lines)
    finally:
        page.close()


def _find_lines(page: Any, number: int, file: File) -> Iterator[Line]:
    """The lines of a page, in the order of the file."""
    text_page = page.get_textpage()
    try:
        count = text_page.count_chars()
        if count > MOST_LETTERS:
            raise SourceError(
                f"{file.name} is not read: page {number + 1:,} has {count:,} letters, as no page "
                "has. Leave it out."
            )
        text = text_page.get_text_range() if count > 0 else ""
        places = range(count) if len(text) == count else _match(text_page, text, count)
        start, locate = 0, _Places(text_page).locate
        for line in text.split("\r\n"):
            end = start + len(line)
            words = line.strip(" ")
            if words and end <= len(places):
                first = start + len(line) - len(line.lstrip(" "))
                last = first + len(words) - 1
                blanks = line[0] == " ", line[-1] == " "
                yield locate(words, places[first], places[last], blanks)
            start = end + 2
    finally:
        text_page.close()


def _match(text_page: Any, text: str, count: int) -> list[int]:
    """The number of each letter of a text, where the text lacks some of a page."""
    from pypdfium2 import raw

    places, at = list[int](), 0
    for letter in text:
        found = at
        while found < count and raw.FPDFText_GetUnicode(text_page, found) != ord(letter):
            found += 1
        # What PDFium puts in between has no number of its own.
        at = found + 1 if found < count else at
        places.append(min(at, count) - 1 if found < count else max(0, min(at, count - 1)))
    return places


class _Places:
    """Finds where letters of a page stand, in points from the left and from the bottom."""

    def __init__(self, text_page: Any) -> None:
        from pypdfium2 import raw

        self._raw, self._page = raw, text_page.raw
        self._numbers = [ctypes.c_double() for _ in range(4)]
        self._each = [*map(ctypes.byref, self._numbers)]

    def locate(self, text: str, first: int, last: int, blanks: tuple[bool, bool]) -> Line:
        """A line, by the numbers of its first and of its last letter."""
        raw, page, (one, two, *_) = self._raw, self._page, self._numbers
        raw.FPDFText_GetCharOrigin(page, first, *self._each[:2])
        left, begin = one.value, two.value
        if any(mark in text for mark in HYPHEN):
            raw.FPDFText_GetCharOrigin(page, last, *self._each[:2])
        end = two.value
        # Its left, right, bottom and top.
        raw.FPDFText_GetCharBox(page, last, *self._each)
        size = raw.FPDFText_GetFontSize(page, first)
        return Line(text, left, two.value, begin, end, size, blanks)


def _count_comments(page: Any) -> int:
    """What people wrote on a page afterwards."""
    from pypdfium2 import raw

    found = 0
    for number in range(raw.FPDFPage_GetAnnotCount(page)):
        annotation = raw.FPDFPage_GetAnnot(page, number)
        found += raw.FPDFAnnot_GetSubtype(annotation) in _COMMENTS
        raw.FPDFPage_CloseAnnot(annotation)
    return found


def _covered(page: Any, area: float) -> float:
    """The fraction of a page that pictures cover."""
    from pypdfium2 import raw

    pictures: Iterable[Any] = page.get_objects(filter=(raw.FPDF_PAGEOBJ_IMAGE,), max_depth=3)
    covered = 0.0
    for picture in pictures:
        left, bottom, right, top = picture.get_bounds()
        covered += abs((right - left) * (top - bottom))
    return covered / max(1.0, area)
