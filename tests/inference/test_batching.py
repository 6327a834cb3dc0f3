"""Texts that come and go side by side are each what they are alone."""

import tracemalloc
from dataclasses import replace
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from burble.errors import SettingsError
from burble.inference import batching
from burble.inference.batching import Batch
from burble.inference.generator import Generator
from burble.inference.passages import Passages
from burble.inference.scored import Scored, Symbol
from burble.inference.selection import Ending
from burble.model.engine import finish_reading
from burble.model.mixture import build_mixture
from tests.support.speakers import POETS, chancy, follower, remembered

PLAIN = Generator(chancy("abc \n", scale=0.5))
POEMS = Generator(chancy("ab c", scale=0.5, boundary=True))
ENSEMBLE = Generator(chancy("abc \n", scale=0.5, ensemble=2))
GRU = Generator(chancy("abc \n", scale=0.5, cell="gru"))
MIXED = Generator(
    build_mixture([chancy("abc \n"), chancy("bcdA", seed=1), chancy("AabcdB", seed=2)], [3, 2, 1])
)
WINDOWS = Generator(replace(chancy("abc \n", scale=0.5), window=6, excerpt="abcabc"))
LABELLED = Generator(chancy("ab c", scale=0.5, boundary=True, labels=POETS))
MEMORY = remembered(chancy("abc \n", scale=0.5), "abc cab bac\n" * 20)
GRAPHEMES = Generator(
    follower(["e\u0323\u0302", "x", "y"], [1, 2, 0], strength=1.0, unit="grapheme")
)


def prepare(writer, prompt="", **options):
    made, _ = writer.resolve_settings({"length": 20, "seed": 0} | options)
    return writer.prepare_texts(prompt, made)


def finish(batch):
    """Steps until nothing is left; texts and endings by key."""
    texts: dict[int, str] = {}
    endings: dict[int, Ending] = {}
    while len(batch):
        take(batch.step(), texts, endings)
    return texts, endings


def take(told, texts, endings):
    for key, item in told:
        assert key not in endings
        if isinstance(item, Ending):
            endings[key] = item
        elif isinstance(item, str):
            assert item
            texts[key] = texts.get(key, "") + item


NOVEL = Passages.from_ids(PLAIN.model.vocabulary.encode("abc cab bac\nabba" * 3), 4)
OPTIONS = st.fixed_dictionaries(
    {"length": st.integers(0, 40), "seed": st.integers(0, 3)},
    optional={
        "temperature": st.sampled_from([0.0, 0.5, 1.0, 2.0]),
        "top_k": st.integers(0, 4),
        "top_p": st.sampled_from([0.3, 0.9]),
        "min_p": st.sampled_from([0.1, 0.5]),
        "stop": st.sampled_from(["a", "ab", ("ca", "bb")]),
        "break_loops": st.booleans(),
        "close_quotes": st.sampled_from([0.0, 2.0]),
    },
)
PROMPTS = st.sampled_from(["", "a", "abc", "cab\n" * 70])


def law(writer, plan):
    """Texts that join at some steps, and some that leave, are what they are alone."""
    batch = Batch(writer)
    texts: dict[int, str] = {}
    endings: dict[int, Ending] = {}
    expected: dict[int, str] = {}
    leaving: dict[int, int] = {}
    for wait, prompt, options, leave in plan:
        for _ in range(wait):
            take(batch.step(), texts, endings)
            for key in [key for key in leaving if len(texts.get(key, "")) >= leaving[key]]:
                batch.leave(key)
                del leaving[key]
        key = batch.join(prepare(writer, prompt, **options))
        if leave is None:
            expected[key] = "".join(writer.stream(prompt, **options))
        else:
            leaving[key] = leave
    for key in leaving:
        batch.leave(key)
    while len(batch):
        take(batch.step(), texts, endings)
    assert {key: texts.get(key, "") for key in expected} == expected
    assert endings.keys() >= expected.keys()


def plans(more):
    options = st.builds(lambda one, two: one | two, OPTIONS, more)
    text = st.tuples(st.integers(0, 6), PROMPTS, options, st.none() | st.integers(0, 9))
    return st.lists(text, min_size=1, max_size=12)


WRITERS: dict[str, tuple[Generator, Any]] = {
    "plain": (PLAIN, st.just({})),
    "documents": (POEMS, st.sampled_from([{}, {"until_document": True}])),
    "ensemble": (ENSEMBLE, st.just({})),
    "gru": (GRU, st.just({})),
    "mixed": (MIXED, st.just({})),
    "windows": (WINDOWS, st.just({})),
    "labels": (LABELLED, st.sampled_from([{}, {"label": "poet=Whitman"}, {"label": "form=long"}])),
    "memory": (MEMORY, st.sampled_from([{}, {"memory": 0.5}, {"memory": 1.0}])),
    "restricted": (
        PLAIN,
        st.sampled_from(
            [{}, {"novel": NOVEL}, {"words": {"abc", "ca"}}, {"novel": NOVEL, "words": {"abc"}}]
        ),
    ),
    "graphemes": (GRAPHEMES, st.just({"stop": ()})),
}


@pytest.mark.parametrize("name", WRITERS)
@settings(deadline=None, max_examples=8)
@given(data=st.data())
def test_each_text_is_what_it_is_alone(name, data):
    writer, more = WRITERS[name]
    plan = data.draw(plans(more))
    if name in ("documents", "labels", "graphemes"):
        known = {"documents": "a", "labels": "ab", "graphemes": "xy"}[name]
        plan = [(wait, known, options, leave) for wait, _, options, leave in plan]
    threads = data.draw(st.sampled_from([1, 2]))
    with (
        mock.patch.object(batching, "count_threads", return_value=threads),
        mock.patch.object(batching, "FEW", 2),
    ):
        law(writer, plan)


WIDE = "".join(map(chr, range(0x4E00, 0x4E00 + 37)))
LARGE = {"units": 70, "embedding": 9}
CORES = {
    "plain": Generator(chancy(WIDE, scale=0.3, **LARGE)),
    "ensemble": Generator(chancy(WIDE, scale=0.3, ensemble=3, **LARGE)),
    "windows": Generator(replace(chancy(WIDE, **LARGE), window=5, excerpt=WIDE)),
    "memory": remembered(
        chancy(WIDE, scale=0.3, **LARGE), "".join(WIDE[i * i % 37] for i in range(900))
    ),
    "mixed": Generator(
        build_mixture(
            [
                chancy("".join(chr(code) for code in range(first, first + 30)), seed=first, **LARGE)
                for first in (0x41, 0x50, 0x61)
            ],
            [3, 2, 1],
        )
    ),
}


@pytest.mark.parametrize("name", CORES)
def test_what_is_predicted_is_the_same_to_the_bit(name):
    writer = CORES[name]
    symbols = writer.model.vocabulary.symbols
    weight = 0.6 if name == "memory" else 0.0
    prompts = ["".join(symbols[i * k % len(symbols)] for i in range(k)) for k in range(1, 21)]
    reader = prepare(writer, memory=weight).reader
    each = [reader.read(writer.model.vocabulary.encode(prompt)) for prompt in prompts]
    alone = [reader.read(writer.model.vocabulary.encode(prompt))[1] for prompt in prompts]
    together = each[0][1]
    for _, context in each[1:]:
        together.join(context)
    for step in range(6):
        ids = np.array([(7 * row + step) % len(symbols) for row in range(len(prompts))])
        found = together.append_symbols(ids)
        for row, context in enumerate(alone):
            np.testing.assert_array_equal(found[row], context.append_symbols(ids[row : row + 1])[0])


@pytest.mark.parametrize("name", [name for name in CORES if CORES[name].engine.side_by_side])
def test_what_is_read_side_by_side_is_the_same_to_the_bit(name):
    writer = CORES[name]
    reader = prepare(writer).reader
    if not reader.side_by_side:
        pytest.skip("it is read by itself")
    prompts = [writer.model.vocabulary.encode(WIDE[:k] * 3) for k in (1, 9, 2, 30, 37)]
    found = finish_reading(reader.read_several(prompts))
    for ids, (logits, context) in zip(prompts, found, strict=True):
        expected, alone = reader.read(ids)
        np.testing.assert_array_equal(logits, expected, strict=True)
        after = [one.append_symbols(ids[:1]) for one in (context, alone)]
        np.testing.assert_array_equal(*after, strict=True)


def scored(batch):
    """What a batch tells: the prompt's symbols, those written with their text, and the text."""
    prompt: list[Symbol] = []
    written: list[Symbol] = []
    text = pending = ""
    while len(batch):
        for _, item in batch.step():
            if isinstance(item, Scored):
                (prompt if item.of_prompt else written).extend(item.symbols)
                pending += "" if item.of_prompt else "".join(one.text for one in item.symbols)
            elif isinstance(item, str):
                text += item
                assert pending == item
                pending = ""
    return prompt, written, text


@pytest.mark.parametrize("memory", [0.0, 0.7])
def test_what_is_written_is_scored_as_it_is_evaluated(memory):
    batch = Batch(MEMORY)
    options = {"memory": memory, "length": 300, "temperature": 0.6, "top_k": 3, "seed": 2}
    batch.join(prepare(MEMORY, "abc\n" * 99, **options), logprobs=2, echo=True)
    prompt, written, text = scored(batch)
    assert "".join(one.text for one in prompt) == "abc\n" * 99
    assert "".join(one.text for one in written) == text
    assert text == MEMORY.generate("abc\n" * 99, **options)
    reader = prepare(MEMORY, memory=memory).reader
    ids = MEMORY.model.vocabulary.encode("abc\n" * 99 + text)
    parts = [one for one in reader.predict_in_parts(ids) if one is not None]
    expected = -np.concatenate([one.nll for one in parts])
    assert prompt[0].log_probability is None
    found = [one.log_probability for one in [*prompt[1:], *written]]
    np.testing.assert_allclose(found, expected, atol=1e-6)
    rows = np.concatenate([one.log_probabilities for one in parts])
    for symbol, row in zip([*prompt[1:], *written], rows, strict=True):
        names = np.array([*MEMORY.model.vocabulary.symbols])[np.argsort(-row)][:2]
        assert [name for name, _ in symbol.top] == names.tolist()
        assert symbol.top[0][1] == pytest.approx(row.max(), abs=1e-6)
    if not memory:
        np.testing.assert_array_equal(-expected, MEMORY.nll(ids))


def test_a_prompt_is_scored_by_itself():
    batch = Batch(POEMS)
    batch.join(prepare(POEMS, "ab", length=0), logprobs=99, echo=True)
    prompt, written, _ = scored(batch)
    # A model of documents predicts their first symbol, too, and their end.
    expected = POEMS.nll(POEMS.model.vocabulary.encode("ab"))[:2]
    assert [-one.log_probability for one in prompt] == pytest.approx(expected, abs=1e-6)
    assert written == []
    assert {name for name, _ in prompt[0].top} == {*"ab c", ""}
    assert sum(np.exp(value) for _, value in prompt[0].top) == pytest.approx(1)
    batch.join(prepare(POEMS, "", length=0), logprobs=1, echo=True)
    assert scored(batch) == ([], [], "")


def test_the_edge_between_documents_is_a_symbol_of_the_prompt():
    batch = Batch(POEMS)
    batch.join(prepare(POEMS, "ab--c", length=0), logprobs=1, echo=True)
    prompt, _, _ = scored(batch)
    assert [one.text for one in prompt] == ["a", "b", "--", "c"]


@pytest.mark.parametrize("length", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("stop", [(), "xy", "x", "y-", "-x"])
def test_symbols_make_the_text_also_where_it_is_cut(length, stop):
    symbols, edges = ["e\u0323\u0302", "x", "y"], {"boundary": True, "separator": "-*-"}
    writer = Generator(follower(symbols, [1, 2, 3, 0], unit="grapheme", **edges))
    batch = Batch(writer)
    batch.join(prepare(writer, "y", length=length, stop=stop, temperature=0), logprobs=0)
    _, written, text = scored(batch)
    assert text == writer.generate("y", length=length, stop=stop, temperature=0)
    assert "".join(one.text for one in written) == text


def test_texts_of_one_prompt_differ_by_their_numbers():
    batch = Batch(PLAIN)
    texts = prepare(PLAIN, "abc", length=30, seed=7)
    keys = [batch.join(texts, number) for number in range(5)]
    written, _ = finish(batch)
    many = PLAIN.generate_many("abc", count=5, length=30, seed=7)
    assert [written[key] for key in keys] == many


def test_whoever_leaves_is_forgotten_at_once():
    batch = Batch(PLAIN)
    keys = [batch.join(prepare(PLAIN, length=None, seed=seed)) for seed in range(4)]
    batch.step()
    late = batch.join(prepare(PLAIN, "abc\n" * 5000, length=None))
    batch.step()
    assert len(batch) == 5
    batch.leave(late)
    for key in keys[1:]:
        batch.leave(key)
        batch.leave(key)
    assert {key for key, _ in batch.step()} == {keys[0]}
    batch.leave(keys[0])
    assert (len(batch), batch.step()) == (0, [])


def test_a_newcomer_with_a_long_prompt_makes_nobody_wait():
    batch = Batch(PLAIN)
    first = batch.join(prepare(PLAIN, length=None))
    batch.step()
    long = batch.join(prepare(PLAIN, "abc\n" * 1_000_000, length=9))
    short = batch.join(prepare(PLAIN, "abc\n", length=9))
    steps = [{key for key, _ in batch.step()} for _ in range(30)]
    assert all(first in told for told in steps)
    assert any(short in told for told in steps)
    assert not any(long in told for told in steps)


def test_nothing_is_kept_of_texts_that_ended():
    batch = Batch(PLAIN)
    used = []
    for _ in range(3):
        tracemalloc.start()
        for seed in range(40):
            batch.join(prepare(PLAIN, "abc", length=seed % 7, seed=seed, temperature=1 + seed / 99))
            batch.step()
        finish(batch)
        used.append(tracemalloc.get_traced_memory()[0])
        tracemalloc.stop()
    assert max(used[1:]) < 50_000


def test_what_cannot_join_is_refused():
    with pytest.raises(SettingsError, match="another"):
        Batch(PLAIN).join(prepare(GRU))
    writer = Generator(chancy("ab", boundary=True))
    made, _ = writer.resolve_settings({"new": frozenset({"a"})})
    with pytest.raises(SettingsError, match="Leave out new"):
        Batch(writer).join(writer.prepare_texts("", made))


SIDE_BY_SIDE = pytest.mark.skipif(
    not PLAIN.engine.side_by_side, reason="the kernels are not in use"
)


@SIDE_BY_SIDE
@pytest.mark.parametrize("leaving", [(0,), (1,), (0, 2), (0, 1, 2, 3)])
def test_whoever_leaves_while_prompts_are_read_side_by_side_changes_nothing(leaving):
    prompts = ["abc " * 20, "cab\n" * 18, "a" * 70, "bca" * 25]
    expected = [PLAIN.generate(prompt, length=9, seed=3) for prompt in prompts]
    batch = Batch(PLAIN)
    with mock.patch.object(batching, "SECONDS", 0.0):
        keys = [batch.join(prepare(PLAIN, one, length=9, seed=3)) for one in prompts]
        while batch._newcomers[0].reading is None:
            assert batch.step() == []
        # All four are in the first one's hands.
        assert len(batch._newcomers) == 1
        for place in leaving:
            batch.leave(keys[place])
    assert len(batch) == len(batch._places) == 4 - len(leaving)
    texts, _ = finish(batch)
    assert texts == {key: expected[place] for place, key in enumerate(keys) if place not in leaving}
    assert not batch._newcomers


@SIDE_BY_SIDE
def test_only_prompts_of_as_many_parts_are_read_together_and_not_too_many(monkeypatch):
    monkeypatch.setattr(batching, "TOGETHER", 3)
    monkeypatch.setattr(batching, "SECONDS", 0.0)
    batch = Batch(PLAIN)
    for prompt in ("a" * 40, "b" * 60, "abc", "c" * 33, "b" * 50, "cab" * 100):
        batch.join(prepare(PLAIN, prompt, length=3))
    batch.join(prepare(PLAIN, "b" * 45, length=3), echo=True, logprobs=1)
    while batch._newcomers[0].reading is None:
        batch.step()
    together = [len(one.texts.prompt.text) for one in batch._newcomers[0].together]
    assert together == [40, 60, 33]
    assert [len(one.texts.prompt.text) for one in batch._newcomers][1:] == [3, 50, 300, 45]
    texts, _ = finish(batch)
    assert {len(text) for text in texts.values()} == {3}
