"""The network in Keras: its layers, and the numbers in which it computes."""

import numpy as np
from keras import layers

from burble.model.dropout import drop
from burble.model.keras_network import LSTM, Dropout, build_network
from burble.settings import ModelSettings


def test_weights_and_settings_are_those_of_keras():
    ours, theirs = LSTM(7, return_state=True), layers.LSTM(7, return_state=True)
    for layer in (ours, theirs):
        layer.build((3, 9, 5))
    assert [(w.path.rpartition("/")[2], w.shape) for w in ours.weights] == [
        (w.path.rpartition("/")[2], w.shape) for w in theirs.weights
    ]
    assert ours.get_config() | {"name": ""} == theirs.get_config() | {"name": ""}


def test_dropout_takes_a_new_key_each_time():
    ones, layer = np.ones((4, 5, 33), np.float32), Dropout(0.3, seed=1)
    for count in range(2):
        key = np.array([1, count], np.uint32)
        np.testing.assert_array_equal(layer(ones, training=True), drop(ones, key, 0.3))
    np.testing.assert_array_equal(layer(ones, training=False), ones)
    np.testing.assert_array_equal(Dropout(0.0)(ones, training=True), ones)


def test_half_the_bits_change_products_but_neither_weights_nor_states_nor_logits():
    settings = ModelSettings(layers=2, units=24, embedding=8)
    ids = np.arange(12).reshape(2, 6)
    states = [np.full((2, 24), 0.1, np.float32)] * 4
    whole = build_network(settings, 12, seed=3)
    half = build_network(settings, 12, seed=3, precision="bfloat16")
    for ours, theirs in zip(half.trainable_variables, whole.trainable_variables, strict=True):
        assert ours.dtype == "float32"
        np.testing.assert_array_equal(np.asarray(ours.value), np.asarray(theirs.value))
    expected, found = whole([ids, *states]), half([ids, *states])
    for ours, theirs in zip(found, expected, strict=True):
        assert str(ours.dtype) == "float32"
        error = np.abs(np.asarray(ours) - np.asarray(theirs)).max()
        # Eight significant bits in place of 24.
        assert 1e-6 < error < 2e-2
