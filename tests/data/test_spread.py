"""A validation part that is drawn from all sources."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from burble.data import encoder, spread
from tests.support.corpora import NAMES, from_texts, parts, validation


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_of_a_sorted_list_some_of_all_letters_are_for_validation():
    c = from_texts("\n".join(NAMES), validation=0.1, documents="lines")
    drawn = validation(c)
    assert (c.split, len(drawn)) == ("spread", 60)
    assert {name[0] for name in drawn} == {*"abcdefghij"}
    assert {name[0] for name in parts(c)[:540]} == {*"abcdefghij"}
    # What is learned keeps its order, and what was read is written as it was read.
    assert parts(c)[:540] == [name for name in NAMES if name not in drawn]
    assert "".join(c.text()) == "\n".join(NAMES)
    assert c.sha256 == from_texts("\n".join(NAMES), documents="lines").sha256
    # The end of the list was held out before.
    old = validation(from_texts("\n".join(NAMES), validation=0.1, documents="lines", split="tail"))
    assert {name[0] for name in old} == {"j"}


def test_the_validation_part_is_the_same_each_time_and_mixed_from_its_beginning():
    texts = ["\n".join(f"a{n:03}" for n in range(1000)), "\n".join(f"b{n:03}" for n in range(200))]
    c = from_texts(*texts, validation=0.1, documents="lines")
    np.testing.assert_array_equal(c.ids, from_texts(*texts, validation=0.1, documents="lines").ids)
    assert c.validation_by_source == (500, 100)
    assert c.learned_by_source == (4500, 900)
    # Of each stretch of the part about a sixth is of the small source.
    for first in range(0, 120, 30):
        assert 3 <= sum(name[0] == "b" for name in validation(c)[first : first + 30]) <= 7


def test_small_sources_are_drawn_from_together_and_large_documents_give_their_ends():
    small, novel = [f"note {n} " * 5 for n in range(200)], "word " * 4_000
    c = from_texts(novel, *small, validation=0.1)
    assert c.validation_by_source[0] == 2_000
    assert sum(n > 0 for n in c.validation_by_source[1:]) == pytest.approx(20, abs=3)
    assert 0.05 < sum(c.validation_by_source[1:]) / sum(map(len, small)) < 0.2


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_of_many_small_sources_the_fraction_that_is_requested_is_for_validation(share):
    c = from_texts(*(f"note {n:02} " * 5 for n in range(40)), validation=share)
    assert (c.split, len(c.ids) - c.cut) == ("spread", pytest.approx(share * len(c.ids), rel=0.03))
    assert 0 < sum(held > 0 for held in c.validation_by_source) < 40


def test_a_source_that_would_be_much_of_the_validation_part_gives_its_end():
    english, russian = ["the cat " * 500 for _ in range(20)], "кот и пёс " * 600
    c = from_texts(*english, russian, *["a note"] * 9, validation=0.1)
    assert c.validation_by_source[:21] == (*[400] * 20, 600)
    assert all(c.learned_by_source[:21])
    # Rows of one table are drawn, so that ends of rows are learned.
    d = from_texts("\n".join(english), validation=0.1, documents="lines")
    assert (len(d.starts), len(d.given)) == (20, 0)


def test_each_of_a_few_running_texts_gives_its_end_and_nothing_is_learned_across():
    one, other = "ab" * 500, "xyz" * 400
    c = from_texts(one, other, validation=0.1)
    edge = c.vocabulary.boundary_id
    assert (c.learned_by_source, c.validation_by_source) == ((901, 1081), (100, 120))
    learned, held = (c.vocabulary.decode(part, "|") for part in (c.training, c.ids[c.cut :]))
    assert learned == f"{one[:901]}|{other[:1081]}|"
    assert {*held.split("|")} == {one[901:], other[1081:], ""}
    # Neither the edge between two parts of a text, nor the symbol after it, nor its end.
    assert sum(c.ids[c.given] == edge) == 4
    assert len(c.given) == 6


def test_a_large_part_is_mixed_from_its_beginning(monkeypatch):
    monkeypatch.setattr(spread, "FIRST", 2_000)
    c = from_texts("a" * 100_000, "b" * 300_000, "c" * 50, validation=0.1)
    assert c.validation_by_source == (10_000, 30_000, 0)
    a, b = (c.vocabulary.ids[letter] for letter in "ab")
    for size in (2_000, 4_000, 8_000, 16_000):
        part = c.ids[c.cut : c.cut + size]
        assert np.mean(part == a) == pytest.approx(0.25, abs=0.01)
        assert np.mean(part == b) == pytest.approx(0.75, abs=0.01)


@given(
    st.lists(st.lists(st.integers(1, 60), min_size=1, max_size=12), min_size=1, max_size=8),
    st.sampled_from([0.02, 0.1, 0.4]),
    st.sampled_from([0.0, 0.1]),
    st.booleans(),
)
def test_every_symbol_is_in_one_part_and_every_document_whole_or_cut_once(
    sources, share, test, long
):
    sizes = [n * (300 if long else 1) for documents in sources for n in documents]
    whole = spread.Pieces.whole(
        sum(sizes), np.cumsum([0, *sizes[:-1]]), [len(documents) for documents in sources]
    )
    pieces, number = whole, 0
    gone = whole.take(np.zeros(len(whole), bool))
    for running in (True, False):
        if test:
            pieces, gone = spread.draw(whole, test, running=running, number=0)
            number = 1
        learned, held = spread.draw(pieces, share, running=running, number=number)
        covered = np.zeros(sum(sizes), int)
        for part in (gone, learned, held):
            assert (part.sizes > 0).all()
            for begin, end in zip(part.begins, part.ends, strict=True):
                covered[begin:end] += 1
            firsts, lasts = np.isin(part.begins, whole.begins), np.isin(part.ends, whole.ends)
            np.testing.assert_array_equal(part.first, firsts)
            np.testing.assert_array_equal(part.last, lasts)
        assert (covered == 1).all()
        # What is learned never begins inside a document, and keeps its order.
        assert learned.first.all()
        assert (np.diff(learned.begins) > 0).all()
        assert held.sizes.sum() <= 2 * share * pieces.sizes.sum()
        assert len(learned) > 0


def test_a_text_that_is_mapped_is_parted_as_one_in_memory(monkeypatch):
    texts = ["ab" * 500, "xyz" * 400]
    here = from_texts(*texts, validation=0.1)
    monkeypatch.setattr(encoder, "IN_MEMORY", 100)
    mapped = from_texts(*texts, validation=0.1)
    assert isinstance(mapped.ids, np.memmap)
    np.testing.assert_array_equal(here.ids, mapped.ids)
