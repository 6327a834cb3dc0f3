"""PDF documents to text: their text layer, as PDFium finds it. Knows nothing of files.

A PDF says where letters stand, and not what they are for. So lines are put together to paragraphs,
hyphens at line ends are taken away, and running heads and page numbers are left out, as far as
their places tell. What is a picture of text is named and not read.
"""

import ctypes
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from itertools import repeat
from typing import Any

import numpy as np

from burble.data.forms.form import File, Write, list_places
from burble.data.forms.hyphens import HYPHEN
from burble.data.forms.pages import Numbers, Page, lay_out
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


_HYPHEN = "\ufffe"
"""How PDFium marks a hyphen at the end of a line, after which it joins the next one.

See `findings/pdfium_line_end_hyphen.sh`.
"""


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
    from pypdfium2 import raw

    page = raw.FPDF_LoadPage(document, number)
    if not page:
        raise SourceError(
            f"{file.name} is damaged: page {number + 1:,} cannot be read. Save it again."
        )
    try:
        width, height = raw.FPDF_GetPageWidthF(page), raw.FPDF_GetPageHeightF(page)
        texts, places = _find_lines(page, number, file)
        file.account.left["comment"] += _count_comments(page)
    finally:
        raw.FPDF_ClosePage(page)
    if texts:
        file.account.taken["page"] += 1
    elif _covered(document[number], width * height) >= _SCANNED:
        scanned.append(number + 1)
    else:
        file.account.left["blank page"] += 1
    return Page(number, width, height, texts, places)


def _find_lines(page: Any, number: int, file: File) -> tuple[list[str], Numbers]:
    """The lines of a page, in the order of the file, and their places; see `pages.Page`."""
    from pypdfium2 import raw

    text_page = raw.FPDFText_LoadPage(page)
    try:
        count = raw.FPDFText_CountChars(text_page)
        if count > MOST_LETTERS:
            raise SourceError(
                f"{file.name} is not read: page {number + 1:,} has {count:,} letters, as no page "
                "has. Leave it out."
            )
        text = _get_text(text_page, count)
        # With so rare a letter a text of plain ones would take twice the memory.
        lines, firsts, lasts = _split_lines(text.replace(_HYPHEN, HYPHEN))
        if len(text) != count:
            numbers = _match(text_page, text, count)
            firsts, lasts = [numbers[one] for one in firsts], [numbers[one] for one in lasts]
        places = _locate(text_page, firsts, lasts)
        if _HYPHEN in text:
            broken = [place for place, line in enumerate(lines) if HYPHEN in line]
            ends = [lasts[place] for place in broken]
            places[3, broken] = _locate(text_page, ends, ends)[2]
        return lines, places
    finally:
        raw.FPDFText_ClosePage(text_page)


def _get_text(text_page: Any, count: int) -> str:
    """The text of a page of so many letters."""
    from pypdfium2 import raw

    # One kind of array for each length of a page would take longer than the text.
    letters = bytearray(2 * count + 2)
    size = raw.FPDFText_GetText(text_page, 0, count, ctypes.c_ushort.from_buffer(letters))
    return letters[: max(0, 2 * size - 2)].decode("utf-16-le", "ignore")


def _split_lines(text: str) -> tuple[list[str], list[int], list[int]]:
    """The lines of a text that are not blank, and where the first and last letter of each is."""
    lines, firsts, lasts, start = list[str](), list[int](), list[int](), 0
    for line in text.split("\r\n"):
        if words := line.strip(" "):
            first = start + (len(line) - len(line.lstrip(" ")) if line[0] == " " else 0)
            lines.append(line)
            firsts.append(first)
            lasts.append(first + len(words) - 1)
        start += len(line) + 2
    return lines, firsts, lasts


def _match(text_page: Any, text: str, count: int) -> list[int]:
    """The number of each letter of a text, where the text lacks some of a page."""
    from pypdfium2 import raw

    page = [raw.FPDFText_GetUnicode(text_page, number) for number in range(count)]
    # One that comes no more is not looked for to the end of the page, again and again.
    lasts = {unit: number for number, unit in enumerate(page)}
    places, at = list[int](), 0
    for letter in text:
        # PDFium tells the halves of a letter beyond the first 65,536.
        unit = int.from_bytes(letter.encode("utf-16-le")[:2], "little")
        found = page.index(unit, at) if lasts.get(unit, -1) >= at else count
        # What PDFium puts in between has no number of its own.
        at = found + 1 if found < count else at
        places.append(min(at, count) - 1 if found < count else max(0, min(at, count - 1)))
    return places


def _locate(text_page: Any, firsts: Sequence[int], lasts: Sequence[int]) -> Numbers:
    """Where lines stand whose first and last letters have these numbers; see `pages.Page`."""
    find_origin, find_box, find_size = _list_functions()
    page = repeat(ctypes.addressof(text_page.contents))
    places = np.empty((5, len(firsts)))
    start, size = places.ctypes.data, 8 * len(firsts)
    lefts, rights, begins, ends = (
        range(start + n * size, start + n * size + size, 8) for n in range(4)
    )
    # Called so, each function costs a fraction of what it costs in a loop. Of a box only the right
    # is wanted.
    deque(map(find_box, page, lasts, lefts, rights, begins, ends), maxlen=0)
    deque(map(find_origin, page, firsts, lefts, begins), maxlen=0)
    places[3], places[4] = places[2], [*map(find_size, page, firsts)]
    return places


@cache
def _list_functions() -> tuple[Callable[..., Any], ...]:
    """What finds the origin, the box and the size of a letter of a page.

    They take addresses: most of the time of a call would go into making pointers.
    """
    from pypdfium2 import raw

    place, number = ctypes.c_void_p, ctypes.c_int
    wanted = [
        (raw.FPDFText_GetCharOrigin, ctypes.PYFUNCTYPE(number, place, number, *[place] * 2)),
        (raw.FPDFText_GetCharBox, ctypes.PYFUNCTYPE(number, place, number, *[place] * 4)),
        (raw.FPDFText_GetFontSize, ctypes.PYFUNCTYPE(ctypes.c_double, place, number)),
    ]
    return tuple(kind(ctypes.cast(one, place).value or 0) for one, kind in wanted)


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
