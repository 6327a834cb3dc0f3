from dataclasses import replace

import numpy as np
import pytest

from burble.data import corpus
from burble.settings import ModelSettings, Settings, TextSettings, TrainingSettings
from burble.training import frequencies
from burble.training.frequencies import (
    OFTEN,
    UNSEEN,
    gains_by_frequencies,
    start_from_frequencies,
)
from burble.training.trainer import Trainer

TEXT = "the cat and the dog and the cat\n" * 40 + "the newt!"


def build(tmp_path, unit, validation=0.1):
    (tmp_path / "a.txt").write_text(TEXT, "utf-8")
    return corpus.build([str(tmp_path / "a.txt")], TextSettings(unit=unit), validation=validation)


@pytest.mark.parametrize("unit", ["char", "word", "bytes"])
def test_before_the_first_step_symbols_are_as_likely_as_they_are_frequent(tmp_path, unit):
    made = build(tmp_path, unit)
    counts = np.maximum(np.bincount(made.training, minlength=made.vocabulary.size), UNSEEN)
    names = {"output.bias": np.zeros(made.vocabulary.size), "network1.output.bias": None}
    names["network1.output.bias"] = names["output.bias"]
    found = start_from_frequencies(names, made)
    for name in names:
        np.testing.assert_allclose(np.exp(found[name]), counts / counts.sum(), rtol=1e-5)


@pytest.mark.parametrize("unit", ["char", "word"])
def test_a_training_begins_so_unless_its_weights_are_given(tmp_path, unit):
    made = build(tmp_path, unit)
    settings = Settings(
        text=TextSettings(unit=unit),
        model=ModelSettings(layers=1, units=4, embedding=3, ensemble=2),
        training=TrainingSettings(batch=2, length=8, steps=2),
    )
    trainer = Trainer(made, settings)
    state = trainer.initial_state()
    weights = trainer.weights(state)
    for name in ("output.bias", "network1.output.bias"):
        assert weights[name].any()
    weights = {name: array + 1 for name, array in weights.items()}
    again = trainer.initial_state(weights)
    for name, array in trainer.weights(again).items():
        np.testing.assert_array_equal(array, weights[name])


@pytest.mark.parametrize("many", [True, False])
def test_a_network_that_reads_its_text_often_begins_without_unless_its_symbols_are_many(
    tmp_path, many, monkeypatch
):
    monkeypatch.setattr(frequencies, "SMALL_TEXT", 0)
    made = build(tmp_path, "char")
    monkeypatch.setattr(frequencies, "MANY_SYMBOLS", made.vocabulary.size + (not many))
    training = TrainingSettings(batch=2, length=8, steps=1)
    few = Settings(
        text=TextSettings(),
        model=ModelSettings(layers=1, units=4, embedding=3),
        training=training,
    )
    a_pass = Trainer(made, few).framing.steps_per_epoch
    for passes, known in ((OFTEN - 1, True), (OFTEN + 1, many)):
        many = replace(training, steps=round(passes * a_pass))
        trainer = Trainer(made, replace(few, training=many))
        assert trainer.weights(trainer.initial_state())["output.bias"].any() == known


@pytest.mark.parametrize(("least", "known"), [(1, True), (0, False)])
def test_a_small_text_is_begun_with_them_however_often_it_is_read(
    tmp_path, monkeypatch, least, known
):
    made = build(tmp_path, "char")
    monkeypatch.setattr(frequencies, "SMALL_TEXT", made.cut + least)
    assert gains_by_frequencies(made, OFTEN - 1)
    assert gains_by_frequencies(made, 50 * OFTEN) == known


def test_bytes_are_many_whatever_the_text(tmp_path, monkeypatch):
    monkeypatch.setattr(frequencies, "SMALL_TEXT", 0)
    assert gains_by_frequencies(build(tmp_path, "bytes"), 50 * OFTEN)
