"""What Keras describes of a network, and what is made of it."""

import re

import pytest

from burble.errors import ModelFileError, SettingsError
from burble.model.transfer import merge_base_settings
from burble.settings import make_settings
from tests.support.keras_files import (
    PLAIN,
    U,
    bare,
    brought,
    chained,
    check,
    dense,
    described,
    legacy,
    lstm,
)


def test_a_description_counts_more_than_a_version(tmp_path):
    layers = [lstm("lstm", 1, recurrent_activation="hard_sigmoid"), dense()]
    path = legacy(tmp_path / "w.h5", layers, config=described(layers), version="2.15.0")
    model = brought(path)
    assert model.architecture.recurrent_activation == "hard_sigmoid"
    check(model, layers)
    # Whoever goes on from it goes on with its gates.
    assert merge_base_settings({}, model)["recurrent_activation"] == "hard_sigmoid"
    with pytest.raises(SettingsError, match="gates are made with hard_sigmoid, not sigmoid"):
        brought(path, gates="sigmoid")


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([lstm("l", 1, go_backwards=True), dense()], "'l' of PATH is one that reads from the end"),
        ([lstm("l", 1, activation="relu"), dense()], "the activation 'relu', not 'tanh'"),
        ([lstm("l", 1, recurrent_activation="relu"), dense()], "one with the gates 'relu'"),
        ([lstm("l", 1), dense(activation="sigmoid")], "activation sigmoid, not 'softmax'"),
        ([bare("Masking"), lstm("l", 1), dense()], "'other' of PATH is of the class Masking"),
        ([lstm("l", 1), bare("Flatten"), dense()], "'other' of PATH is of the class Flatten"),
        ([bare("GRU"), dense()], "'other' of PATH is of the class GRU"),
        ([lstm("l", 1), dense("d"), dense("e")], "'e' of PATH is a second dense layer"),
        ([dense("d"), lstm("l", 1)], "'d' of PATH is a Dense layer below an LSTM"),
        ([lstm("l", 1)], "PATH has no dense layer above its LSTM layers"),
        (
            [lstm("l", 1), lstm("m", recurrent_activation="hard_sigmoid"), dense()],
            "the layers of PATH have different gates: hard_sigmoid and sigmoid",
        ),
        ([bare("Bidirectional", "both"), dense()], "the layer 'both' of PATH is Bidirectional"),
        ([bare("Lambda"), lstm("l", 1), dense()], "'other' of PATH is of the class Lambda"),
    ],
)
def test_what_cannot_be_run_as_it_was_is_refused_by_name(tmp_path, layers, message):
    path = legacy(tmp_path / "w.h5", layers, config=described(layers))
    with pytest.raises(ModelFileError, match=re.escape(message.replace("PATH", str(path)))):
        brought(path)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("import os; os.abort()", "the model_config of"),
        ("[1]", "it is no object"),
        ('{"class_name": "Sequential", "config": 3}', "is not as Keras writes it"),
        ({"class_name": "Mine", "config": {}}, "of a model of a class of its own"),
        (chained(*PLAIN, inbound=[[["dense", 0, 0, {}]]]), "does not follow the layer before it"),
    ],
)
def test_a_description_that_does_not_describe_is_refused(tmp_path, config, message):
    with pytest.raises(ModelFileError, match=message):
        brought(legacy(tmp_path / "w.h5", PLAIN, config=config))


def test_windows_and_hidden_states_must_be_those_of_the_recipe(tmp_path):
    layers = [lstm("lstm", 1, batch_input_shape=[None, 100, 1]), dense()]
    path = legacy(tmp_path / "w.h5", layers, config=described(layers))
    with pytest.raises(SettingsError, match="on windows of 100 symbols, but the recipe has 8"):
        brought(path)
    layers = [lstm("lstm", 1, stateful=True), dense()]
    legacy(path, layers, config=described(layers))
    with pytest.raises(SettingsError, match="a hidden state that went on from batch to batch"):
        brought(path)
    streams = make_settings({"framing": "streams", "input": "scalar", "layers": 1, "units": U})
    assert brought(path, streams).window == 0


def without_bias(layer):
    own, arrays = layer
    arrays = {part: array for part, array in arrays.items() if part != "bias"}
    return own | {"config": own["config"] | {"use_bias": False}}, arrays


@pytest.mark.parametrize(
    "layers",
    [
        [without_bias(lstm("lstm", 1)), without_bias(dense())],
        [bare("Dropout"), *PLAIN],
        [lstm("lstm", 1), dense(activation="linear"), bare("Activation", activation="softmax")],
        [lstm("lstm", 1, return_sequences=True), dense(activation="linear"), bare("Softmax")],
        [lstm("lstm", 1, dropout=0.1, unroll=True), dense(activation="linear")],
    ],
)
def test_what_comes_to_the_same_is_brought_in(tmp_path, layers):
    weighty = [layer for layer in layers if layer[1]]
    model = brought(legacy(tmp_path / "w.h5", layers, config=described(layers)))
    check(model, weighty)
    if "bias" not in weighty[0][1]:
        assert not model.weights["layer0.bias"].any()
        assert not model.weights["output.bias"].any()
    check(brought(legacy(tmp_path / "w.h5", layers, config=chained(*layers))), weighty)
