import numpy as np
import pytest

from burble import corpus, settings, training
from burble.errors import DivergedError
from burble.settings import TextSettings
from burble.training import End, Score, Trainer

TEXT = "the cat sat on the mat. the dog sat on the log. " * 40
TINY = {"units": 16, "embedding": 8, "batch": 4, "length": 16, "evaluations": 3, "patience": 0}


def trainer(**changed):
    made = settings.make(TINY | {"steps": 30} | changed)
    return Trainer(corpus.from_texts([TEXT], TextSettings()), made)


def finish(t, state=None, **how):
    events = list(t.run(state or t.start(), **how))
    assert isinstance(events[-1], End)
    return events[-1].state


def test_an_untrained_model_knows_nothing():
    t = trainer()
    loss, _ = t.score(t.start(), t.corpus.tail)
    assert abs(loss - np.log(t.corpus.vocabulary.size)) < 0.05


def test_training_lowers_the_held_out_loss():
    t = trainer(steps=120)
    scores = [e for e in t.run(t.start()) if isinstance(e, Score)]
    assert [s.step for s in scores] == [40, 80, 120]
    assert scores[-1].loss < scores[0].loss < np.log(t.corpus.vocabulary.size)


def test_stopped_and_gone_on_with_equals_never_stopped():
    whole = finish(trainer())
    answers = iter([False] * 13 + [True])
    half = finish(trainer(), stop=lambda: next(answers))
    assert half.step == 13
    resumed = finish(trainer(), half)
    assert resumed.step == whole.step == 30
    assert (resumed.best, resumed.stale) == (whole.best, whole.stale)
    assert resumed.arrays.keys() == whole.arrays.keys()
    for name, array in whole.arrays.items():
        np.testing.assert_array_equal(resumed.arrays[name], array, err_msg=name)


def test_how_often_it_is_scored_changes_nothing_learned():
    once = finish(trainer(evaluations=1))
    often = finish(trainer(evaluations=10))
    np.testing.assert_array_equal(once.arrays["weight.1"], often.arrays["weight.1"])


def test_a_loss_that_is_no_number_stops_with_the_step_and_the_cure():
    t = trainer(steps=200)
    state = t.start()
    broken = {**state.arrays, "weight.0": np.full_like(state.arrays["weight.0"], np.nan)}
    with pytest.raises(DivergedError, match=r"at step 1\..*lower --learning-rate"):
        list(t.run(training.State(0, broken)))


def test_minutes_become_a_number_of_steps():
    t = trainer(steps=0, minutes=0.05)
    fixed = training.fix_steps(t.corpus, t.settings)
    assert fixed.training.steps >= 1
    epochs = settings.make(TINY | {"epochs": 2.0})
    assert training.fix_steps(t.corpus, epochs).training.steps == 2 * t.batches.steps_per_epoch
