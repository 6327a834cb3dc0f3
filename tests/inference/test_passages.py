"""Passages of a text that may not be written again."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from burble.inference.generator import Generator
from burble.inference.passages import CopyBlocker, Passages, find_canonical_ids
from burble.model.softmax import IMPOSSIBLE
from tests.support.speakers import chancy, follower, write_symbols

IDS = st.lists(st.integers(0, 3), max_size=80)
DEAD_END = "cut short: every symbol would have gone on with a copy there. Give a longer --novel."


@given(IDS, st.lists(st.integers(0, 3), max_size=80), st.integers(1, 12))
def test_no_passage_of_that_length_is_written_and_none_other_is_blocked(text, wanted, length):
    passages = Passages.from_ids(np.array(text, np.uint8), length)
    written = write_symbols(CopyBlocker(passages, 1), 4, wanted)
    if None in written:
        written, wanted = written[:-1], wanted[: len(written) - 1]
    known = {tuple(text[i : i + length]) for i in range(len(text) - length + 1)}
    for end in range(length, len(written) + 1):
        assert tuple(written[end - length : end]) not in known
    for i, (got, aim) in enumerate(zip(written, wanted, strict=True)):
        if got != aim:
            assert (*written[max(0, i - length + 1) : i], aim) in known


def test_a_text_at_a_dead_end_ends_there_and_others_go_on():
    writer = Generator(chancy("ab", scale=0.1))
    options: dict[str, Any] = {"length": 40, "seed": 1, "temperature": 1, "break_loops": False}
    passages = Passages.from_ids(np.array([0, 0, 0, 0, 1, 0, 0]), 4)
    # Nothing may come after "aaa", as "aaaa" and "aaab" are in it.
    with pytest.warns(UserWarning, match=rf"of 9 texts were {DEAD_END}"):
        found = writer.generate_many(count=9, novel=passages, **options)
    short = [text for text in found if len(text) < 40]
    assert 0 < len(short) < 9
    assert all(text.endswith("aaa") for text in short)
    place = found.index(short[-1])
    with pytest.warns(UserWarning, match="cut short"):
        assert (
            writer.generate_many(count=place + 1, novel=passages, **options) == found[: place + 1]
        )


def test_a_single_text_at_a_dead_end_is_what_there_is_of_it():
    writer = Generator(follower("ab", [1, 0]))
    passages = Passages.from_ids(np.array([0, 1]), 1)
    with pytest.warns(UserWarning, match=f"^the text was {DEAD_END}"):
        assert writer.generate("a", novel=passages) == ""
    with pytest.warns(UserWarning, match=f"^the text was {DEAD_END}"):
        assert list(writer.stream("a", novel=passages)) == []


def test_a_copy_is_one_whatever_its_case():
    known = ("A", "a", "B", "b")
    alike = find_canonical_ids(known, boundary=False)
    passages = Passages.from_ids(np.array([1, 3, 1]), 3, alike)
    assert write_symbols(CopyBlocker(passages, 1), 4, [0, 3, 0]) != [0, 3, 0]
    assert write_symbols(CopyBlocker(passages, 1), 4, [0, 3, 2]) == [0, 3, 2]


def test_a_long_prompt_is_not_forgotten():
    writer = Generator(follower("ab", [1, 0]))
    ids = writer.model.vocabulary.encode("ab" * 300)
    options: dict[str, Any] = {"length": 5, "temperature": 0}
    assert writer.generate("ab" * 299, **options) == "ababa"
    # With the 598 symbols of the prompt, one more would be a passage of 599.
    assert writer.generate("ab" * 299, novel=Passages.from_ids(ids, 599), **options) == "babab"


@pytest.mark.parametrize("length", [1, 2, 3, 5, 8, 4_000_000_000])
def test_what_is_looked_ahead_is_what_would_be_blocked(length):
    text = np.random.default_rng(0).integers(0, 3, 400)
    alike = np.array([0, 1, 0, -1], np.int32)
    passages = Passages.from_ids(text, length, alike)
    for path in ([0], [2, 1], [1, 0, 2], [2, 0, 1, 1, 0, 2, 2, 1, 0]):
        ahead, later = CopyBlocker(passages, 1), CopyBlocker(passages, 1)
        for symbol in text[:6]:
            ahead.append_symbols(np.array([symbol]))
            later.append_symbols(np.array([symbol]))
        for symbol in path[:-1]:
            later.append_symbols(np.array([symbol]))
        logits = np.zeros((1, 3), np.float32)
        later.process(logits)
        assert ahead.completes_passage(0, path) == (logits[0, path[-1]] <= IMPOSSIBLE)
