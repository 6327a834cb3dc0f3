"""The network: an ensemble of them, and those in plain JAX and in Keras are the same."""

import itertools
from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from burble.model.architecture import array_shapes, network_prefix
from burble.model.engine import build_engine
from burble.model.keras_network import KerasNetwork
from burble.model.network import (
    Ensemble,
    PlainNetwork,
    make_network,
    mean_log_probabilities,
    name_weights,
    trained_array_names,
)
from burble.model.softmax import softmax
from burble.native.library import SWITCH
from burble.settings import ModelSettings
from tests.support.speakers import POETS, chancy


@pytest.mark.parametrize("shape", [{"cell": "lstm"}, {"cell": "gru", "input": "onehot"}])
def test_an_ensemble_averages_probabilities_in_jax_and_in_numpy_alike(shape):
    settings = ModelSettings(units=12, embedding=9, ensemble=3, **shape)
    both = Ensemble(settings, 9, seed=1)
    values, others = both.trained, both.others
    weights = name_weights(values, settings, 9)
    assert weights.keys() == array_shapes(settings, 9).keys()
    core = build_engine(weights, settings)
    ids, state = np.random.default_rng(0).integers(0, 9, 20), core.zero_state(1)
    zeros = [jnp.asarray(part.T) for layer in state for part in layer]
    logits, _, _ = both(values, others, ids[None], zeros, False)
    expected = np.asarray(mean_log_probabilities(logits))[0]
    mean = softmax(np.asarray(logits, np.float64)[:, 0].reshape(-1, 9))
    np.testing.assert_allclose(np.exp(expected), mean.reshape(3, -1, 9).mean(0), atol=1e-6)
    found, after = core.read_symbols(ids, state)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    for symbol in ids:
        row, state = core.step(np.array([symbol]), state)
    np.testing.assert_allclose(row[0], expected[-1], atol=1e-5)
    for one, other in zip(state, after, strict=True):
        np.testing.assert_allclose(one[0], other[0], atol=1e-5)
    # No two begin with the same weights.
    first = [weights[f"{network_prefix(n)}layer0.kernel"] for n in range(3)]
    assert not any(np.allclose(first[a], first[b]) for a, b in ((0, 1), (0, 2), (1, 2)))


@pytest.mark.parametrize(("cell", "ensemble"), [("lstm", 1), ("gru", 2), ("rnn", 1)])
def test_labels_are_added_in_jax_and_in_numpy_alike(cell, ensemble):
    model = chancy(cell=cell, ensemble=ensemble, labels=POETS, scale=0.3)
    shape, size = model.architecture, model.vocabulary.size
    both = Ensemble(shape, size, seed=1, labels=len(POETS))
    # Until it has learned, a label changes nothing.
    begun = name_weights(both.trained, shape, size, len(POETS))
    assert not begun["label_embedding"].any()
    names = trained_array_names(shape, size, len(POETS))
    values = [model.weights[name] for name in names]
    others = both.others
    plain = build_engine(model.weights, shape)
    ids = np.random.default_rng(0).integers(size, size=30)
    state = plain.zero_state(1)
    zeros = [jnp.asarray(part.T) for layer in state for part in layer]
    rows = {}
    for labels in ((0, 0), (2, 0), (1, 4)):
        named = np.broadcast_to(np.array(labels), (1, 30, 2))
        logits, _, _ = both(values, others, ids[None], zeros, False, named)
        expected = np.asarray(mean_log_probabilities(logits))[0]
        rows[labels], _ = plain.with_labels(labels).read_symbols(ids, state)
        found = np.log(softmax(rows[labels].astype(np.float64)))
        np.testing.assert_allclose(found, expected, atol=1e-5)
    np.testing.assert_array_equal(rows[0, 0], plain.read_symbols(ids, state)[0])
    assert np.abs(rows[0, 0] - rows[2, 0]).max() > 0.01
    # In a stream that crosses documents, each place has its own.
    named = np.array([[(2, 0)] * 10 + [(0, 0)] * 20])
    logits, _, _ = both(values, others, ids[None], zeros, False, named)
    first, after = plain.with_labels((2, 0)).read_symbols(ids[:10], state)
    second, _ = plain.read_symbols(ids[10:], after)
    found = np.log(softmax(np.concatenate([first, second]).astype(np.float64)))
    np.testing.assert_allclose(found, np.asarray(mean_log_probabilities(logits))[0], atol=1e-5)


SHAPES = [
    ({"layers": 2}, 0),
    ({"layers": 1, "input": "onehot", "embedding": 11, "dropout_output": 0}, 3),
    ({"layers": 3, "dropout": 0, "dropout_input": 0}, 2),
]


@pytest.mark.parametrize(("shape", "labels"), SHAPES)
def test_the_network_without_keras_is_that_of_keras(shape, labels):
    settings = ModelSettings(units=24, **({"embedding": 8} | shape))
    plain = make_network(settings, 11, 5, "float32", labels, 1)
    theirs = KerasNetwork(settings, 11, 5, "float32", labels)
    assert isinstance(plain, PlainNetwork)
    for one, other in zip(
        plain.trained + plain.others, theirs.trained + theirs.others, strict=True
    ):
        np.testing.assert_array_equal(one, np.asarray(other))
    rng = np.random.default_rng(0)
    ids = rng.integers(0, 11, (4, 7))
    states = [rng.normal(0, 1, (4, 24)).astype(np.float32) for _ in range(2 * settings.layers)]
    named = rng.integers(0, labels + 1, (4, 7, 2)) if labels else None

    def run(network, weights, training):
        return network(weights, network.others, ids, states, training, named)

    for training in (True, False):
        (ours, *rest), (logits, *after) = (run(n, n.trained, training) for n in (plain, theirs))
        # What is dropped is the same: the seeds are.
        np.testing.assert_allclose(ours, logits, atol=1e-6)
        for one, other in zip(*map(itertools.chain.from_iterable, (rest, after)), strict=True):
            np.testing.assert_allclose(one, np.asarray(other), atol=1e-6)

    def gradient(network):
        return jax.grad(lambda w: (run(network, w, True)[0] ** 2).sum())(network.trained)

    for one, other in zip(gradient(plain), gradient(theirs), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("native", ["", "0"])
@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_the_last_step_alone_is_what_it_is_among_all(cell, native, monkeypatch):
    monkeypatch.setenv(SWITCH, native)
    shape = ModelSettings(cell=cell, layers=2, units=24, input="scalar", embedding=1, ensemble=2)
    both = Ensemble(shape, 11, 5, threads=2)
    rng = np.random.default_rng(0)
    ids = rng.integers(0, 11, (40, 7))
    parts = 8 if cell == "lstm" else 4
    states = [rng.normal(0, 1, (40, 24)).astype(np.float32) for _ in range(parts)]
    # At first, the output layer's matrix is zero.
    trained = [rng.normal(0, 0.3, array.shape).astype(np.float32) for array in both.trained]
    factors = rng.normal(0, 1, (2, 40, 1, 11)).astype(np.float32)

    def total(trained, last):
        logits, *rest = both(trained, both.others, ids, states, True, last=last)
        assert logits.shape == (2, 40, 1 if last else 7, 11)
        return (logits[:, :, -1:] * factors).sum(), (logits[:, :, -1:], *rest)

    found, expected = (
        jax.jit(jax.value_and_grad(partial(total, last=last), has_aux=True))(trained)
        for last in (True, False)
    )
    for one, other in zip(*map(jax.tree.leaves, (found, expected)), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)


def test_what_keras_alone_can_do_is_left_to_it():
    small = ModelSettings(units=4, embedding=3, layers=1)
    for settings in (
        replace(small, cell="gru"),
        replace(small, recurrent_activation="hard_sigmoid"),
    ):
        assert isinstance(make_network(settings, 5, 0, "float32", 0, 1), KerasNetwork)
