"""How a network and an n-gram model are mixed."""

import numpy as np
import pytest

from burble.ngram import mixing
from burble.ngram.mixing import MixingWeights, mix_predictions, update_weights
from burble.ngram.predictor import Prediction


def prediction(probabilities, length=3):
    return Prediction(np.array([probabilities]), np.array([length]))


def mix(network, ngrams, strength=1.0, adaptive=False):
    """The log-probabilities that both give together, (V,)."""
    weights = MixingWeights.trained(strength, adaptive=adaptive)
    return mix_predictions(network, ngrams, weights).log_probabilities[0]


def test_a_strength_of_none_is_the_network_alone_and_all_else_is_probabilities():
    network = np.log([[0.5, 0.3, 0.2]])
    ngrams = prediction([0.1, 0.1, 0.8])
    np.testing.assert_allclose(mix(network, ngrams, 0.0), network[0])
    half, whole = (np.exp(mix(network, ngrams, strength)) for strength in (0.5, 1.0))
    assert whole.sum() == pytest.approx(1)
    assert 0.2 < half[2] < whole[2] < 0.8
    # Half as far, on the scale on which both are added: half of the way between logarithms.
    between = np.exp((network[0] + np.log(whole)) / 2)
    np.testing.assert_allclose(half, between / between.sum())


def test_weights_learn_by_the_gradient_of_what_followed():
    network, ngrams = np.log([[0.5, 0.3, 0.2]]), prediction([0.1, 0.1, 0.8])
    weights = MixingWeights.trained(0.7, adaptive=True)
    mixture = mix_predictions(network, ngrams, weights)
    after = update_weights(weights, mixture, np.array([2]))
    step = (after.coefficients - weights.coefficients) / mixing.LEARNING_RATE
    for place in np.ndindex(step.shape):
        near = weights.coefficients.copy()
        near[place] += 1e-6
        moved = mix_predictions(network, ngrams, MixingWeights(near, 0.7)).log_probabilities
        slope = (moved - mixture.log_probabilities)[0, 2] / 1e-6
        assert step[place] == pytest.approx(slope, abs=1e-5)


def test_weights_move_to_the_model_that_predicts_better():
    network, ngrams = np.log([[0.9, 0.1]]), prediction([0.1, 0.9])
    weights = MixingWeights.trained(1.0, adaptive=True)
    for _ in range(200):
        mixture = mix_predictions(network, ngrams, weights)
        weights = update_weights(weights, mixture, np.array([1]))
    first = mix(network, ngrams, adaptive=True)[1]
    assert mixture.log_probabilities[0, 1] > first + 0.1


@pytest.mark.parametrize("adaptive", mixing.COEFFICIENTS)
def test_a_sure_n_gram_model_counts_beside_an_unsure_network_and_not_the_reverse(adaptive):
    unsure, sure = np.log([[0.4, 0.3, 0.3]]), np.log([[0.98, 0.01, 0.01]])
    by_ngrams = mix(unsure, prediction([0.01, 0.01, 0.98], 10), adaptive=adaptive)
    by_network = mix(sure, prediction([0.3, 0.3, 0.4], 2), adaptive=adaptive)
    assert np.exp(by_ngrams[2]) > 0.8
    assert np.exp(by_network[0]) > 0.8
