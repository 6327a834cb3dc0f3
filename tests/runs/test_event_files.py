"""Event files: their framing, and what is kept of one that was cut or torn."""

from hypothesis import given
from hypothesis import strategies as st

from burble.protobuf import encode_varint
from burble.runs.event_files import (
    EventFile,
    crc32c,
    cut_after,
    frame_record,
    make_event,
    make_scalar,
    read_steps,
)


def test_checksums_and_frames_are_those_of_the_format():
    # RFC 3720, appendix B.4.
    assert crc32c(bytes(32)) == 0x8A9136AA
    assert crc32c(bytes([255] * 32)) == 0x62A8AB43
    assert crc32c(bytes(range(32))) == 0x46DD794E
    # As TensorFlow writes the first record of any file of version 2 at time 0.
    record = frame_record(b"\x09" + bytes(8) + b"\x1a\x0dbrain.Event:2")
    assert record[:12].hex() == "1800000000000000a37f4b22"
    assert len(record) == 8 + 4 + 24 + 4


@given(st.integers(0, 2**62))
def test_a_step_is_read_as_it_was_written(step):
    assert sum((byte & 127) << 7 * i for i, byte in enumerate(encode_varint(step))) == step
    record = frame_record(make_event(step, make_scalar("loss", 1.5, "")))
    assert list(read_steps(record)) == [(step, len(record))]


def test_what_is_cut_off_are_later_steps_and_a_torn_event(tmp_path):
    path = tmp_path / "events"
    file = EventFile(path, 0)
    for step in (1, 2, 2, 300, 301):
        file.add(step, make_scalar("loss", 1.5, "nats"))
    whole = path.read_bytes()
    ends = [end for _, end in read_steps(whole)]
    assert [step for step, _ in read_steps(whole)] == [0, 1, 1, 2, 2, 300, 301]
    # Wherever a process was killed, all whole events before that are kept, and nothing else.
    for size in range(ends[-3], len(whole)):
        path.write_bytes(whole[:size])
        cut_after(path, 10_000)
        assert path.read_bytes() == whole[: max(end for end in ends if end <= size)]
    path.write_bytes(whole)
    cut_after(path, 300)
    assert path.read_bytes() == whole[: ends[-2]]
    cut_after(path, 2)
    assert path.read_bytes() == whole[: ends[-3]]
    # What is damaged ends it, too.
    path.write_bytes(whole[: ends[1]] + bytes(99))
    cut_after(path, 300)
    assert path.read_bytes() == whole[: ends[1]]
