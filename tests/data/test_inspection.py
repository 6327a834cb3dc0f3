"""A source is looked at once, whatever is asked of it."""

import gzip

from burble.data import inspection, sources
from burble.data.dumps import archives
from burble.data.source import Source
from burble.settings import DEFAULT_READING
from tests.support.dumps import make_zip


def test_a_source_is_opened_once_to_be_taken(tmp_path):
    opened = []

    def read(size):
        opened.append(size)
        return iter([b"plain text\n"])

    seen = inspection.look(Source("a", 11, read, path=tmp_path / "a.txt"), DEFAULT_READING)
    assert seen.take().form == "text"
    assert (seen.is_text, seen.is_archive, len(opened)) == (True, False, 1)


def test_what_is_compressed_is_looked_at_unpacked(tmp_path):
    path = tmp_path / "all.zip.gz"
    path.write_bytes(gzip.compress(make_zip({"a.txt": b"one", "b.txt": b"two"})))
    found, _ = sources.find_sources([str(path)])
    assert [b"".join(source.read(9)) for source in found] == [b"one", b"two"]


def test_how_many_files_were_looked_at_is_told_where_there_are_many(tmp_path):
    path = tmp_path / "many.zip"
    path.write_bytes(make_zip({f"{n:03}.txt": b"text" for n in range(120)}))
    told = []
    found, _ = sources.find_sources([str(path)], looked=lambda *done: told.append(done))
    assert (len(found), told) == (120, [(50, 120), (100, 120)])
    told.clear()
    sources.find_sources([f"{path}:000.txt"], looked=lambda *done: told.append(done))
    assert told == []


def test_a_member_of_many_is_opened_once_before_it_is_read(tmp_path, monkeypatch):
    path = tmp_path / "many.zip"
    path.write_bytes(make_zip({f"{n}.txt": b"text" for n in range(9)}))
    opened = []
    really = archives.open_member

    def watched(*given):
        opened.append(given[1])
        return really(*given)

    monkeypatch.setattr(archives, "open_member", watched)
    found, _ = sources.find_sources([str(path)])
    assert (len(found), len(opened)) == (9, 9)


def test_xml_that_is_no_document_is_told(tmp_path):
    (tmp_path / "feed.xml").write_text('<?xml version="1.0"?>\n<rss><p>Hi</p></rss>')
    _, notes = sources.find_sources([str(tmp_path / "feed.xml")])
    assert notes == [
        f"{tmp_path / 'feed.xml'} is XML, read as it stands, tags included. For the text alone, "
        "export it from the program that made it as text, .docx or .html."
    ]
