import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from burble.batches import Streams


@st.composite
def streams(draw):
    n = draw(st.integers(2, 250))
    return Streams(
        ids=np.arange(n, dtype=np.uint8),
        batch=draw(st.integers(1, 7)),
        length=draw(st.integers(1, 20)),
        seed=draw(st.integers(0, 99)),
        reset_rate=0.1,
    )


def epoch(s, number):
    first = number * s.steps_per_epoch
    return [s.at(step) for step in range(first, first + s.steps_per_epoch)]


@given(streams(), st.integers(0, 2))
def test_an_epoch_counts_each_pair_of_neighbours_once(s, number):
    seen = np.zeros(len(s.ids))
    for b in epoch(s, number):
        np.add.at(seen, b.inputs[b.weights == 1], 1)
        assert (b.targets[b.weights == 1] == b.inputs[b.weights == 1] + 1).all()
    np.testing.assert_array_equal(seen[:-1], 1)
    assert seen[-1] == 0


@given(streams())
def test_a_stream_goes_on_where_its_last_step_ended(s):
    parts = epoch(s, 0)
    for before, after in itertools.pairwise(parts):
        np.testing.assert_array_equal(before.targets[:, -1], after.inputs[:, 0])


def test_the_same_seed_and_step_give_the_same_batch():
    s = Streams(np.arange(200, dtype=np.uint8), 3, 8, 5, 0.5)
    for name in ("inputs", "targets", "weights", "resets"):
        np.testing.assert_array_equal(getattr(s.at(7), name), getattr(s.at(7), name))


def test_about_the_asked_share_of_streams_is_reset():
    s = Streams(np.arange(250, dtype=np.uint8), 50, 1, 0, 0.2)
    rate = np.mean([s.at(step).resets for step in range(1, 400) if step % s.steps_per_epoch])
    # About 16,000 draws at 0.2: five standard deviations are 0.016, odds below one in a million.
    assert abs(rate - 0.2) < 0.016


def test_every_stream_starts_an_epoch_from_zero():
    s = Streams(np.arange(250, dtype=np.uint8), 4, 8, 0, 0.0)
    assert s.at(s.steps_per_epoch).resets.tolist() == [1, 1, 1, 1]
