"""How many steps there are: limits, and minutes on fast and slow machines."""

import pytest

from burble.settings import TrainingSettings
from burble.training.pace import LONGEST, seconds_to_measure
from burble.training.schedule import FEWEST, Pace, fix_steps


def plan(left, pace=None, done=0, **limits):
    training = TrainingSettings(**limits)
    return fix_steps(training, 50, pace or Pace(0.1), left=left, done=done)


def test_minutes_become_steps_and_leave_room_for_scores():
    training, said = plan(59, Pace(0.1, score=0.2, closing=2.0), minutes=1, evaluations=15)
    assert (training.steps, training.evaluations, training.minutes) == (540, 15, 0)
    assert said == ""
    # Scores take a tenth of the time at most.
    training, _ = plan(60, Pace(0.1, score=2.0), minutes=1, evaluations=15)
    assert (training.steps, training.evaluations) == (540, 3)
    # What was done before comes on top.
    assert plan(60, Pace(0.1), done=7, minutes=1)[0].steps == 607


@pytest.mark.parametrize("left", [-90.0, 0.0, 0.9])
def test_however_short_the_minutes_are_some_steps_are_trained_and_it_is_said(left):
    training, said = plan(left, Pace(0.1, score=0.1), minutes=1)
    assert (training.steps, training.evaluations) == (FEWEST, 1)
    assert said == (
        f"Reading and starting took {1 - left / 60:.2g} minutes, of the 1 given, so only {FEWEST} "
        "steps are trained. For a better model give more --minutes, or --steps."
    )
    # Asked for fewer, there are fewer.
    fewer, said = plan(left, minutes=1, steps=3)
    assert (fewer.steps, said) == (3, "")


def test_measuring_has_an_end_however_many_the_minutes():
    assert seconds_to_measure(TrainingSettings(minutes=5)) == pytest.approx(6)
    assert seconds_to_measure(TrainingSettings(minutes=8 * 60)) == LONGEST == 10
