"""A bias that closes quotes and brackets where a mark can be."""

import json

import numpy as np
import pytest

from burble.errors import SettingsError
from burble.evaluation.statistics import Reference, measure_texts
from burble.inference.generator import Generator
from burble.inference.quote_bias import LARGEST_BIAS, QuoteBias
from burble.model.file import write_model
from tests.support.speakers import chancy

EDGE = "."
SYMBOLS = ["a", " ", "\n", ",", "'", '"', "(", ")", "“", "”", "»", "«", "‘", "’", "„", "", EDGE]


def biased(text, strength=2.0):
    """What the bias adds to each symbol after a text, where it adds anything."""
    bias = QuoteBias(strength, SYMBOLS, 1)
    for char in text:
        bias.append_symbols(np.array([SYMBOLS.index(char)]))
    logits = np.zeros((1, len(SYMBOLS)), np.float32)
    bias.process(logits)
    return {SYMBOLS[i]: float(logits[0, i]) for i in np.flatnonzero(logits[0])}


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
def test_where_a_mark_is_biased(text, marks):
    assert biased(text) == pytest.approx(marks)


def test_a_bias_grows_with_time_and_has_an_end():
    sizes = [biased("(" + "a" * age)[")"] for age in (50, 100, 200, 1_000)]
    assert sizes == pytest.approx([1, 2, 4, LARGEST_BIAS])


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
    shares = [measure_texts(some, Reference.from_text("a")).closed for some in texts]
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
    bias = QuoteBias(2.0, SYMBOLS, 3)
    for text in zip("aaaaaaa", "(aaaaaa", "“aaaaaa", strict=True):
        bias.append_symbols(np.array([SYMBOLS.index(char) for char in text]))
    bias.keep_rows([2, 1])
    logits = np.zeros((2, len(SYMBOLS)), np.float32)
    bias.process(logits)
    assert [SYMBOLS[i] for i in logits.argmax(1)] == ["”", ")"]


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_a_bias_is_the_same_at_any_temperature(temperature):
    bias = QuoteBias(2.0, SYMBOLS, 1, temperature)
    for char in "(" + "a" * 100:
        bias.append_symbols(np.array([SYMBOLS.index(char)]))
    logits = np.zeros((1, len(SYMBOLS)), np.float32)
    bias.process(logits)
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
