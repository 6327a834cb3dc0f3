"""How many steps there are: limits, and minutes on fast and slow machines."""

import math

import pytest

from burble.settings import TrainingSettings
from burble.training import schedule
from burble.training.schedule import FEWEST, Pace, averaging_weight, fix_steps


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


def test_the_step_size_rises_straight_and_falls_as_a_cosine():
    training = TrainingSettings(steps=100, warmup=0.1, learning_rate=1.0)
    rates = [schedule.learning_rate(training, step) for step in range(100)]
    assert rates[:10] == pytest.approx([0.1 * k for k in range(1, 11)])
    assert rates[10] == 1.0
    assert rates[55] == pytest.approx((1 + schedule.LAST_RATE) / 2)
    assert schedule.learning_rate(training, 100) == pytest.approx(schedule.LAST_RATE)


def test_an_average_counts_all_steps_alike_at_first_and_then_the_latest_most():
    settings = TrainingSettings(steps=100, averaging=0.05)
    shares = [averaging_weight(settings, step) for step in range(100)]
    assert shares[:5] == [1, 1 / 2, 1 / 3, 1 / 4, 1 / 5]
    assert set(shares[5:]) == {1 / 5}
    alone = TrainingSettings(steps=100, averaging=0.0)
    assert {averaging_weight(alone, step) for step in range(100)} == {1}


def test_an_average_that_begins_with_the_base_keeps_its_share_of_it():
    settings = TrainingSettings(steps=400, averaging=0.8, average_base=True)
    left = math.prod(1 - averaging_weight(settings, step) for step in range(400))
    assert left == pytest.approx(math.exp(-1 / 0.8), abs=1e-3)
    # Before steps are fixed, some are measured.
    assert averaging_weight(TrainingSettings(average_base=True), 0) == 1
