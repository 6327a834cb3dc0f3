"""What is taken over from another model."""

import numpy as np
import pytest

from burble.data.labels import LabelSet
from burble.data.vocabulary import Vocabulary
from burble.errors import SettingsError
from burble.model.architecture import network_prefix
from burble.model.transfer import describe_alphabet_change, merge_base_settings, transfer_weights
from tests.support.speakers import POETS, chancy


def test_weights_go_to_the_symbols_of_another_alphabet():
    base = chancy("ab", ensemble=2)
    fresh = chancy("bc", seed=1, ensemble=2).weights
    found = transfer_weights(base, Vocabulary(("b", "c")), fresh)
    for n in (0, 1):
        name = f"{network_prefix(n)}embedding"
        np.testing.assert_array_equal(found[name][0], base.weights[name][1])
        np.testing.assert_array_equal(found[name][1], fresh[name][1])
        name = f"{network_prefix(n)}output.kernel"
        np.testing.assert_array_equal(found[name][:, 0], base.weights[name][:, 1])
        name = f"{network_prefix(n)}layer1.kernel"
        np.testing.assert_array_equal(found[name], base.weights[name])


def test_labels_that_both_know_keep_their_vectors_and_new_ones_start_as_they_would_anew():
    base = chancy("ab", ensemble=2, labels=POETS)
    other = LabelSet(("poet",), (("Poe", "Whitman"),))
    fresh = chancy("ab", seed=1, ensemble=2, labels=other).weights
    found = transfer_weights(base, base.vocabulary, fresh, other)
    for n in (0, 1):
        name = f"{network_prefix(n)}label_embedding"
        np.testing.assert_array_equal(found[name], [fresh[name][0], base.weights[name][1]])
    plain = chancy("ab", ensemble=2)
    assert transfer_weights(base, plain.vocabulary, plain.weights).keys() == plain.weights.keys()
    gained = transfer_weights(plain, plain.vocabulary, fresh, other)["label_embedding"]
    np.testing.assert_array_equal(gained, fresh["label_embedding"])
    assert "label" not in merge_base_settings({}, base)


def test_settings_that_a_base_brings_cannot_be_others():
    base = chancy("ab", units=7)
    found = merge_base_settings({"units": 7, "steps": 3, "dropout": None}, base)
    assert (found["units"], found["layers"], found["steps"]) == (7, base.architecture.layers, 3)
    # What is left out in training and how documents are cut are of the new training.
    assert not {"dropout", "documents", "min_count"} & found.keys()
    assert merge_base_settings({"units": 8, "layers": None}, None) == {"units": 8}
    with pytest.raises(SettingsError, match="units is 8, but the model to start from has 7"):
        merge_base_settings({"units": 8}, base)


def test_a_change_of_alphabet_is_described():
    base = chancy("abc")
    assert describe_alphabet_change(base, Vocabulary(("b", "x"))) == (
        "The base does not know 1 symbol of this text, and learns it: 'x'. 2 that it knows are "
        "not in it, and left out."
    )
    same = "The base knows every symbol of this text."
    assert describe_alphabet_change(base, base.vocabulary) == same
