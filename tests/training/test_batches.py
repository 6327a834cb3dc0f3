import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from burble.training import batches
from burble.training.batches import CHUNK, batch_windows
from tests.support.framings import documents


@given(documents(), st.sampled_from([2, 8, 64]), st.sampled_from([8, 32, CHUNK]))
def test_scoring_reads_every_document_once_from_its_beginning_to_its_end(d, lanes, places):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batches, "LANES", lanes)
        patch.setattr(batches, "CHUNK", max(lanes, places))
        parts = list(batches.batch_documents(d.ids, d.starts, 255))
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
    parts = list(batches.batch_documents(ids, starts, 1))
    assert sum(b.weights.size for b in parts) < 2.2 * len(ids)
    assert len({b.weights.shape for b in parts}) < 20


@given(st.integers(0, 50) | st.integers(CHUNK - 1, 2 * CHUNK + 3), st.integers(1, 3))
def test_text_in_order_is_predicted_once_in_every_row(n, rows):
    ids = np.arange(n, dtype=np.uint16)
    parts = list(batches.batch_text(ids, rows))
    assert all(len(b.inputs) == rows for b in parts)
    assert len({b.inputs.shape for b in parts}) <= 1
    read = [b.inputs[-1][b.weights[-1] == 1] for b in parts]
    foretold = [b.targets[-1][b.weights[-1] == 1] for b in parts]
    np.testing.assert_array_equal(np.concatenate([[], *read]), ids[:-1])
    np.testing.assert_array_equal(np.concatenate([[], *foretold]), ids[1:])


def test_scoring_takes_windows_in_order():
    found = list(batch_windows(np.arange(200, dtype=np.uint8), 7, 50, 130))
    targets = np.concatenate([b.targets[b.weights[:, -1] == 1, -1] for b in found])
    assert targets.tolist() == list(range(50, 130))
