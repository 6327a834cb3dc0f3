"""What stands in a text more than once is counted, told, and left out when asked."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from burble import api
from burble.data import encoder, repeats
from burble.data import report as corpus_report
from burble.errors import CorpusError, SettingsError
from burble.runs.request import TrainingRequest
from burble.settings import SourceSettings
from tests.support.corpora import from_texts, parts

LINE = "a line of the header that stands in every one of the files\n"


def write(folder, **texts):
    for name, text in texts.items():
        (folder / f"{name}.txt").write_text(text, encoding="utf-8")
    return [str(folder / f"{name}.txt") for name in texts]


def lines(folder, *texts, **chosen):
    return api.read(*write(folder, t="\n".join(texts) + "\n"), documents="lines", **chosen)


def test_two_files_of_one_content_are_told_and_left_out_when_asked(tmp_path):
    names = write(tmp_path, a="the same words\n", b="other ones\n", c="the same words\n")
    told = [f"{names[2]} has the same content as {names[0]}."]
    told += ["Repeated: 1 of 3 documents. With --deduplicate each document is read once."]
    assert [*api.read(names, validation=0.0).notes][:1] == told[:1]
    assert [*api.read(names, validation=0.0).notes][-1:] == told[1:]
    once = api.read(names, validation=0.0, deduplicate=True)
    assert parts(once) == ["the same words\n", "other ones\n"]
    assert once.notes[0] == "Left out: 1 repeated document."
    assert (once.lines, once.characters) == (2, 26)


def test_what_stands_on_both_sides_of_the_cut_is_told(tmp_path):
    words = [f"line {number:02}" for number in range(18)]
    c = lines(tmp_path, *words, "line 03", "new one", validation=0.1, split="tail")
    assert c.repeats.documents == repeats.Found(20, 1, 2, 1)
    assert c.notes[-1] == (
        "Repeated: 1 of 20 documents. Of the validation part, also in the training part: 1 of 2 "
        "documents; the validation loss is lower than on new text. With --deduplicate each "
        "document is read once."
    )


def test_a_document_that_is_cut_in_two_is_counted_as_one(tmp_path):
    names = write(
        tmp_path, a="the same words " * 40, b="other ones " * 40, c="the same words " * 40
    )
    c = api.read(names, validation=0.2, split="spread")
    assert len(c.starts) > 3
    assert c.repeats.documents.looked_at == 3
    assert c.notes[-1].startswith("Repeated: 1 of 3 documents.")


def test_long_lines_are_counted_in_running_text_and_short_ones_are_not(tmp_path):
    names = write(tmp_path, a=LINE + "x\n" * 300 + LINE)
    c = api.read(names, validation=0.1)
    assert c.notes == (
        "Repeated: 1 of 2 lines of 40 characters or more. Of the validation part, also in the "
        "training part: 1 of 1 lines of 40 characters or more; the validation loss is lower than "
        "on new text.",
    )
    facts = corpus_report.collect_facts(c)["repeats"]
    assert facts["lines"] == {"looked_at": 2, "again": 1, "validation": 1, "in_both": 1}


def test_a_text_without_repetitions_or_with_hardly_any_is_told_nothing(tmp_path):
    many = [f"{LINE.strip()}, for the {number}th time" for number in range(300)]
    c = api.read(write(tmp_path, a="\n".join([*many[:9], *many])), validation=0.0)
    assert c.repeats.lines.again == 9
    assert c.notes[-1] == "Repeated: 9 of 309 lines of 40 characters or more."
    c = api.read(write(tmp_path, a="\n".join([*many[:2], *many])), validation=0.1)
    assert (c.repeats.lines.looked_at, c.repeats.lines.again) == (302, 2)
    assert c.notes == ()
    assert api.read(write(tmp_path, a="one\n" * 99), validation=0.1).notes == ()
    assert lines(tmp_path, "one", "two", validation=0.0).repeats.sentences == []


def test_only_so_much_of_a_large_text_is_looked_at_and_that_is_told(monkeypatch):
    monkeypatch.setattr(repeats, "_BLOCK", 100)
    monkeypatch.setattr(repeats, "MOST", 2000)
    c = from_texts((LINE * 100)[:4000])
    found = repeats.count_repeats(c.ids, c.ids, 3000, c.vocabulary)
    assert found.fraction == 0.5
    assert 10 < found.lines.again < 40
    assert found.sentences[0].startswith("Repeated in the 50% of the text looked at: ")


@given(
    texts=st.lists(st.text("ab\n", min_size=1, max_size=40), min_size=1, max_size=9),
    pads=st.lists(st.sampled_from(["", "a" * 40, "b" * 20 + "a" * 20]), min_size=9, max_size=9),
    block=st.integers(1, 50),
    cut=st.integers(0, 100),
    wide=st.booleans(),
)
def test_counts_are_those_of_comparing_all_with_all(texts, pads, block, cut, wide):
    texts = [f"ab{pad}{text}" for pad, text in zip(pads, texts, strict=False)]
    c = from_texts(*texts, *["ab\n"] * wide)
    texts = parts(c)
    ids = c.ids.astype(np.uint16) if wide else c.ids
    cut = cut * len(ids) // 100
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(repeats, "_BLOCK", block)
        found = repeats.count_repeats(ids, ids, cut, c.vocabulary)

    def naive(stretches, least):
        pairs = [(text, end) for text, end in stretches if len(text) >= least]
        seen = [text for text, _ in pairs]
        learned = {text for text, end in pairs if end < cut}
        held = [text for text, end in pairs if end >= cut]
        again = len(seen) - len(set(seen))
        return repeats.Found(len(seen), again, len(held), sum(text in learned for text in held))

    documents, lines, place = [], [], 0
    for text in texts:
        for line in text.split("\n"):
            lines.append((line, place + len(line)))
            place += len(line) + 1
        documents.append((text, place - 1))
    none = repeats.Found(0, 0, 0, 0)
    assert found.documents == (naive(documents, 1) if len(texts) > 1 else none)
    assert found.lines == (naive(lines, repeats.LONG) if "\n" in c.vocabulary.ids else none)


def test_documents_with_rare_symbols_go_until_none_is_left(tmp_path):
    # The q goes with its line, which makes z rare, which takes the next one.
    c = lines(tmp_path, "ab", "ba", "aqz", "zb", validation=0.0, drop_documents_with_rare=2)
    assert parts(c) == ["ab", "ba"]
    assert c.notes[0] == "Left out: 2 documents with a symbol that occurs fewer than 2 times."
    assert dict(c.counts) == {"a": 2, "b": 2}
    c = lines(tmp_path, "ab", "ba", "aq", validation=0.0, drop_documents_with_rare=2, min_count=2)
    assert c.notes[:2] == (
        "Left out: 1 document with a symbol that occurs fewer than 2 times.",
        "--min-count 2 takes nothing more out.",
    )
    c = lines(tmp_path, "aab", "aba", "q", validation=0.0, drop_documents_with_rare=2, min_count=3)
    assert (dict(c.counts), dict(c.removed)) == ({"a": 4}, {"b": 2})


def test_where_no_document_can_be_left_out_it_is_refused(tmp_path):
    (name,) = write(tmp_path, a="ab")
    with pytest.raises(CorpusError, match=r"this text is a single one\. Part it with --documents"):
        api.read(name, drop_documents_with_rare=2)
    with pytest.raises(CorpusError, match=r"every document has a symbol that occurs fewer than 9"):
        lines(tmp_path, "ab", "cd", drop_documents_with_rare=9)
    with pytest.raises(SettingsError, match="drop_documents_with_rare is -1, but must be 0 or mo"):
        api.read(name, drop_documents_with_rare=-1)


def test_a_large_text_is_reduced_in_the_cache_too(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    texts = [f"line {number % 50} {'abcdefghij'[number % 10]}" for number in range(200)] + [
        "rare §"
    ]
    asked = {"deduplicate": True, "drop_documents_with_rare": 2}
    small = lines(tmp_path, *texts, **asked)
    monkeypatch.setattr(encoder, "IN_MEMORY", 300)
    for _ in range(2):
        large = lines(tmp_path, *texts, **asked)
        assert isinstance(large.ids, np.memmap)
        assert (large.sha256, large.counts) == (small.sha256, small.counts)
        assert large.ids.tolist() == small.ids.tolist()
        assert large.notes[:2] == small.notes[:2] == (
            "Left out: 150 repeated documents.",
            "Left out: 1 document with a symbol that occurs fewer than 2 times.",
        )  # fmt: skip


def test_the_command_that_goes_on_leaves_out_the_same():
    reading = SourceSettings(deduplicate=True, drop_documents_with_rare=3)
    order = TrainingRequest({}, sources=("a",), reading=reading)
    assert order.command(Path("r")) == (
        "burble train a -o r --deduplicate --drop-documents-with-rare=3"
    )


def test_notes_of_many_sources_come_once(tmp_path):
    mark = "\ufeff"
    names = write(tmp_path, a=f"{mark}x", b=f"{mark}x", c=" ", d="", e="x")
    notes = api.read(names, validation=0.0).notes
    a, b, c, d, _ = names
    assert notes[:3] == (
        f"2 sources start with a byte-order mark, which is no part of the text: {a}, {b}.",
        f"2 sources are empty and were passed over: {c}, {d}.",
        f"{b} has the same content as {a}.",
    )
    assert notes[-1].startswith("Repeated: 2 of 3 documents.")


def test_a_single_document_is_not_deduplicated_in_silence(tmp_path):
    c = api.read(write(tmp_path, a="one\n\ntwo\n\none\n"), validation=0.0, deduplicate=True)
    assert c.notes[0] == (
        "--deduplicate leaves out documents that come again, and this text is a single one. Part "
        "it with --documents lines or blank."
    )
