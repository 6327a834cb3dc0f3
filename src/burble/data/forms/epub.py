"""E-books (.epub) to text: the chapters in the order in which they are read. Fetches nothing.

Notes are read where the book holds them; the table of contents is left out.
"""

import posixpath
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote

from burble.data import encodings
from burble.data.forms.form import Account, File, Write
from burble.data.forms.guard import Archive, open_archive, parse_xml
from burble.data.forms.html import find_encoding, read_page
from burble.errors import SourceError
from burble.formatting import Note

_WHAT = "an e-book"
_CONTAINER = "META-INF/container.xml"
_PAGES = ("application/xhtml+xml", "text/html", "application/x-dtbook+xml", "")


def read(file: File, write: Write) -> list[Note]:
    """Reads a book; see `forms.form`."""
    with file.open() as opened, open_archive(opened, file.name, _WHAT) as archive:
        package = _find_package(archive, file.name)
        book = _read_package(archive, package, file.name)
        _refuse_locked(archive, book, file.name)
        if not book.order:
            raise SourceError(
                f"{file.name} names no chapter in its reading order (spine). Get another copy."
            )
        if book.aside:
            file.account.taken["chapter that stands aside"] += book.aside
        write(_read_chapters(archive, book, file))
    return []


@dataclass
class _Book:
    """What the package of a book says.

    Attributes:
        files: The members of the archive, by their ids, with the type of each.
        contents: The id of the table of contents; empty for none.
        order: The ids of the chapters, as they are read.
        aside: How many of them stand aside from the reading order.
    """

    files: dict[str, tuple[str, str]] = field(default_factory=dict)
    contents: str = ""
    order: list[str] = field(default_factory=list)
    aside: int = 0


def _find_package(archive: Archive, name: str) -> str:
    """The member that says what the book holds."""
    found = list[str]()

    def begin(tag: str, attributes: dict[str, str]) -> None:
        if tag.rpartition(":")[2] == "rootfile":
            found.append(attributes.get("full-path", ""))

    _parse(archive, _CONTAINER, name, begin)
    place = next((member for member in found if member in archive), None)
    if place is None:
        raise SourceError(
            f"{name} looks like {_WHAT}, but does not say where its chapters are. Get a whole "
            "copy of it."
        )
    return place


def _read_package(archive: Archive, package: str, name: str) -> _Book:
    """The chapters of a book and their order."""
    book, folder = _Book(), posixpath.dirname(package)

    def begin(tag: str, given: dict[str, str]) -> None:
        tag = tag.rpartition(":")[2]
        if tag == "item":
            # An address within the archive: what leads out of it is no member.
            place = posixpath.normpath(posixpath.join(folder, unquote(given.get("href", ""))))
            book.files[given.get("id", "")] = place, given.get("media-type", "")
            if "nav" in given.get("properties", "").split():
                book.contents = given.get("id", "")
        elif tag == "itemref":
            book.order.append(given.get("idref", ""))
            book.aside += given.get("linear") == "no"

    _parse(archive, package, name, begin)
    # Lists that name one chapter again and again would make a book without end.
    book.order = [*dict.fromkeys(book.order)]
    return book


def _parse(archive: Archive, member: str, name: str, begin: object) -> None:
    """Looks at the elements of a member."""
    if member in archive and callable(begin):
        blocks = archive.read(member)
        deque(parse_xml(blocks, name, begin, lambda _: None, lambda _: None), maxlen=0)


def _refuse_locked(archive: Archive, book: _Book, name: str) -> None:
    """Refuses a book whose chapters are locked; locked fonts are no matter."""
    locked = set[str]()

    def begin(tag: str, attributes: dict[str, str]) -> None:
        if tag.rpartition(":")[2] == "CipherReference":
            locked.add(unquote(attributes.get("URI", "")))

    _parse(archive, "META-INF/encryption.xml", name, begin)
    if locked & {book.files[one][0] for one in book.order if one in book.files}:
        raise SourceError(
            f"{name} is locked by whoever sold it (DRM), so its text cannot be read. Leave it out."
        )


def _read_chapters(archive: Archive, book: _Book, file: File) -> Iterator[str]:
    """The text of all chapters, a blank line between two."""
    account, begun = file.account, False
    for one in book.order:
        member, kind = book.files.get(one, ("", ""))
        if one == book.contents:
            account.left["table of contents"] += 1
        elif kind not in _PAGES:
            account.left["picture (with its alternative text)"] += 1
        elif member not in archive:
            account.left["missing chapter"] += 1
        else:
            empty = True
            for piece in _read_chapter(archive, member, file.name, account):
                if empty and begun:
                    yield "\n\n"
                begun, empty = True, False
                yield piece
            account.taken["chapter"] += not empty
    if begun:
        yield "\n"


def _read_chapter(archive: Archive, member: str, name: str, account: Account) -> Iterator[str]:
    """The text of one chapter."""
    head = next(archive.read(member), b"")
    decoded = encodings.decode_blocks(
        archive.read(member), f"{name}, {member},", find_encoding(head)
    )
    return read_page(decoded.pieces, name, account, whole=True)
