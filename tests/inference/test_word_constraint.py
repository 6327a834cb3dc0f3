"""Only known words are written, whatever their case, and none is begun that cannot be ended."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from burble.data import words
from burble.errors import SettingsError
from burble.evaluation import overlap
from burble.inference.generator import Generator
from burble.inference.passages import Passages, find_canonical_ids
from burble.inference.word_constraint import WordConstraint
from tests.support.speakers import chancy, follower, write_symbols

SYMBOLS = ("a", "b", "T", "'", " ", ".", "1", "ab", "é")
KNOWN = st.frozensets(st.text("abté", min_size=1, max_size=4) | st.just("a't"), min_size=1)


@given(KNOWN, st.lists(st.integers(0, len(SYMBOLS) - 1), max_size=60))
def test_only_known_words_are_written(known, wanted):
    text = "".join(
        SYMBOLS[i] for i in write_symbols(WordConstraint(known, SYMBOLS, 1), len(SYMBOLS), wanted)
    )
    ended = text[: max(text.rfind(end) for end in " .1") + 1]
    assert set(words.find_words(ended)) <= known


def test_a_capital_sigma_ends_a_word_or_stands_inside_it():
    symbols = [*"ΔΟΣΦδοσςφ ."]

    def written(text):
        ids = [symbols.index(char) for char in text]
        known = {*words.find_words("Οδός ΟΔΟΣ. Σοφός ΣΟΦΟΣ.")}
        return "".join(
            symbols[i] for i in write_symbols(WordConstraint(known, symbols, 1), len(symbols), ids)
        )

    for text in ("ΟΔΟΣ ΣΟΦΟΣ.", "Οδος σοφος ", "ΟΔΟΣ.ΟΔΟΣ "):
        assert written(text) == text
    for wrong in ("οδοσ ", "ΟΔΟΣΔ ", "ςοφος "):
        assert written(wrong) != wrong


def test_capitals_are_no_way_out_of_a_copy():
    words = ["bac", "cab", "abba"]
    symbols = ("A", "B", "C", "a", "b", "c", " ")
    follows = [4, 3, 3, 4, 3, 3, 3]
    writer = Generator(follower(symbols, follows, strength=4.0))
    alike = find_canonical_ids(symbols, boundary=False)
    ids = writer.model.vocabulary.encode(" ".join(words * 9))
    passages = Passages.from_ids(ids, 4, alike)
    text = writer.generate(novel=passages, words=set(words), length=2000, seed=1)
    capitals = [word for word in text.split()[1:-1] if word != word.lower() != word.capitalize()]
    before = Passages.from_ids(ids, 4)
    was = writer.generate(novel=before, words=set(words), length=2000, seed=1).split()[1:-1]
    assert len(capitals) < 0.5 * len([w for w in was if w != w.lower() != w.capitalize()])


def test_where_every_word_would_be_a_copy_some_are_written_all_the_same():
    writer = Generator(chancy(" abc", scale=0.3))
    ids = writer.model.vocabulary.encode("abc cab " * 9)
    options: dict[str, Any] = {
        "novel": Passages.from_ids(ids, 3),
        "words": {"abc", "cab"},
        "length": 200,
        "seed": 1,
    }
    text = writer.generate(**options)
    assert sum(map(str.isalpha, text)) > 20
    assert not any(
        copy in text for copy in ("abc", "cab", "bc ", "c c", " ca", "ab ", "b a", " ab")
    )


@pytest.mark.parametrize("longest", [5, 7])
def test_no_word_is_begun_that_could_only_be_ended_by_a_copy(longest):
    symbols = " ABCabc"
    writer = Generator(chancy(symbols, scale=0.3))
    source = "abc cab bca acb " * 9
    ids = writer.model.vocabulary.encode(source)
    alike = find_canonical_ids(symbols, boundary=False)
    options: dict[str, Any] = {
        "novel": Passages.from_ids(ids, longest + 1, alike),
        "words": {*source.split(), "ab"},
    }
    options |= {"break_loops": False, "length": 200, "seed": 1}
    for text in writer.generate_many(count=6, **options):
        assert {*text.lower().split()[:-1]} <= options["words"]
        assert overlap.find_overlaps([[text.lower()]], [source])[0].longest <= longest


def test_words_that_the_alphabet_cannot_spell_are_none():
    with pytest.raises(SettingsError, match="can spell none"):
        WordConstraint({"naïve"}, ["a", "n", "v", "e", " "], 1)
    writer = Generator(chancy("naive ", scale=0.1))
    written = writer.generate(length=300, seed=1, words={"naïve", "vain"})
    assert set(written.split()[:-1]) == {"vain"}


def test_a_word_gives_way_where_it_would_be_a_copy():
    writer = Generator(chancy("abc ", scale=0.1))
    source = " ".join(["abc", "cab", "bca"] * 30)
    passages = Passages.from_ids(writer.model.vocabulary.encode(source), 6)
    options: dict[str, Any] = {"length": 400, "words": set(source.split()), "novel": passages}
    for seed in range(4):
        written = writer.generate(seed=seed, **options)
        assert overlap.find_overlaps([[written]], [source])[0].longest <= 5
        known = sum(word in source.split() for word in written.split())
        assert known > len(written.split()) / 2


def test_known_words_and_all_that_is_none_are_left_alone():
    symbols = "Don'tsayhelo ,.!12\n\"-"
    text = "\"Don't say 'hello'\" - 12, Hello!\n"
    ids = [symbols.index(c) if c in symbols else symbols.index(c.lower()) for c in text]
    known = {"don't", "say", "hello"}
    assert write_symbols(WordConstraint(known, symbols, 1), len(symbols), ids) == ids
    # "don" alone is none of them, nor is "helloo".
    processor = WordConstraint(known, symbols, 1)
    for char in "Don":
        processor.append_symbols(np.array([symbols.index(char)]))
    logits = np.zeros((1, len(symbols)), np.float32)
    processor.process(logits)
    assert {symbols[i] for i in np.flatnonzero(logits[0] == 0)} == {"'"}


def test_a_prompt_is_gone_on_with_inside_its_word():
    writer = Generator(chancy("abc ", scale=0.1))
    options: dict[str, Any] = {"length": 200, "seed": 1, "words": {"abc", "ca"}}
    written = "ab" + writer.generate("ab", **options)
    assert set(written.split()[:-1]) <= {"abc", "ca"}
    # A prompt's own unknown word is ended as it may be.
    written = writer.generate("bb", **options)
    assert set(written.split()[1:-1]) <= {"abc", "ca"}
