"""Archives and XML that ask for too much are refused, whatever their headers say."""

import io
from collections import deque

import pytest

from burble.data.forms.guard import Limits, open_archive, parse_xml
from burble.errors import SourceError
from tests.support.documents import archive_of

SMALL = Limits(unpacked=2_000, ratio=10, small=500, members=3, depth=5)


def read_member(data, limits):
    with open_archive(io.BytesIO(data), "a.docx", "a Word document", limits) as archive:
        return b"".join(archive.read("a"))


def test_a_member_within_the_limits_is_read_and_one_that_is_not_there_is_empty():
    data = archive_of({"a": "text"})
    assert read_member(data, SMALL) == b"text"
    with open_archive(io.BytesIO(data), "a", "a book", SMALL) as archive:
        assert list(archive.read("b")) == []


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (Limits(unpacked=100_000), "unpacks to more than 100,000 bytes"),
        (Limits(ratio=10, small=1_000), "more than 10 times its size"),
        (Limits(members=0), "holds 1 files"),
    ],
)
def test_what_unpacks_to_too_much_is_refused(limits, message):
    with pytest.raises(SourceError, match=message):
        read_member(archive_of({"a": "x" * 300_000}), limits)


def test_a_damaged_archive_is_told_as_such():
    data = archive_of({"a": "text " * 100})
    with pytest.raises(SourceError, match="its archive is damaged"):
        read_member(data[: len(data) // 2], SMALL)
    broken = bytearray(data)
    broken[35:45] = b"\xff" * 10
    with pytest.raises(SourceError, match="its archive is damaged"):
        read_member(bytes(broken), SMALL)


def test_an_archive_that_names_a_place_before_its_beginning_is_damaged():
    data = bytearray(archive_of({"a": "text " * 100}))
    end = data.rfind(b"PK\x05\x06")
    data[end + 12 : end + 20] = (len(data) * 2).to_bytes(4, "little") * 2
    with pytest.raises(SourceError, match="its archive is damaged"):
        read_member(bytes(data), SMALL)


def test_xml_is_read_in_pieces_and_its_depth_is_limited():
    found: list[str] = []

    def parse(xml, limits=SMALL):
        blocks = (xml[i : i + 7].encode() for i in range(0, len(xml), 7))
        ignore = (lambda _tag, _given: None, lambda _tag: None)
        deque(parse_xml(blocks, "f", *ignore, found.append, limits), maxlen=0)

    parse("<a><b>one &amp; two</b><!-- no --></a>")
    assert "".join(found) == "one & two"
    with pytest.raises(SourceError, match="more than 5 deep"):
        parse("<a>" * 6)
