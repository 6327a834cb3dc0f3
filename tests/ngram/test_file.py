"""The file of an index, whole and damaged."""

import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from burble.errors import ModelFileError
from burble.ngram.file import index_path, read_index, write_index
from burble.ngram.index import MAX_CONTEXT, build_index
from burble.ngram.predictor import NgramModel
from tests.support.speakers import chancy


def learned(count, model=None, **corpus):
    """A model that was trained on so many symbols."""
    facts = {"sha256": "f" * 64, "symbols": count + 20, "held_out": 20, "documents": 1} | corpus
    return replace(model or chancy(), summary={"corpus": facts})


def remembered(tmp_path, ids, model=None, **corpus):
    model = learned(len(ids), model, **corpus)
    path = tmp_path / "model.memory.safetensors"
    index = build_index(ids)
    write_index(path, index, model)
    return path, model, index


def test_a_file_holds_the_whole_memory(tmp_path):
    path, model, index = remembered(tmp_path, np.random.default_rng(0).integers(0, 4, 200))
    found = read_index(path, model)
    assert isinstance(found.text, np.memmap)
    for name in ("text", "contexts", "shared", "discounts"):
        np.testing.assert_array_equal(getattr(found, name), getattr(index, name))
    context = np.array([[0, 1] * 6])
    expected = NgramModel(index, 4).predict(context).probabilities
    np.testing.assert_array_equal(NgramModel(found, 4).predict(context).probabilities, expected)
    assert index_path(tmp_path / "model.safetensors") == path
    # Equal memories give equal bytes.
    first = hashlib.sha256(path.read_bytes()).hexdigest()
    write_index(path, index, model)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == first


IDS = np.random.default_rng(0).integers(0, 3, 60)
WITHOUT = replace(chancy("abc"), weights=chancy().weights)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"sha256": "0" * 64}, "is the memory of another text than the model's own."),
        (
            {"model": WITHOUT},
            "is of the model's text, but in another alphabet: it has 3 symbols, the model 4.",
        ),
        (
            {"symbols": 60, "held_out": 0},
            "is of the model's text, but of 60 symbols of it, where the model was trained on 40: "
            "the validation part is another.",
        ),
        (
            {"symbols": 70, "held_out": 30},
            "is of the model's text, but of another part: the validation part was cut otherwise.",
        ),
    ],
)
def test_a_memory_of_another_text_alphabet_or_part_is_refused(tmp_path, changed, message):
    path, _, _ = remembered(tmp_path, IDS[: 60 if "held_out" in changed else 40], **changed)
    with pytest.raises(ModelFileError) as raised:
        read_index(path, learned(40, symbols=60))
    assert str(raised.value) == f"{path} {message} Make it anew: burble remember {tmp_path} TEXT"


def test_the_same_text_may_come_from_several_sources(tmp_path):
    path, _, index = remembered(tmp_path, IDS, sources=2)
    found = read_index(path, learned(60, sources=1))
    np.testing.assert_array_equal(found.ids(), index.ids())


def test_a_memory_holds_as_much_as_the_model_was_trained_on(tmp_path):
    path, model, _ = remembered(tmp_path, IDS)
    write_index(path, build_index(IDS[:50]), model)
    with pytest.raises(ModelFileError, match="its arrays are not those of a memory"):
        read_index(path, model)


def test_a_memory_of_an_earlier_burble_is_made_anew(tmp_path):
    path, model, _ = remembered(tmp_path, IDS)
    with_metadata(path, format=1, sha256="f" * 64)
    message = (
        "is of an earlier burble, .* Make it anew: burble remember '.*my model.safetensors' TEXT"
    )
    with pytest.raises(ModelFileError, match=message):
        read_index(path.rename(tmp_path / "my model.memory.safetensors"), model)


def test_a_file_of_no_memory_is_refused(tmp_path):
    path, model, _ = remembered(tmp_path, np.array([0, 1, 9]))
    with pytest.raises(ModelFileError, match="numbers that cannot be"):
        read_index(path, model)
    path.write_bytes(b"nonsense, and more than a header's length of it")
    with pytest.raises(ModelFileError, match="damaged, or no memory that burble wrote"):
        read_index(path, model)
    with pytest.raises(ModelFileError, match="cannot read the memory"):
        read_index(tmp_path / "none", model)


def with_metadata(path, **changed):
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    head = json.loads(data[8 : 8 + length])
    meta = json.loads(head["__metadata__"]["burble_memory"]) | changed
    head["__metadata__"]["burble_memory"] = json.dumps(meta)
    text = json.dumps(head).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data[8 + length :])


def test_a_newer_format_asks_for_a_newer_burble(tmp_path):
    path, model, _ = remembered(tmp_path, np.array([0, 1, 2]))
    with_metadata(path, format=3)
    with pytest.raises(ModelFileError, match="has format 3; this version"):
        read_index(path, model)
    for odd in (True, "1", 0):
        with_metadata(path, format=odd)
        with pytest.raises(ModelFileError, match="no memory that burble wrote"):
            read_index(path, model)


@given(st.data())
@settings(max_examples=150)
def test_random_damage_is_refused_or_leaves_probabilities(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("damage")
    path, model, _ = remembered(folder, np.random.default_rng(0).integers(0, 4, 60))
    raw = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(bytes(raw[: data.draw(st.sampled_from([len(raw), len(raw), 300]))]))
    try:
        index = NgramModel(read_index(path, model), 4)
    except ModelFileError:
        return
    for context in ([0] * MAX_CONTEXT, [1, 2, 3] * 4, [3, 1] * 6):
        probabilities = index.predict(np.array([context])).probabilities
        assert probabilities.sum() == pytest.approx(1, abs=1e-5)
        assert probabilities.min() >= 0
