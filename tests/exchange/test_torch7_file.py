"""Files of Torch7 are read by a list of what there can be; damaged ones are refused."""

import random
import struct

import numpy as np
import pytest

from burble.errors import InputError, ModelFileError
from burble.exchange.imports import read_import
from burble.exchange.options import ImportRequest
from burble.exchange.torch7_file import Table, Tensor, read_torch7
from tests.support import torch7_files
from tests.support.torch7_files import Function, Storage, char_rnn, module, serialize, torch_rnn


def read(tmp_path, value, **how):
    path = tmp_path / "a.t7"
    path.write_bytes(value if isinstance(value, bytes) else serialize(value, **how))
    return read_torch7(path)


@pytest.mark.parametrize("how", [{}, {"text": True}, {"long": "i"}])
def test_what_is_written_is_what_is_read(tmp_path, how):
    shared = torch7_files.Table(1.5, None, True, False, "", "é")
    value = torch7_files.Table(shared, shared, Function(b"\x1bLJ"), name=b"\xff\n\0")
    value.pairs.append((value, module("nn.Odd", inner=value, size=Storage(np.arange(3), "Long"))))
    found = read(tmp_path, value, **how)
    assert found.get("name") == b"\xff\n\0"
    assert found.get(1) is found.get(2)
    listed = found.get(1)
    # A list ends where a number is missing.
    assert listed.items == [1.5]
    assert [bool(listed.get(n)) for n in (3, 4)] == [True, False]
    assert (listed.get(5), listed.get(6)) == (b"", "é".encode())
    odd = found.entries[found]
    assert (odd.name, odd.get("inner") is found, odd.get("size").tolist()) == (
        "nn.Odd",
        True,
        [0, 1, 2],
    )


def test_tensors_are_views_of_their_storages(tmp_path):
    numbers = Storage(np.arange(12, dtype=np.float64))
    first = torch7_files.Tensor(numbers, (2, 3), (1, 2), 3)
    empty = torch7_files.Tensor(None, (), ())
    found = read(tmp_path, torch7_files.Table(first, empty))
    assert found.get(1).array().tolist() == [[3, 5, 7], [4, 6, 8]]
    with pytest.raises(ModelFileError, match=r"a tensor of no numbers came"):
        found.get(2).array()


@pytest.mark.parametrize(
    ("sizes", "strides", "first"),
    [((5,), (1,), 8), ((2, 2), (1, -1), 5), ((10**9, 10**9), (0, 0), 0), ((3,), (1,), -1)],
)
def test_a_tensor_that_reaches_beyond_its_storage_is_refused(sizes, strides, first):
    with pytest.raises(ModelFileError, match=r"its storage of 12 does not hold"):
        Tensor(sizes, strides, first, np.zeros(12)).array()


def test_a_long_list_of_numbers_is_passed_over(tmp_path):
    long = torch7_files.Table(*map(float, range(1000)))
    found = read(tmp_path, torch7_files.Table(long, after="x"))
    assert isinstance(found.get(1), Table)
    assert found.get(1).entries == {}
    assert found.get("after") == b"x"


def head(*numbers):
    return struct.pack(f"<{len(numbers)}i", *numbers)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (head(3, 1, 2**31 - 1), r"a table of 2,147,483,647 entries came"),
        (head(3, 1, -1), r"a table of -1 entries came"),
        (head(3, 1, 1, 2, 10**9) + b"abcd", r"1,000,000,000 bytes are to come and 4 are left"),
        (head(3, 1, 1, 9) + b"\0" * 20, r"a value of the kind 9 came"),
        (head(3, 1, 1, 0, 0) + b"\0" * 20, r"an entry of a table has no key, or"),
        (head(4, 1, 3) + b"V 1" + head(3) + b"a;b", r"'a;b' came where the name of a class"),
        (head(4, 1, 3) + b"V 1" + head(17) + b"torch.QuuxStorage", r"torch.QuuxStorage came"),
        (
            head(4, 1, 3) + b"V 1" + head(18) + b"torch.FloatStorage" + head(-1, 2**30),
            r"numbers are to come and 0 bytes are left",
        ),
        (head(4, 1, 3) + b"V 1" + head(17) + b"torch.FloatTensor" + head(99), r"99 dimensions"),
        (head(4, 1, 3) + b"V 1" + head(4) + b"nn.X" + head(2, 0), r"fields of a nn.X are no table"),
        (b"3\n1\n1\n2\nx 3 4 5", r"b'x' came where an integer is"),
        (b"3\n1\n", r"the file ends"),
        (head(2, 1) + b"a", r"a bytes came where a table is"),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(tmp_path, data, message):
    with pytest.raises(ModelFileError, match=message) as caught:
        read(tmp_path, data)
    assert "no file that Torch7 wrote whole" in str(caught.value)


def test_deep_files_need_no_deep_calls(tmp_path):
    deep = torch7_files.Table()
    inner = deep
    data = b"".join(head(3, n, 1, 1) + struct.pack("<d", 1) for n in range(1, 20_000))
    found = read(tmp_path, data + head(0))
    for _ in range(19_000):
        found = found.get(1)
    assert isinstance(found, Table)
    assert inner is deep


@pytest.mark.parametrize("how", [{}, {"text": True}])
@pytest.mark.parametrize("make", [char_rnn, torch_rnn])
def test_a_damaged_checkpoint_is_refused_in_a_sentence_or_read(tmp_path, make, how):
    data, rng = serialize(make(layers=1)[0], **how), random.Random(0)
    path = tmp_path / "a.t7"
    for _ in range(60):
        damaged = bytearray(data)
        if rng.random() < 0.3:
            del damaged[rng.randrange(8, len(data)) :]
        for _ in range(rng.randrange(1, 4)):
            damaged[rng.randrange(4, len(damaged))] = rng.choice((0, 1, 255, rng.randrange(256)))
        path.write_bytes(damaged)
        told = refusal(path)
        assert "\n" not in told


def refusal(path):
    """What is said of a file; nothing where it is read."""
    try:
        read_import(path, ImportRequest())
    except InputError as error:
        return str(error)
    return ""
