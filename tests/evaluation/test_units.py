"""Scores of models of words and bytes."""

import numpy as np
import pytest

from burble.data.sources import find_sources
from burble.data.units import BYTES
from burble.errors import CorpusError
from burble.evaluation.evaluate import score_sources
from burble.inference.generator import Generator
from tests.support.speakers import WORDS, chancy, wordy

TEXT = "the brown brother don't\nrest, née"


def score(model, text, tmp_path):
    (tmp_path / "a.txt").write_text(text, "utf-8")
    found, _ = find_sources([str(tmp_path / "a.txt")])
    return score_sources(Generator(model), found)


@pytest.mark.parametrize("boundary", [False, True])
def test_scores_are_per_character_whatever_the_unit(tmp_path, boundary):
    text = "the brown brother don't\n" * 3
    ends = int(boundary)
    for model in (wordy(boundary=boundary), chancy(BYTES, unit="bytes", boundary=boundary)):
        report = score(model, text, tmp_path)
        ids = model.vocabulary.encode(text)
        nats = Generator(model).nll(ids).sum()
        # Of running text the first symbol is given: a word of three letters, or one byte.
        given = 0 if boundary else 3 if model.text.unit == "word" else 1
        assert (report.characters, report.ends) == (len(text) - given, ends)
        np.testing.assert_allclose(report.nats, nats / (len(text) - given + ends), rtol=1e-6)


def test_a_uniform_model_scores_what_its_symbols_are_worth(tmp_path):
    model = wordy(scale=0.0)
    report = score(model, "the brown", tmp_path)
    # A blank and a word are two symbols, of six characters.
    np.testing.assert_allclose(report.bits, 2 * np.log2(len(WORDS)) / 6, rtol=1e-6)
    model = chancy(BYTES, unit="bytes", scale=0.0)
    np.testing.assert_allclose(score(model, "né☃", tmp_path).bits, 5 * 8 / 2, rtol=1e-6)


def test_characters_that_words_cannot_spell_are_counted_and_bytes_know_all(tmp_path):
    report = score(wordy(), "the né→→", tmp_path)
    assert report.unknown == {"é": 1, "→": 2}
    assert score(chancy(BYTES, unit="bytes"), TEXT, tmp_path).unknown == {}


def test_a_text_of_one_character_in_several_bytes_is_too_short_to_score(tmp_path):
    with pytest.raises(CorpusError, match="nothing to score: of 1 character, 0 are unknown"):
        score(chancy(BYTES, unit="bytes"), "☃", tmp_path)
    # To a model of documents its first byte is not given.
    report = score(chancy(BYTES, unit="bytes", boundary=True), "☃", tmp_path)
    assert (report.characters, report.ends) == (1, 1)


def test_predictions_sum_to_one_and_do_not_look_ahead():
    rng = np.random.default_rng(0)
    for model in (wordy(), chancy(BYTES, unit="bytes")):
        writer = Generator(model)
        ids = rng.integers(0, model.vocabulary.size, 40)
        nll = writer.nll(ids)
        other = ids.copy()
        other[30:] = other[30:][::-1]
        np.testing.assert_array_equal(nll[:29], writer.nll(other)[:29])
