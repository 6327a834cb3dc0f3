import json
import math
import struct
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from burble.errors import ModelFileError
from burble.model.tensors import DTYPES, MAX_HEADER, open_tensors, strict_json

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


SHAPED = b'{"a": {"dtype": "F32", "shape": [%s], "data_offsets": [0, 8]}}'
LISTS = st.lists(st.integers(-1, 9) | st.sampled_from([True, 1.0, 2**70, "4", None]), max_size=3)
VALUES = st.fixed_dictionaries(
    {"dtype": st.sampled_from(["F32", "U8", "F7", 4, None]), "shape": LISTS, "data_offsets": LISTS},
    optional={"more": st.none()},
)


@st.composite
def laid_out(draw):
    """A header of arrays one behind the other, some of it perhaps spoilt; and bytes after it."""
    header, place = {}, 0
    for name in draw(st.lists(st.sampled_from("abc"), unique=True)):
        dtype, shape = draw(st.sampled_from(["F32", "U8"])), draw(st.lists(st.integers(0, 3)))
        end = place + math.prod(shape) * DTYPES[dtype].itemsize
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [place, end]}
        place = end
    if draw(st.booleans()):
        header["__metadata__"] = draw(st.none() | st.dictionaries(st.text(), st.text() | st.none()))
    if draw(st.booleans()):
        header |= draw(st.dictionaries(st.sampled_from("abcd"), VALUES, max_size=1))
    text = json.dumps(header).encode()
    spoilt = draw(st.sampled_from([text, b" " + text, text[:-1], text + b" ", b"[" + text + b"]"]))
    return spoilt, bytes(max(0, place + draw(st.sampled_from([0, 0, 0, 1, -1]))))


@given(laid_out())
def test_a_file_is_read_just_where_safetensors_reads_it(tmp_path_factory, made):
    path = written(tmp_path_factory.getbasetemp() / "m", made[0])
    path.write_bytes(path.read_bytes() + made[1])
    try:
        with safetensors.safe_open(path, "numpy") as file:
            expected = {name: file.get_tensor(name) for name in [*file.keys()]}
            metadata = file.metadata() or {}
    except (safetensors.SafetensorError, OverflowError):
        expected = None
    if expected is None or b'"more"' in made[0]:
        with pytest.raises(ModelFileError), open_tensors(path, DTYPES):
            pass
        return
    with open_tensors(path, DTYPES) as file:
        assert file.metadata == metadata
        assert file.tensors.keys() == expected.keys()
        for name, array in expected.items():
            np.testing.assert_array_equal(file.read_array(name), array, strict=True)


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


@pytest.mark.parametrize(
    ("header", "why"),
    [
        (b"[" * 1_000_000, "recursion"),
        (b'{"a": ' * 1_000_000, "recursion"),
        (SHAPED % (b"9" * 5_000), "digits"),
        (SHAPED % (b"8, " * 900_000 + b"8"), "more numbers than the file has bytes"),
    ],
)
def test_a_header_that_would_take_long_is_refused_at_once(tmp_path, header, why):
    with pytest.raises(ModelFileError, match=why), open_tensors(written(tmp_path / "m", header)):
        pass
