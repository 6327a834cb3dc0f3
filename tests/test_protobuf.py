"""The wire format: golden bytes, any message there and back, and no message."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burble.protobuf import encode_field, encode_message, encode_varint, read_fields

FIELDS = st.lists(
    st.tuples(
        st.integers(1, 1 << 20), st.one_of(st.integers(0, (1 << 64) - 1), st.binary(max_size=40))
    ),
    max_size=8,
)


def test_bytes_are_those_of_the_specification():
    assert encode_message([(1, 150)]) == b"\x08\x96\x01"
    assert encode_message([(2, "testing")]) == b"\x12\x07testing"
    assert encode_varint(-2) == b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01"
    assert encode_field(3, 1.5) == b"\x1d\x00\x00\xc0\x3f"


@given(FIELDS)
def test_a_message_comes_back_as_it_went_out(fields):
    read = [
        (number, value if isinstance(value, int) else bytes(value))
        for number, value in read_fields(memoryview(encode_message(fields)))
    ]
    assert read == fields


@given(st.binary(max_size=60))
def test_other_bytes_are_a_message_or_an_error(data):
    with suppress(ValueError):
        assert all(number > 0 for number, _ in read_fields(memoryview(data)))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\x08", "ends within a number"),
        (b"\x12\x07test", "field 2 does not end within its message"),
        (b"\x12\xff\xff\xff\xff\xff\xff\xff\xff\x7f", "does not end within"),
        (b"\x0b", "does not end within"),
        (b"\x08" + b"\xff" * 11, "more than ten bytes"),
        (b"\x00\x00", "no message"),
        (b"\x08\x00" * 100_001, "no message"),
    ],
)
def test_damage_is_told(data, message):
    with pytest.raises(ValueError, match=message):
        list(read_fields(memoryview(data)))
