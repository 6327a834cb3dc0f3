from pathlib import Path

import pytest

from burble.data import corpus
from burble.data import report as corpus_report
from burble.settings import TextSettings
from tests.support.corpora import build_corpus

WONDERLAND = Path(__file__).parents[3] / "shared" / "data" / "wonderland.txt"


def many(often, seldom, times=20):
    kinds = [chr(0x4E00 + n) for n in range(often + seldom)]
    return ["".join(kinds[:often]) * times, "".join(kinds[often:])]


def test_many_symbols_for_little_text_are_told_with_what_helps():
    texts = many(500, 100)
    c = build_corpus(texts, TextSettings(), validation=0)
    note = (
        "600 different symbols are many for 10,100 characters: most come too seldom to be learned, "
        "and each makes training and writing slower. With --min-count 10, 500 would be left, and "
        "1.0% of the characters would go. --drop-documents-with-rare 10 leaves out whole documents "
        "with such symbols instead."
    )
    assert corpus_report.summarize(c)[-1] == corpus_report.collect_facts(c)["notes"][-1] == note
    # The figures are those that it comes to.
    kept = build_corpus(texts, TextSettings(min_count=10), validation=0)
    assert (len(kept.counts), kept.removed.total()) == (500, 100)
    assert corpus_report.describe_many_symbols(kept) == []
    # Documents are spoken of where there are some; a costly count is the lowest there is.
    (note,) = corpus_report.describe_many_symbols(
        build_corpus(["".join(many(100, 600, 5))], TextSettings(), validation=0)
    )
    assert note.endswith(
        "With --min-count 2, 100 would be left, and 54.5% of the characters would go."
    )


@pytest.mark.parametrize("texts", [many(500, 100, 60), many(100, 50), many(0, 700)])
def test_nothing_is_told_where_symbols_are_few_or_nothing_would_be_left(texts):
    assert (
        corpus_report.describe_many_symbols(build_corpus(texts, TextSettings(), validation=0)) == []
    )


def test_the_summary_adds_up():
    c = build_corpus(["ab\n", "c\u0301d"], TextSettings(lowercase=True), validation=0)
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
    said = corpus_report.summarize(build_corpus(texts, TextSettings()))
    size = 100 * len(texts)
    assert said[1] == (
        f"Validation part: {size} symbols {where} (10.0%), kept from training to tell when to stop."
    )


def test_the_alphabet_shows_the_frequent_and_the_rare():
    counts = {chr(0x3B1 + i): 100 - i for i in range(20)} | {chr(0x4E00 + i): 9 for i in range(50)}
    c = build_corpus(["".join(s * n for s, n in counts.items()), "é\n"], TextSettings())
    lines = corpus_report.tabulate_alphabet(c)
    assert len(lines) == 1 + 24 + 1 + 24
    assert lines[1].split() == ["α", "100", "4.421%", "U+03B1", "GREEK", "SMALL", "LETTER", "ALPHA"]
    assert "24 symbols between" in lines[25]
    assert lines[-2].startswith("'\\n' ")
    assert lines[-2].endswith("newline")


def test_a_mark_alone_is_shown_on_a_circle():
    c = build_corpus(["\u0301x"], TextSettings(), validation=0)
    assert corpus_report.tabulate_alphabet(c)[2].startswith("◌\u0301 ")


def test_code_points_do_not_run_into_names():
    c = build_corpus(["प् a" * 3], TextSettings(unit="grapheme"), validation=0)
    named = "  U+092A U+094D DEVANAGARI LETTER PA + DEVANAGARI SIGN VIRAMA"
    assert sum(line.endswith(named) for line in corpus_report.tabulate_alphabet(c)) == 1
    marked = "e" + "\u0327\u0323\u0307\u0301" * 2 + "a"
    c = build_corpus([marked], TextSettings(unit="grapheme"), validation=0)
    assert any("U+0301 LATIN" in line for line in corpus_report.tabulate_alphabet(c))


@pytest.mark.skipif(not WONDERLAND.exists(), reason="the shared data are not here")
def test_the_tutorials_own_file_just_works():
    c = corpus.build([str(WONDERLAND)], TextSettings(lowercase=True))
    assert len(c.vocabulary.symbols) == 45
    assert c.characters == 144_430
    assert any("starts with a byte-order mark" in note for note in c.notes)
