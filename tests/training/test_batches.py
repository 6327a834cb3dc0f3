import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from burble.training import batches
from burble.training.batches import CHUNK
from burble.training.framings import Documents, Streams


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


def assert_rows(framing, step, first, last):
    whole, some = framing.at(step), framing.at(step, slice(first, last))
    for name in ("inputs", "targets", "weights", "resets"):
        np.testing.assert_array_equal(getattr(some, name), getattr(whole, name)[first:last])


@given(streams(), st.integers(0, 50), st.integers(0, 7), st.integers(0, 7))
def test_rows_of_streams_are_those_of_the_whole_batch(s, step, first, last):
    assert_rows(s, step, first, last)


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


@st.composite
def documents(draw):
    lengths = draw(st.lists(st.integers(1, 12), min_size=1, max_size=9))
    numbers = iter(range(200))
    parts = [[*(next(numbers) for _ in range(n)), 255] for n in lengths]
    starts = np.cumsum([0, *map(len, parts)])[:-1]
    ids = np.array([i for part in parts for i in part], np.uint8)
    batch, length = draw(st.integers(1, 4)), draw(st.integers(1, 6))
    return Documents(ids, starts, 255, batch, length, draw(st.integers(0, 9)))


@given(documents(), st.integers(0, 2))
def test_an_epoch_of_documents_predicts_every_symbol_and_every_end_once(d, number):
    parts = epoch(d, number)
    targets = np.concatenate([b.targets[b.weights == 1] for b in parts])
    np.testing.assert_array_equal(np.sort(targets), np.sort(d.ids))


@given(documents())
def test_each_symbol_of_a_document_is_predicted_from_the_one_before(d):
    expected = {
        (255 if p in d.starts else int(d.ids[p - 1]), int(d.ids[p])) for p in range(len(d.ids))
    }
    for b in epoch(d, 0):
        pairs = zip(b.inputs[b.weights == 1], b.targets[b.weights == 1], strict=True)
        assert {(int(x), int(y)) for x, y in pairs} <= expected


@given(documents())
def test_a_document_starts_from_zero_and_at_the_boundary(d):
    for b in epoch(d, 0):
        opens = (b.inputs[:, 0] == 255) & (b.weights[:, 0] == 1)
        assert (b.resets[opens] == 1).all()


@given(documents(), st.integers(0, 50), st.integers(0, 7), st.integers(0, 7))
def test_rows_of_documents_are_those_of_the_whole_batch(d, step, first, last):
    assert_rows(d, step, first, last)


def test_documents_come_in_another_order_each_epoch():
    d = Documents(np.arange(100, dtype=np.uint8), np.arange(100), 255, 1, 4, 0)
    orders = [[int(b.targets[0, 0]) for b in epoch(d, n)] for n in (0, 1)]
    assert sorted(orders[0]) == sorted(orders[1]) == list(range(100))
    assert orders[0] != orders[1]


@given(documents(), st.sampled_from([2, 8, 64]), st.sampled_from([8, 32, CHUNK]))
def test_scoring_reads_every_document_once_from_its_beginning_to_its_end(d, lanes, places):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batches, "LANES", lanes)
        patch.setattr(batches, "CHUNK", max(lanes, places))
        parts = list(batches.whole_documents(d.ids, d.starts, 255))
    read: list[list[int]] = []
    for b in parts:
        assert b.weights.size <= max(lanes, places)
        assert len(set(b.resets.tolist())) == 1
        if b.resets.all():
            assert (b.inputs[:, 0] == 255).all()
            rows: list[list[int]] = [[] for _ in b.resets]
            read += rows
        for row, targets, weights in zip(rows, b.targets, b.weights, strict=True):
            row += targets[weights == 1].tolist()
    texts = [part.tolist() for part in np.split(d.ids, d.starts[1:])]
    assert sorted(row for row in read if row) == sorted(texts)


def test_scoring_pads_less_than_it_reads():
    lengths = np.array([100_000, *range(1, 300)])
    starts = np.cumsum([0, *lengths])[:-1]
    ids = np.zeros(lengths.sum(), np.uint8)
    parts = list(batches.whole_documents(ids, starts, 1))
    assert sum(b.weights.size for b in parts) < 2.2 * len(ids)
    assert len({b.weights.shape for b in parts}) < 20


@given(st.integers(0, 50) | st.integers(CHUNK - 1, 2 * CHUNK + 3), st.integers(1, 3))
def test_text_in_order_is_predicted_once_in_every_row(n, rows):
    ids = np.arange(n, dtype=np.uint16)
    parts = list(batches.in_order(ids, rows))
    assert all(len(b.inputs) == rows for b in parts)
    assert len({b.inputs.shape for b in parts}) <= 1
    read = [b.inputs[-1][b.weights[-1] == 1] for b in parts]
    foretold = [b.targets[-1][b.weights[-1] == 1] for b in parts]
    np.testing.assert_array_equal(np.concatenate([[], *read]), ids[:-1])
    np.testing.assert_array_equal(np.concatenate([[], *foretold]), ids[1:])
