"""How much of a text comes back out of documents that the usual programs made of it.

    python -m benchmarks documents [--quick] [--others FOLDER] [--time FILE...]

LibreOffice, pandoc and Chromium make documents of the texts in `benchmarks/texts` (they must be
installed; nothing else is fetched), and Calibre and ebooklib books, where they are installed.
burble reads them back, and what it reads is compared with the text, white space apart: characters
that are missing or added, counted one by one, against all characters of the text. With `--others
FOLDER`, where libraries that others use for this are installed (`pip install --target FOLDER
python-docx striprtf pypdf pdfminer.six beautifulsoup4 ebooklib odfpy`), these read the same files,
and both are timed by turns. With `--time` nothing is made, and only the named files are timed.
"""

import html
import io
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import redirect_stdout
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.harness import make_parser, record
from burble.data.forms.form import Account, File
from burble.data.forms.registry import find_form
from burble.settings import SourceSettings

TEXTS = Path(__file__).parents[1] / "texts"
NAMES = ("diary", "letters", "recipes", "technical", "verse")
OFTEN = 12
"""How many times a text stands in a document that is timed."""
ROUNDS = 15
TIMED = "seconds of processor time, median of rounds by turns"
NOTE = "This note was not there in the first edition; it tells what the word above once meant."
WITHOUT_NOTES = "book"
"""How the names of books begin in which no notes are."""
FORMS = ("docx", "odt", "rtf", "epub", "html", "fb2", "pdf", "srt", "vtt", "md", "tex")
AFTER = ("docx", "odt", "rtf", "tex")
"""Forms in which a note is read after its paragraph; in others it stands at the end."""


def main() -> None:
    """Measures and records."""
    parser = make_parser(__doc__, "one text")
    parser.add_argument("--others", type=Path, help="where other libraries are installed")
    parser.add_argument("--time", type=Path, nargs="+", help="time these files and do no more")
    asked = parser.parse_args()
    if asked.others:
        sys.path.append(str(asked.others))
    if asked.time:
        speeds = measure_speed([("", path.name, path) for path in asked.time])
        record("documents_speed", speeds, TIMED)
        return
    names = NAMES[:1] if asked.quick else NAMES
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        texts = {name: (TEXTS / f"{name}.txt").read_text("utf-8") for name in names}
        rows = measure(make_files(texts, folder), texts, bool(asked.others))
        timed = {"all": "\n\n".join([*texts.values()] * OFTEN)}
        speeds = measure_speed(make_files(timed, folder / "timed")) if asked.others else []
    note = f"{describe_programs()}. Characters right: 100 % less those missing or added"
    record("documents", rows, note)
    if speeds:
        record("documents_speed", speeds, TIMED)


def describe_programs() -> str:
    """The versions of the programs that make the documents."""
    asked = (["pandoc", "--version"], ["soffice", "--version"], ["chromium", "--version"])
    outs = (subprocess.run(one, capture_output=True, text=True, check=True).stdout for one in asked)
    return ", ".join(out.splitlines()[0].strip() for out in outs)


def make_tree(text: str, *, notes: bool, version: list[int]) -> dict[str, Any]:
    """A text as pandoc's tree: paragraphs with their line ends, a note in every eighth."""
    blocks = []
    for place, block in enumerate(filter(str.strip, re.split(r"\n\s*\n", text))):
        inlines: list[dict[str, Any]] = []
        for line in block.strip("\n").split("\n"):
            inlines += [{"t": "LineBreak"}] if inlines else []
            for number, word in enumerate(line.split()):
                inlines += [{"t": "Space"}] if number else []
                inlines.append({"t": "Str", "c": word})
        if notes and place % 8 == 7:
            words = [{"t": "Str", "c": word} for word in NOTE.split()]
            spaced = [one for word in words for one in (word, {"t": "Space"})][:-1]
            inlines.append({"t": "Note", "c": [{"t": "Para", "c": spaced}]})
        blocks.append({"t": "Para", "c": inlines})
    return {"pandoc-api-version": version, "meta": {}, "blocks": blocks}


def with_notes(text: str, form: str) -> str:
    """What should be read of a text in a form."""
    blocks = [*filter(str.strip, re.split(r"\n\s*\n", text))]
    out = list[str]()
    for place, block in enumerate(blocks):
        out.append(block)
        if place % 8 == 7 and form in AFTER:
            out.append(NOTE)
    if form not in AFTER:
        out += [NOTE] * (len(blocks) // 8)
    return "\n\n".join(out)


def make_files(texts: dict[str, str], folder: Path) -> list[tuple[str, str, Path]]:
    """Makes all documents.

    Returns:
        The text, the form and program, and the file of each.
    """
    version = json.loads(run(["pandoc", "-f", "markdown", "-t", "json"], "a"))["pandoc-api-version"]
    found = list[tuple[str, str, Path]]()
    for name, text in texts.items():
        place = folder / name
        place.mkdir(parents=True)
        tree = json.dumps(make_tree(text, notes=True, version=version))
        plain = json.dumps(make_tree(text, notes=False, version=version))
        for form in ("docx", "odt", "rtf", "epub", "html", "fb2", "md", "tex"):
            path = place / f"pandoc.{form}"
            kinds = {"md": "markdown-smart", "tex": "latex"}
            command = ["pandoc", "-f", "json", "-t", kinds.get(form, form), "-s", "-o", str(path)]
            run([*command, "--metadata", "title= "], tree)
            found.append((name, f"{form} by pandoc", path))
        run(["pandoc", "-f", "json", "-o", str(place / "plain.odt")], plain)
        page = run(["pandoc", "-f", "json", "-t", "html"], plain)
        found += [(name, what, path) for what, path in make_pages(page, place)]
        found += [(name, what, path) for what, path in make_subtitles(text, place)]
        found += [(name, what, path) for what, path in make_books(text, place)]
    for name in texts:
        found += [(name, what, path) for what, path in convert(folder / name)]
    return found


def convert(place: Path) -> Iterable[tuple[str, Path]]:
    """Has LibreOffice make documents of those of pandoc."""
    wanted = {"docx": "pandoc.odt", "odt": "pandoc.docx", "rtf": "pandoc.odt"}
    wanted |= {"epub": "pandoc.odt", "html": "pandoc.odt", "pdf": "plain.odt"}
    for form, source in wanted.items():
        out = place / "libreoffice"
        command = ["soffice", "--headless", "--convert-to", form, "--outdir", str(out)]
        run([*command, str(place / source)])
        yield f"{form} by LibreOffice", out / f"{source.partition('.')[0]}.{form}"


def make_pages(page: str, place: Path) -> Iterable[tuple[str, Path]]:
    """Has Chromium print a text: in one column with running heads, and in two."""
    styles = {"one column": "", "two columns": "columns:2;hyphens:auto;text-align:justify"}
    for what, style in styles.items():
        path = place / f"{what}.html"
        head = f'<html lang="en"><meta charset="utf-8"><title>A text</title><div style="{style}">'
        path.write_text(head + page, encoding="utf-8")
        out = path.with_suffix(".pdf")
        plain = [] if what == "one column" else ["--no-pdf-header-footer"]
        command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", *plain]
        run([*command, f"--print-to-pdf={out}", str(path)])
        yield f"pdf by Chromium, {what}", out


def make_subtitles(text: str, place: Path) -> Iterable[tuple[str, Path]]:
    """Subtitles of a text, a line of it in each."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    for form, mark in (("srt", ","), ("vtt", ".")):
        head = "WEBVTT\n\n" if form == "vtt" else ""
        cues = []
        for n, line in enumerate(lines, 1):
            clock = f"{n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}{mark}"
            words = html.escape(line, quote=False)
            cues.append(f"{n}\n{clock}000 --> {clock}900\n<i>{words}</i>")
        path = place / f"lines.{form}"
        path.write_text(head + "\n\n".join(cues) + "\n", encoding="utf-8")
        yield f"{form} by this script", path


def make_books(text: str, place: Path) -> Iterable[tuple[str, Path]]:
    """E-books of a text without notes: by ebooklib, a chapter for ten paragraphs, and Calibre."""
    blocks = [html.escape(block) for block in re.split(r"\n\s*\n", text) if block.strip()]
    lines = [f"<p>{block.strip(chr(10)).replace(chr(10), '<br/>')}</p>" for block in blocks]
    if find_spec("ebooklib"):
        epub: Any = __import__("ebooklib.epub", fromlist=["EpubBook"])
        book, chapters = epub.EpubBook(), []
        book.set_title("A text")
        for number in range(0, len(lines), 10):
            chapter = epub.EpubHtml(title=f"Part {number}", file_name=f"{number}.xhtml")
            chapter.content = "".join(lines[number : number + 10])
            chapters.append(chapter)
        for item in (*reversed(chapters), epub.EpubNcx(), epub.EpubNav()):
            book.add_item(item)
        book.toc, book.spine = chapters, ["nav", *chapters]
        path = place / f"{WITHOUT_NOTES} by ebooklib.epub"
        epub.write_epub(str(path), book)
        yield "epub by ebooklib", path
    if shutil.which("ebook-convert"):
        page, path = place / "book.html", place / f"{WITHOUT_NOTES} by Calibre.epub"
        page.write_text(f'<meta charset="utf-8"><body>{"".join(lines)}</body>', encoding="utf-8")
        run(["ebook-convert", str(page), str(path)])
        yield "epub by Calibre", path


def run(command: list[str], given: str = "") -> str:
    """Runs a program; stops where it fails."""
    if not shutil.which(command[0]):
        raise SystemExit(f"{command[0]} is not installed: apt-get install {command[0]}")
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{command[0]} failed: {done.stderr}")
    return done.stdout


def read_with_burble(path: Path) -> tuple[str, Account]:
    """What burble reads of a file, and what it counts."""
    data = path.read_bytes()
    form = find_form(path.name, data[:65_536], lambda: io.BytesIO(data), plain=True)
    if form is None:
        raise SystemExit(f"{path} is in no form")
    file = File(path.name, len(data), lambda: path.open("rb"), path, reading=SourceSettings())
    texts = list[str]()
    form.read(file, lambda pieces: texts.append("".join(pieces)))
    return "".join(texts), file.account


def compare(text: str, wanted: str) -> tuple[int, int]:
    """Characters that are missing or added, white space as one blank, and those that are wanted."""
    one, other = (" ".join(part.split()) for part in (text, wanted))
    return count_edits(one, other), len(other)


def count_edits(one: str, other: str, most: int = 3_000) -> int:
    """Characters to take away and to add to make one text of another; `most` where it is more.

    Source: E. W. Myers, An O(ND) difference algorithm and its variations, 1986.
    """
    reached = {1: 0}
    for edits in range(most):
        for line in range(-edits, edits + 1, 2):
            down = line == -edits or (
                line != edits and reached.get(line - 1, -1) < reached.get(line + 1, -1)
            )
            x = reached[line + 1] if down else reached[line - 1] + 1
            y = x - line
            while x < len(one) and y < len(other) and one[x] == other[y]:
                x, y = x + 1, y + 1
            reached[line] = x
            if x >= len(one) and y >= len(other):
                return edits
    return most


def measure(
    found: list[tuple[str, str, Path]], texts: dict[str, str], others: bool
) -> list[dict[str, object]]:
    """How many characters are right in each form, over all texts."""
    rows = list[dict[str, object]]()
    for kind in dict.fromkeys(what for _, what, _ in found):
        same = [(name, path) for name, what, path in found if what == kind]
        edits = wanted = 0
        counts, worst, other = Account(), 1.0, list[float]()
        for name, path in same:
            form = path.suffix[1:]
            notes = form not in ("pdf", "srt", "vtt") and not path.name.startswith(WITHOUT_NOTES)
            truth = with_notes(texts[name], form) if notes else texts[name]
            text, account = read_with_burble(path)
            wrong, size = compare(text, truth)
            edits, wanted, worst = edits + wrong, wanted + size, min(worst, 1 - wrong / size)
            counts.add(account)
            reader = OTHERS.get(form) if others else None
            if reader:
                with redirect_stdout(io.StringIO()):
                    found_there = reader[1](path)
                wrong, size = compare(found_there, truth)
                other.append(1 - wrong / size)
        row: dict[str, object] = {
            "form": kind,
            "files": len(same),
            "characters right": f"{1 - edits / wanted:.3%}",
            "worst file": f"{worst:.3%}",
            "told": counts.describe(),
        }
        if others:
            form = same[0][1].suffix[1:]
            row["another library"] = OTHERS[form][0] if form in OTHERS else ""
            row["its characters right"] = f"{sum(other) / len(other):.1%}" if other else ""
        rows.append(row)
        print(kind, row["characters right"], row.get("its characters right", ""), flush=True)
    return rows


def measure_speed(found: list[tuple[str, str, Path]]) -> list[dict[str, object]]:
    """How long burble takes beside the library by itself, by turns."""
    rows = list[dict[str, object]]()
    for _, kind, path in found:
        if path.suffix[1:] not in OTHERS:
            continue
        name, other = OTHERS[path.suffix[1:]]
        own, theirs = list[float](), list[float]()
        for _ in range(ROUNDS):
            own.append(seconds(read_with_burble, path))
            theirs.append(seconds(other, path))
        ratio = median(b / a for a, b in zip(own, theirs, strict=True))
        rows.append(
            {
                "form": kind,
                "burble": f"{median(own):.3f}",
                "library": name,
                "by itself": f"{median(theirs):.3f}",
                "speed beside it": f"{ratio:.2f}",
            }
        )
        print(rows[-1], flush=True)
    return rows


def seconds(read: Callable[[Path], object], path: Path) -> float:
    """Processor time to read a file; what a library prints is no matter."""
    started = time.process_time()
    with redirect_stdout(io.StringIO()):
        read(path)
    return time.process_time() - started


def _docx(path: Path) -> str:
    docx: Any = __import__("docx")
    return "\n".join(paragraph.text for paragraph in docx.Document(str(path)).paragraphs)


def _odt(path: Path) -> str:
    opened: Any = __import__("odf.opendocument", fromlist=["load"]).load(str(path))
    teletype: Any = __import__("odf.teletype", fromlist=["extractText"])
    text: Any = __import__("odf.text", fromlist=["P"])
    return "\n".join(teletype.extractText(one) for one in opened.getElementsByType(text.P))


def _rtf(path: Path) -> str:
    convert: Any = __import__("striprtf.striprtf", fromlist=["rtf_to_text"]).rtf_to_text
    return str(convert(path.read_text("latin-1"), errors="replace"))


def _html(path: Path) -> str:
    soup: Any = __import__("bs4").BeautifulSoup(path.read_bytes(), "html.parser")
    return str((soup.body or soup).get_text("\n"))


def _epub(path: Path) -> str:
    ebooklib: Any = __import__("ebooklib.epub", fromlist=["read_epub"])
    soup: Any = __import__("bs4").BeautifulSoup
    book = ebooklib.read_epub(str(path))
    pages = (item.get_content() for item in book.get_items_of_type(9))
    return "\n".join(soup(page, "html.parser").get_text("\n") for page in pages)


def _pdf(path: Path) -> str:
    document: Any = __import__("pypdfium2").PdfDocument(path)
    return "\n".join(page.get_textpage().get_text_range() for page in document)


def _md(path: Path) -> str:
    parser: Any = __import__("markdown_it").MarkdownIt("commonmark").enable("table")
    tokens = parser.parse(path.read_text("utf-8"))
    return "\n".join(token.content for token in tokens if token.type == "inline")


OTHERS: dict[str, tuple[str, Callable[[Path], str]]] = {
    "docx": ("python-docx", _docx),
    "odt": ("odfpy", _odt),
    "rtf": ("striprtf", _rtf),
    "html": ("beautifulsoup4", _html),
    "epub": ("ebooklib, beautifulsoup4", _epub),
    "pdf": ("pypdfium2", _pdf),
    "md": ("markdown-it-py", _md),
}
"""Libraries that others use for this, and how they read a file."""

if __name__ == "__main__":
    main()
