"""Books of Project Gutenberg: one polite request for each, then kept; header and footer cut.

Knows nothing of symbols or ids.
"""

import hashlib
import re
import tempfile
from pathlib import Path

from burble import __version__, files
from burble.data import encodings
from burble.errors import SourceError
from burble.formatting import Note, shown

MIRROR = "https://www.gutenberg.org"
USER_AGENT = f"burble/{__version__} (trains a small text generator; one request for each book)"

_DIGITS = 9
_SHORTEST = 5_000
"""Characters of a book without marks; its licence alone is longer. Errors are shorter."""
_PAGE = re.compile(
    r"(?:<\?.*?\?>|<!--.*?-->|\s)*<(?:!doctype|html|head|title|meta|body|center|h1|pre|div|script)\b",
    re.IGNORECASE | re.DOTALL,
)
# The same as in `text`.
_LINE_ENDS = re.compile("\r{0,2}\r\n|\r")
_START = re.compile(
    r"^[ \t]*\*{2,}\s*START\s+OF\s+(?:THE|THIS)\s+PROJECT\s+GUTENBERG\s+E-?(?:BOOK|TEXT)"
    # The title may be wrapped, but a blank line ends the mark even where its stars are missing.
    # A single star, or two within a word, are part of the title.
    r"(?:(?!\n[ \t]*\n|\*{3}|\*\*(?:\s|\Z)).)*+(?:\*{2,}[^\n]*)?",
    re.MULTILINE | re.IGNORECASE | re.DOTALL,
)
_SMALL_PRINT = re.compile(
    r"^[ \t]*\*+\s*END\s*\*?\s*(?:OF\s+)?THE\s+SMALL\s+PRINT"
    r"(?:[^\n]|\n(?=[^\n]*\*END\*))*",
    re.MULTILINE | re.IGNORECASE,
)
_END = re.compile(
    r"^[ \t]*(?P<stars>\**)[ \t]*END\s+OF\s+(?:(?:THE|THIS)\s+)?PROJECT\s+GUTENBERG"
    r"(?P<formal>['’]?S\b|\s+E-?(?:BOOK|TEXT)\b|\s+EDITION\b|[ \t]*\**[ \t]*$)?",
    re.MULTILINE | re.IGNORECASE,
)
_BLANK_LINE = re.compile(r"\n[ \t]*(?:\n|\Z)|\Z")
_WORDS = r"licen[cs]e|copyright|public domain|trademark|donat"
_ABOUT_USE = re.compile(rf"{_WORDS}|transcrib|proofread|produced by", re.IGNORECASE)
_ABOUT_BOOK = re.compile(rf"{_WORDS}|gutenberg|e-?book|e-?text", re.IGNORECASE)
_HEADER_LINE = re.compile(
    r"^[ \t*]*(?:(?:this is )?(?:the |an? )?project gutenberg|(?:title|author|editor|translator|"
    r"illustrator|language|credits|edition|release date|posting date|character set)\b.*:|"
    r"produced by|copyright|\[?e-?(?:book|text)\b)",
    re.MULTILINE | re.IGNORECASE,
)
_SMALL_PRINT_REACH = 20_000
_LICENCE = 1_000
"""Characters of a licence at least, in which its publisher is named often."""


def fetch(number: str, mirror: str) -> tuple[bytes, list[str]]:
    """The bytes of a book, from the cache or else by a single request.

    Args:
        number: The book's number at Project Gutenberg.
        mirror: Where to ask instead of the main site, if anywhere; the layout below it is the same.

    Returns:
        The file as it was sent, and a sentence where what lay in the cache was no book.

    Raises:
        SourceError: There is no such book, or no answer.
    """
    if not number.isdecimal() or len(number) > _DIGITS or not int(number):
        raise SourceError(
            f"gutenberg:{shown(number)} names no book; give its number, as in gutenberg:11 for "
            "Alice."
        )
    number = str(int(number))
    base = (mirror or MIRROR).rstrip("/")
    if not base.startswith(("http://", "https://")):
        raise SourceError(f"the mirror {mirror} is no address; it must start with https://.")
    # A mirror's copy may differ, so it never stands in for the main site's.
    other = "" if base == MIRROR else f"-{hashlib.sha256(base.encode()).hexdigest()[:8]}"
    path = files.make_folder("gutenberg") / f"pg{number}{other}.txt"
    notes = []
    if path.exists():
        data = path.read_bytes()
        wrong = _describe_no_book(data)
        if not wrong:
            return data, []
        # A version of burble before kept whatever came.
        path.unlink(missing_ok=True)
        notes.append(f"gutenberg:{number}: the cache held {wrong}; it was fetched again.")
    _download(f"{base}/cache/epub/{number}/pg{number}.txt", number, path)
    return path.read_bytes(), notes


def _download(url: str, number: str, path: Path) -> None:
    """Makes the one request and keeps the answer at `path`, if it is a book."""
    # Imported here because only this needs it, and it takes long.
    import pooch
    import requests

    pooch.get_logger().setLevel("WARNING")
    agent = pooch.HTTPDownloader(headers={"User-Agent": USER_AGENT}, timeout=60)
    with tempfile.TemporaryDirectory(dir=path.parent) as place:
        try:
            pooch.retrieve(url, known_hash=None, fname=path.name, path=place, downloader=agent)
        except requests.HTTPError as error:
            raise SourceError(
                f"{url} cannot be had: {error}. "
                f"Check that gutenberg:{number} exists as plain text, or name a --mirror."
            ) from error
        except requests.RequestException as error:
            raise SourceError(
                f"{url} cannot be reached, and gutenberg:{number} is not in the cache yet. "
                "Connect to the internet once, name a --mirror, or give a file of your own."
            ) from error
        came = Path(place, path.name)
        wrong = _describe_no_book(came.read_bytes())
        if wrong:
            raise SourceError(
                f"{url} gave {wrong}, not a book. Try again later, or name another --mirror."
            )
        came.replace(path)


def _describe_no_book(data: bytes) -> str:
    """What an answer is that is no book, with its article; empty for a book."""
    kind = encodings.detect_content_type(data[: encodings.HEAD])
    if kind.binary:
        return kind.binary
    text = data.decode(kind.codec or "latin-1", "replace").strip("\ufeff \t\r\n")
    if not text:
        return "nothing"
    if _PAGE.match(text):
        return "a web page"
    if len(text) < _SHORTEST and not has_marks(text):
        first = text.splitlines()[0]
        return f"a few words ({shown(first[:60])}{'…' if len(first) > 60 else ''})"
    return ""


def has_marks(text: str) -> bool:
    """Whether a text carries the header of Project Gutenberg."""
    return _find_start(_LINE_ENDS.sub("\n", text)) > 0


def cut(text: str, name: str) -> tuple[str, Note]:
    r"""Leaves out what Project Gutenberg put before and after a book.

    Returns:
        The book, and how much was cut.

    >>> whole = '''*** START OF THIS PROJECT GUTENBERG EBOOK A
    ... SHORT TALE ***
    ...
    ... Once.
    ...
    ... End of Project Gutenberg's A Short Tale
    ... '''
    >>> book, note = cut(whole, "tale")
    >>> book, str(note)
    ('Once.\n', 'tale: 60 characters of header and 41 characters of footer were cut.')
    """
    text = _LINE_ENDS.sub("\n", text)
    start = _find_start(text)
    end = _find_end(text, start)
    book = text[start:end].strip("\n")
    book = re.sub(r"\A(?:[ \t]*\n)+|(?:\n[ \t]*)+\Z", "", book)
    if not book.strip():
        raise SourceError(f"{name} has no text between its header and its footer.")
    place = text.index(book, start)
    after = len(text) - place - len(book)
    book += "\n" if after else ""
    if start == 0 and end == len(text):
        return book, Note(name, "no header or footer was found, so all was read.")
    missing = "header" if start == 0 else "footer" if end == len(text) else ""
    message = "{} of header and {} of footer were cut"
    message += f"; no {missing} mark was found." if missing else "."
    counts = ((place, "character"), (max(0, after - 1), "character"))
    return book, Note(name, message, counts)


def _find_start(text: str) -> int:
    """Where the book begins; 0 where there is no mark with a header before it."""
    mark = _START.search(text)
    start = mark.end() if mark and _is_header(text[: mark.start()]) else 0
    footer = _END.search(text, start)
    # Old files have the small print after the mark, or instead of it, but also after the book.
    reach = min(footer.start() if footer else len(text), start + _SMALL_PRINT_REACH)
    prints = list(_SMALL_PRINT.finditer(text, start, reach))
    if not prints or not (start or _is_header(text[: prints[-1].start()])):
        return start
    return prints[-1].end()


def _is_header(before: str) -> bool:
    """Whether what stands before a mark is no part of a book, which may speak of such marks."""
    before = before.strip()
    if len(before) < 100 and "\n" not in before:
        return True
    lines, words = (len(p.findall(before)) for p in (_HEADER_LINE, _ABOUT_BOOK))
    return lines * 1_500 >= len(before) or words * 100 >= len(before)


def _find_end(text: str, start: int) -> int:
    """Where the book ends: at the first of the marks between which nothing of it stands."""
    marks = list(_END.finditer(text, start))
    end, starred = len(text), False
    while marks:
        mark = marks.pop()
        after = text[_find_mark_end(mark, text, start) : end]
        sure = bool(mark["stars"] and mark["formal"])
        belongs = _is_footer(after) or (sure and not starred and len(after) >= _LICENCE)
        if end == len(text):
            belongs = belongs or sure or (bool(mark["formal"]) and len(after) < _LICENCE)
        elif not belongs:
            break
        if belongs:
            end, starred = mark.start(), starred or sure
    return end


def _find_mark_end(mark: re.Match[str], text: str, start: int) -> int:
    """Where a mark at the end of a book is over: with its line, or its title where that is long."""
    line = text.find("\n", mark.end())
    line = len(text) if line < 0 else line
    blank = _BLANK_LINE.search(text, mark.end())
    paragraph = text[mark.end() : blank.start() if blank else len(text)]
    stars = paragraph.rfind("**")
    if mark["stars"] and stars >= 0:
        return mark.end() + stars + 2
    title = _letters(text[max(0, start - 300) : start].upper().rpartition("GUTENBERG")[2])
    named = title and title.removeprefix("EBOOK").removeprefix("ETEXT") in _letters(paragraph)
    named = named or (mark["formal"] and ", by " in paragraph)
    return mark.end() + len(paragraph) if named else line


def _letters(words: str) -> str:
    """The letters of a title, alike however it is written."""
    return re.sub(r"[\W_]+", "", words).upper()


def _is_footer(after: str) -> bool:
    """Whether what stands after a mark is no part of a book."""
    pattern = _ABOUT_BOOK if len(after) >= _LICENCE else _ABOUT_USE
    return len(pattern.findall(after)) * 400 >= len(after.strip())
