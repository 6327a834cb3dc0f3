"""What a text looks like: its figures, its odd lines with their places, and a page of it."""

import re
from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from burble.data import corpus, histogram, lines, overview, page
from burble.settings import TextSettings


def survey(folder, text, **settings):
    path = folder / "a.txt"
    path.write_text(text, encoding="utf-8")
    made = corpus.build([str(path)], TextSettings(**settings))
    return made, overview.survey(made)


PLAIN = "".join(f"The cat sat down on the mat and looked at bird {n}.\n" for n in range(40))


def test_lengths_of_lines_and_documents(tmp_path):
    _, found = survey(tmp_path, "a\n\nbcd\nef\n\n\nghijk\n", documents="blank")
    lines, documents = found.line_lengths, found.document_lengths
    assert (lines.shortest, lines.median, lines.longest, lines.total) == (1, 2, 5, 4)
    assert (documents.shortest, documents.median, documents.longest) == (1, 5, 6)


@given(st.dictionaries(st.integers(0, 5000), st.integers(1, 50), min_size=1, max_size=40))
def test_a_histogram_holds_every_length_once(counts):
    found = histogram.make_histogram(Counter(counts))
    assert sum(found.counts) == found.total == sum(counts.values())
    assert found.edges == sorted({*found.edges})
    assert len(found.counts) <= histogram.BINS + 2
    for (low, high), count in zip(pairwise(found.edges), found.counts, strict=True):
        assert count == sum(n for length, n in counts.items() if low <= length < high)


def test_odd_lines_are_told_with_their_places(tmp_path):
    odd = "Это по-русски, line\n" + "-" * 30 + "\n" + "x" * 3000 + "\n"
    _, found = survey(tmp_path, PLAIN + odd)
    told = {one.place.rpartition(", ")[2]: one.why for one in found.odd}
    assert any(one.why == "in another script than Latin" for one in found.odd)
    assert told["line 42"] == "hardly a letter"
    assert told["line 43"] == "3,000 characters long"
    assert found.scripts["Latin"] > found.scripts["Cyrillic"] == 11


def test_places_name_the_document_of_a_source(tmp_path):
    text = f"{PLAIN}\none\ntwo\n{'*' * 25}\n"
    _, found = survey(tmp_path, text, documents="blank")
    place = next(one.place for one in found.odd if one.why == "hardly a letter")
    assert place == f"{tmp_path / 'a.txt'}, document 2, line 3"


def test_long_lines_that_come_again(tmp_path):
    line = "A line that is long enough to come again by no chance at all.\n"
    _, found = survey(tmp_path, PLAIN + line + "other\n" + line + line)
    assert [(one.why, one.place[-7:]) for one in found.repeated] == [("3 times", "line 41")]


def test_the_sample_is_of_what_is_learned_and_always_the_same(tmp_path):
    made, found = survey(tmp_path, PLAIN, documents="lines")
    learned = made.vocabulary.decode(made.training, "\n").split("\n")
    assert len(found.sample) == overview.SAMPLES
    assert {*found.sample} <= {*learned}
    assert overview.survey(made) == found
    assert found.languages == {"English": overview._PIECES}


def test_lines_are_the_same_wherever_blocks_end(tmp_path, monkeypatch):
    made, whole = survey(tmp_path, PLAIN + "*" * 25 + "\n", documents="lines")
    monkeypatch.setattr(lines, "_BLOCK", 17)
    assert overview.survey(made) == whole


def test_the_page_escapes_all_that_comes_from_the_text(tmp_path):
    attack = "<script>alert(1)</script> & \"quoted\" 'text' \x1b[31m"
    made, found = survey(tmp_path, (attack + "\n") * 60)
    html = page.write_page(made, found)
    body = html[html.index("<body>") :]
    assert not re.search(
        r"<(?!/?(?:body|html|h1|h2|p|ul|li|div|b|section|svg|rect|title|text|line|"
        r"table|thead|tbody|main|tr|th|td|br|span|pre)\b)",
        body,
    )
    assert "&lt;script&gt;alert(1)" in body
    assert "default-src 'none'" in html
    assert not re.search(r"(?:src|href)=", html)
    assert ">60<" in body
