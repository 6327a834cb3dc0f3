"""Which quotes and brackets are open, and a nudge that closes them where a mark can be."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from burble.data import quotes as data_quotes
from burble.data.quotes import Nudge, Quotes
from burble.errors import SettingsError
from burble.evaluation.statistics import Reference, measure
from burble.inference.generator import Generator
from burble.model.file import write_model
from support.speakers import chancy

EDGE = "."
SYMBOLS = ["a", " ", "\n", ",", "'", '"', "(", ")", "“", "”", "»", "«", "‘", "’", "„", "", EDGE]


def read(text):
    quotes = Quotes()
    quotes.add(text)
    return quotes


def nudged(text, strength=2.0):
    """What a nudge adds to each symbol after a text, where it adds anything."""
    nudge = Nudge(strength, SYMBOLS, 1)
    for char in text:
        nudge.add(np.array([SYMBOLS.index(char)]))
    logits = np.zeros((1, len(SYMBOLS)), np.float32)
    nudge.apply(logits)
    return {SYMBOLS[i]: float(logits[0, i]) for i in np.flatnonzero(logits[0])}


@given(st.text("a (')“”«»'\"\n", max_size=60), st.lists(st.integers(0, 60), max_size=3))
def test_pieces_read_as_the_whole(text, cuts):
    ends = sorted(min(cut, len(text)) for cut in cuts)
    pieces = [text[a:b] for a, b in zip([0, *ends], [*ends, len(text)], strict=True)]
    one, many = read(text), Quotes()
    for piece in pieces:
        many.add(piece)
    assert (one.opened, one.closed, one.waiting) == (many.opened, many.closed, many.waiting)
    one.end()
    # What was opened inside another that has closed is forgotten.
    assert one.opened >= one.closed + len(one.waiting)


def test_the_age_is_that_of_the_latest():
    assert read("aa").age == 0
    assert read("(aa").age == 2
    assert read("(a “a").age == 1
    assert read("(a “a” ").age == 6
    # Whether this one closes or is an apostrophe, only the next character shows.
    assert read("'aa'").age == 0
    assert read("'aa'a").age == 4


@pytest.mark.parametrize(
    ("text", "counts", "waiting"),
    [
        # Set with spaces, as in French; and the other way round, as in German.
        ("« a », a. a", (1, 1), ""),
        ("»a«, a", (1, 1), ""),
        ("a » a", (0, 0), ""),
        ("'tis a", (0, 0), ""),
        ("“'Twas a,” a", (1, 1), ""),
        ("“a ‘em a", (1, 0), "”"),
        ("'tisa a", (1, 0), "'"),
        # What was left open inside one that has closed is no longer waited for.
        ("“a (a,” a", (2, 1), ""),
        ("(a “a ", (2, 0), ")”"),
    ],
)
def test_what_opens_and_closes(text, counts, waiting):
    quotes = read(text)
    assert (quotes.opened, quotes.closed) == counts
    assert "".join(closers for closers, _ in quotes.waiting) == waiting


def test_what_never_closes_is_forgotten():
    assert read("(" + "a" * 2_000).age == 2_000
    assert read("(" + "a" * 2_002).age == 0


@pytest.mark.parametrize(
    ("text", "marks"),
    [
        ("aaaa", {}),
        ("(aaaa", {")": 0.08}),
        ("(aaaa" + EDGE + "aa", {}),
        ("(aaa ", {")": 0.08}),
        ("“aaa,", {"”": 0.08}),
        ("»aaa ", {"«": 0.08}),
        ("„aaa,", {"“": 0.08, "”": 0.08}),
        ("(a “a,", {"”": 0.04}),
        ("‘aaa,", {"’": 0.08}),
        # Here a letter would follow an apostrophe.
        ("‘aaaa", {}),
        ("a ’aaaa,", {}),
        # A straight mark closes after what is no white space, an apostrophe after no letter.
        ("'aaa,", {"'": 0.08}),
        ("'aaaa", {}),
        ('"aaaa', {'"': 0.08}),
        # After white space it would open again, which the beginning of a paragraph may.
        ("'aaa ", {"'": -0.08}),
        ("'a,\n\n", {}),
    ],
)
def test_where_a_mark_is_nudged(text, marks):
    assert nudged(text) == pytest.approx(marks)


def test_a_nudge_grows_with_time_and_has_an_end():
    sizes = [nudged("(" + "a" * age)[")"] for age in (50, 100, 200, 1_000)]
    assert sizes == pytest.approx([1, 2, 4, data_quotes.LARGEST])


def test_a_quote_that_a_prompt_opened_long_before_is_closed():
    writer = Generator(chancy('abc ,."()\n', seed=3, scale=0.3))
    texts = [
        writer.generate("(" + "a" * 900, length=40, seed=1, close_quotes=strength, temperature=0.5)
        for strength in (0.0, 2.0)
    ]
    assert ")" in texts[1][: texts[0].find(")") if ")" in texts[0] else None]


def test_more_of_them_close_in_what_a_model_writes():
    writer = Generator(chancy('abc ,."()\n', seed=3, scale=0.3))
    texts = [
        writer.generate_many("", count=5, length=1_000, seed=1, close_quotes=strength)
        for strength in (0.0, 0.01, 20.0)
    ]
    shares = [measure(some, Reference.of("a")).closed for some in texts]
    assert texts[0] != texts[2]
    assert shares[0] <= shares[1] < shares[2]


def test_texts_side_by_side_are_what_they_are_alone():
    writer = Generator(chancy('abc ,."()\n', seed=3, scale=0.3))
    options = {"length": 300, "seed": 1, "close_quotes": 3.0, "stop": "ab"}
    together = writer.generate_many("(a", count=3, **options)
    # Text i of a few is the last of i + 1, whichever of them ended before.
    for count in (1, 2):
        assert writer.generate_many("(a", count=count, **options) == together[:count]
    assert len(set(map(len, together))) > 1


def test_rows_that_go_on_keep_their_quotes():
    nudge = Nudge(2.0, SYMBOLS, 3)
    for text in zip("aaaaaaa", "(aaaaaa", "“aaaaaa", strict=True):
        nudge.add(np.array([SYMBOLS.index(char) for char in text]))
    nudge.keep([2, 1])
    logits = np.zeros((2, len(SYMBOLS)), np.float32)
    nudge.apply(logits)
    assert [SYMBOLS[i] for i in logits.argmax(1)] == ["”", ")"]


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_a_nudge_is_the_same_at_any_temperature(temperature):
    nudge = Nudge(2.0, SYMBOLS, 1, temperature)
    for char in "(" + "a" * 100:
        nudge.add(np.array([SYMBOLS.index(char)]))
    logits = np.zeros((1, len(SYMBOLS)), np.float32)
    nudge.apply(logits)
    assert logits.max() / temperature == pytest.approx(2)


@pytest.mark.parametrize("strength", [-1, float("nan"), float("inf"), "2"])
def test_a_strength_that_cannot_be(strength):
    with pytest.raises(SettingsError, match="close_quotes"):
        Generator(chancy()).generate("", close_quotes=strength)


def test_the_command_tells_it(burble, tmp_path):
    file = tmp_path / "m.safetensors"
    write_model(file, chancy('ab "\n'))
    run = burble("sample", file, "-l", 30, "--seed", 1, "--close-quotes", 2, "-n", 2, "--jsonl")
    assert [json.loads(line)["close_quotes"] for line in run.stdout.splitlines()] == [2.0, 2.0]
    run = burble("sample", file, "--close-quotes", "-1")
    assert run.returncode == 2
    assert b"close_quotes" in run.stderr
