"""The wire format of protocol buffers: fields as bytes, and back. Knows no message.

Source: https://protobuf.dev/programming-guides/encoding
"""

import struct
from collections.abc import Iterable, Iterator

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
MOST_FIELDS = 100_000
"""Fields of one message at most: no file of ours has nearly as many."""
Value = int | float | str | bytes | bytearray | memoryview
_MOST = (1 << 64) - 1


def encode_varint(number: int) -> bytes:
    r"""A whole number, seven bits a byte, the lowest first; one below 0 as its two's complement.

    >>> encode_varint(300)
    b'\xac\x02'
    """
    number &= _MOST
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    return bytes([*found, number])


def encode_field(number: int, value: Value) -> bytes:
    r"""One field: a varint, a float of 32 bits, a text, or bytes such as another message.

    >>> encode_field(2, "hi")
    b'\x12\x02hi'
    """
    if isinstance(value, int):
        return encode_varint(number << 3 | VARINT) + encode_varint(value)
    if isinstance(value, float):
        return encode_varint(number << 3 | FIXED32) + struct.pack("<f", value)
    data = value.encode() if isinstance(value, str) else value
    return encode_varint(number << 3 | BYTES) + encode_varint(len(data)) + data


def encode_message(fields: Iterable[tuple[int, Value]]) -> bytes:
    """A message of fields, in the order given."""
    return b"".join(encode_field(number, value) for number, value in fields)


def read_fields(data: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    r"""The fields of a message, each a number and its value: a varint, or bytes as they stand.

    Raises:
        ValueError: It is none.

    >>> [(number, bytes(value)) for number, value in read_fields(memoryview(b"\x12\x02hi"))]
    [(2, b'hi')]
    """
    place = count = 0
    while place < len(data):
        key, place = _read_varint(data, place)
        number, wire = key >> 3, key & 7
        count += 1
        if not number or count > MOST_FIELDS:
            raise ValueError("it is no message of protocol buffers")
        if wire == VARINT:
            value, place = _read_varint(data, place)
            yield number, value
            continue
        length = {FIXED64: 8, FIXED32: 4}.get(wire, -1)
        if wire == BYTES:
            length, place = _read_varint(data, place)
        if not 0 <= length <= len(data) - place:
            raise ValueError(f"field {number} does not end within its message")
        yield number, data[place : place + length]
        place += length


def _read_varint(data: memoryview, place: int) -> tuple[int, int]:
    """A whole number, and where the next thing begins."""
    number = 0
    for shift in range(0, 70, 7):
        if place >= len(data):
            raise ValueError("it ends within a number")
        byte = data[place]
        place += 1
        number |= (byte & 127) << shift
        if byte < 128:
            return number & _MOST, place
    raise ValueError("a number has more than ten bytes")
