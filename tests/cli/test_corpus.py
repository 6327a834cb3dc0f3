"""`burble corpus`: what it prints where, writes and refuses."""

import json
import os

import pytest


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
