import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from burble.data import corpus, gutenberg, sources
from burble.errors import SettingsError, SourceError
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
    book, note = gutenberg.cut(header + BOOK + footer, "kettle")
    assert book == BOOK
    cut = len(header) + len(footer)
    counts = [int(word.replace(",", "")) for word in str(note).split() if word[0].isdigit()]
    assert str(note).startswith("kettle: ")
    assert sum(counts) == cut


def test_windows_line_ends_do_not_hide_the_marks():
    whole = (HEADERS["of the"] + BOOK + FOOTERS["twice"]).replace("\n", "\r\n")
    assert gutenberg.cut(whole, "kettle")[0] == BOOK


def test_a_book_that_tells_of_the_project_is_not_cut_there():
    inner = BOOK + "End of Project Gutenberg, he wrote, or of the world?\n" + BOOK * 40
    whole = HEADERS["of the"] + inner + FOOTERS["of the"]
    assert gutenberg.cut(whole, "kettle")[0] == inner


STORY = "The kettle sang, and the cat slept on.\n\nOutside it rained.\n\n"
LICENCE = "\nThis licence lets you copy the work. Donations keep the lights on.\n" * 40


@pytest.mark.parametrize(
    "title", ["A * IS BORN", "A** STORY", "K*E*T", "Q*", "A *\nIN THE SKY", "THE F**K OF\nA KETTLE"]
)
def test_a_star_in_the_title_does_not_end_the_mark(title):
    header = f"*** START OF THE PROJECT GUTENBERG EBOOK {title} ***\n\n"
    footer = f"\n*** END OF THE PROJECT GUTENBERG EBOOK {title} ***\n{LICENCE}"
    assert gutenberg.cut(header + STORY * 3 + footer, "k")[0] == (STORY * 3).rstrip() + "\n"


IN_BOOK = [
    "End of Project Gutenberg, he wrote, or of the world?\n",
    "END OF THE PROJECT GUTENBERG EBOOK, said the sign.\nIt rained on.\n",
    "End of Project Gutenberg's first year.\n",
    "*** END OF THE PROJECT GUTENBERG EBOOK OF SNOW ***\n",
    "*** END OF THE PROJECT GUTENBERG EBOOK THE KETTLE ***\n",
]


@pytest.mark.parametrize("inner", IN_BOOK)
@pytest.mark.parametrize("footer", FOOTERS.values(), ids=FOOTERS.keys())
def test_an_end_line_in_the_book_near_the_real_one_does_not_end_it(inner, footer):
    book = STORY * 2 + inner + STORY * 3
    assert gutenberg.cut(HEADERS["of the"] + book + footer, "k")[0] == book.rstrip() + "\n"


@pytest.mark.parametrize("inner", IN_BOOK[:3])
def test_an_end_line_in_a_book_without_a_footer_does_not_end_it(inner):
    book = STORY * 2 + inner + STORY * 30
    read, note = gutenberg.cut(HEADERS["of the"] + book, "k")
    assert read == book.strip() + ("\n" if read.endswith("\n") else "")
    assert "no footer mark was found" in str(note)


@pytest.mark.parametrize("last", [*FOOTERS.values()], ids=FOOTERS.keys())
@pytest.mark.parametrize("first", ["of the", "of this", "twice"])
def test_an_end_line_after_the_licence_does_not_hide_the_real_one(first, last):
    whole = HEADERS["of the"] + BOOK + FOOTERS[first] + LICENCE + last
    assert gutenberg.cut(whole, "k")[0] == BOOK


def test_a_mark_may_be_wrapped_before_its_author_ends():
    plain = "\nEnd of the Project Gutenberg EBook of Kettles and Pots, by A.\nNobody\n\n"
    whole = HEADERS["of the"] + BOOK + plain + FOOTERS["of the"]
    assert gutenberg.cut(whole, "k")[0] == BOOK


def test_what_a_transcriber_wrote_between_two_marks_is_no_part_of_the_book():
    note = "\nTranscriber's note: two commas were mended.\n"
    whole = HEADERS["of the"] + BOOK + FOOTERS["plain"] + note + FOOTERS["of the"]
    assert gutenberg.cut(whole, "k")[0] == BOOK


@pytest.mark.parametrize("mark", ["of the", "of this", "starless", "small print"])
@pytest.mark.parametrize("before", [BOOK, STORY * 9, "Hart began it.\n\n" + STORY])
def test_a_start_line_in_a_book_without_a_header_does_not_begin_it(mark, before):
    inner = before + HEADERS[mark].removeprefix("Preface.\n\n") + STORY
    read, note = gutenberg.cut(inner + FOOTERS["of the"], "k")
    assert read == inner.rstrip() + "\n"
    assert "0 characters of header" in str(note)
    assert "no header mark was found" in str(note)


@pytest.mark.parametrize(
    "header",
    [
        "The Project Gutenberg eBook of The Kettle\n\nFor anyone, anywhere, at no cost.\n\n",
        "Title: The Kettle\n\nAuthor: Nobody\n\nLanguage: English\n\nCredits: A and B\n\n",
        "This is the Project Gutenberg Etext of The Kettle\n\n" + "Please copy it.\n" * 60,
        "\n\n",
    ],
)
def test_a_header_is_known_by_its_lines(header):
    whole = header + HEADERS["of this"] + BOOK + FOOTERS["twice"]
    assert gutenberg.cut(whole, "k")[0] == BOOK


def test_indented_first_lines_and_verse_keep_their_shape():
    verse = "     Sing, kettle,\n  sing.\n"
    whole = HEADERS["of the"] + verse + FOOTERS["of the"]
    assert gutenberg.cut(whole, "kettle")[0] == verse


def test_a_text_without_marks_is_read_whole_and_said_so():
    book, note = gutenberg.cut(BOOK, "kettle")
    assert book == BOOK
    assert "no header or footer was found" in str(note)


def test_a_missing_footer_is_said():
    assert "no footer mark was found" in str(gutenberg.cut(HEADERS["of the"] + BOOK, "kettle")[1])


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
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
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
            ["gutenberg:7"], TextSettings(), reading=SourceSettings(mirror=address), validation=0
        )
    again = corpus.build(
        ["gutenberg:007"], TextSettings(), reading=SourceSettings(mirror=address), validation=0
    )
    assert "".join(first.text()) == BOOK
    assert first.sha256 == again.sha256
    ((path, agent),) = asked
    assert path == "/cache/epub/7/pg7.txt"
    assert agent.startswith("burble/")
    assert any("characters of header" in note for note in first.notes)


def test_a_book_that_is_not_there_is_one_sentence(tmp_path):
    with mirror({}) as (address, asked), pytest.raises(SourceError, match=r"404.*gutenberg:9"):
        sources.find_sources(["gutenberg:9"], SourceSettings(mirror=address))
    assert len(asked) == 1
    assert not list(tmp_path.rglob("pg9*"))


NO_BOOKS = {
    "page": (b"<!DOCTYPE html><html>Slow down</html>", "a web page"),
    "marked page": (b"\xef\xbb\xbf\n <HTML><body>Slow down</body></HTML>", "a web page"),
    "page after a comment": (
        b"<!-- a -->\n<!-- b --><html lang='en'>" + b" " * 9_000,
        "a web page",
    ),
    "xhtml": (b"<?xml version='1.0'?>\n<html/>", "a web page"),
    "wide page": ("<html>Slow down</html>".encode("utf-16"), "a web page"),
    "empty": (b"", "nothing"),
    "blank": (b"\xef\xbb\xbf\r\n \r\n", "nothing"),
    "error": (b"Error 503: come back later.\n", r"a few words \(Error 503: come back later\.\)"),
    "archive": (b"PK\x03\x04" + b"\0" * 99, "a ZIP archive"),
}


@pytest.mark.parametrize(("page", "said"), NO_BOOKS.values(), ids=NO_BOOKS.keys())
def test_what_is_no_book_is_not_kept(page, said, tmp_path):
    pages = {"/cache/epub/7/pg7.txt": page}
    with mirror(pages) as (address, asked):
        reading = SourceSettings(mirror=address)
        for _ in range(2):
            with pytest.raises(SourceError, match=f"pg7.txt gave {said}.*, not a book. Try again"):
                sources.find_sources(["gutenberg:7"], reading)
        assert not [path for path in tmp_path.rglob("*") if path.is_file()]
        pages["/cache/epub/7/pg7.txt"] = (HEADERS["of the"] + BOOK).encode()
        ((book,), _) = sources.find_sources(["gutenberg:7"], reading)
    assert b"".join(book.read(99)) == (HEADERS["of the"] + BOOK).encode()
    assert len(asked) == 3


@pytest.mark.parametrize(("page", "said"), NO_BOOKS.values(), ids=NO_BOOKS.keys())
def test_what_lies_in_the_cache_and_is_no_book_is_asked_for_again(page, said, tmp_path):
    whole = (HEADERS["of the"] + BOOK + FOOTERS["of the"]).encode()
    with mirror({"/cache/epub/7/pg7.txt": whole}) as (address, asked):
        reading = SourceSettings(mirror=address)
        sources.find_sources(["gutenberg:7"], reading)
        (kept,) = tmp_path.rglob("pg7*")
        kept.write_bytes(page)
        ((book,), (note,)) = sources.find_sources(["gutenberg:7"], reading)
        assert b"".join(book.read(99)) == kept.read_bytes() == whole
        assert sources.find_sources(["gutenberg:7"], reading)[1] == []
    assert len(asked) == 2
    assert re.match(rf"gutenberg:7: the cache held {said}.*; it was fetched again\.$", note)


def test_a_long_book_without_marks_is_kept():
    with mirror({"/cache/epub/7/pg7.txt": (STORY * 99).encode()}) as (address, asked):
        for _ in range(2):
            sources.find_sources(["gutenberg:7"], SourceSettings(mirror=address))
    assert len(asked) == 1


def test_offline_is_one_sentence():
    with mirror({}) as (address, _):
        pass
    with pytest.raises(
        SourceError, match=r"cannot be reached, and gutenberg:7 is not in the cache"
    ):
        sources.find_sources(["gutenberg:7"], SourceSettings(mirror=address))


@pytest.mark.parametrize("number", ["", "alice", "-1", "0", "1.5", "9" * 5_000])
def test_a_book_is_named_by_its_number(number):
    with pytest.raises(SourceError, match="names no book"):
        sources.find_sources([f"gutenberg:{number}"])


def test_a_mirror_is_for_books(tmp_path):
    (tmp_path / "a.txt").write_text("a b")
    with pytest.raises(SettingsError, match="mirror is 'http://a', but must be left out: no book"):
        sources.find_sources([str(tmp_path / "a.txt")], SourceSettings(mirror="http://a"))


def test_a_mirror_is_an_address():
    with pytest.raises(SourceError, match="must start with https"):
        sources.find_sources(["gutenberg:11"], SourceSettings(mirror="example.org"))


def test_a_plain_file_with_the_header_is_read_whole_with_a_hint(tmp_path):
    (tmp_path / "k.txt").write_text(HEADERS["of the"] + BOOK, encoding="utf-8")
    read = corpus.build([str(tmp_path / "k.txt")], TextSettings(), validation=0)
    assert "".join(read.text()).startswith("Preface.")
    assert any("gutenberg:NUMBER" in note for note in read.notes)
