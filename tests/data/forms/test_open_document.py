"""OpenDocument texts: what is read, in which order, and what is left out and counted."""

import pytest

from burble.errors import SourceError
from tests.support.documents import archive_of, read_form

SPACES = " ".join(
    f'xmlns:{name}="urn:{name}"' for name in ("office", "text", "table", "draw", "style", "svg")
)


def document(body, styles="", manifest="<m/>", margins=""):
    return archive_of(
        {
            "mimetype": "application/vnd.oasis.opendocument.text",
            "META-INF/manifest.xml": manifest,
            "styles.xml": f"<office:document-styles {SPACES}>{margins}</office:document-styles>",
            "content.xml": f"<office:document-content {SPACES}><office:automatic-styles>{styles}"
            f"</office:automatic-styles><office:body><office:text>{body}</office:text>"
            "</office:body></office:document-content>",
        }
    )


def flat(body, styles="", margins="", kind="text"):
    """The same in one XML."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<office:document {SPACES} '
        f'office:mimetype="application/vnd.oasis.opendocument.{kind}"><office:meta><meta:p>Ann'
        f"</meta:p></office:meta><office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:master-styles>{margins}</office:master-styles><office:body><office:text>{body}"
        "</office:text></office:body></office:document>"
    ).encode()


def text_of(body, **parts):
    (text,), account = read_form("opendocument", document(body, **parts))
    return text, account


def test_paragraphs_are_lines_and_white_space_is_what_the_document_says():
    body = (
        "<text:h>Title</text:h><text:p/><text:p> One\n <text:span> two</text:span>"
        '<text:s text:c="2"/>three<text:tab/>four<text:line-break/>fi\u00adve</text:p>'
    )
    text, account = text_of(body)
    assert text == "Title\n\nOne two  three\tfour\nfive\n"
    assert account.left["soft hyphen"] == 1


def test_notes_boxes_and_tables():
    note = (
        '<text:note text:note-class="footnote"><text:note-citation>1</text:note-citation>'
        "<text:note-body><text:p>A note.</text:p></text:note-body></text:note>"
    )
    box = "<draw:frame><draw:text-box><text:p>Boxed.</text:p></draw:text-box></draw:frame>"
    cell = "<table:table-cell><text:p>{}</text:p></table:table-cell>"
    row = f"<table:table-row>{cell.format('a')}{cell.format('b')}</table:table-row>"
    body = f"<text:p>Text{note} goes on.{box}</text:p><table:table>{row}</table:table>"
    text, account = text_of(body)
    assert text == "Text goes on.\nA note.\nBoxed.\na\tb\n"
    assert account.taken["footnote (after its paragraph)"] == 1
    assert account.taken["text box (after its paragraph)"] == 1
    assert account.taken["table (cells parted by tabs)"] == 1


def test_styles_of_the_document_hide_text_too():
    style = '<style:style style:name="H"><style:text-properties text:display="none"/></style:style>'
    body = '<text:p>Text <text:span text:style-name="H">secret</text:span>seen</text:p>'
    text, account = text_of(body, margins=style)
    assert text == "Text seen\n"
    assert account.left["hidden passage"] == 1


def test_what_is_left_out_is_counted():
    changes = (
        "<text:tracked-changes><text:changed-region><text:deletion><text:p>old</text:p>"
        "</text:deletion></text:changed-region><text:changed-region><text:insertion/>"
        "</text:changed-region></text:tracked-changes>"
    )
    hidden = (
        '<style:style style:name="T1"><style:text-properties text:display="none"/></style:style>'
    )
    body = (
        f"{changes}<text:table-of-content><text:p>1 One</text:p></text:table-of-content>"
        "<text:p>Text<office:annotation><text:p>why?</text:p></office:annotation>"
        '<text:span text:style-name="T1">secret</text:span><draw:frame><draw:image/>'
        "<svg:title>a cat</svg:title></draw:frame></text:p>"
        "<text:list><text:list-item><text:p>item</text:p></text:list-item></text:list>"
    )
    margins = "<style:header><text:p>Running head</text:p></style:header><style:footer/>"
    text, account = text_of(body, styles=hidden, margins=margins)
    assert text == "Text\nitem\n"
    assert account.left == {
        "deleted passage (tracked)": 1,
        "table of contents or index": 1,
        "comment": 1,
        "hidden passage": 1,
        "picture (with its alternative text)": 1,
        "list mark (number or bullet)": 1,
        "running head (header or footer)": 1,
    }
    assert account.taken["inserted passage (tracked)"] == 1


def test_a_locked_document_is_refused():
    with pytest.raises(SourceError, match="locked with a password"):
        text_of("", manifest="<m><encryption-data/></m>")


PICTURE = (
    "<draw:frame><draw:image><office:binary-data>QUJD</office:binary-data></draw:image>"
    "<draw:object-ole><office:binary-data>REVG</office:binary-data></draw:object-ole></draw:frame>"
)
MARGINS = (
    "<style:master-page><style:header><text:p>Running <text:note>head</text:note></text:p>"
    "</style:header></style:master-page>"
)


def test_a_flat_document_is_read_like_one_in_an_archive():
    style = '<style:style style:name="H"><style:text-properties text:display="none"/></style:style>'
    body = (
        f'<text:h>Title</text:h><text:p>Text <text:span text:style-name="H">secret</text:span>'
        f"seen{PICTURE}</text:p>"
    )
    whole, account = text_of(body, styles=style, margins=MARGINS)
    (text,), found = read_form("opendocument", flat(body, style, MARGINS))
    assert text == whole == "Title\nText seen\n"
    assert (
        found.left
        == account.left
        == {
            "hidden passage": 1,
            "running head (header or footer)": 1,
            "picture (with its alternative text)": 1,
            "formula or embedded object": 1,
        }
    )


def test_entities_of_a_flat_document_are_refused():
    bomb = flat("<text:p>&a;</text:p>").replace(
        b"\n<office", b'\n<!DOCTYPE x [<!ENTITY a "b">]><office', 1
    )
    with pytest.raises(SourceError, match=r"it declares an entity \(a\)"):
        read_form("opendocument", bomb)


def test_a_flat_document_that_breaks_off_is_one_sentence():
    with pytest.raises(SourceError, match="is damaged: its XML breaks off at line 2"):
        read_form("opendocument", flat("<text:p>One</text:p>")[:-40])
