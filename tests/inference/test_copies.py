"""Passages of a text that stand in another."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from burble.inference import copies
from burble.inference.copies import Copy, find_copies

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
        if best < least:
            at += 1
            continue
        found.append((at, best))
        at += best
    return found


@given(IDS, IDS, st.integers(1, 6))
def test_all_of_them_are_found_each_where_it_is_longest(ids, source, least):
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
        assert find_copies(source[place : place + 35], source) == [Copy(0, 35, place)]
