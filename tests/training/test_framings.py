"""Streams, documents and windows of a text, and what is trained on them."""

import itertools
import math
import tracemalloc
from dataclasses import replace

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import layers

from burble import settings
from burble.errors import SettingsError
from burble.model.engine import Engine
from burble.model.keras_network import build_network
from burble.model.network import name_weights
from burble.runs.events import End, Epoch, Recovery
from burble.settings import ModelSettings, TextSettings
from burble.training.framings import Documents, Streams, Windows, shuffled
from burble.training.trainer import Trainer, _end_epoch
from burble.training.validation import Part
from tests.support.corpora import build_corpus
from tests.support.framings import documents
from tests.support.trainers import score

TEXT = "the cat sat on the mat. the dog lay on the log. " * 12
SHAPE = {"framing": "windows", "length": 10, "units": 12, "embedding": 1, "input": "scalar"}
PLAIN = {"dropout": 0.0, "dropout_input": 0.0, "dropout_output": 0.0, "schedule": "constant"}
PLAIN |= {
    "clip": 0.0,
    "weight_decay": 0.0,
    "beta_2": 0.999,
    "learning_rate": 1e-3,
    "validation": 0.0,
}
PLAIN |= {"epoch_files": "epoch-{epoch}"}


def trainer(**changed):
    made = settings.make_settings(
        SHAPE | PLAIN | {"batch": 8, "steps": 50, "patience": 0} | changed
    )
    text = build_corpus([TEXT], TextSettings(), validation=made.training.validation)
    return Trainer(text, made)


@given(st.integers(1, 400), st.integers(0, 99))
def test_a_shuffle_takes_every_place_once(count, seed):
    order = shuffled(np.arange(count), count, [seed])
    assert sorted(order.tolist()) == list(range(count))


def test_a_shuffle_is_in_no_order():
    order = shuffled(np.arange(10_000), 10_000, [1, 2])
    # Of two neighbours in a random order, the second is the larger one half of the time: here
    # 5,000 +- 29 (a standard deviation, since neighbouring pairs are not independent); six of them
    # are passed once in 500 million.
    assert abs(int((np.diff(order) > 0).sum()) - 5_000) < 6 * 29
    assert abs(np.corrcoef(order[:-1], order[1:])[0, 1]) < 0.06
    assert (order != shuffled(np.arange(10_000), 10_000, [1, 3])).mean() > 0.99


@given(st.integers(2, 120), st.integers(1, 30), st.integers(1, 9), st.integers(0, 2))
def test_an_epoch_predicts_every_symbol_once_from_those_before_it(n, length, batch, epoch):
    length = min(length, n - 1)
    framing = Windows(np.arange(n, dtype=np.uint8), batch, length, seed=3)
    foretold = []
    for step in range(epoch * framing.steps_per_epoch, (epoch + 1) * framing.steps_per_epoch):
        b = framing.at(step)
        np.testing.assert_array_equal(b.targets, b.inputs + 1)
        np.testing.assert_array_equal(b.weights[:, :-1], 0)
        np.testing.assert_array_equal(b.resets, 1)
        foretold += b.targets[b.weights[:, -1] == 1, -1].tolist()
    assert sorted(foretold) == list(range(length, n))


def test_rows_of_windows_are_those_of_the_whole_batch():
    framing = Windows(np.arange(100, dtype=np.uint8), 8, 5, seed=0)
    whole, some = framing.at(11), framing.at(11, slice(2, 6))
    for name in ("inputs", "targets", "weights", "resets"):
        np.testing.assert_array_equal(getattr(some, name), getattr(whole, name)[2:6])


def test_windows_of_a_large_text_take_no_memory(tmp_path):
    path = tmp_path / "ids"
    path.write_bytes(bytes(50_000_000))
    framing = Windows(np.memmap(path, np.uint8, "r"), 128, 100, seed=0)
    tracemalloc.start()
    framing.at(framing.steps_per_epoch + 5)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # A copy of the text would be 50 MB, its windows 5 GB, an order of them 400 MB.
    assert peak < 2_000_000


def test_a_text_shorter_than_a_window_is_refused():
    with pytest.raises(SettingsError, match="length is 600, but the training text has only 576"):
        trainer(length=600)


@pytest.mark.slow
@pytest.mark.parametrize("layers_", [1, 2])
def test_the_loss_is_that_of_a_plain_sequential_model(layers_):
    t = trainer(layers=layers_)
    ours = t.compiled.place(t.initial_state().arrays)
    plain = keras.Sequential([layers.Input((10, 1))])
    for last in [False] * (layers_ - 1) + [True]:
        plain.add(layers.LSTM(12, return_sequences=not last))
    size = t.corpus.vocabulary.size
    plain.add(layers.Dense(size, activation="softmax"))
    plain.compile("adam", "categorical_crossentropy")
    plain.set_weights([np.asarray(a) for a in ours.weights])
    batches = [t.framing.at(step) for step in range(50)]
    inputs = np.concatenate([b.inputs for b in batches])[..., None] / size
    targets = keras.utils.to_categorical(np.concatenate([b.targets[:, -1] for b in batches]), size)
    losses = []
    for step in range(50):
        before = float(ours.loss[0])
        ours = t._step(ours, step, 1e-3)
        losses.append((float(ours.loss[0]) - before) / 8)
    history = plain.fit(inputs, targets, batch_size=8, epochs=1, shuffle=False, verbose=0)
    assert np.mean(losses) == pytest.approx(history.history["loss"][0], abs=1e-5)
    for mine, theirs in zip(ours.weights, plain.weights, strict=True):
        np.testing.assert_allclose(np.asarray(mine), np.asarray(theirs.value), atol=1e-5)


@pytest.mark.slow
def test_an_epoch_tells_its_mean_loss_also_when_interrupted():
    t = trainer(steps=300)
    whole = [e for e in t.run(t.initial_state()) if isinstance(e, Epoch)]
    assert [e.number for e in whole] == [1, 2, 3, 4]
    assert [e.state.step for e in whole] == [71, 142, 213, 284]
    assert whole[0].improved
    assert whole[-1].loss < whole[0].loss
    left = iter([False] * 100 + [True])
    stopped = list(t.run(t.initial_state(), lambda: next(left)))[-1]
    assert isinstance(stopped, End)
    again = [e for e in t.run(stopped.state) if isinstance(e, Epoch)]
    assert [(e.number, e.loss, e.improved) for e in again] == [
        (e.number, e.loss, e.improved) for e in whole[1:]
    ]


@pytest.mark.slow
def test_an_epoch_that_ran_away_does_not_spoil_those_after_it():
    state = trainer().initial_state()
    bad = _end_epoch(1, replace(state, epoch_nats=math.nan, epoch_places=1.0))
    assert not bad.improved
    good = _end_epoch(2, replace(bad.state, epoch_nats=2.0, epoch_places=1.0))
    assert (good.loss, good.improved, good.state.best_epoch_loss) == (2.0, True, 2.0)


@pytest.mark.slow
def test_a_loss_that_runs_away_at_an_epochs_end_is_no_loss_of_nothing():
    t = trainer(batch=64, steps=27)
    assert t.framing.steps_per_epoch == 9
    left = iter([False] * 8 + [True])
    stopped = list(t.run(t.initial_state(), lambda: next(left)))[-1].state
    first, second_weights, *rest = stopped.arrays.weights
    nan = [first, np.full_like(second_weights, np.nan), *rest]
    broken = replace(stopped, arrays=stopped.arrays._replace(weights=nan))
    events = list(t.run(broken))
    recovery, first, second, third = [e for e in events if isinstance(e, Recovery | Epoch)]
    assert recovery.step == 9
    assert math.isnan(first.loss)
    assert not first.improved
    assert second.improved
    assert 0 < third.loss < second.loss < 4
    assert third.improved


@pytest.mark.slow
def test_scoring_windows_reads_no_more_than_scoring_streams():
    t = trainer(validation=0.3)
    assert Part(t.corpus, t.settings.training, 100).size == 10
    assert sum(b.weights.sum() for b in Part(t.corpus, t.settings.training, 100).batches()) == 10
    streams = trainer(validation=0.3, framing="streams")
    assert Part(streams.corpus, streams.settings.training, 100).size == 100


@pytest.mark.slow
def test_validation_windows_are_scored_from_the_symbols_before_each():
    t = trainer(validation=0.1, steps=5)
    state = t.initial_state()
    core = Engine(t.weights(state), t.settings.model)
    ids, costs = t.corpus.ids, []
    # 20,000 symbols are scored, or a tenth as many windows of ten: here all there are.
    for place in range(t.corpus.cut, len(ids)):
        logits, _ = core.read_symbols(ids[place - 10 : place], core.zero_state(1))
        costs.append(np.log(np.exp(logits[-1]).sum()) - logits[-1][ids[place]])
    assert score(t, state) == pytest.approx(np.mean(costs), abs=1e-5)


@pytest.mark.parametrize(("kind", "width"), [("scalar", 1), ("onehot", 9)])
def test_the_engine_equals_the_network_whatever_enters_it(kind, width):
    shape = ModelSettings(layers=2, units=8, input=kind, embedding=width)
    core = build_network(shape, 9, seed=2)
    arrays = [variable.value for variable in core.trainable_variables]
    weights = name_weights(arrays, shape, 9)
    fixed = np.arange(9)[:, None] / 9 if kind == "scalar" else np.eye(9)
    np.testing.assert_allclose(weights["embedding"], fixed, rtol=1e-6)
    ids = np.arange(9)[None]
    logits, _ = Engine(weights, shape).read_symbols(ids[0], Engine(weights, shape).zero_state(1))
    expected, *_ = core([ids, *[np.zeros((1, 8), np.float32)] * 4])
    np.testing.assert_allclose(logits, np.asarray(expected)[0], atol=1e-5)


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
