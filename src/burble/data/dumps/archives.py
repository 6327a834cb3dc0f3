"""Compressed files, and the members of ZIP archives, opened within bounds of size.

What swells out of all proportion is refused before it fills a disk. Knows nothing of what is in
them, and writes nothing by the name of a member.
"""

import bz2
import gzip
import lzma
import re
import struct
import sys
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import IO, Any, BinaryIO
from zipfile import BadZipFile, ZipFile, ZipInfo

from burble.data.source import Source, spool_stream
from burble.errors import SourceError
from burble.formatting import some

RATIO, FREE = 200, 256 << 20
"""Bytes that may come out of one, once more than so many have: text shrinks to a tenth, or to a
fiftieth where it repeats itself."""
MEMBERS = 100_000
"""Members of an archive at most."""
_MEMORY = 256 << 20
"""Bytes that unpacking itself may take."""
_BLOCK = 1 << 18
_DIRECTORY = 1 << 25
_END, _END_SIZE, _COMMENT = b"PK\x05\x06", 22, 1 << 16
_LARGE_END = b"PK\x06\x06"
_ENCRYPTED = 1
SUFFIX = re.compile(r"\.(gz|bz2|xz|zst)$", re.IGNORECASE)
MAGIC = {
    b"\x1f\x8b\x08": "gzip",
    b"\xfd7zXZ\x00": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
}
_BZIP = re.compile(rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)")
DAMAGE = (EOFError, OSError, lzma.LZMAError, zlib.error, ValueError, MemoryError)


def find_compression(head: bytes) -> str:
    """How a file is compressed, by its first bytes: gzip, bzip2, xz or zstd; empty if it is not."""
    if _BZIP.match(head):
        return "bzip2"
    return next((kind for magic, kind in MAGIC.items() if head.startswith(magic)), "")


def inner_name(name: str) -> str:
    """The name of what is in a compressed file.

    >>> inner_name("posts.jsonl.GZ"), inner_name("a.csv")
    ('posts.jsonl', 'a.csv')
    """
    return SUFFIX.sub("", name)


def decompress(source: Source) -> Source:
    """What is in a compressed file; the source itself where it is none.

    Raises:
        SourceError: It is damaged, swells out of all proportion, or cannot be read here.
    """
    kind = find_compression(next(source.read(16), b""))
    if not kind:
        return source
    open_kind = _open_zstd(source.name) if kind == "zstd" else _OPENERS[kind]
    with source.open() as packed:
        stream = _Guarded(packed, open_kind, source.size, source.name)
        inside = spool_stream(source.name, stream)
    return replace(inside, path=source.path)


class _Guarded:
    """A compressed stream that is read as long as it is sound and in proportion."""

    def __init__(
        self, packed: BinaryIO, opener: Callable[[BinaryIO], Any], size: int, name: str
    ) -> None:
        self._size, self._name, self._taken = size, name, 0
        self._stream = opener(packed)

    def read(self, size: int) -> bytes:
        """The next bytes; see `check_size`."""
        try:
            data: bytes = self._stream.read(size)
        except DAMAGE as error:
            raise SourceError(
                f"{self._name} cannot be unpacked: {explain(error)}. Fetch it again, or unpack it "
                "by hand and name what is in it."
            ) from error
        self._taken += len(data)
        check_size(self._taken, self._size, self._name)
        return data


class _Xz:
    """The bytes of an xz file, unpacked in no more memory than is allowed."""

    def __init__(self, packed: BinaryIO) -> None:
        self._packed, self._rest = packed, b""
        self._unpacker = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MEMORY)

    def read(self, size: int) -> bytes:
        """The next bytes."""
        while True:
            if self._unpacker.eof:
                self._rest = (self._unpacker.unused_data or self._packed.read(_BLOCK)).lstrip(b"\0")
                if not self._rest:
                    return b""
                self._unpacker = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MEMORY)
            if self._unpacker.needs_input and not self._rest:
                self._rest = self._packed.read(_BLOCK)
                if not self._rest:
                    raise EOFError("it ends in the middle")
            data, self._rest = self._unpacker.decompress(self._rest, size), b""
            if data:
                return data


_OPENERS: dict[str, Callable[[BinaryIO], Any]] = {
    "gzip": lambda packed: gzip.GzipFile(fileobj=packed),
    "bzip2": bz2.BZ2File,
    "xz": _Xz,
}


def _open_zstd(name: str) -> Callable[[BinaryIO], Any]:
    """What opens zstd streams; it came with Python 3.14.

    Raises:
        SourceError: It is not installed.
    """
    try:
        if sys.version_info >= (3, 14):
            from compression.zstd import ZstdError, ZstdFile
        else:
            from backports.zstd import ZstdError, ZstdFile
    except ImportError as error:
        raise SourceError(
            f"{name} is compressed with zstd, and backports.zstd, which reads that, is not "
            "installed. Install it with: pip install 'burble[texts]'. Or unpack it: "
            f"zstd -d {name}"
        ) from error

    class Zstd:
        """The bytes of a zstd file; damage is an error of the kinds that others raise."""

        def __init__(self, packed: BinaryIO) -> None:
            self._stream = ZstdFile(packed)

        def read(self, size: int) -> bytes:
            """The next bytes."""
            try:
                data: bytes = self._stream.read(size)
            except ZstdError as error:
                raise ValueError(str(error)) from error
            return data

    return Zstd


def check_size(taken: int, packed: int, name: str) -> None:
    """Refuses what swells out of all proportion.

    Args:
        taken: Bytes that came out so far.
        packed: Bytes it was.
        name: What to call it.

    Raises:
        SourceError: It does.
    """
    if taken > FREE and taken > RATIO * packed:
        raise SourceError(
            f"{name} is {some(packed, 'byte')} and unpacks to more than {taken / 1e6:,.0f} MB, "
            f"over {RATIO} times as much, as a file does that is made to fill a disk. If you trust "
            "it, unpack it by hand and name what is in it."
        )


def explain(error: Exception) -> str:
    """What is wrong, in words that say something."""
    text = str(error) or type(error).__name__
    if "emory" in text:
        return f"it would take more than {_MEMORY >> 20} MB of memory ({text})"
    return text[0].lower() + text[1:].rstrip(".")


def open_zip(file: BinaryIO, name: str, size: int) -> ZipFile:
    """A ZIP archive, of which no more is promised than is in proportion.

    Raises:
        SourceError: It is damaged, has too many members, or swells out of all proportion.
    """
    if _count_directory(file) > _DIRECTORY:
        raise SourceError(
            f"{name} lists more members than {MEMBERS:,}, the most that is read. Unpack it by hand."
        )
    file.seek(0)
    try:
        archive = ZipFile(file)
    except (BadZipFile, OSError, ValueError, NotImplementedError, struct.error) as error:
        raise SourceError(
            f"{name} is a damaged ZIP archive: {explain(error)}. Make or fetch it again."
        ) from error
    if len(archive.filelist) > MEMBERS:
        raise SourceError(
            f"{name} has {len(archive.filelist):,} members, and {MEMBERS:,} are the most that is "
            "read. Unpack it by hand."
        )
    check_size(sum(one.file_size for one in archive.filelist), size, name)
    return archive


def _count_directory(file: BinaryIO) -> int:
    """Bytes of an archive's list of its members, as its end tells; 0 where it does not."""
    with suppress(OSError, ValueError, struct.error):
        size = file.seek(0, 2)
        file.seek(max(0, size - _END_SIZE - _COMMENT))
        tail = file.read()
        at = tail.rfind(_END)
        large = tail.rfind(_LARGE_END)
        if large >= 0:
            return int(struct.unpack_from("<Q", tail, large + 40)[0])
        if at >= 0:
            return int(struct.unpack_from("<L", tail, at + 12)[0])
    return 0


def open_member(archive: ZipFile, member: ZipInfo | str, name: str) -> IO[bytes]:
    """A member of an archive, which gives no more bytes than the archive promises of it.

    Raises:
        SourceError: It is not there, has a password, or is packed in a way Python cannot read.
    """
    try:
        info = archive.getinfo(member) if isinstance(member, str) else member
        if info.flag_bits & _ENCRYPTED:
            raise SourceError(f"{name} has a password. Unpack it by hand.")
        return archive.open(info)
    except KeyError as error:
        raise SourceError(f"{name} is not whole: {member} is not in it.") from error
    except (BadZipFile, NotImplementedError, RuntimeError, OSError) as error:
        raise SourceError(f"{name} cannot be unpacked: {explain(error)}.") from error
