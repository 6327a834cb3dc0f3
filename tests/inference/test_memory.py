"""Scores and writing with a memory beside the network."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from burble.errors import SettingsError
from burble.inference.generator import Generator
from burble.inference.scoring import MemoryState, mix_memory, predict_text
from burble.ngram.index import build_index
from burble.ngram.mixing import COEFFICIENTS, WITH_BASE
from tests.support.speakers import chancy, follower, remembered


def with_memory(model, ids):
    return Generator(model, lambda: build_index(ids))


def losses(writer, ids, *, adaptive=False):
    """The loss of each symbol but the first, of the network with its memory."""
    state, found = (
        MemoryState.start(
            writer.memory, writer.mixing_weights(1.0, adaptive=adaptive), adaptive=adaptive
        ),
        [],
    )
    state.read_symbols([int(ids[0])])
    for network in predict_text(writer.engine, ids):
        predictions, state = mix_memory(network, state)
        found.append(predictions.nll)
    return np.concatenate(found)


def test_a_score_is_what_network_and_memory_predict_together():
    model, rng = chancy(scale=0.3), np.random.default_rng(1)
    writer = with_memory(model, rng.integers(0, 4, 300))
    ids = rng.integers(0, 4, 60)
    found, alone = losses(writer, ids), writer.nll(ids)
    text = model.vocabulary.decode(ids[:30])
    expected = writer.probabilities(text, memory=1.0)[model.vocabulary.symbols[ids[30]]]
    assert found[29] == pytest.approx(-np.log(expected), rel=1e-5)
    assert len(found) == len(alone)
    assert not np.allclose(found, alone)


def test_no_symbol_is_predicted_from_what_comes_after_it():
    ids = np.random.default_rng(0).integers(0, 4, 100)
    other = np.concatenate([ids[:50], ids[:50]])
    writer = with_memory(chancy(), ids[:20])
    one, two = (losses(writer, each, adaptive=True) for each in (ids, other))
    np.testing.assert_array_equal(one[:49], two[:49])
    assert not np.allclose(one[60:], two[60:])


def test_writing_with_a_memory_follows_it_and_texts_are_each_as_alone():
    source = "abc\ncab\nbbca\n" * 5
    model = chancy(scale=0.1)
    writer = with_memory(model, model.vocabulary.encode(source))
    options: dict[str, Any] = {"length": 60, "seed": 3, "temperature": 0.3, "break_loops": False}
    assert writer.generate(memory=0.0, **options) == Generator(model).generate(**options)
    written = writer.generate(memory=1.0, **options)

    def known(text):
        return sum(text[i : i + 4] in source for i in range(len(text) - 3))

    assert known(written) > 2 * known(writer.generate(**options))
    options |= {"memory": 1.0, "stop": "bb", "temperature": 1.0}
    many = writer.generate_many("ab", count=6, **options)
    assert many[0] == writer.generate("ab", **options)
    # Some end before others, and those that are left go on as they would alone.
    assert len({len(text) for text in many}) > 1


def test_a_text_is_a_memory_without_a_file(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("abc\ncab\nbbca\n" * 50, encoding="utf-8")
    writer = Generator(chancy(scale=0.1))
    options: dict[str, Any] = {"length": 60, "seed": 3, "temperature": 0.3}
    written = writer.generate(memory=path, **options)
    assert written == writer.with_memory(path).generate(memory=1.0, **options)
    assert written != writer.generate(**options) == writer.generate(memory=0, **options)
    half = writer.probabilities("ab", memory=[path], memory_weight=0.5)["c"]
    assert writer.probabilities("ab")["c"] < half < writer.probabilities("ab", memory=path)["c"]
    assert not writer.has_memory
    path.write_text("abcé", encoding="utf-8")
    with pytest.warns(UserWarning, match="the model does not know was left out"):
        writer.generate(memory=path)
    with pytest.raises(SettingsError, match="Call take_memory first"):
        writer.resolve_settings({"memory": path})


def test_mixing_weights_are_fitted_to_the_text_that_the_network_never_saw(tmp_path):
    rng, path = np.random.default_rng(0), tmp_path / "a.txt"

    def second_weight(model, text):
        path.write_text(text, encoding="utf-8")
        weights = Generator(model).with_memory(path).mixing_weights(1.0)
        # Where it has met a context of 3 symbols and both are half sure.
        return (weights.coefficients @ [1, 0.25, 0.5, 0.5, 0.5])[1]

    knows_nothing, knows_all = chancy("abc", scale=0.1), follower("abc", [1, 2, 0], strength=9.0)
    assert second_weight(knows_nothing, "abcacb" * 400) > 0.3
    # The n-gram model of chance has nothing to say, and of a short text not enough.
    chance = "".join(rng.choice([*"abc"], 2_000))
    assert abs(second_weight(knows_nothing, chance)) < 0.05
    assert abs(second_weight(knows_all, "abc" * 400)) < 0.05
    assert second_weight(knows_nothing, "abc") == 0
    assert 0.1 < second_weight(knows_nothing, "abcacb" * 3) < 0.2


def test_a_network_that_began_from_a_base_has_mixing_weights_of_its_own():
    for summary, known in (({}, COEFFICIENTS), ({"base": {"name": "english"}}, WITH_BASE)):
        writer = with_memory(replace(chancy(), summary=summary), np.arange(4))
        for adaptive in (False, True):
            found = writer.mixing_weights(0.5, adaptive=adaptive)
            assert (found.coefficients.tolist(), found.strength) == (
                [[*row] for row in known[adaptive]],
                0.5,
            )
    assert COEFFICIENTS != WITH_BASE


def test_no_text_copies_its_memory_nor_what_the_model_was_trained_on(tmp_path):
    path, own = tmp_path / "a.txt", "abcabbca" * 9
    path.write_text("cbacbbac" * 9, encoding="utf-8")
    writer = remembered(chancy("abc", scale=0.1), own)
    for seed in range(5):
        text = writer.generate(memory=path, novel=5, length=300, seed=seed, break_loops=False)
        assert not any(
            text[i : i + 6] in source for i in range(295) for source in (own, "cbacbbac" * 9)
        )
    alone = writer.generate(novel=5, length=300, seed=1, break_loops=False)
    assert any(alone[i : i + 6] in "cbacbbac" * 9 for i in range(295))


def test_a_memory_is_needed_and_a_weight_between_0_and_1():
    writer = Generator(chancy())
    with pytest.raises(SettingsError, match=r"no memory beside it.*burble remember MODEL TEXT"):
        writer.generate(memory=0.5)
    with pytest.raises(SettingsError, match=r"memory is 1\.5, but must be between 0"):
        writer.generate(memory=1.5)
    with pytest.raises(SettingsError, match="memory is None"):
        writer.probabilities("a", memory=None)
