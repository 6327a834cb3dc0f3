"""Members of archives as sources."""

import pytest

from burble.data import sources
from burble.errors import SourceError
from tests.support.dumps import make_zip, read

MEMBERS = {
    "in/posts.csv": b"id,body\n1,hello\n2,there\n",
    "in/x.txt": b"plain",
    "other/x.txt": b"text",
    "in/cat.jpg": b"\xff\xd8\xff\xe0",
    "__MACOSX/in/x.txt": b"no",
    "in/.hidden": b"no",
}


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "a.zip"
    path.write_bytes(make_zip(MEMBERS))
    return path


def test_the_texts_of_an_archive_are_read_like_those_of_a_folder(archive):
    texts, notes, counts = read(archive, "folder")
    assert (texts, counts) == (["plain", "text"], {"folder": {"in": 1, "other": 1}})
    assert f"1 not text in {archive} passed over: in/cat.jpg." in notes
    assert any(note.startswith(f"2 hidden in {archive} passed over: ") for note in notes)
    assert any("of which none is named" in note and "in/posts.csv" in note for note in notes)


def test_a_member_is_named_after_a_colon_by_its_path_or_its_name(archive):
    assert read(f"{archive}:in/x.txt")[0] == ["plain"]
    assert read(f"{archive}:in/posts.csv:body")[0] == ["hello", "there"]
    assert read(f"{archive}:posts.csv:body", "id")[2] == {"id": {"1": 1, "2": 1}}
    found, notes = sources.find_sources([f"{archive}:in/x.txt", f"{archive}:in/x.txt"])
    assert (len(found), "named more than once" in notes[0]) == (1, True)
    with pytest.raises(SourceError, match=r"holds 2 files x\.txt: in/x\.txt, other/x\.txt\. Name"):
        sources.find_sources([f"{archive}:x.txt"])
    with pytest.raises(
        SourceError, match=r"(?s)holds no y\.txt\. It holds:\n  in/posts\.csv  \(24"
    ):
        sources.find_sources([f"{archive}:y.txt"])


def test_the_only_member_needs_no_name(tmp_path):
    path = tmp_path / "b.zip"
    path.write_bytes(make_zip({"posts.csv": b"id,body\n1,hello\n"}))
    with pytest.raises(
        SourceError, match=r"(?s)b\.zip:posts\.csv is a table.*b\.zip:posts\.csv:body"
    ):
        sources.find_sources([str(path)])
    path.write_bytes(make_zip({"x.txt": b"hello"}))
    assert read(path)[0] == ["hello"]


def test_an_archive_without_texts_lists_what_it_holds(tmp_path):
    path = tmp_path / "c.zip"
    path.write_bytes(make_zip({"a.csv": b"b\n1\n", "b.csv": b"b\nlonger\n"}))
    with pytest.raises(SourceError, match=r"(?s)no text to be read as a whole.*c\.zip:b\.csv$"):
        sources.find_sources([str(path)])


def test_what_is_no_text_makes_no_example_of_what_could_be_read(tmp_path):
    path = tmp_path / "deck.apkg"
    picture = b"\xff\xd8\xff\xe0" + bytes(9_999)
    path.write_bytes(make_zip({"0": picture, "notes.jsonl": b'{"text": "hi"}\n'}))
    with pytest.raises(SourceError, match=r"(?s)One is read.*deck\.apkg:notes\.jsonl$"):
        sources.find_sources([str(path)])
    path.write_bytes(make_zip({"0": picture, "1": picture}))
    with pytest.raises(
        SourceError, match=r"It holds:\n  0  \(10,003 bytes\)\n  1  \(10,003 bytes\)$"
    ):
        sources.find_sources([str(path)])


def test_an_archive_in_a_folder_is_to_be_named_by_itself(archive):
    (archive.parent / "a.txt").write_bytes(b"text")
    found, notes = sources.find_sources([str(archive.parent)])
    assert [source.name for source in found] == [str(archive.parent / "a.txt")]
    assert notes == [
        "1 archive, which is read if it is named by itself, in "
        f"{archive.parent} passed over: a.zip."
    ]


def test_a_damaged_archive_is_one_sentence(archive):
    data = bytearray(archive.read_bytes())
    place = data.find(b"in/x.txt") + len(b"in/x.txt")
    data[place] ^= 0xFF
    archive.write_bytes(data)
    with pytest.raises(SourceError, match=r"a\.zip:in/x\.txt cannot be unpacked"):
        read(f"{archive}:in/x.txt")
    archive.write_bytes(data[:-20])
    with pytest.raises(SourceError, match=r"a\.zip is a damaged ZIP archive"):
        sources.find_sources([str(archive)])


def test_a_member_with_a_password_is_one_sentence(archive):
    data = bytearray(archive.read_bytes())
    # The mark of a password, where each member begins and where all are listed.
    for start, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = data.find(start)
        while place >= 0:
            data[place + offset] |= 1
            place = data.find(start, place + 1)
    archive.write_bytes(data)
    with pytest.raises(SourceError, match=r"has a password\. Unpack it by hand"):
        read(f"{archive}:in/x.txt")
