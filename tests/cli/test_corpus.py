"""`burble corpus`: what it prints where, writes and refuses."""

import json
import os
import sys

import pytest

from tests.support import documents


@pytest.fixture(scope="module")
def report(burble, tmp_path_factory):
    """Runs `burble corpus` with a cache of its own, and in another locale where asked."""
    cache = str(tmp_path_factory.mktemp("cache"))

    def run(*arguments, stdin=b"", **env):
        return burble(
            "corpus", *arguments, stdin=stdin, env=os.environ | {"XDG_CACHE_HOME": cache} | env
        )

    return run


def said(done):
    assert b"Traceback" not in done.stderr
    return done.stderr.decode()


def test_the_report_is_a_table_and_the_clean_text_a_file(report, tmp_path):
    out = tmp_path / "clean.txt"
    done = report("-", "-o", out, "--lowercase", stdin=b"A\r\nb\r\n")
    assert done.returncode == 0
    assert out.read_bytes() == b"a\nb\n"
    assert "Changed: 2 line ends made plain newlines." in said(done)
    assert done.stdout.decode().splitlines()[1].split() == (
        ["'\\n'", "2", "50.000%", "U+000A", "newline"]
    )


def test_json_goes_to_stdout_alone(report, tmp_path):
    (tmp_path / "a.txt").write_bytes("é b\n".encode() * 30)
    (tmp_path / "cat.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    facts = json.loads(report(tmp_path, "--json", "--documents", "lines").stdout)
    assert (facts["characters"], facts["documents"], facts["symbols"]) == (90, 30, 120)
    assert facts["alphabet"] == {"é": 30, " ": 30, "b": 30}
    assert any("cat.jpg" in note for note in facts["notes"])


def test_the_text_that_is_read_is_not_written_over(report, tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"A b\n")
    done = report(path, "--lowercase", "-o", path)
    assert done.returncode == 2
    assert "choose another name" in said(done)
    assert path.read_bytes() == b"A b\n"


def test_the_locale_makes_no_difference(report, tmp_path):
    path = tmp_path / "é.txt"
    path.write_text("naïve “café” → 猫\n" * 9, encoding="utf-8")
    plain = report(path, "--json", LC_ALL="C", PYTHONUTF8="0", PYTHONHASHSEED="1")
    rich = report(path, "--json", LC_ALL="C.UTF-8", PYTHONHASHSEED="2")
    assert plain.returncode == 0
    assert plain.stdout == rich.stdout


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "is empty"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "is a JPEG image"),
        ("don\u2019t".encode("cp1252"), "--encoding cp1252"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(report, tmp_path, data, sentence):
    (tmp_path / "t.txt").write_bytes(data)
    for done in (report(tmp_path / "t.txt"), report("-", stdin=data)):
        assert (done.returncode, done.stdout) == (2, b"")
        assert sentence in said(done)


def test_documents_of_a_folder_are_read_and_what_is_left_of_them_is_told(report, tmp_path):
    for name in ("a.docx", "b.docx"):
        (tmp_path / name).write_bytes(documents.word(documents.paragraph(f"In {name}.")))
    (tmp_path / "c.srt").write_text("1\n00:00:01,000 --> 00:00:02,000\n<i>Said.</i>\n")
    (tmp_path / "d.md").write_text("As *it* stands.\n")
    out = tmp_path.parent / "clean.txt"
    done = report(tmp_path, "--json", "-o", out, "--overwrite")
    told = said(done)
    assert out.read_text() == "In a.docx.\n\n\nIn b.docx.\n\n\nSaid.\n\n\nAs *it* stands.\n"
    assert "2 files are read as Word documents:" in told
    assert "--plain reads the prose" in told
    forms = json.loads(done.stdout)["forms"]
    assert [form["form"] for form in forms] == ["word", "word", "subtitles"]
    assert forms[2]["left"]["tag of style"] == 2


def test_the_form_of_a_file_can_be_named_and_one_that_there_is_not_is_refused(report, tmp_path):
    path, out = tmp_path / "a.html", tmp_path / "out"
    path.write_text("<p>A &amp; b</p>\n")
    assert report(path, "-o", out).returncode == 0
    assert out.read_text() == "A & b"
    report(path, "-o", out, "--overwrite", "--form", "text")
    assert out.read_text() == "<p>A &amp; b</p>\n"
    done = report(path, "--form", "papyrus")
    assert done.returncode == 2
    assert "there is no form 'papyrus'. Name one of text" in said(done)


def test_a_damaged_document_is_refused_in_a_sentence(report, tmp_path):
    path = tmp_path / "a.docx"
    path.write_bytes(documents.word("<w:p>")[:-30])
    done = report(path)
    assert done.returncode == 2
    assert str(path) in said(done)


def test_files_that_need_a_package_are_named_with_the_line_that_installs_it(report, tmp_path):
    (tmp_path / "no" / "pypdfium2").mkdir(parents=True)
    (tmp_path / "no" / "sitecustomize.py").write_text(
        "import importlib.util as u\nfind = u.find_spec\n"
        "u.find_spec = lambda name, *p: None if name == 'pypdfium2' else find(name, *p)\n"
    )
    texts = tmp_path / "texts"
    texts.mkdir()
    (texts / "a.pdf").write_bytes(documents.pdf([[(72, 700, "Text")]]))
    (texts / "b.txt").write_text("Some text.\n")
    paths = os.pathsep.join([str(tmp_path / "no"), *sys.path[1:]])
    alone = report(texts / "a.pdf", PYTHONPATH=paths)
    assert alone.returncode == 2
    assert "pip install 'burble[texts]'" in said(alone)
    among = report(texts, PYTHONPATH=paths)
    assert among.returncode == 0
    assert "1 that need pip install 'burble[texts]' in" in said(among)


def test_a_page_for_the_terminal_and_one_for_a_browser(report, tmp_path):
    (tmp_path / "a.txt").write_text("one two three four\n" * 50 + "-" * 40 + "\n")
    done = report(tmp_path / "a.txt", "-o", tmp_path / "a.html", LC_ALL="C.UTF-8")
    told = done.stdout.decode()
    assert "Line lengths, in characters: 51 lengths, from 18 to 40, median 18" in told
    assert "█" in told
    assert "Odd lines\n" in told
    assert "hardly a letter" in told
    assert "A sample of what will be learned" in told
    assert "a.html; any browser opens it." in said(done)
    page = (tmp_path / "a.html").read_text("utf-8")
    assert page.startswith("<!doctype html>")
    assert "<svg" in page
    again = report(tmp_path / "a.txt", "-o", tmp_path / "a.html")
    assert (again.returncode, "--overwrite" in said(again)) == (2, True)


def test_a_chat_is_told_with_its_speakers_and_all_of_it_is_in_json(report, tmp_path):
    lines = "24.12.23, 18:03 - Anna: mail a@b.org\n24.12.23, 18:04 - Ben: no\n" * 3
    (tmp_path / "chat.txt").write_text(lines)
    done = report(tmp_path / "chat.txt", "--label", "speaker", "--json")
    facts = json.loads(done.stdout)
    assert facts["labels"] == {"speaker": {"Anna": 3, "Ben": 3}}
    assert facts["private"]["email"]["count"] == 3
    assert facts["forms"][0]["form"] == "whatsapp"
    assert facts["overview"]["line_lengths"]["total"] == 6
