import itertools
import math
import weakref
from dataclasses import replace

import numpy as np
import pytest

from burble import settings
from burble.errors import DivergedError
from burble.runs.events import End, Recovery, Report, Save, Score, Task
from burble.settings import TextSettings
from burble.training import batches
from burble.training.trainer import Trainer
from tests.support.corpora import build_corpus
from tests.support.trainers import TEXT, TINY, assert_equal, finish, score, trainer

pytestmark = pytest.mark.slow


def documents(**changed):
    made = settings.make_settings(TINY | {"steps": 30, "framing": "documents"} | changed)
    words = [f"{a}{b}" for a in "abcdefgh" for b in ("one", "two", "three", "seven")]
    return Trainer(build_corpus(words * 4, TextSettings()), made)


@pytest.mark.parametrize("make", [trainer, documents])
def test_an_untrained_model_knows_how_frequent_symbols_are_and_nothing_else(make):
    t = make()
    loss = score(t, t.initial_state())
    shares = np.bincount(t.corpus.training) / len(t.corpus.training)
    entropy = -(shares[shares > 0] * np.log(shares[shares > 0])).sum()
    assert entropy < np.log(t.corpus.vocabulary.size) - 0.2
    assert abs(loss - entropy) < 0.1


@pytest.mark.parametrize("make", [trainer, documents])
def test_training_lowers_the_validation_loss(make):
    t = make(steps=120)
    scores = [e for e in t.run(t.initial_state()) if isinstance(e, Score)]
    assert [s.state.step for s in scores] == [40, 80, 120]
    assert scores[-1].loss < scores[0].loss < np.log(t.corpus.vocabulary.size)


@pytest.mark.parametrize("make", [trainer, documents])
def test_stopped_and_gone_on_with_equals_never_stopped(make):
    whole = finish(make())
    answers = itertools.chain([False] * 13, itertools.repeat(True))
    half = finish(make(), stop=lambda: next(answers))
    assert half.step == 13
    assert_equal(finish(make(), half), whole)


@pytest.mark.parametrize("make", [trainer, documents])
def test_stopped_on_the_way_through_a_score_and_gone_on_with_equals_never_stopped(
    make, monkeypatch
):
    # So many batches that there is a way through.
    monkeypatch.setattr(batches, "CHUNK", 64)
    events, kinds, more = [], [], make(steps=20, evaluations=2, val_chars=0)
    whole = list(more.run(more.initial_state()))
    for event in more.run(more.initial_state(), stop=lambda: "Task" in kinds):
        events.append(event)
        kinds.append(type(event).__name__)
    stopped = events[-1]
    assert (stopped.reason, stopped.state.step, stopped.state.eval_due) == ("stopped", 10, True)
    assert not any(isinstance(event, Score) for event in events)
    rest = list(more.run(stopped.state))
    assert_equal(rest[-1].state, whole[-1].state)
    first, same = (next(e for e in all_ if isinstance(e, Score)) for all_ in (whole, rest))
    assert (same.loss, same.state.step) == (first.loss, 10)


@pytest.mark.parametrize("make", [trainer, documents])
def test_one_step_is_compiled_whatever_happens(make):
    t = make(evaluations=5)
    t.fix_steps()
    state = t.initial_state()
    events = list(t.run(replace(state, arrays=with_nan(state))))
    assert {type(event) for event in events} == {Recovery, Report, Task, Score, End}
    assert t.compiled._step._cache_size() == 1


def test_no_state_is_held_while_steps_are_done():
    made = trainer(steps=4, evaluations=2)
    state = made.initial_state()
    held = [weakref.ref(array) for array in state.arrays.weights]
    events = made.run(state)
    del state
    for event in events:
        if isinstance(event, Report):
            assert not any(one() is not None for one in held)
        elif isinstance(event, Score):
            held += [weakref.ref(array) for array in event.state.arrays.weights]
    assert len(held) > 1


def test_how_often_it_is_scored_changes_nothing_learned():
    once = finish(trainer(evaluations=1))
    often = finish(trainer(evaluations=10))
    np.testing.assert_array_equal(once.arrays.weights[1], often.arrays.weights[1])


def test_the_best_weights_are_kept_not_the_last():
    # Letters by chance: learning them by heart makes what is held out ever less likely.
    letters = "".join(np.random.default_rng(0).choice(list("abcdefgh"), 600))
    made = settings.make_settings(TINY | {"steps": 400, "framing": "streams", "evaluations": 20})
    none = {"dropout": 0, "dropout_input": 0, "dropout_output": 0, "learning_rate": 0.02}
    made = settings.make_settings(settings.flatten_settings(made) | none)
    t = Trainer(build_corpus([letters], TextSettings()), made)
    scores = []
    for event in t.run(t.initial_state()):
        if isinstance(event, Score):
            scores.append(event.loss)
        last = event
    assert scores[-1] > min(scores) + 0.1
    assert last.state.best_loss == min(scores)
    assert score(t, last.state, best=True) == pytest.approx(min(scores), rel=1e-6)
    assert score(t, last.state) == pytest.approx(scores[-1], rel=1e-6)


def with_nan(state):
    first, *others = state.arrays.weights
    return state.arrays._replace(weights=[np.full_like(first, np.nan), *others])


def test_a_loss_that_is_no_number_goes_back_to_the_best_weights_and_says_so():
    t = trainer(steps=30)
    state = t.initial_state()
    events = list(t.run(type(state)(with_nan(state))))
    (recovery,) = [e for e in events if isinstance(e, Recovery)]
    assert recovery.step == 1
    assert math.isnan(recovery.loss)
    np.testing.assert_array_equal(recovery.state.arrays.weights[0], state.arrays.best[0])
    assert events[-1].state.step == 30
    assert events[-1].state.best_loss < np.log(t.corpus.vocabulary.size)


def test_a_loss_that_is_never_a_number_stops_with_the_step_and_the_cure():
    t = trainer(steps=30)
    state = t.initial_state()
    hopeless = with_nan(state)._replace(best=with_nan(state).weights)
    said = r"at step 4, .*before, so there is no model\. .*lower --learning-rate than 0\.005"
    with pytest.raises(DivergedError, match=said):
        list(t.run(type(state)(hopeless)))
    with pytest.raises(
        DivergedError, match=r"3 times\. The best model so far is kept\. Train again"
    ):
        list(t.run(type(state)(hopeless, best_loss=2.5)))


def test_without_a_validation_part_weights_that_are_no_numbers_are_never_kept():
    made = settings.make_settings(TINY | {"steps": 600, "framing": "streams", "evaluations": 7})
    t = Trainer(build_corpus([TEXT], TextSettings(), validation=0.0), made)
    # The step just before a score that is no report: steps // 7 = 85, and a report every 3.
    begun = finish(t, stop=iter([False] * 84 + [True]).__next__)
    events = list(t.run(replace(begun, arrays=with_nan(begun))))
    assert any(isinstance(e, Recovery) for e in events)
    for event in events:
        if isinstance(event, Score):
            assert all(np.isfinite(array).all() for array in event.state.arrays.best)


def test_an_absurd_learning_rate_does_not_cost_the_best_model():
    good = finish(trainer(steps=60))
    worse = trainer(steps=120, learning_rate=50.0, clip=1e9)
    states, diverged = [], False
    try:
        for event in worse.run(good):
            states += [] if isinstance(event, Report | Task) else [event.state]
    except DivergedError:
        diverged = True
    assert diverged or any(state.recoveries for state in states)
    # What is kept after it all is still what was best, measured anew.
    assert score(worse, states[-1], best=True) == pytest.approx(good.best_loss, rel=1e-6)


def test_limits_become_a_number_of_steps_and_the_nearest_holds():
    t = trainer(steps=0, epochs=2.0)
    per_epoch = t.framing.steps_per_epoch
    assert t.fix_steps().training.steps == 2 * per_epoch
    assert trainer(steps=7, epochs=2.0).fix_steps().training.steps == 7
    assert trainer(steps=7, minutes=5.0).fix_steps().training.steps == 7
    timed = trainer(steps=0, minutes=0.05).fix_steps().training
    assert timed.steps >= 1
    assert timed.minutes == 0


def test_measuring_the_machine_changes_nothing_learned():
    t = trainer(minutes=1.0)
    t.fix_steps()
    assert_equal(finish(t), finish(trainer()))


def test_no_time_left_is_told_before_a_second_step():
    t = trainer()
    reports = [e for e in t.run(t.initial_state()) if isinstance(e, Report)]
    assert [r.step for r in reports[:3]] == [1, 2, 3]
    assert math.isnan(reports[0].left)
    assert math.isnan(reports[0].speed)
    assert all(r.left >= 0 and r.speed > 0 for r in reports[1:])
    assert reports[-1].left == 0


def test_no_validation_part_is_supported():
    t = Trainer(
        build_corpus([TEXT], TextSettings(), validation=0),
        settings.make_settings(TINY | {"steps": 6, "framing": "streams", "validation": 0}),
    )
    events = list(t.run(t.initial_state()))
    assert all(math.isnan(e.loss) and e.improved for e in events if isinstance(e, Score))
    np.testing.assert_array_equal(
        t.weights(events[-1].state)["output.bias"],
        t.weights(events[-1].state, best=False)["output.bias"],
    )


def test_a_state_is_offered_for_saving_now_and_then(monkeypatch):
    monkeypatch.setattr("burble.training.pace.SAVE_SECONDS", 0.0)
    events = list((t := trainer(steps=9, evaluations=1)).run(t.initial_state()))
    saves = [e.state for e in events if isinstance(e, Save)]
    assert [s.step for s in saves] == list(range(9))
    assert_equal(finish(trainer(steps=9, evaluations=1), saves[4]), events[-1].state)
