"""A training in its folder, from beginning to end: short, stopped, gone on with."""

from typing import Any

import pytest

from burble import settings
from burble.data import corpus
from burble.inference import generator
from burble.runs.events import Task
from burble.runs.folder import Run
from burble.runs.request import TrainingRequest
from burble.settings import TextSettings
from burble.training.job import fit_to_machine
from tests.support.trainers import assert_equal, finish, run_training, trainer

pytestmark = pytest.mark.slow


def model(folder):
    return (folder / "model.safetensors").read_bytes()


def test_scores_that_short_minutes_had_no_room_for_come_when_there_is_more(text, tmp_path):
    made = corpus.build([str(text)], TextSettings())
    run = Run(tmp_path / "run")
    asked = {"units": 8, "layers": 1, "minutes": 1e-6, "evaluations": 7}
    list(run_training(made, run, TrainingRequest(asked)))
    assert run.settings().training.evaluations == 1
    # Nothing else asked for, nothing changes.
    list(run_training(made, run, TrainingRequest({}, resume=True)))
    assert run.settings().training.evaluations == 1
    list(run_training(made, run, TrainingRequest({"steps": 20}, resume=True)))
    assert run.settings().training.evaluations == 7


@pytest.mark.parametrize("phase", ["scoring the validation text", "finding the best temperature"])
def test_what_is_stopped_after_the_last_step_is_usable_and_goes_on(phase, text, tmp_path):
    made = corpus.build([str(text)], TextSettings())
    run = Run(tmp_path / "run")
    asked = {"units": 8, "layers": 1, "steps": 3, "evaluations": 1}
    whole = Run(tmp_path / "whole")
    list(run_training(made, whole, TrainingRequest(asked)))
    reached: list[Any] = []
    for event in run_training(made, run, TrainingRequest(asked), stop=lambda: bool(reached)):
        # The one score on the way is taken before there is a model.
        if isinstance(event, Task) and run.has_model and event.what.startswith(phase):
            reached.append(event)
        ended = event
    assert (ended.reason, ended.state.step, len(reached)) == ("stopped", 3, 1)
    assert run.facts()["status"] == "interrupted"
    assert len(generator.load(run.folder).generate(length=5)) == 5
    list(run_training(made, run, TrainingRequest({}, resume=True)))
    assert run.facts()["status"] == "finished"
    assert model(run.folder) == model(whole.folder)


def test_a_run_stopped_before_its_first_score_has_a_model_and_goes_on(text, tmp_path):
    made = corpus.build([str(text)], TextSettings())
    run = Run(tmp_path / "run")
    asked = {"units": 8, "layers": 1, "steps": 3}
    list(run_training(made, run, TrainingRequest(asked), stop=lambda: True))
    assert len(generator.load(run.folder).generate(length=5)) == 5
    list(run_training(made, run, TrainingRequest({}, resume=True)))
    assert run.facts()["status"] == "finished"


def test_settings_that_suit_what_was_measured_train_as_if_they_had_been_given():
    def better(_trainer, pace):
        assert pace.step > 0
        return settings.make_settings(
            settings.flatten_settings(t.settings) | {"ensemble": 2, "dropout": 0.1}
        )

    t = trainer(minutes=60.0, steps=6)
    fitted = fit_to_machine(t, better, stop=lambda: True)
    assert (fitted.settings.model.ensemble, fitted.settings.training.steps) == (2, 6)
    assert_equal(finish(fitted), finish(trainer(steps=6, ensemble=2, dropout=0.1)))
    # With steps alone nothing is measured, and nobody asked.
    assert fit_to_machine(trainer(steps=6), better).settings == trainer(steps=6).settings
    epochs = fit_to_machine(trainer(epochs=2.0, steps=0))
    assert (epochs.epochs, round(epochs.symbols_a_step)) == (2, 64)
