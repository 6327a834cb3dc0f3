"""Compressed files, and what is refused of them."""

import bz2
import gzip
import lzma
import os
import sys

import pytest

from burble.data import sources
from burble.data.dumps import archives
from burble.errors import SourceError
from tests.support.dumps import make_zip, read

LINES = b'{"text": "one"}\n{"text": "two"}\n'


def compress(data, kind):
    if kind != "zst":
        return {"gz": gzip, "bz2": bz2, "xz": lzma}[kind].compress(data)
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
    return zstd.compress(data)


KINDS = pytest.mark.parametrize("kind", ["gz", "bz2", "xz", "zst"])


@KINDS
def test_a_compressed_file_is_what_is_in_it(tmp_path, kind):
    # Several parts one after the other are one file, as `cat` makes them.
    data = compress(LINES, kind) + compress(b'{"text": "three"}\n', kind)
    (tmp_path / f"p.jsonl.{kind}").write_bytes(data)
    assert read(f"{tmp_path}/p.jsonl.{kind}:text")[0] == ["one", "two", "three"]
    # It is known by its content, under any name.
    (tmp_path / "p.txt").write_bytes(compress(b"plain text", kind))
    assert read(tmp_path / "p.txt")[0] == ["plain text"]
    table = tmp_path / f"t.tsv.{kind}"
    table.write_bytes(compress(b"id\ttext\n1\ta, b\n2\tc\n", kind))
    assert read(f"{table}:text", "id")[0::2] == (["a, b", "c"], {"id": {"1": 1, "2": 1}})
    assert read(tmp_path)[0] == ["plain text"]


@KINDS
def test_a_damaged_file_is_one_sentence(tmp_path, kind):
    path = tmp_path / f"p.txt.{kind}"
    path.write_bytes(compress(os.urandom(9_000), kind)[:-900])
    with pytest.raises(SourceError, match=rf"p\.txt\.{kind} cannot be unpacked: .*\. Fetch it"):
        sources.find_sources([str(path)])


@KINDS
def test_a_bomb_is_refused_before_it_is_whole(tmp_path, kind, monkeypatch):
    monkeypatch.setattr(archives, "FREE", 1 << 20)
    path = tmp_path / f"p.txt.{kind}"
    path.write_bytes(compress(b"0" * (8 << 20), kind))
    with pytest.raises(SourceError, match=r"unpacks to more than \d MB, over 200 times as much"):
        sources.find_sources([str(path)])
    # What is large in the same proportion as any text is read.
    monkeypatch.setattr(archives, "RATIO", 1 << 20)
    assert sources.find_sources([str(path)])[0][0].size == 8 << 20


def test_xz_that_would_take_too_much_memory_is_refused(tmp_path):
    path = tmp_path / "p.xz"
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1 << 29}]
    path.write_bytes(lzma.compress(b"text", filters=filters))
    with pytest.raises(SourceError, match=r"it would take more than 256 MB of memory"):
        sources.find_sources([str(path)])


def test_an_archive_that_swells_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "FREE", 1 << 20)
    path = tmp_path / "a.zip"
    path.write_bytes(make_zip({"a.txt": b"0" * (8 << 20), "b.txt": b"b"}))
    with pytest.raises(SourceError, match=r"a\.zip is .* bytes and unpacks to more than 8 MB"):
        sources.find_sources([f"{path}:b.txt"])


def test_an_archive_of_too_many_members_is_refused_before_it_is_listed(tmp_path, monkeypatch):
    path = tmp_path / "a.zip"
    path.write_bytes(make_zip({f"{n}.txt": b"a" for n in range(30)}))
    monkeypatch.setattr(archives, "MEMBERS", 20)
    with pytest.raises(SourceError, match="has 30 members, and 20 are the most that is read"):
        sources.find_sources([str(path)])
    monkeypatch.setattr(archives, "_DIRECTORY", 500)
    with pytest.raises(SourceError, match="lists more members than 20"):
        sources.find_sources([str(path)])
