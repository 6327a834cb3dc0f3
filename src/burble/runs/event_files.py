"""Event files as TensorBoard reads them: records with checksums around Protocol Buffers messages.

Written by hand, a few fields of few messages; TensorFlow, which else writes them, is not needed.
Knows nothing of trainings.

Source: TensorFlow's `tfrecord` framing and `event.proto`, `summary.proto`, `tensor.proto`;
TensorBoard's `plugins/hparams/plugin_data.proto`; read back by TensorBoard 2.21.
"""

import struct
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from burble.errors import StorageError
from burble.formatting import shown
from burble.protobuf import FIXED64, encode_field, encode_varint, read_fields

VERSION = b"brain.Event:2"
_STRING, _FLOAT = 7, 1
"""Kinds of tensors."""
_SCALAR = 1
"""The kind of a summary that is a number."""
_CASTAGNOLI = 0x82F63B78


def _make_table() -> tuple[int, ...]:
    """The remainder of each byte, for `crc32c`."""
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (_CASTAGNOLI if byte & 1 else 0)
        table.append(byte)
    return tuple(table)


_TABLE = _make_table()


def crc32c(data: bytes) -> int:
    """The checksum CRC-32C (Castagnoli).

    >>> hex(crc32c(b"123456789"))
    '0xe3069283'
    """
    value = 0xFFFFFFFF
    for byte in data:
        value = value >> 8 ^ _TABLE[(value ^ byte) & 0xFF]
    return value ^ 0xFFFFFFFF


def frame_record(data: bytes) -> bytes:
    """A record: its length, and itself, each with a checksum that is rotated and shifted."""
    length = struct.pack("<Q", len(data))
    return length + _mask(length) + data + _mask(data)


def _mask(data: bytes) -> bytes:
    """The checksum of some bytes as it is stored, so that none is taken of another."""
    value = crc32c(data)
    return struct.pack("<I", ((value >> 15 | value << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def double_field(number: int, value: float) -> bytes:
    """A field of a message that holds a number of 8 bytes."""
    return encode_varint(number << 3 | FIXED64) + struct.pack("<d", value)


def make_event(step: int, what: bytes) -> bytes:
    """An event that happens now."""
    return double_field(1, time.time()) + (encode_field(2, step) if step else b"") + what


def make_scalar(tag: str, value: float, described: str) -> bytes:
    """What an event holds of one number; `described` is what it is, in Markdown."""
    number = encode_field(5, struct.pack("<f", value))
    tensor = encode_field(1, _FLOAT) + encode_field(2, b"") + number
    metadata = encode_field(1, encode_field(1, "scalars")) + encode_field(3, described)
    metadata += encode_field(4, _SCALAR)
    return _summary(encode_field(1, tag) + encode_field(8, tensor) + encode_field(9, metadata))


def make_text(tag: str, markdown: str) -> bytes:
    """What an event holds of a text in Markdown."""
    tensor = encode_field(1, _STRING) + encode_field(2, b"") + encode_field(8, markdown)
    return _summary(encode_field(1, tag) + encode_field(8, tensor) + _plugin("text", b""))


def make_settings(values: Mapping[str, float | str | bool]) -> bytes:
    """What an event holds of the settings of a session, to be compared with those of others."""
    entries = b"".join(
        encode_field(1, encode_field(1, name) + encode_field(2, _plain_value(value)))
        for name, value in values.items()
    )
    content = encode_field(1, 0) + encode_field(3, entries + double_field(5, time.time()))
    empty = encode_field(1, _FLOAT) + encode_field(2, encode_field(2, encode_field(1, 0)))
    value = encode_field(1, "_hparams_/session_start_info") + encode_field(8, empty)
    return _summary(value + _plugin("hparams", content))


def _plain_value(value: float | str | bool) -> bytes:
    """A value as JSON knows it."""
    if isinstance(value, bool):
        return encode_field(4, value)
    return encode_field(3, value) if isinstance(value, str) else double_field(2, value)


def _plugin(name: str, content: bytes) -> bytes:
    """Which part of TensorBoard a value is for, and what that needs to know of it."""
    data = encode_field(1, name) + (encode_field(2, content) if content else b"")
    return encode_field(9, encode_field(1, data))


def _summary(value: bytes) -> bytes:
    """A summary of one value, as an event holds it."""
    return encode_field(5, encode_field(1, value))


class EventFile:
    """A new event file. Every event is handed to the system at once, so that a kill loses none.

    Args:
        path: Where it goes.
        step: The step after which it begins: what there may be of later ones is done again.
    """

    def __init__(self, path: Path, step: int) -> None:
        self._path = path
        self.add(0, encode_field(3, VERSION))
        # A session begins: whoever has read of later steps forgets them, from this one on.
        self.add(step + 1, encode_field(7, encode_field(1, 1)))

    def add(self, step: int, what: bytes) -> None:
        """Adds an event.

        Raises:
            StorageError: The disk refused.
        """
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("ab") as file:
                file.write(frame_record(make_event(step, what)))
        except OSError as error:
            raise StorageError(
                f"could not write {shown(self._path)} to disk: {error.strerror}."
            ) from error


def read_steps(data: bytes) -> Iterator[tuple[int, int]]:
    """The step of each whole event of a file, and where its record ends."""
    at = 0
    while at + 12 <= len(data):
        length = int.from_bytes(data[at : at + 8], "little")
        end = at + 12 + length + 4
        if end > len(data) or _mask(data[at : at + 8]) != data[at + 8 : at + 12]:
            return
        try:
            fields = [*read_fields(memoryview(data)[at + 12 : end - 4])]
        except ValueError:
            return
        steps = (step for number, step in fields if number == 2 and isinstance(step, int))
        yield next(steps, 0), end
        at = end


def cut_after(path: Path, step: int) -> None:
    """Drops the events of a file from the first one of a later step on, and one that is torn.

    Raises:
        StorageError: The disk refused.
    """
    try:
        data, kept = path.read_bytes(), 0
        for found, end in read_steps(data):
            if found > step:
                break
            kept = end
        if kept < len(data):
            with path.open("r+b") as file:
                file.truncate(kept)
    except OSError as error:
        raise StorageError(f"could not write {shown(path)} to disk: {error.strerror}.") from error
