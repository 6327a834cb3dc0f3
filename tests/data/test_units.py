import json
import re
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from burble.data import corpus, report, units
from burble.data.vocabulary import Vocabulary
from burble.errors import SettingsError
from burble.settings import TextSettings, make_settings

TEXTS = st.text() | st.text(alphabet="ab'’ 1é\n\t.-_\u0301σ猫ก")
WORDS = st.lists(st.sampled_from(["the", "don't", "  ", "1865", "...", "猫"]), unique=True)


def word_vocabulary(raw, words):
    return Vocabulary(tuple(sorted({*raw, *"".join(words), *words, "\n"})), "word")


@given(TEXTS, WORDS)
@example("don't'the 猫猫", ["don't", "the"])
@example("a" * 100 + "'b", [])
def test_a_text_of_words_is_its_symbols_joined_and_in_one_way(raw, words):
    v = word_vocabulary(raw, words)
    ids = v.encode(raw)
    assert v.decode(ids) == raw
    assert v.count_characters(ids) == len(raw)
    # A piece is a symbol wherever it can be, and spelled wherever not.
    parts = [[p] if p in v.ids else [*p] for p in units.cut_into_pieces(raw)]
    assert [v.symbols[i] for i in ids] == [s for part in parts for s in part]


@given(TEXTS)
def test_bytes_are_those_of_utf_8_and_their_text_is_the_same(raw):
    v = Vocabulary(units.BYTES, "bytes")
    ids = v.encode(raw)
    assert ids.tolist() == [*raw.encode()]
    assert v.decode(ids) == raw
    assert v.count_characters(ids) == len(raw)
    blocks = (ids[at : at + 3] for at in range(0, len(ids), 3))
    assert "".join(v.decode_blocks(blocks)) == raw
    assert not v.unknown(raw)


@given(TEXTS, st.lists(st.integers(0, 60)))
@example("don't", [3])
@example("don't", [4])
@example("a" * 70, [10, 40])
def test_pieces_are_the_same_wherever_a_text_is_cut(raw, cuts):
    places = sorted({0, *(cut for cut in cuts if cut < len(raw)), len(raw)})
    blocks = (raw[a:b] for a, b in pairwise(places))
    found = [piece for pieces in units.cut_blocks(blocks) for piece in pieces]
    assert found == units.cut_into_pieces(raw)


@given(TEXTS, TEXTS)
@example("don'", "t")
@example("x don", "'t")
def test_what_follows_changes_nothing_before_the_open_end(raw, following):
    end = units.find_open_end(raw)
    before = raw[: len(raw) - len(end)] if end else raw
    pieces = units.cut_into_pieces(before)
    whole = units.cut_into_pieces(raw + following)
    # A word of more than 32 letters is cut by their number, and an apostrophe begins no word.
    if all(len(piece) < 20 for piece in whole):
        assert whole[: len(pieces)] == pieces


@pytest.mark.parametrize("unit", ["word", "bytes"])
@pytest.mark.parametrize("documents", ["sources", "lines"])
def test_a_corpus_is_its_text_again(tmp_path, unit, documents):
    text = "the cat, the 猫 and the café\n" * 20 + "the cat’s end"
    (tmp_path / "a.txt").write_text(text, "utf-8")
    how = TextSettings(unit=unit, documents=documents)
    made = corpus.build([str(tmp_path / "a.txt")], how)
    assert "".join(made.text()) == text
    assert made.documents == (21 if documents == "lines" else 1)
    assert made.characters == len(text) - (20 if documents == "lines" else 0)
    expected = np.bincount(made.ids, minlength=made.vocabulary.size)
    assert [made.counts[s] for s in made.vocabulary.symbols] == [
        *expected[: len(made.vocabulary.symbols)]
    ]
    as_characters = corpus.build([str(tmp_path / "a.txt")], TextSettings(documents=documents))
    assert made.sha256 == as_characters.sha256


def test_words_are_symbols_where_they_are_frequent_enough(tmp_path):
    (tmp_path / "a.txt").write_text("the cat the dog the cat a\n", "utf-8")
    how = TextSettings(unit="word", min_word_count=2)
    made = corpus.build([str(tmp_path / "a.txt")], how)
    assert [s for s in made.vocabulary.symbols if len(s) > 1] == ["cat", "the"]
    made = corpus.build(
        [str(tmp_path / "a.txt")], TextSettings(unit="word", max_words=1, min_word_count=1)
    )
    assert [s for s in made.vocabulary.symbols if len(s) > 1] == ["the"]


def test_the_most_frequent_words_are_taken_and_of_equals_the_first():
    counts = Counter({"the": 9, "zoo": 5, "ant": 5, "bee": 4, "a": 99})
    assert units.choose_words(counts, 5, 2) == ["the", "ant"]
    assert units.choose_words(counts, 5, 9) == ["the", "ant", "zoo"]


def test_rare_characters_are_removed_from_words_and_bytes_as_from_characters(tmp_path):
    (tmp_path / "a.txt").write_text("na☃ve nave nave\n" * 2 + "→", "utf-8")
    for unit in ("char", "word", "bytes"):
        how = TextSettings(unit=unit, min_count=2)
        made = corpus.build([str(tmp_path / "a.txt")], how)
        assert "".join(made.text()) == "na☃ve nave nave\n" * 2
        assert made.removed == {"→": 1}


def test_settings_of_words_are_refused_where_there_are_none():
    with pytest.raises(SettingsError, match=r"max_words is 9, .*--unit word and the unit is char"):
        TextSettings(max_words=9)
    assert "max_words" not in TextSettings().stored
    assert TextSettings(unit="word", max_words=9).stored["max_words"] == 9


def test_a_large_text_of_words_is_kept_and_found_again(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("burble.data.encoder.IN_MEMORY", 100)
    text = "the cat and the dog\n" * 40
    (tmp_path / "a.txt").write_text(text, "utf-8")
    for unit in ("word", "bytes"):
        kept = [corpus.build([str(tmp_path / "a.txt")], TextSettings(unit=unit)) for _ in "ab"]
        assert kept[0].vocabulary == kept[1].vocabulary
        np.testing.assert_array_equal(kept[0].ids, kept[1].ids)
        assert "".join(kept[1].text()) == text
        assert any("to be used again" in note for note in kept[1].notes)


def test_words_and_bytes_are_told_as_they_are(tmp_path):
    (tmp_path / "a.txt").write_text("the cat, the café\n" * 9 + "zoo", "utf-8")
    for unit, line, fact in (
        ("word", r"^the +18 +[\d.]+%$", "café"),
        ("bytes", r"^bytes:\\xc3 +9 +[\d.]+%  0xC3 +part of a character$", "bytes:\\xa9"),
    ):
        settings = make_settings({"unit": unit}).text
        made = corpus.build([str(tmp_path / "a.txt")], settings, validation=0.05)
        lines = report.tabulate_alphabet(made)
        assert any(re.match(line, one) for one in lines)
        # What never occurs is not listed, such as a letter that stands in words alone.
        assert len(lines) - 1 == sum(n > 0 for n in made.counts.values())
        assert report.collect_facts(made)["alphabet"][fact] == 9
        json.dumps(report.collect_facts(made), ensure_ascii=False).encode()
    assert not report.describe_many_symbols(made)
