"""How fast this machine trains."""

from types import SimpleNamespace

import pytest

from burble.runs.state import State
from burble.settings import TrainingSettings
from burble.training import pace as pace_module
from burble.training.pace import LONGEST, Clock, seconds_to_measure
from tests.support.trainers import NO_ARRAYS, trainer


@pytest.mark.slow
def test_measuring_ends_where_it_is_asked_to(monkeypatch):
    # Half a minute to compile, and a second for what comes then.
    now = iter([0.0, 30.0, 31.0])
    monkeypatch.setattr(pace_module, "time", SimpleNamespace(perf_counter=now.__next__))
    t, steps = trainer(minutes=60.0), []
    whole = t._step

    def step(*given):
        steps.append(given[1])
        return whole(*given)

    t._step = step
    # The first step is compiled; the speed is that of another.
    pace = t.measure_pace(stop=lambda: True)
    assert steps == [0, 1]
    assert (pace.step, pace.compiling) == (1, 30)
    monkeypatch.undo()
    assert t.fix_steps(pace=pace, stop=lambda: True).training.steps == 30


@pytest.mark.slow
def test_few_steps_are_not_measured_for_longer_than_they_will_take():
    t, steps = trainer(minutes=480.0, steps=30), []
    whole = t._step

    def step(*given):
        steps.append(given[1])
        return whole(*given)

    t._step = step
    t.measure_pace()
    # One to compile, and then some at a time until there are enough.
    assert pace_module.SURE < len(steps) <= 1 + pace_module.SURE + 4


def test_compiling_is_no_speed():
    # A minute to compile, two steps of a second, and ten seconds of a score.
    now = iter([0.0, 60.0, 62.0, 72.0])
    measured = Clock(State(NO_ARRAYS), now.__next__)
    measured.stepped(1)
    assert measured.left(3, 11, 0) == 8
    measured.scored(10.0)
    assert measured.left(3, 11, 2) == 8 + 2 * 10


def test_measuring_has_an_end_however_many_the_minutes():
    assert seconds_to_measure(TrainingSettings(minutes=5)) == pytest.approx(6)
    assert seconds_to_measure(TrainingSettings(minutes=8 * 60)) == LONGEST == 10
