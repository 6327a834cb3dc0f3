"""Books of Project Gutenberg: one polite request for each, then kept; header and footer cut.

Knows nothing of symbols or ids.
"""

import hashlib
import re
from pathlib import Path

from burble import __version__, storage
from burble.errors import SourceError

MIRROR = "https://www.gutenberg.org"
USER_AGENT = f"burble/{__version__} (trains a small text generator; one request for each book)"

_START = re.compile(
    r"^[ \t]*\*{2,}\s*START\s+OF\s+(?:THE|THIS)\s+PROJECT\s+GUTENBERG\s+E-?(?:BOOK|TEXT)"
    # The title may be wrapped, but a blank line ends the mark even where its stars are missing.
    r"(?:(?!\n[ \t]*\n)[^*])*(?:\*{2,}[^\n]*)?",
    re.MULTILINE | re.IGNORECASE,
)
_SMALL_PRINT = re.compile(
    r"^[ \t]*\*+\s*END\s*\*?\s*(?:OF\s+)?THE\s+SMALL\s+PRINT"
    r"(?:[^\n]|\n(?=[^\n]*\*END\*))*",
    re.MULTILINE | re.IGNORECASE,
)
_END = re.compile(
    r"^[ \t]*\**[ \t]*END\s+OF\s+(?:(?:THE|THIS)\s+)?PROJECT\s+GUTENBERG",
    re.MULTILINE | re.IGNORECASE,
)
_NEAR = 1_000
_SMALL_PRINT_REACH = 20_000


def fetch(number: str, mirror: str = "") -> bytes:
    """The bytes of a book, from the cache or else by a single request.

    Args:
        number: The book's number at Project Gutenberg.
        mirror: Where to ask instead of the main site, if anywhere; the layout below it is the same.

    Returns:
        The file as it was sent.

    Raises:
        SourceError: There is no such book, or no answer.
    """
    if not number.isdecimal() or not int(number):
        raise SourceError(
            f"gutenberg:{number} names no book; give its number, as in gutenberg:11 for Alice."
        )
    number = str(int(number))
    base = (mirror or MIRROR).rstrip("/")
    if not base.startswith(("http://", "https://")):
        raise SourceError(f"the mirror {mirror} is no address; it must start with https://.")
    # A mirror's copy may differ, so it never stands in for the main site's.
    other = "" if base == MIRROR else f"-{hashlib.sha256(base.encode()).hexdigest()[:8]}"
    path = storage.folder("gutenberg") / f"pg{number}{other}.txt"
    if not path.exists():
        _download(f"{base}/cache/epub/{number}/pg{number}.txt", number, path)
    return path.read_bytes()


def _download(url: str, number: str, path: Path) -> None:
    """Makes the one request and keeps the answer at `path`."""
    # Imported here because only this needs it, and it takes long.
    import pooch
    import requests

    pooch.get_logger().setLevel("WARNING")
    agent = pooch.HTTPDownloader(headers={"User-Agent": USER_AGENT}, timeout=60)
    try:
        pooch.retrieve(url, known_hash=None, fname=path.name, path=path.parent, downloader=agent)
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
    if path.read_bytes()[:512].lstrip().lower().startswith((b"<!doctype", b"<html")):
        path.unlink()
        raise SourceError(
            f"{url} gave a web page, not a book. Try again later, or name another --mirror."
        )


def has_marks(text: str) -> bool:
    """Whether a text carries the header of Project Gutenberg."""
    return bool(_START.search(text) or _SMALL_PRINT.search(text))


def cut(text: str, name: str) -> tuple[str, str]:
    r"""Leaves out what Project Gutenberg put before and after a book.

    Args:
        text: The whole file.
        name: What to call it.

    Returns:
        The book, and a sentence on how much was cut.

    >>> whole = '''*** START OF THIS PROJECT GUTENBERG EBOOK A
    ... SHORT TALE ***
    ...
    ... Once.
    ...
    ... End of Project Gutenberg's A Short Tale
    ... '''
    >>> cut(whole, "tale")
    ('Once.\n', 'tale: 60 characters of header and 41 of footer were cut.')
    """
    text = re.sub("\r\n?", "\n", text)
    start = _body_start(text)
    end = _body_end(text, start)
    book = text[start:end].strip("\n")
    book = re.sub(r"\A(?:[ \t]*\n)+|(?:\n[ \t]*)+\Z", "", book)
    if not book.strip():
        raise SourceError(f"{name} has no text between its header and its footer.")
    place = text.index(book, start)
    after = len(text) - place - len(book)
    book += "\n" if after else ""
    if start == 0 and end == len(text):
        return book, f"{name}: no header or footer was found, so all was read."
    missing = "header" if start == 0 else "footer" if end == len(text) else ""
    said = f"{name}: {place:,} characters of header and {max(0, after - 1):,} of footer were cut"
    return book, f"{said}; no {missing} mark was found." if missing else f"{said}."


def _body_start(text: str) -> int:
    """Where the book begins; 0 where there is no mark."""
    mark = _START.search(text)
    start = mark.end() if mark else 0
    footer = _END.search(text, start)
    # Old files have the small print after the mark, or instead of it, but also after the book.
    reach = min(footer.start() if footer else len(text), start + _SMALL_PRINT_REACH)
    prints = list(_SMALL_PRINT.finditer(text, start, reach))
    return prints[-1].end() if prints else start


def _body_end(text: str, start: int) -> int:
    """Where the book ends: at the first of the marks that close the text together."""
    marks = [mark.start() for mark in _END.finditer(text, start)]
    if not marks:
        return len(text)
    end = marks.pop()
    while marks and end - marks[-1] < _NEAR:
        end = marks.pop()
    return end
