import json
from dataclasses import replace

import numpy as np
import pytest
import safetensors.numpy

from burble import modelfile
from burble.errors import ModelFileError, StorageError
from burble.modelfile import Model
from burble.settings import ModelSettings, TextSettings
from burble.vocabulary import Vocabulary


def small_model():
    vocabulary = Vocabulary(("\n", "a", "é", "猫"), boundary=True)
    architecture = ModelSettings(layers=2, units=3, embedding=2)
    rng = np.random.default_rng(0)
    named = modelfile.shapes(architecture, vocabulary.size).items()
    weights = {name: rng.normal(size=shape).astype(np.float32) for name, shape in named}
    text = TextSettings(lowercase=True)
    return Model(weights, vocabulary, architecture, text, "\n\n", {"held_out_loss": 1.5})


def test_what_is_written_is_read_again(tmp_path):
    model = small_model()
    modelfile.write(tmp_path / "m.safetensors", model)
    again = modelfile.read(tmp_path / "m.safetensors")
    assert replace(again, weights={}) == replace(model, weights={})
    for name, array in model.weights.items():
        np.testing.assert_array_equal(again.weights[name], array)


def test_equal_models_give_equal_bytes():
    assert modelfile.dump(small_model()) == modelfile.dump(small_model())


def test_any_safetensors_reader_opens_it(tmp_path):
    modelfile.write(tmp_path / "m", small_model())
    arrays = safetensors.numpy.load_file(tmp_path / "m")
    assert arrays.keys() == small_model().weights.keys()


def test_every_cut_of_the_file_is_refused(tmp_path):
    data = modelfile.dump(small_model())
    path = tmp_path / "cut"
    for end in [0, 1, 7, 8, 9, 200, len(data) // 2, len(data) - 1]:
        path.write_bytes(data[:end])
        with pytest.raises(ModelFileError):
            modelfile.read(path)
    path.write_bytes(data + b"\0")
    with pytest.raises(ModelFileError, match="damaged"):
        modelfile.read(path)


def change(path, edit):
    """Writes the small model to `path` with its burble metadata changed by `edit`."""
    data = modelfile.dump(small_model())
    length = int.from_bytes(data[:8], "little")
    meta = json.loads(json.loads(data[8 : 8 + length])["__metadata__"]["burble"])
    edit(meta)
    arrays = dict(small_model().weights)
    path.write_bytes(safetensors.numpy.save(arrays, {"burble": json.dumps(meta)}))


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("format", 2, "has format 2; this version of burble knows formats up to 1"),
        ("format", "x", "not those of a burble model"),
        ("symbols", ["a"], "expected F32"),
        ("symbols", [], "cannot be"),
        ("architecture", {"layers": 10**9}, "layers is"),
        ("architecture", {"code": "import os"}, "cannot be"),
        ("text", 7, "cannot be"),
    ],
)
def test_odd_metadata_is_refused(tmp_path, key, value, said):
    change(tmp_path / "m", lambda meta: meta.update({key: value}))
    with pytest.raises(ModelFileError, match=said):
        modelfile.read(tmp_path / "m")


def test_a_stranger_s_safetensors_is_refused(tmp_path):
    (tmp_path / "m").write_bytes(safetensors.numpy.save({"w": np.zeros(3, np.float32)}))
    with pytest.raises(ModelFileError, match="not those of a burble model"):
        modelfile.read(tmp_path / "m")


def test_a_header_that_promises_gigabytes_takes_none(tmp_path):
    (tmp_path / "m").write_bytes((1 << 40).to_bytes(8, "little") + b"{}")
    with pytest.raises(ModelFileError, match="not a burble model"):
        modelfile.read(tmp_path / "m")


def test_a_missing_folder_is_a_storage_error(tmp_path):
    with pytest.raises(StorageError, match="could not write"):
        modelfile.write(tmp_path / "no" / "m", small_model())
