import struct
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from numpy.typing import NDArray

from burble.errors import ModelFileError
from burble.model.tensors import MAX_HEADER, open_tensors, strict_json

ARRAYS: dict[str, NDArray[Any]] = {
    "a": np.arange(6, dtype=np.uint8).reshape(2, 3),
    "b": np.ones(4, np.uint32),
}


def written(path, header):
    path.write_bytes(struct.pack("<Q", len(header)) + header)
    return path


def test_an_array_is_the_same_read_and_mapped(tmp_path):
    (tmp_path / "m").write_bytes(safetensors.numpy.save(ARRAYS, {"key": "value"}))
    with open_tensors(tmp_path / "m", ("U8", "U32")) as file:
        assert file.metadata == {"key": "value"}
        mapped = {name: file.map_array(name) for name in file.tensors}
        read = {name: file.read_array(name) for name in file.tensors}
    for name, array in ARRAYS.items():
        assert file.tensors[name].shape == array.shape
        for found in (mapped[name], read[name]):
            assert found.dtype == array.dtype
            np.testing.assert_array_equal(found, array)


def test_arrays_of_other_numbers_are_refused(tmp_path):
    (tmp_path / "m").write_bytes(safetensors.numpy.save(ARRAYS))
    with pytest.raises(ModelFileError, match="expected F32 or U32, found 'U8'"):
        open_tensors(tmp_path / "m", ("F32", "U32")).__enter__()


@pytest.mark.parametrize(
    ("header", "why"),
    [
        (b'{"__metadata__": {"burble": "x", "burble": "y"}}', "a key occurs twice"),
        (b'{"x": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0], "y": 1}}', "nothing else"),
        (b"{}" + b" " * MAX_HEADER, "more than 8 MiB"),
    ],
)
def test_what_safetensors_lets_pass_is_refused(tmp_path, header, why):
    path = written(tmp_path / "m", header)
    safetensors.safe_open(path, "numpy").__exit__(None, None, None)
    with pytest.raises(ModelFileError, match=why), open_tensors(path):
        pass


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"a": 1, "a": 2}', "occurs twice"),
        ("[NaN]", "NaN is not a number"),
        ("-Infinity", "-Infinity is not a number"),
        ("1e400", "beyond every range"),
        ("[", "Expecting value"),
        ("", "Expecting value"),
    ],
)
def test_json_that_is_not_strict_is_refused(text, why):
    with pytest.raises(ValueError, match=why):
        strict_json(text)
