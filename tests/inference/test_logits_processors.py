"""What may not be written: a third round of a loop, and long passages of a text."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from burble.data import words
from burble.errors import SettingsError
from burble.evaluation import overlap, statistics
from burble.inference import logits_processors
from burble.inference.generator import Generator
from burble.inference.logits_processors import LoopBlocker, WordConstraint
from burble.inference.passages import Passages, find_canonical_ids
from burble.inference.settings import ROUNDS
from tests.support.speakers import chancy, follower, write_symbols

LETTERS = [chr(0x100 + n) for n in range(60)]


def loops(text):
    """Whether a passage stands three times in a row, twelve symbols or more after the first."""
    for period in range(1, len(text) // 3 + 1):
        least = max(2 * period, logits_processors.SHORTEST_LOOP)
        same = 0
        for i in range(period, len(text)):
            same = same + 1 if text[i] == text[i - period] else 0
            if same >= least:
                return True
    return False


@given(st.lists(st.integers(0, 2), min_size=1, max_size=8), st.integers(2, 30))
def test_no_passage_stands_a_third_time_in_a_row(passage, times):
    wanted = passage * times
    written = write_symbols(LoopBlocker(LETTERS, 1), 40, wanted)
    assert not loops(written)
    # Two rounds may stand, and short runs of few symbols.
    free = min(
        len(wanted), max(2 * len(passage), logits_processors.SHORTEST_LOOP) + len(passage) - 1
    )
    if not loops(wanted[:free]):
        assert written[:free] == wanted[:free]


@given(st.lists(st.integers(0, 2), min_size=1, max_size=8), st.integers(3, 12))
def test_what_a_text_repeats_itself_is_not_broken(passage, times):
    wanted = [*passage * times, 3, *passage]
    _, rounds = statistics.find_loops("".join(LETTERS[symbol] for symbol in wanted))
    processor = LoopBlocker(LETTERS, 1, rounds or ROUNDS)
    assert write_symbols(processor, 40, wanted) == wanted
    assert not processor.acted[0]


def test_a_passage_may_stand_as_often_as_it_is_told():
    for rounds in (1, 2, 3, 5):
        processor = LoopBlocker(LETTERS, 1, rounds)
        wanted = [*range(12)] * 9
        # The last symbol of one round more is another.
        assert write_symbols(processor, 40, wanted)[: 12 * (rounds + 1)] == [
            *wanted[: 12 * rounds + 11],
            0,
        ]
        assert processor.acted[0]


@given(st.lists(st.integers(0, 3), max_size=30).map(lambda some: some * 20), st.integers(1, 3))
def test_a_prompt_is_taken_at_once_as_symbol_by_symbol(before, texts):
    whole, slowly = LoopBlocker("ab-c", texts, 2, before), LoopBlocker("ab-c", texts, 2)
    for symbol in before:
        slowly.append_symbols(np.full(texts, symbol))
    for name in ("_past", "_same", "_silent"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(slowly, name), strict=True)
    both = [np.zeros((texts, 4), np.float32) for _ in range(2)]
    whole.process(both[0])
    slowly.process(both[1])
    np.testing.assert_array_equal(both[0], both[1])


def test_spelling_is_left_alone():
    word = [1, 2, 2, 3, 4, 4, 5]
    text = [s for n in range(40) for s in (*word, 6 + n)]
    assert write_symbols(LoopBlocker(LETTERS, 1), 60, text) == text


def test_rules_and_indents_may_be_long_but_not_endless():
    symbols = [*"ab -\n"]
    layout = [4, *[2] * 30, 0, 1, 4, *[3] * 70, 4, *[2, 3] * 30, 4, 0]
    assert write_symbols(LoopBlocker(symbols, 1), 5, layout) == layout
    assert write_symbols(LoopBlocker(symbols, 1), 5, [3] * 200) != [3] * 200


IDS = st.lists(st.integers(0, 3), max_size=80)


DEAD_END = "cut short: every symbol would have gone on with a copy there. Give a longer --novel."


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


def test_a_model_that_only_goes_round_is_made_to_leave():
    writer = Generator(follower("abc ", [1, 2, 3, 0], strength=9))
    text = writer.generate("a", length=300, temperature=1.0, seed=1, break_loops=False)
    assert statistics.find_loops(text)[0] > 250
    broken = writer.generate("a", length=300, temperature=1.0, seed=1)
    assert statistics.find_loops(broken)[0] == 0
    # Whoever asks for the likeliest gets it, unless loops are to be broken all the same.
    greedy = writer.generate("a", length=60, temperature=0)
    assert greedy == ("bc a" * 15)
    assert writer.generate("a", length=60, temperature=0, break_loops=True) != greedy


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


def test_texts_side_by_side_are_each_as_alone():
    writer = Generator(chancy("ab\n", scale=0.1))
    passages = Passages.from_ids(writer.model.vocabulary.encode("abba\nbaab"), 4)
    options: dict[str, Any] = {
        "length": 200,
        "temperature": 0.7,
        "seed": 5,
        "novel": passages,
        "stop": "bbbbb",
    }
    many = writer.generate_many("a", count=6, **options)
    assert many[0] == writer.generate("a", **options)
    assert len({len(text) for text in many}) > 1
    assert not any(copy in text for text in many for copy in ("abba", "bba\n", "baab"))


@pytest.mark.slow
def test_a_trained_model_does_not_copy_more_than_it_may(burble, trained, tmp_path):
    text = trained.parent / "cat.txt"
    flags = ["-l", 600, "--seed", 1, "--jsonl", "--no-break-loops"]
    source = text.read_text(encoding="utf-8")

    def longest(*more):
        done = burble("sample", trained, *flags, *more)
        assert done.returncode == 0, done.stderr.decode()
        return overlap.find_overlaps([[json.loads(done.stdout)["text"]]], [source])[0].longest

    assert longest() > 40
    # It learned lines that repeat, so that these are no loop.
    flags = ["-l", 24 * 201, "--seed", 1, "-t", 0.5]
    done = burble("sample", trained, *flags)
    assert done.stdout == burble("sample", trained, *flags, "--no-break-loops").stdout
    assert b"loop" not in done.stderr
    flags = ["-l", 600, "--seed", 1, "--jsonl", "--no-break-loops"]
    assert longest("--novel", 15, "--training-text", text) <= 15
    done = burble("sample", trained, "-l", 400, "--words", "known", "--training-text", text)
    assert set(words.find_words(done.stdout.decode())[:-1]) <= set(words.find_words(source))
    for half in (["--novel", 9], ["--words", "known"]):
        done = burble("sample", trained, *half)
        assert done.returncode == 2
        assert "Give it with --training-text" in done.stderr.decode()
    done = burble("sample", trained, "--training-text", text)
    assert done.returncode == 2
    assert "none was given" in done.stderr.decode()
    other = tmp_path / "other.txt"
    other.write_text("a dog and Ωmega\n" * 9, encoding="utf-8")
    done = burble("sample", trained, "--novel", 9, "--training-text", other, "-l", 9)
    assert "not the text the model was trained on" in done.stderr.decode()
    assert done.returncode == 0
