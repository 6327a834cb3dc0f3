"""Calibration of models whose confidence and accuracy are known."""

import math

import numpy as np
import pytest

from burble.evaluation.calibration import Calibration


def log_probabilities(sure, rows):
    """A certainty in symbol 0, of two."""
    return np.tile(np.log([sure, 1 - sure]), (rows, 1))


def test_a_model_that_is_as_often_right_as_it_is_sure_has_no_error():
    calibration = Calibration()
    calibration.add(log_probabilities(0.8, 100), np.array([0] * 80 + [1] * 20))
    assert calibration.error == pytest.approx(0)
    assert calibration.temperature == pytest.approx(1, abs=0.01)


def test_one_that_is_too_sure_has_a_temperature_above_one():
    calibration = Calibration()
    calibration.add(log_probabilities(0.9, 100), np.array([0] * 75 + [1] * 25))
    assert calibration.error == pytest.approx(0.15)
    # The temperature t at which 0.9 becomes 0.75: (0.1 / 0.9) ** (1 / t) = 1 / 3.
    assert calibration.temperature == pytest.approx(2, abs=0.01)
    careful = Calibration()
    careful.add(log_probabilities(0.7, 100), np.array([0] * 80 + [1] * 20))
    expected = math.log(0.3 / 0.7) / math.log(0.2 / 0.8)
    assert careful.temperature == pytest.approx(expected, abs=0.02)
