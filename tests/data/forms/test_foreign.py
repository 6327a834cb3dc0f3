"""Files of other programs: each is told by its content, with what to do, and none is learned."""

import io
import tarfile

import pytest

from burble.data import sources
from burble.errors import SourceError
from burble.settings import SourceSettings
from tests.support.documents import archive_of, paragraph, word
from tests.support.dumps import make_zip

OASIS = "application/vnd.oasis.opendocument"
PACKAGE = (
    '<?xml version="1.0"?>\n<?mso-application progid="Word.Document"?>\n<pkg:package><pkg:part '
    'pkg:name="/word/document.xml"><pkg:xmlData/></pkg:part></pkg:package>'
)
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)


def make_tar():
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        info = tarfile.TarInfo("a.txt")
        info.size = 4
        archive.addfile(info, io.BytesIO(b"text"))
    return made.getvalue()


FILES = {
    "talk.pptx": (make_zip({"ppt/presentation.xml": b"<p/>", "a.xml": b"<a/>"}), "a presentation"),
    "talk.odp": (archive_of({"mimetype": f"{OASIS}.presentation"}), "a presentation"),
    "talk.fodp": (
        f'<?xml version="1.0"?>\n<office:document office:mimetype="{OASIS}.presentation"/>',
        "a presentation",
    ),
    "old.ppt": (OLE, "a presentation"),
    "map.odg": (archive_of({"mimetype": f"{OASIS}.graphics"}), "an OpenDocument drawing"),
    "flat.xml": (PACKAGE, "a Word document saved as XML"),
    "2003.xml": ("<?xml version='1.0'?>\n<w:wordDocument>", "a Word document saved as XML"),
    "rows.xml": (
        '<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">',
        "a workbook saved as XML",
    ),
    "rows.xls": (OLE, "an old workbook"),
    "mail.msg": (OLE + "__properties_version1.0".encode("utf-16-le"), "a message of Outlook"),
    "novel.pages": (make_zip({"Index/Document.iwa": b"\0", "a.txt": b"a"}), "a document of Pages"),
    "book.azw3": (b"A_Book".ljust(60, b"\0") + b"BOOKMOBI" + bytes(99), "an e-book of Kindle"),
    "all.tar": (make_tar(), "an archive"),
    "all.rar": (b"Rar!\x1a\x07\x01\x00 text", "an archive"),
}


@pytest.mark.parametrize("name", FILES)
def test_each_is_told_with_what_to_do_whatever_it_is_called(tmp_path, name):
    data, what = FILES[name]
    for called in {name, "file" if name[-3:] not in ("ppt", "xls") else name}:
        path = tmp_path / called
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        with pytest.raises(SourceError, match=rf"{called} is {what}.*, which is not read\. [A-Z]"):
            sources.find_sources([str(path)])
        with pytest.raises(SourceError, match=rf"{called} is {what}"):
            sources.find_sources([f"{path}:text"])


def test_in_a_folder_they_are_passed_over_and_named(tmp_path):
    (tmp_path / "a.txt").write_text("text")
    (tmp_path / "talk.xml").write_text(PACKAGE)
    found, notes = sources.find_sources([str(tmp_path)])
    assert [source.name for source in found] == [str(tmp_path / "a.txt")]
    assert notes == [
        "1 document in a form that is not read (`burble corpus FILE` tells what to do) in "
        f"{tmp_path} passed over: talk.xml."
    ]


def test_what_a_person_says_is_text_is_read_as_it_stands(tmp_path):
    path = tmp_path / "flat.xml"
    path.write_text(PACKAGE)
    ((source,), notes) = sources.find_sources([str(path)], SourceSettings(form="text"))
    assert source.form == "text"
    assert notes[0].startswith(f"{path} is XML, read as it stands, tags included. For the text")


def test_text_about_them_is_text(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("In Word XML begins with <w:wordDocument>, in others <pkg:package>. Rar!")
    ((source,), notes) = sources.find_sources([str(path)])
    assert (source.form, notes) == ("text", [])


def test_a_document_of_word_for_the_web_is_read(tmp_path):
    path = tmp_path / "web.docx"
    path.write_bytes(word(paragraph("Hello")).replace(b"word/document.xml", b"word/document2.xml"))
    ((source,), _) = sources.find_sources([str(path)])
    assert source.form == "word"
