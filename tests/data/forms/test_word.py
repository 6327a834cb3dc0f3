"""Word documents: what is read, in which order, and what is left out and counted."""

import pytest

from burble.errors import SourceError
from tests.support.documents import W, archive_of, paragraph, read_form, word


def text_of(body, **parts):
    (text,), account = read_form("word", word(body, **parts))
    return text, account


def test_a_paragraph_is_a_line_and_an_empty_one_a_blank_line():
    text, account = text_of(paragraph("One &amp; two.") + "<w:p/>" + paragraph("Three."))
    assert text == "One & two.\n\nThree.\n"
    assert account.taken == {"paragraph": 2}


def test_runs_breaks_tabs_and_hyphens():
    run = (
        "<w:p><w:r><w:t>A</w:t><w:tab/><w:t>b</w:t><w:br/></w:r><w:r><w:t>c</w:t>"
        "<w:noBreakHyphen/><w:softHyphen/><w:t>d\u00ade</w:t></w:r></w:p>"
    )
    text, account = text_of(run)
    assert text == "A\tb\nc\u2011de\n"
    assert account.left["soft hyphen"] == 2


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ('<w:t>a</w:t><w:br w:type="textWrapping" w:clear="all"/><w:t>b</w:t>', "a\nb\n"),
        ('<w:t>a</w:t><w:br w:type="page"/><w:t>b</w:t>', "a\nb\n"),
        ('<w:br w:type="page"/><w:t>a</w:t><w:br w:type="column"/>', "a\n"),
        ('<w:t>a</w:t><w:ptab w:alignment="right"/><w:t>b</w:t>', "a\tb\n"),
    ],
)
def test_whatever_ends_a_line_glues_no_words(body, wanted):
    assert text_of(f"<w:p><w:r>{body}</w:r></w:p>")[0] == wanted


def test_tracked_changes_are_read_as_if_accepted():
    body = (
        "<w:p><w:r><w:t>Kept </w:t></w:r><w:ins><w:r><w:t>new</w:t></w:r></w:ins>"
        "<w:del><w:r><w:delText>old</w:delText></w:r></w:del></w:p>"
        "<w:p><w:pPr><w:rPr><w:del/></w:rPr></w:pPr><w:r><w:t>Joined </w:t></w:r></w:p>"
        + paragraph("here.")
    )
    text, account = text_of(body)
    assert text == "Kept new\nJoined here.\n"
    assert account.taken["inserted passage (tracked)"] == 1
    assert account.left["deleted passage (tracked)"] == 1


def test_notes_stand_after_the_paragraph_that_refers_to_them():
    notes = (
        f'<w:footnotes {W}><w:footnote w:type="separator" w:id="0"><w:p/></w:footnote>'
        f'<w:footnote w:id="2">{paragraph("A note.")}</w:footnote></w:footnotes>'
    )
    body = (
        '<w:p><w:r><w:t>Text</w:t></w:r><w:r><w:footnoteReference w:id="2"/></w:r>'
        "<w:r><w:t> goes on.</w:t></w:r></w:p>" + paragraph("Next.")
    )
    text, account = text_of(body, footnotes=notes)
    assert text == "Text goes on.\nA note.\nNext.\n"
    assert account.taken["footnote (after its paragraph)"] == 1


def test_cells_are_parted_by_tabs_and_rows_by_newlines():
    cell = "<w:tc>{}</w:tc>"
    row = cell.format(paragraph("a") + paragraph("b")) + cell.format(paragraph("c"))
    text, account = text_of(
        f"<w:tbl><w:tr>{row}</w:tr><w:tr>{row}</w:tr></w:tbl>{paragraph('After.')}"
    )
    assert text == "a b\tc\na b\tc\nAfter.\n"
    assert account.taken["table (cells parted by tabs)"] == 1


def test_what_word_makes_itself_or_hides_is_left_out_and_counted():
    hidden = "<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>secret</w:t></w:r>"
    hidden += "<w:r><w:t>seen</w:t></w:r></w:p>"
    field = '<w:p><w:r><w:fldChar w:fldCharType="{}"/></w:r></w:p>'
    contents = (
        '<w:p><w:r><w:fldChar w:fldCharType="begin"/><w:instrText>TOC \\o</w:instrText></w:r>'
        '<w:r><w:fldChar w:fldCharType="separate"/><w:t>Chapter 1</w:t></w:r></w:p>'
        + field.format("end")
    )
    page = (
        '<w:p><w:r><w:fldChar w:fldCharType="begin"/><w:instrText>DATE</w:instrText>'
        '<w:fldChar w:fldCharType="separate"/><w:t>May</w:t><w:fldChar w:fldCharType="end"/>'
        "</w:r></w:p>"
    )
    picture = '<w:p><w:r><w:drawing><wp:docPr xmlns:wp="u" descr="a cat"/></w:drawing></w:r></w:p>'
    text, account = text_of(
        hidden + contents + page + picture,
        comments=f"<w:comments {W}><w:comment>{paragraph('why?')}</w:comment></w:comments>",
        header1=f"<w:hdr {W}>{paragraph('Running head')}</w:hdr>",
        footer1=f"<w:ftr {W}><w:p/></w:ftr>",
    )
    assert [line for line in text.split("\n") if line] == ["seen", "May"]
    assert account.left == {
        "hidden passage": 1,
        "table of contents or index": 1,
        "picture (with its alternative text)": 1,
        "comment": 1,
        "running head (header or footer)": 1,
    }


def test_what_a_style_hides_is_hidden():
    styles = (
        f'<w:styles {W}><w:style w:styleId="H"><w:rPr><w:vanish/></w:rPr></w:style>'
        '<w:style w:styleId="On"><w:basedOn w:val="H"/></w:style><w:style w:styleId="Plain"/>'
        "</w:styles>"
    )
    run = '<w:r><w:rPr><w:rStyle w:val="{}"/>{}</w:rPr><w:t>{}</w:t></w:r>'
    shown = run.format("H", '<w:vanish w:val="0"/>', "shown")
    runs = run.format("H", "", "one") + run.format("Plain", "", "two") + shown
    whole = paragraph("three", '<w:pPr><w:pStyle w:val="On"/></w:pPr>')
    text, account = text_of(f"<w:p>{runs}</w:p>{whole}{paragraph('four')}", styles=styles)
    assert text.split() == ["twoshown", "four"]
    assert account.left == {"hidden passage": 2}


def test_a_text_box_is_read_once_and_after_its_paragraph():
    inside = f"<w:txbxContent>{paragraph('Boxed.')}</w:txbxContent>"
    box = (
        '<w:p><w:r><w:t>Around.</w:t></w:r><w:r><mc:AlternateContent xmlns:mc="u"><mc:Choice>'
        f"{inside}</mc:Choice><mc:Fallback>{inside}</mc:Fallback></mc:AlternateContent></w:r></w:p>"
    )
    assert text_of(box)[0] == "Around.\nBoxed.\n"


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "declares an entity"),
        ('<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>', "declares an entity"),
        ("<a>" * 500, "more than 400 deep"),
        ("<a><b></a>", "breaks off at line 1"),
    ],
)
def test_documents_that_do_harm_or_are_damaged_are_refused(document, message):
    with pytest.raises(SourceError, match=message):
        read_form("word", archive_of({"word/document.xml": document}))
