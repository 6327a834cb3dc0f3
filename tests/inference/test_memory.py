"""Scores and writing with a memory beside the network."""

from typing import Any

import numpy as np
import pytest

from burble.errors import SettingsError
from burble.inference.generator import Generator
from burble.inference.scoring import MemoryState, mix_memory, predict_text
from burble.ngram.index import build_index
from tests.support.speakers import chancy


def with_memory(model, ids):
    return Generator(model, lambda: build_index(ids))


def losses(writer, ids, *, adaptive=False):
    """The loss of each symbol but the first, of the network with its memory."""
    state, found = MemoryState.start(writer.memory, 1.0, adaptive=adaptive), []
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


def test_a_memory_is_needed_and_a_weight_between_0_and_1():
    writer = Generator(chancy())
    with pytest.raises(SettingsError, match=r"no memory beside it.*burble remember MODEL TEXT"):
        writer.generate(memory=0.5)
    with pytest.raises(SettingsError, match=r"memory is 1\.5, but must be between 0"):
        writer.generate(memory=1.5)
    with pytest.raises(SettingsError, match="memory is 'x'"):
        writer.probabilities("a", memory="x")  # type: ignore[arg-type]
