"""Passages of a text that stand in another."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from burble.data import units
from burble.inference import copies
from burble.inference.copies import LEAST, Copy, find_copies, mark_copies
from tests.support.speakers import chancy, wordy

IDS = st.lists(st.integers(0, 2), max_size=18).map(lambda ids: np.array(ids, np.uint8))


def find_slowly(ids, source, least):
    """What is to be found, by comparing every place with every other."""

    def length(at, place):
        pairs = zip(ids[at:].tolist(), source[place:].tolist(), strict=False)
        found = 0
        for one, other in pairs:
            if one != other:
                break
            found += 1
        return found

    found, at = [], 0
    while at < len(ids):
        best = max((length(at, place) for place in range(len(source))), default=0)
        if not 0 < least[at] <= best:
            at += 1
            continue
        found.append((at, best))
        at += best
    return found


@given(IDS, IDS, st.data())
def test_all_of_them_are_found_each_where_it_is_longest(ids, source, data):
    least = np.array(data.draw(st.lists(st.integers(0, 6), min_size=len(ids), max_size=len(ids))))
    found = find_copies(ids, source, least)
    assert [(one.start, one.length) for one in found] == find_slowly(ids, source, least)
    for one in found:
        there = source[one.place : one.place + one.length]
        assert np.array_equal(ids[one.start : one.start + one.length], there)


def test_a_copy_is_found_across_the_edge_of_two_blocks(monkeypatch):
    monkeypatch.setattr(copies, "BLOCK", 16)
    rng = np.random.default_rng(0)
    source = rng.integers(0, 90, 200).astype(np.uint8)
    for place in range(160):
        found = find_copies(source[place : place + 35], source, np.full(35, LEAST))
        assert found == [Copy(0, 35, place)]


LETTERS = st.text("é😀ab", max_size=50)
MODELS = {
    "characters": (chancy("é😀ab-\n", boundary=True), LETTERS),
    "bytes": (chancy(units.BYTES, unit="bytes"), LETTERS),
    "words": (wordy(), st.lists(st.sampled_from(["the ", "don't ", "brother "])).map("".join)),
}


@pytest.mark.parametrize("kind", MODELS)
@given(st.data())
def test_what_is_marked_in_a_text_is_a_part_of_it(kind, data):
    model, texts = MODELS[kind]
    before, copied, after = (data.draw(texts) for _ in range(3))
    ids = model.vocabulary.encode(copied)
    source = np.array([0, *ids, *ids[:3]])
    text, found = mark_copies(before + copied + after, model, source)
    whole = model.vocabulary.decode(source, "")
    assert text == before + copied + after
    for part in found:
        # Characters, whatever a symbol is.
        assert len(part.text) >= LEAST
        assert part.text == text[part.start : part.start + len(part.text)]
        assert part.text == whole[part.place : part.place + len(part.text)]
    if len(copied) >= LEAST:
        assert any(part.start <= len(before) for part in found)
