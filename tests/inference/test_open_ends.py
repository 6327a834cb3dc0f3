import math
from dataclasses import replace

import numpy as np
import pytest

from burble.data.words import find_words
from burble.errors import SettingsError
from burble.inference.batching import Batch
from burble.inference.generator import Generator
from burble.inference.open_ends import find_open_end
from burble.inference.scored import Scored
from burble.inference.symbol_scores import score_symbols
from burble.model.mixture import build_mixture
from tests.support.speakers import WORDS, chancy, follower, remembered, wordy

ENDS = ["the bro", "don'", "don", "a", "b", "the ", "bro\nbro", "brown", "eee"]


def chance(writer, before, *symbols):
    """The probability of symbols after others, by the loss of each."""
    vocabulary = writer.model.vocabulary
    ids = np.array([*before, *(vocabulary.ids[s] for s in symbols)])
    return math.exp(-writer.nll(ids)[len(before) - (vocabulary.boundary_id is None) :].sum())


def test_what_may_go_on_is_what_begins_so_and_what_is_spelled():
    vocabulary = wordy().vocabulary
    end = find_open_end("the bro", vocabulary)
    assert [WORDS[i] for i in end.begun] == ["bro", "brother", "brown"]
    assert [[WORDS[i] for i in way] for way in end.ways] == [["b", "r", "o"]]
    end = find_open_end("don'", vocabulary)
    assert [WORDS[i] for i in end.begun] == ["don't"]
    assert [[WORDS[i] for i in way] for way in end.ways] == [["don", "'"], ["d", "o", "n", "'"]]
    for text in ("", "the bro.", "the bro\n", "wow"):
        assert find_open_end(text, vocabulary) is None
    assert find_open_end("bro", chancy("bro").vocabulary) is None


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("memory", [0.0, 0.5])
def test_what_follows_an_open_end_has_the_probability_of_all_ways_to_write_it(seed, memory):
    writer = Generator(wordy(seed=seed))
    if memory:
        writer = remembered(writer.model, "the brown brother don't bro\n" * 20)
        found = writer.probabilities("the bro", memory=memory)
        assert math.isclose(sum(found.values()), 1, abs_tol=1e-6)
        return
    before = [writer.model.vocabulary.ids[s] for s in ("the", " ")]
    ways: dict[str, list[tuple[str, ...]]] = {
        "wn": [("brown",)],
        "ther": [("brother",)],
        " ": [("bro", " "), ("b", "r", "o", " ")],
        "a": [("bro", "a"), ("b", "r", "o", "a")],
    }
    ends: list[tuple[str, ...]] = [("bro",), ("brown",), ("brother",), ("b", "r", "o")]
    whole = sum(chance(writer, before, *end) for end in ends)
    found = writer.probabilities("the bro")
    for text, each in ways.items():
        expected = sum(chance(writer, before, *way) for way in each) / whole
        assert math.isclose(found[text], expected, rel_tol=1e-4)
    assert math.isclose(sum(found.values()), 1, abs_tol=1e-6)


def test_what_is_drawn_after_an_open_end_comes_as_often_as_it_is_likely():
    writer = Generator(wordy(seed=3, scale=0.7))
    found = writer.probabilities("the bro")
    texts = writer.generate_many(
        "the bro", count=2000, length=1, temperature=1, seed=5, break_loops=False
    )
    for char in {*"wt a"}:
        expected = sum(p for text, p in found.items() if text.startswith(char))
        share = sum(text == char for text in texts) / len(texts)
        # Five standard deviations: false alarms are rarer than one in a million.
        assert abs(share - expected) < 5 * math.sqrt(expected * (1 - expected) / 2000)


@pytest.mark.parametrize("prompt", ENDS)
def test_texts_go_on_from_what_stands_in_the_prompt(prompt):
    model = wordy(seed=1)
    writer = Generator(model)
    whole = writer.generate(prompt, length=60, temperature=1, seed=2)
    assert len(whole) == 60
    # A shorter one is the beginning, streamed or not; and others beside it change nothing.
    assert writer.generate(prompt, length=7, temperature=1, seed=2) == whole[:7]
    assert "".join(writer.stream(prompt, length=60, temperature=1, seed=2)) == whole
    settings, _ = writer.resolve_settings({"length": 60, "temperature": 1, "seed": 2})
    batch = Batch(writer)
    keys = [batch.join(writer.prepare_texts(other, settings), logprobs=3) for other in ENDS]
    texts, told = dict.fromkeys(keys, ""), dict.fromkeys(keys, "")
    while len(batch):
        for key, item in batch.step():
            if isinstance(item, str):
                texts[key] += item
            elif isinstance(item, Scored):
                told[key] += "".join(one.text for one in item.symbols)
                assert all(one.text and one.log_probability < 1e-6 for one in item.symbols)
    assert texts == told
    assert texts[keys[ENDS.index(prompt)]] == whole


@pytest.mark.parametrize("window", [0, 4])
def test_portable_arithmetic_goes_on_from_an_open_end_too(window):
    writer = Generator(replace(wordy(seed=3, scale=0.7), window=window))
    for seed in range(6):
        options = {"length": 40, "temperature": 1, "seed": seed, "break_loops": False}
        text = writer.generate("don'", portable=True, **options)
        assert text == writer.generate("don'", **options)
    follows = [WORDS.index("brown" if s == " " else " ") for s in WORDS]
    writer = Generator(follower(WORDS, follows, unit="word"))
    assert writer.generate("the bro", length=8, temperature=0, portable=True) == "wn brown"


def test_a_word_that_was_begun_is_finished():
    # After a blank always "brown", and after that a blank.
    follows = [WORDS.index("brown" if s == " " else " ") for s in WORDS]
    writer = Generator(follower(WORDS, follows, unit="word"))
    assert writer.generate("the bro", length=8, temperature=0) == "wn brown"
    assert writer.generate("the brown", length=8, temperature=0) == " brown b"
    assert writer.generate("the ", length=6, temperature=0) == "brown "
    # What no word begins with is spelled, and the rest is free.
    assert writer.generate("the wor", length=6, temperature=0) == " brown"
    found = writer.suggest("the bro")
    assert found.words[0].text == "wn"
    assert math.isclose(found.words[0].probability, 1, abs_tol=1e-6)
    assert writer.suggest("the brown").words[0].text == " brown"


def test_a_prompt_is_scored_as_it_is_read_where_nothing_follows():
    writer = Generator(wordy(seed=2))
    found = score_symbols(writer, "the bro")
    assert [one.text for one in found] == ["the", " ", "bro"]
    ids = writer.model.vocabulary.encode("the bro")
    assert math.isclose(-found[-1].log_probability, writer.nll(ids)[-1], rel_tol=1e-5)


@pytest.mark.parametrize("prompt", ["", "the bro", "do"])
def test_only_known_words_are_written_spelled_or_whole(prompt):
    writer = Generator(wordy(seed=4))
    known = frozenset(["brown", "the", "at", "don't", "brother"])
    text = prompt + writer.generate(prompt, length=150, temperature=1, seed=1, words=known)
    # The last may be cut short by the length.
    assert {*find_words(text)[:-1]} <= known
    assert any(char.isalpha() for char in text)


def test_models_of_other_words_are_not_mixed():
    less = chancy([one for one in WORDS if one != "brown"], unit="word")
    with pytest.raises(SettingsError, match="these models know different words"):
        build_mixture([wordy(), less], [0.5, 0.5])
    found = Generator(build_mixture([wordy(), wordy(seed=1)], [0.5, 0.5]))
    assert len(found.generate("the bro", length=20, temperature=1, seed=0)) == 20
