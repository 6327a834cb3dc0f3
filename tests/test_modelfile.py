import json
import os
import stat
import struct
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given, settings
from hypothesis import strategies as st

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


VALID = modelfile.dump(small_model())


def parts(data=VALID):
    """The header, the burble metadata and the weights' bytes of a model file."""
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + length])
    return header, json.loads(header["__metadata__"]["burble"]), data[8 + length :]


def assemble(header, weights):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + weights


def with_meta(text):
    """The small model with other burble metadata, as JSON text."""
    header, _, weights = parts()
    header["__metadata__"]["burble"] = text
    return assemble(header, weights)


def read(data):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "m"
        path.write_bytes(data)
        return modelfile.read(path)


def test_what_is_written_is_read_again():
    model, again = small_model(), read(VALID)
    assert replace(again, weights={}) == replace(model, weights={})
    assert again.weights.keys() == model.weights.keys()
    for name, array in model.weights.items():
        assert again.weights[name].dtype == np.float32
        np.testing.assert_array_equal(again.weights[name], array)


def test_equal_models_give_equal_bytes():
    assert modelfile.dump(small_model()) == VALID
    assert modelfile.dump(read(VALID)) == VALID


def test_the_bytes_do_not_depend_on_the_seed_of_hashes():
    code = (
        "import hashlib, sys; sys.path.insert(0, 'tests'); import test_modelfile as t;"
        "print(hashlib.sha256(t.VALID).hexdigest())"
    )
    here = Path(__file__).parent.parent
    told = {
        subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"PYTHONHASHSEED": seed},
            cwd=here,
            capture_output=True,
            check=True,
        ).stdout
        for seed in "12"
    }
    assert len(told) == 1


def test_any_safetensors_reader_opens_it(tmp_path):
    modelfile.write(tmp_path / "m", small_model())
    arrays = safetensors.numpy.load_file(tmp_path / "m")
    assert arrays.keys() == small_model().weights.keys()


@pytest.mark.parametrize("end", [0, 1, 7, 8, 9, 200, len(VALID) // 2, len(VALID) - 1])
def test_a_cut_file_is_refused(end):
    with pytest.raises(ModelFileError):
        read(VALID[:end])


def test_bytes_at_the_end_are_refused():
    with pytest.raises(ModelFileError, match="damaged or was copied only in part"):
        read(VALID + b"\0")


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(VALID) - 1), st.integers(1, 255))
def test_a_flipped_byte_gives_a_model_of_the_same_shape_or_one_sentence(at, flip):
    data = bytearray(VALID)
    data[at] ^= flip
    try:
        model = read(bytes(data))
    except ModelFileError:
        return
    shapes = {name: array.shape for name, array in model.weights.items()}
    assert shapes == modelfile.shapes(small_model().architecture, 5)
    assert model.vocabulary.size == 5
    assert all(np.isfinite(array).all() for array in model.weights.values())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


@settings(deadline=None)
@given(st.sampled_from(sorted(parts()[1])), JSON)
def test_any_json_in_the_metadata_is_read_or_refused(key, value):
    meta = parts()[1] | {key: value}
    try:
        model = read(with_meta(json.dumps(meta)))
    except ModelFileError:
        return
    assert model.weights.keys() == small_model().weights.keys()


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_refused(data):
    with pytest.raises(ModelFileError):
        read(data)


@settings(deadline=None)
@given(JSON)
def test_any_json_as_a_header_is_refused(value):
    with pytest.raises(ModelFileError):
        read(assemble(json.dumps(value).encode(), b""))


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("format", 2, r"has format 2; this version of burble \(.*\) knows formats up to 1"),
        ("format", 10**30, "Install a newer burble"),
        ("format", "x", "not those of a burble model"),
        ("format", 0, "not those of a burble model"),
        ("format", True, "not those of a burble model"),
        ("format", 1.0, "not those of a burble model"),
        ("symbols", ["a"], r"embedding has the shape \(5, 2\), expected \(2, 2\)"),
        ("symbols", [], "cannot be"),
        ("symbols", "abcd", "symbols is 'abcd', expected a list"),
        ("symbols", ["\n", "a", "é", 7], "7 is not a symbol"),
        ("symbols", ["\n", "a", "é", "ab"], "'ab' is not a symbol"),
        ("symbols", ["\n", "a", "é", ""], "cannot be"),
        ("symbols", ["\n", "a", "a", "é"], "must be distinct"),
        ("symbols", ["\n", "a", "é", "\ud800"], "cannot be"),
        ("boundary", 1, "boundary is 1, expected a bool"),
        ("separator", None, "separator is None, expected a str"),
        ("separator", "", "nothing to write between them"),
        ("separator", "\udc00", "cannot be"),
        ("summary", [], "summary is "),
        ("text", 7, "cannot be"),
        ("text", {}, "it does not say lowercase"),
    ],
)
def test_odd_metadata_is_refused(key, value, said):
    with pytest.raises(ModelFileError, match=said):
        read(with_meta(json.dumps(parts()[1] | {key: value})))


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("layers", True, "layers is True, expected a int"),
        ("layers", 10**9, "layers is 1000000000"),
        ("units", 3.0, "units is 3.0, expected a int"),
        ("units", -3, "units is -3"),
        ("units", 4, "has the shape"),
        ("cell", "gru", "has the shape"),
        ("cell", "os.system", "cell is 'os.system'"),
        ("cell", None, "cell is None"),
        ("dropout", "0.4", "dropout is '0.4', expected a float"),
        ("code", "import os", "cannot be"),
    ],
)
def test_an_odd_architecture_is_refused(key, value, said):
    meta = parts()[1]
    meta["architecture"][key] = value
    with pytest.raises(ModelFileError, match=said):
        read(with_meta(json.dumps(meta)))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "7",
        "NaN",
        '{"format": 1, "format": 1}',
        '{"format": 1e400}',
        '{"format": NaN}',
        "[" * 100_000,
        '{"format": ' + "1" * 10_000 + "}",
    ],
)
def test_odd_json_is_refused(text):
    with pytest.raises(ModelFileError, match="not those of a burble model"):
        read(with_meta(text))


def edit_offsets(entry, begin, end):
    entry["data_offsets"] = [entry["data_offsets"][0] + begin, entry["data_offsets"][1] + end]


@pytest.mark.parametrize(
    "edit",
    [
        lambda h: h["output.bias"].update(dtype="F16"),
        lambda h: h["output.bias"].update(dtype=["F32"]),
        lambda h: h["output.bias"].update(shape=[-5]),
        lambda h: h["output.bias"].update(shape=[1 << 62, 4]),
        lambda h: h["output.bias"].update(shape=[1 << 32, 1 << 32, 0]),
        lambda h: h["output.bias"].update(shape=[5.0]),
        lambda h: h["output.bias"].update(shape=[5, True]),
        lambda h: h["output.bias"].update(shape=5),
        lambda h: h["output.bias"].update(shape=[1, 5]),
        lambda h: h["output.bias"].update(data_offsets=[0]),
        lambda h: h["output.bias"].update(data_offsets=[20, 0]),
        lambda h: h["output.bias"].update(data_offsets=[0, 20]),
        lambda h: h["output.bias"].update(data_offsets=[0, 1 << 70]),
        lambda h: h["output.bias"].update(more=1),
        lambda h: h["output.bias"].pop("shape"),
        lambda h: edit_offsets(h["output.bias"], -4, -4),
        lambda h: edit_offsets(h["output.bias"], 4, 4),
        lambda h: h.update({"extra": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}}),
        lambda h: h.update({"output.bias": 5}),
        lambda h: h.pop("output.bias"),
        lambda h: h.update(__metadata__=None),
        lambda h: h.pop("__metadata__"),
    ],
)
def test_an_odd_header_is_refused(edit):
    header, _, weights = parts()
    edit(header)
    with pytest.raises(ModelFileError):
        read(assemble(header, weights))


def test_an_array_named_twice_is_refused():
    header, _, weights = parts()
    text = json.dumps(header)
    entry = json.dumps({"output.bias": header["output.bias"]})[1:-1]
    with pytest.raises(ModelFileError, match="a key occurs twice"):
        read(assemble((text[:-1] + ", " + entry + "}").encode(), weights))


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_refused(number):
    model = small_model()
    model.weights["output.bias"][2] = number
    with pytest.raises(ModelFileError, match=r"output\.bias holds numbers that are none"):
        read(modelfile.dump(model))


def test_a_stranger_s_safetensors_is_refused():
    with pytest.raises(ModelFileError, match="not those of a burble model"):
        read(safetensors.numpy.save({"w": np.zeros(3, np.float32)}))


@pytest.mark.parametrize("claim", [1, 100 << 20, 1 << 40, (1 << 64) - 1])
def test_a_header_of_impossible_length_is_refused(claim):
    with pytest.raises(ModelFileError, match="not a burble model"):
        read(struct.pack("<Q", claim) + b"{}" + b" " * 1000)


def test_a_file_beyond_the_cap_is_refused_before_it_is_read(tmp_path):
    with (tmp_path / "m").open("wb") as file:
        file.truncate(modelfile.MAX_FILE + 1)
    with pytest.raises(ModelFileError, match="a model has at most"):
        modelfile.read(tmp_path / "m")


def test_what_is_no_model_is_told_apart(tmp_path):
    with pytest.raises(ModelFileError, match=r"holds no model\.safetensors"):
        modelfile.find(tmp_path)
    with pytest.raises(ModelFileError, match="there is no "):
        modelfile.find(tmp_path / "none")
    with pytest.raises(ModelFileError, match="no ordinary file"):
        modelfile.read(tmp_path)
    (tmp_path / "alice.txt").write_text("Alice was beginning to get very tired")
    with pytest.raises(ModelFileError, match=r"alice\.txt is not a burble model"):
        modelfile.read(tmp_path / "alice.txt")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ModelFileError, match="no ordinary file"):
        modelfile.read(tmp_path / "pipe")


def test_a_missing_folder_is_a_storage_error(tmp_path):
    with pytest.raises(StorageError, match="could not write"):
        modelfile.write(tmp_path / "no" / "m", small_model())


@pytest.mark.skipif(os.name != "posix", reason="needs permissions of POSIX")
def test_permissions_follow_the_umask_and_the_old_file(tmp_path):
    old = os.umask(0o027)
    try:
        modelfile.write_atomically(tmp_path / "new", b"1")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o640
    (tmp_path / "new").chmod(0o604)
    modelfile.write_atomically(tmp_path / "new", b"2")
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o604
    assert (tmp_path / "new").read_bytes() == b"2"


def test_a_link_goes_on_pointing_where_it_did(tmp_path):
    (tmp_path / "real").write_bytes(b"1")
    (tmp_path / "link").symlink_to("real")
    modelfile.write_atomically(tmp_path / "link", b"2")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"2"


@pytest.mark.skipif(os.name != "posix", reason="needs resource limits")
def test_a_full_disk_leaves_the_old_file_and_says_so(tmp_path):
    (tmp_path / "m").write_bytes(b"old")
    code = (
        "import resource\nfrom pathlib import Path\nfrom burble import errors, modelfile\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try:\n    modelfile.write_atomically(Path('m'), bytes(5000))\n"
        "except errors.StorageError as error:\n    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, check=True
    )
    assert b"could not write" in done.stdout
    assert b"to disk" in done.stdout
    assert (tmp_path / "m").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["m"]
