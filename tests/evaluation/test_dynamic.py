"""A network that learns from what it is scored on: equal to the engine where it may not learn."""

from dataclasses import replace

import numpy as np
import pytest

from burble.errors import SettingsError
from burble.evaluation import dynamic
from burble.evaluation.dynamic import DynamicEvaluator
from burble.inference.generator import Generator
from burble.inference.scoring import Predictions, add_edges
from tests.support.scores import score_text
from tests.support.speakers import chancy


def predictions(model, texts):
    """What is predicted of each text, as one."""
    whole = [add_edges(model.vocabulary.boundary_id, ids) for ids in texts]
    found = [([np.zeros((0, model.vocabulary.size))], [np.zeros(0, np.intp)]) for _ in texts]
    for places, some in DynamicEvaluator(model).predict_texts(whole):
        found[places[0]][0].append(some.log_probabilities)
        found[places[0]][1].append(some.symbols)
    return [Predictions(*map(np.concatenate, pair)) for pair in found]


def losses(model, texts):
    return [each.nll for each in predictions(model, texts)]


@pytest.mark.parametrize(
    "shape", [{"cell": "lstm"}, {"cell": "gru", "boundary": True}, {"cell": "rnn", "layers": 1}]
)
def test_without_steps_it_scores_what_the_engine_does(monkeypatch, shape):
    monkeypatch.setattr(dynamic, "LEARNING_RATE", 0.0)
    writer = Generator(chancy(scale=0.5, **shape))
    ids = np.random.default_rng(0).integers(0, 4, 150)
    texts = [ids[:70], ids[70:71], ids[71:]]
    found = losses(writer.model, texts)
    for one, ids in zip(found, texts, strict=True):
        np.testing.assert_allclose(one, writer.nll(ids), atol=1e-5, rtol=1e-5)


def test_inputs_that_are_not_learned_stay_as_they_are(monkeypatch):
    monkeypatch.setattr(dynamic, "LEARNING_RATE", 0.0)
    model = chancy(input="onehot", embedding=4)
    writer = Generator(replace(model, weights={**model.weights, "embedding": np.eye(4)}))
    ids = np.random.default_rng(0).integers(0, 4, 50)
    (found,) = losses(writer.model, [ids])
    np.testing.assert_allclose(found, writer.nll(ids), atol=1e-5)


def test_it_learns_what_comes_again_and_the_model_stays_as_it_was():
    model = chancy(scale=0.3)
    before = {name: weights.copy() for name, weights in model.weights.items()}
    text = "abcabcab\n" * 120
    static = score_text(Generator(model), text)
    learning = score_text(Generator(model), text, adaptive=True)
    assert learning.characters == static.characters
    assert learning.nats < 0.98 * static.nats
    for name, weights in model.weights.items():
        np.testing.assert_array_equal(weights, before[name])


def test_a_model_that_began_from_another_learns_more_gently():
    model = chancy(scale=0.3)
    begun = replace(model, summary={"base": {"name": "older", "sha256": "0"}})
    text = "abcabcab\n" * 120
    static = score_text(Generator(model), text)
    learning, gently = (
        score_text(Generator(one), text, adaptive=True).nats for one in (model, begun)
    )
    assert learning < gently < static.nats


def test_no_symbol_is_predicted_from_what_comes_after_it_and_all_are_probabilities():
    ids = np.random.default_rng(0).integers(0, 4, 200)
    other = np.concatenate([ids[:100], ids[:100]])
    one, two = (predictions(chancy(), [i])[0] for i in (ids, other))
    # The log-probabilities are of float32.
    np.testing.assert_allclose(np.exp(one.log_probabilities).sum(-1), 1, atol=1e-6)
    np.testing.assert_allclose(one.nll[:99], two.nll[:99], atol=1e-6)
    assert not np.allclose(one.nll[130:], two.nll[130:])


def test_what_was_learned_from_one_document_serves_the_next():
    model = chancy(boundary=True, scale=0.3)
    ids = np.array([0, 1, 2, 0, 1, 2] * 10)
    found = losses(model, [ids] * 20)
    assert found[-1].mean() < 0.9 * found[0].mean()


@pytest.mark.slow
def test_the_command_scores_both_ways(burble, trained):
    text = trained.parent / "cat.txt"
    said = burble("eval", trained, text, "--adaptive").stdout.decode()
    (row,) = (line for line in said.splitlines() if line.startswith("| this model"))
    _, _, static, adaptive, _ = map(str.strip, row.split("|"))
    assert float(static) > 0
    assert float(adaptive) > 0
    done = burble("eval", trained, "--adaptive")
    assert done.returncode == 2
    assert "--adaptive needs a text to score" in done.stderr.decode()


def test_a_model_of_windows_is_refused():
    model = chancy()
    windows = type(model)(
        model.weights, model.vocabulary, model.architecture, model.text, window=9, excerpt="abc"
    )
    with pytest.raises(SettingsError, match="Leave out --adaptive"):
        DynamicEvaluator(windows)
