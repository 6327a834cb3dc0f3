import json
import os
from pathlib import Path

import pytest

from burble.data import corpus
from burble.data import report as corpus_report
from burble.settings import TextSettings

WONDERLAND = Path(__file__).parents[3] / "shared" / "data" / "wonderland.txt"


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


def many(often, seldom, times=20):
    kinds = [chr(0x4E00 + n) for n in range(often + seldom)]
    return ["".join(kinds[:often]) * times, "".join(kinds[often:])]


def test_many_symbols_for_little_text_are_told_with_what_helps():
    texts = many(500, 100)
    c = corpus.from_texts(texts, TextSettings(), validation=0)
    note = (
        "600 different symbols are many for 10,100 characters: most come too seldom to be learned, "
        "and each makes training and writing slower. With --min-count 10, 500 would be left, and "
        "1.0% of the characters would go. --drop-documents-with-rare 10 leaves out whole documents "
        "with such symbols instead."
    )
    assert corpus_report.summarize(c)[-1] == corpus_report.collect_facts(c)["notes"][-1] == note
    # The figures are those that it comes to.
    kept = corpus.from_texts(texts, TextSettings(min_count=10), validation=0)
    assert (len(kept.counts), kept.removed.total()) == (500, 100)
    assert corpus_report.describe_many_symbols(kept) == []
    # Documents are spoken of where there are some; a costly count is the lowest there is.
    (note,) = corpus_report.describe_many_symbols(
        corpus.from_texts(["".join(many(100, 600, 5))], TextSettings(), validation=0)
    )
    assert note.endswith(
        "With --min-count 2, 100 would be left, and 54.5% of the characters would go."
    )


@pytest.mark.parametrize("texts", [many(500, 100, 60), many(100, 50), many(0, 700)])
def test_nothing_is_told_where_symbols_are_few_or_nothing_would_be_left(texts):
    assert (
        corpus_report.describe_many_symbols(corpus.from_texts(texts, TextSettings(), validation=0))
        == []
    )


def test_the_summary_adds_up():
    c = corpus.from_texts(["ab\n", "c\u0301d"], TextSettings(lowercase=True), validation=0)
    assert corpus_report.summarize(c) == [
        "5 characters in 2 lines and 2 documents from 2 sources; 5 different characters.",
        "No validation part: all of the text is trained on, so nothing will tell when to stop.",
        "Changed: 1 character joined with accents (NFC).",
    ]


@pytest.mark.parametrize(
    ("texts", "where"),
    [(["ab" * 500], "from the end of it"), (["ab" * 500] * 2, "drawn from all of it")],
)
def test_the_validation_part_is_explained(texts, where):
    said = corpus_report.summarize(corpus.from_texts(texts, TextSettings()))
    size = 100 * len(texts)
    assert said[1] == (
        f"Validation part: {size} symbols {where} (10.0%), kept from training to tell when to stop."
    )


def test_the_alphabet_shows_the_frequent_and_the_rare():
    counts = {chr(0x3B1 + i): 100 - i for i in range(20)} | {chr(0x4E00 + i): 9 for i in range(50)}
    c = corpus.from_texts(["".join(s * n for s, n in counts.items()), "é\n"], TextSettings())
    lines = corpus_report.tabulate_alphabet(c)
    assert len(lines) == 1 + 24 + 1 + 24
    assert lines[1].split() == ["α", "100", "4.421%", "U+03B1", "GREEK", "SMALL", "LETTER", "ALPHA"]
    assert "24 symbols between" in lines[25]
    assert lines[-2].startswith("'\\n' ")
    assert lines[-2].endswith("newline")


def test_a_mark_alone_is_shown_on_a_circle():
    c = corpus.from_texts(["\u0301x"], TextSettings(), validation=0)
    assert corpus_report.tabulate_alphabet(c)[2].startswith("◌\u0301 ")


def test_code_points_do_not_run_into_names():
    c = corpus.from_texts(["प् a" * 3], TextSettings(unit="grapheme"), validation=0)
    named = "  U+092A U+094D DEVANAGARI LETTER PA + DEVANAGARI SIGN VIRAMA"
    assert sum(line.endswith(named) for line in corpus_report.tabulate_alphabet(c)) == 1
    marked = "e" + "\u0327\u0323\u0307\u0301" * 2 + "a"
    c = corpus.from_texts([marked], TextSettings(unit="grapheme"), validation=0)
    assert any("U+0301 LATIN" in line for line in corpus_report.tabulate_alphabet(c))


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


@pytest.mark.skipif(not WONDERLAND.exists(), reason="the shared data are not here")
def test_the_tutorials_own_file_just_works():
    c = corpus.build([str(WONDERLAND)], TextSettings(lowercase=True))
    assert len(c.vocabulary.symbols) == 45
    assert c.characters == 144_430
    assert any("starts with a byte-order mark" in note for note in c.notes)
