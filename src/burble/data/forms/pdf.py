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


_HYPHEN = "\ufffe"
"""How PDFium marks a hyphen at the end of a line, after which it joins the next one.

See `findings/pdfium_line_end_hyphen.sh`.
"""
_Words = tuple[str, int, int, tuple[bool, bool]]
"""A line: its words, the numbers of its first and its last letter, and blanks around it."""


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
        lines = _find_lines(page, number, file)
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


def _find_lines(page: Any, number: int, file: File) -> list[Line]:
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
        # With so rare a letter a text of plain ones would take twice the memory.
        text = text.replace(_HYPHEN, HYPHEN)
        return _locate(text_page, _split_lines(text, places))
    finally:
        text_page.close()


def _split_lines(text: str, places: Sequence[int]) -> list[_Words]:
    """The lines of a text, given the number on its page of each letter."""
    start, found = 0, list[_Words]()
    for line in text.split("\r\n"):
        end = start + len(line)
        words = line.strip(" ")
        if words and end <= len(places):
            first = start + (len(line) - len(line.lstrip(" ")) if line[0] == " " else 0)
            blanks = line[0] == " ", line[-1] == " "
            found.append((words, places[first], places[first + len(words) - 1], blanks))
        start = end + 2
    return found


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


def _locate(text_page: Any, lines: list[_Words]) -> list[Line]:
    """Lines with where they stand, in points from the left and from the bottom."""
    if not lines:
        return []
    find_origin, find_box, find_size = _list_functions()
    page = ctypes.cast(text_page.raw, ctypes.c_void_p).value
    # Of each line the place of its first letter, and the left, right, bottom and top of its last.
    numbers = (ctypes.c_double * (6 * len(lines)))()
    start, end = ctypes.addressof(numbers), ctypes.addressof(numbers) + ctypes.sizeof(numbers)
    each = [range(start + 8 * place, end, 48) for place in range(6)]
    texts, firsts, lasts, blanks = zip(*lines, strict=True)
    # Called so, each function costs a fraction of what it costs in a loop.
    deque(map(find_origin, repeat(page), firsts, *each[:2]), maxlen=0)
    deque(map(find_box, repeat(page), lasts, *each[2:]), maxlen=0)
    sizes = map(find_size, repeat(page), firsts)
    lefts, begins, rights = numbers[0::6], numbers[1::6], numbers[3::6]
    ends = [*begins]
    for place, text in enumerate(texts):
        if HYPHEN in text:
            find_origin(page, lasts[place], each[0][place], each[1][place])
            ends[place] = numbers[6 * place + 1]
    return [*map(Line, texts, lefts, rights, begins, ends, sizes, blanks)]


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
