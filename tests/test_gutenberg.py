import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from burble import corpus, gutenberg, sources
from burble.errors import SourceError
from burble.settings import SourceSettings, TextSettings

BOOK = "The kettle sang.\n\nThe cat did not.\n"

HEADERS = {
    "of the": "Preface.\n\n*** START OF THE PROJECT GUTENBERG EBOOK THE KETTLE ***\n\n\n",
    "of this": "***START OF THIS PROJECT GUTENBERG EBOOK THE KETTLE***\n",
    "etext": "*** START OF THE PROJECT GUTENBERG ETEXT THE KETTLE ***\n",
    "wrapped": "*** START OF THIS PROJECT GUTENBERG EBOOK THE KETTLE AND\nOTHER THINGS ***\n\n",
    "wrapped early": "*** START OF THIS PROJECT\nGUTENBERG EBOOK THE KETTLE ***\n\n",
    "indented": "    *** START OF THE PROJECT GUTENBERG EBOOK THE KETTLE ***\n",
    "starless": "*** START OF THE PROJECT GUTENBERG EBOOK THE KETTLE\n\n",
    "with more": "*** START OF THE PROJECT GUTENBERG EBOOK THE KETTLE *** utf\n",
    "small print": "Rules.\n*END*THE SMALL PRINT! FOR PUBLIC DOMAIN ETEXTS*Ver.04.29.93*END*\n\n",
    "spaced print": "Rules.\n*END THE SMALL PRINT! FOR PUBLIC DOMAIN EBOOKS*Ver.02/11/02*END*\n\n",
    "both": "*** START OF THE PROJECT GUTENBERG EBOOK THE KETTLE ***\nRules.\n"
    "*END*THE SMALL PRINT! FOR\nPUBLIC DOMAIN ETEXTS*Ver.04.29.93*END*\n\n",
}
FOOTERS = {
    "of the": "\n*** END OF THE PROJECT GUTENBERG EBOOK THE KETTLE ***\nLicence.\n",
    "of this": "\n***END OF THIS PROJECT GUTENBERG EBOOK THE KETTLE***\nLicence.\n",
    "plain": "\nEnd of Project Gutenberg's The Kettle, by Nobody\n",
    "curly": "\nEnd of Project Gutenberg’s The Kettle, by Nobody\n",
    "of the plain": "\nEnd of the Project Gutenberg EBook of The Kettle\n",
    "twice": "\n\n\nEnd of Project Gutenberg's The Kettle\n\n"
    "*** END OF THIS PROJECT GUTENBERG EBOOK THE KETTLE ***\n\nLicence.\n",
    "wrapped": "\n*** END OF THIS\nPROJECT GUTENBERG EBOOK THE KETTLE ***\n",
    "print after": "\n*** END OF THE PROJECT GUTENBERG EBOOK THE KETTLE ***\n"
    "*END*THE SMALL PRINT! FOR PUBLIC DOMAIN ETEXTS*END*\n",
}


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS.keys())
@pytest.mark.parametrize("footer", FOOTERS.values(), ids=FOOTERS.keys())
def test_the_book_alone_is_left(header, footer):
    book, told = gutenberg.cut(header + BOOK + footer, "kettle")
    assert book == BOOK
    cut = len(header) + len(footer)
    counts = [int(word.replace(",", "")) for word in told.split() if word[0].isdigit()]
    assert told.startswith("kettle: ")
    assert sum(counts) == cut


def test_windows_line_ends_do_not_hide_the_marks():
    whole = (HEADERS["of the"] + BOOK + FOOTERS["twice"]).replace("\n", "\r\n")
    assert gutenberg.cut(whole, "kettle")[0] == BOOK


def test_a_book_that_tells_of_the_project_is_not_cut_there():
    inner = BOOK + "End of Project Gutenberg, he wrote, or of the world?\n" + BOOK * 40
    whole = HEADERS["of the"] + inner + FOOTERS["of the"]
    assert gutenberg.cut(whole, "kettle")[0] == inner


def test_indented_first_lines_and_verse_keep_their_shape():
    verse = "     Sing, kettle,\n  sing.\n"
    whole = HEADERS["of the"] + verse + FOOTERS["of the"]
    assert gutenberg.cut(whole, "kettle")[0] == verse


def test_a_text_without_marks_is_read_whole_and_said_so():
    book, told = gutenberg.cut(BOOK, "kettle")
    assert book == BOOK
    assert "no header or footer was found" in told


def test_a_missing_footer_is_said():
    assert "no footer mark was found" in gutenberg.cut(HEADERS["of the"] + BOOK, "kettle")[1]


def test_nothing_between_the_marks_is_refused():
    with pytest.raises(SourceError, match="no text between"):
        gutenberg.cut(HEADERS["of the"] + FOOTERS["of the"], "kettle")


@contextmanager
def mirror(pages):
    """A real server on this machine; gives its address and the requests it got."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append((self.path, self.headers["User-Agent"]))
            page = pages.get(self.path)
            self.send_response(200 if page is not None else 404)
            self.end_headers()
            self.wfile.write(page or b"")

        def log_message(self, *_arguments):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def test_a_book_is_asked_for_once_and_kept():
    whole = (HEADERS["wrapped"] + BOOK + FOOTERS["twice"]).encode("utf-8-sig")
    with mirror({"/cache/epub/7/pg7.txt": whole}) as (address, asked):
        first = corpus.build(
            ["gutenberg:7"], TextSettings(), reading=SourceSettings(mirror=address), held_out=0
        )
    again = corpus.build(
        ["gutenberg:007"], TextSettings(), reading=SourceSettings(mirror=address), held_out=0
    )
    assert "".join(first.text()) == BOOK
    assert first.sha256 == again.sha256
    ((path, agent),) = asked
    assert path == "/cache/epub/7/pg7.txt"
    assert agent.startswith("burble/")
    assert any("characters of header" in note for note in first.notes)


def test_a_book_that_is_not_there_is_one_sentence(tmp_path):
    with mirror({}) as (address, asked), pytest.raises(SourceError, match=r"404.*gutenberg:9"):
        sources.read(["gutenberg:9"], SourceSettings(mirror=address))
    assert len(asked) == 1
    assert not list(tmp_path.rglob("pg9*"))


def test_a_web_page_is_no_book_and_is_not_kept():
    page = b"<!DOCTYPE html><html>Slow down</html>"
    with mirror({"/cache/epub/7/pg7.txt": page}) as (address, asked):
        for _ in range(2):
            with pytest.raises(SourceError, match="a web page, not a book"):
                sources.read(["gutenberg:7"], SourceSettings(mirror=address))
    assert len(asked) == 2


def test_offline_is_one_sentence():
    with mirror({}) as (address, _):
        pass
    with pytest.raises(
        SourceError, match=r"cannot be reached, and gutenberg:7 is not in the cache"
    ):
        sources.read(["gutenberg:7"], SourceSettings(mirror=address))


@pytest.mark.parametrize("number", ["", "alice", "-1", "0", "1.5"])
def test_a_book_is_named_by_its_number(number):
    with pytest.raises(SourceError, match="names no book"):
        sources.read([f"gutenberg:{number}"])


def test_a_mirror_is_an_address():
    with pytest.raises(SourceError, match="must start with https"):
        sources.read(["gutenberg:11"], SourceSettings(mirror="example.org"))


def test_a_plain_file_with_the_header_is_read_whole_with_a_hint(tmp_path):
    (tmp_path / "k.txt").write_text(HEADERS["of the"] + BOOK, encoding="utf-8")
    read = corpus.build([str(tmp_path / "k.txt")], TextSettings(), held_out=0)
    assert "".join(read.text()).startswith("Preface.")
    assert any("gutenberg:NUMBER" in note for note in read.notes)
