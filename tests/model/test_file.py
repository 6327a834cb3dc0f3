import os
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given, settings
from hypothesis import strategies as st

from burble import files
from burble.errors import ModelFileError, StorageError
from burble.model.file import MAX_FILE, find_model_file, read_model, serialize_model, write_model
from tests.support.modelfiles import HALF, VALID, read, small_model


def test_what_is_written_is_read_again():
    model, again = small_model(), read(VALID)
    assert replace(again, weights={}) == replace(model, weights={})
    assert again.weights.keys() == model.weights.keys()
    for name, array in model.weights.items():
        assert again.weights[name].dtype == np.float32
        np.testing.assert_array_equal(again.weights[name], array)


def test_equal_models_give_equal_bytes():
    assert serialize_model(small_model()) == VALID
    assert serialize_model(read(VALID)) == VALID


def test_weights_in_float16_are_read_as_float32_and_written_as_they_were():
    model, again = small_model(), read(HALF)
    assert again.dtype == "float16"
    for name, array in model.weights.items():
        assert again.weights[name].dtype == np.float32
        np.testing.assert_array_equal(again.weights[name], array.astype(np.float16))
    assert serialize_model(again) == HALF
    floats = sum(array.size for array in model.weights.values())
    assert len(VALID) - len(HALF) - 2 * floats in range(-64, 64)


@settings(deadline=None)
@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_a_number_fits_into_float16_or_is_refused(number):
    model = replace(small_model(), dtype="float16")
    model.weights["output.bias"][2] = number
    # Halfway to the number after the largest, 65,504, it would be rounded to infinity.
    if abs(number) >= 65_520:
        with pytest.raises(ModelFileError, match=r"output\.bias holds numbers beyond 65,504"):
            serialize_model(model)
    else:
        assert read(serialize_model(model)).weights["output.bias"][2] == np.float16(number)


def test_the_bytes_do_not_depend_on_the_seed_of_hashes():
    code = (
        "import hashlib;"
        "from tests.support.modelfiles import VALID; print(hashlib.sha256(VALID).hexdigest())"
    )
    here = Path(__file__).parents[2]
    digests = {
        subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"PYTHONHASHSEED": seed},
            cwd=here,
            capture_output=True,
            check=True,
        ).stdout
        for seed in "12"
    }
    assert len(digests) == 1


def test_any_safetensors_reader_opens_it(tmp_path):
    write_model(tmp_path / "m", small_model())
    arrays = safetensors.numpy.load_file(tmp_path / "m")
    assert arrays.keys() == small_model().weights.keys()


def test_a_file_beyond_the_cap_is_refused_before_it_is_read(tmp_path):
    with (tmp_path / "m").open("wb") as file:
        file.truncate(MAX_FILE + 1)
    with pytest.raises(ModelFileError, match="a model has at most"):
        read_model(tmp_path / "m")


def test_what_is_no_model_is_refused(tmp_path):
    with pytest.raises(ModelFileError, match=r"holds no model\.safetensors"):
        find_model_file(tmp_path)
    with pytest.raises(ModelFileError, match="there is no "):
        find_model_file(tmp_path / "none")
    with pytest.raises(ModelFileError, match="no ordinary file"):
        read_model(tmp_path)
    (tmp_path / "alice.txt").write_text("Alice was beginning to get very tired")
    with pytest.raises(ModelFileError, match=r"alice\.txt is not a burble model"):
        read_model(tmp_path / "alice.txt")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ModelFileError, match="no ordinary file"):
        read_model(tmp_path / "pipe")


def test_a_missing_folder_is_a_storage_error(tmp_path):
    with pytest.raises(StorageError, match="could not write"):
        write_model(tmp_path / "no" / "m", small_model())


@pytest.mark.skipif(os.name != "posix", reason="needs permissions of POSIX")
def test_permissions_follow_the_umask_and_the_old_file(tmp_path):
    old = os.umask(0o027)
    try:
        files.write_atomically(tmp_path / "new", b"1")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o640
    (tmp_path / "new").chmod(0o604)
    files.write_atomically(tmp_path / "new", b"2")
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o604
    assert (tmp_path / "new").read_bytes() == b"2"


def test_a_link_goes_on_pointing_where_it_did(tmp_path):
    (tmp_path / "real").write_bytes(b"1")
    (tmp_path / "link").symlink_to("real")
    files.write_atomically(tmp_path / "link", b"2")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"2"


@pytest.mark.skipif(os.name != "posix", reason="needs resource limits")
def test_a_full_disk_leaves_the_old_file_and_is_reported(tmp_path):
    (tmp_path / "m").write_bytes(b"old")
    code = (
        "import resource\nfrom pathlib import Path\nfrom burble import errors, files\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try:\n    files.write_atomically(Path('m'), bytes(5000))\n"
        "except errors.StorageError as error:\n    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, check=True
    )
    assert b"could not write" in done.stdout
    assert b"to disk" in done.stdout
    assert (tmp_path / "m").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["m"]
