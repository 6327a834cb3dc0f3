"""Notes that Evernote exported."""

from burble.data.forms import registry
from tests.support.dumps import read

NOTE = """\
<note><title>{title}</title><created>20240102T100000Z</created>{tags}
<note-attributes><author>Mira</author></note-attributes>
<content><![CDATA[<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<!DOCTYPE en-note SYSTEM "http://xml.evernote.com/pub/enml2.dtd"><en-note>{body}</en-note>]]></content>
<resource><data encoding="base64">QUJD</data><mime>image/png</mime>
<resource-attributes><file-name>a.png</file-name></resource-attributes></resource></note>
"""
EXPORT = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<!DOCTYPE en-export SYSTEM "http://xml.evernote.com/pub/evernote-export4.dtd">\n'
    '<en-export export-date="20240103T000000Z" application="Evernote" version="10.8.5">\n'
    + NOTE.format(
        title="Plums &amp; tea",
        tags="<tag>garden</tag><tag>food</tag>",
        body='<div>Buy two.</div><div><br/></div><div><en-todo checked="true"/>a&nbsp;jar</div>'
        '<en-media type="image/png" hash="00"/>',
    )
    + NOTE.format(title="", tags="", body="")
    + NOTE.format(
        title="Key", tags="", body='<div>It is <en-crypt hint="h">QUJDREVG</en-crypt>.</div>'
    )
    + "</en-export>"
)


def test_each_note_is_a_document_with_its_title_and_labels(tmp_path):
    path = tmp_path / "My Notes.enex"
    path.write_text(EXPORT, encoding="utf-8")
    texts, told, counts = read(path, "tag", "author", "year")
    whole = "\n\n".join(texts)
    assert whole == "Plums & tea\nBuy two.\n\na\N{NO-BREAK SPACE}jar\n\nKey\nIt is ."
    assert counts["tag"] == {"garden": 1, "": 1}
    assert counts["author"] == {"Mira": 2}
    assert counts["year"] == {"2024": 2}
    said = " ".join(told)
    assert "is read as an export of Evernote. Read: 2 notes" in said
    left = ("1 box to tick", "1 picture or other file", "1 passage that is locked")
    assert all(one in said for one in (*left, "1 note (without text)"))


def test_a_letter_by_its_name_in_a_title_is_read(tmp_path):
    path = tmp_path / "a.enex"
    path.write_text(EXPORT.replace("Plums &amp; tea", "caf&eacute;"), encoding="utf-8")
    assert read(path)[0][0].startswith("café\n")


def test_it_is_known_by_its_first_element_whatever_it_is_called():
    found = registry.find_form("a.xml", EXPORT.encode(), lambda: None)
    assert found is registry.get_form("evernote")
    told = b"An export begins with <en-export>, I think."
    assert registry.find_form("a.txt", told, lambda: None) is None
