"""What is written is whole or not there, and what is temporary goes."""

import os
import stat
from pathlib import Path

import pytest

from burble import files
from burble.errors import (
    InputError,
    StorageError,
)
from tests.support.corpora import from_texts

posix = pytest.mark.skipif(os.name != "posix", reason="this system has other permissions")


@posix
def test_a_device_is_not_replaced_by_a_file():
    with pytest.raises(InputError, match="/dev/null is no ordinary file"):
        from_texts("abc").save_text(Path(os.devnull), overwrite=True)
    with pytest.raises(StorageError, match="could not write /dev/null to disk: there is no ord"):
        files.write_atomically(Path(os.devnull), b"x")
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)


@posix
@pytest.mark.parametrize("data", [b"new", (part for part in (b"n", b"ew"))])
def test_a_file_keeps_its_mode_and_its_links(tmp_path, data):
    before = os.umask(0o027)
    try:
        files.write_atomically(tmp_path / "fresh", b"x")
        kept, link = tmp_path / "kept", tmp_path / "link"
        kept.write_bytes(b"old")
        kept.chmod(0o604)
        link.symlink_to("kept")
        files.write_atomically(link, data)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "fresh").stat().st_mode) == 0o640
    assert (stat.S_IMODE(kept.stat().st_mode), kept.read_bytes()) == (0o604, b"new")
    assert os.readlink(link) == "kept"
    assert len(list(tmp_path.iterdir())) == 3


def test_blocks_that_end_halfway_leave_what_was_there(tmp_path):
    def blocks():
        yield b"half"
        raise ValueError("no more")

    path = tmp_path / "a.txt"
    path.write_bytes(b"old")
    with pytest.raises(ValueError, match="no more"):
        files.write_atomically(path, blocks())
    assert [p.read_bytes() for p in tmp_path.iterdir()] == [b"old"]
    with pytest.raises(StorageError, match=r"could not write .*no/a\.txt to disk: No such file"):
        files.write_atomically(tmp_path / "no" / "a.txt", b"x")


def test_what_a_killed_process_left_is_swept_after_a_day(tmp_path):
    old, new = tmp_path / ".partial-old", tmp_path / ".partial-new"
    for left in (old, new):
        left.mkdir()
        (left / "ids").write_bytes(b"half")
    os.utime(old, (0, 0))
    with files.new_entry(tmp_path, "key") as partial:
        (partial / "ids").write_bytes(b"whole")
    assert {p.name: (p / "ids").read_bytes() for p in tmp_path.iterdir()} == {
        ".partial-new": b"half",
        "key": b"whole",
    }


def test_the_slower_of_two_processes_takes_what_is_there(tmp_path):
    (tmp_path / "key").mkdir()
    (tmp_path / "key" / "ids").write_bytes(b"first")
    with files.new_entry(tmp_path, "key") as partial:
        (partial / "ids").write_bytes(b"second")
    assert [p.name for p in tmp_path.iterdir()] == ["key"]
    assert (tmp_path / "key" / "ids").read_bytes() == b"first"


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "big.txt"
    path.write_text("abc déf\nghi\n" * 400, encoding="utf-8")
    return path
