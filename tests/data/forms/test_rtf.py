r"""Rich text: control words, encodings of fonts, tables, notes, and what is left out."""

import pytest

from burble.data.forms.form import Account
from burble.data.forms.rtf import read_document
from burble.errors import SourceError
from tests.support.documents import read_form

HEAD = r"{\rtf1\ansi\ansicpg1252\deff0"
HEAD += r"{\fonttbl{\f0\fcharset0 A;}{\f1\fcharset204 B;}}{\info{\title T}}"


def text_of(body):
    (text,), account = read_form("rtf", f"{HEAD}{body}}}".encode("latin-1"))
    return text, account


def test_paragraphs_signs_and_letters_by_number():
    body = r"One\emdash two\line\'93three\'94\par\par {\b F}our \u-10179?\u-8694?"
    body += r"\u8217?\u233\'e9 a\~b\_c\-d \{x\}\par"
    text, account = text_of(body)
    assert text == "One—two\n“three”\n\nFour 😊’é a\u00a0b\u2011cd {x}\n"
    assert account.left["soft hyphen"] == 1


def test_a_page_that_ends_within_a_paragraph_ends_a_line():
    assert text_of(r"One{\page }two\par\page Three\par")[0] == "One\ntwo\nThree\n"


def test_bytes_are_letters_in_the_encoding_of_their_font():
    assert text_of(r"{\f1 \'cf\'f0\'e8\'e2\'e5\'f2} {\f0 \'e9}\par")[0] == "Привет é\n"
    assert text_of(r"{\uc2\u26085\'93\'fa}\par")[0] == "日\n"


def test_letters_of_two_bytes_may_end_in_a_sign_of_ascii():
    (text,), _ = read_form("rtf", rb"{\rtf1\ansi\ansicpg932 \'83A\par}")
    assert text == "ア\n"


def test_notes_tables_and_pictures():
    body = (
        r"Text{\super 1}{\footnote A note.\par} goes on.\par"
        r"\trowd\cellx1\cellx2\pard\intbl a\cell\pard\intbl b\cell\row\pard After."
        r"{\*\shppict{\pict\wmetafile8 0102}}{\nonshppict{\pict 01}}{\header Head\par}\par"
    )
    text, account = text_of(body)
    assert text == "Text1 goes on.\nA note.\na\tb\nAfter.\n"
    assert account.taken["footnote (after its paragraph)"] == 1
    assert account.taken["table (cells parted by tabs)"] == 1
    assert account.left["picture (with its alternative text)"] == 1
    assert account.left["running head (header or footer)"] == 1


def test_rows_end_where_they_say_so_whatever_stands_in_their_cells():
    row = r"\trowd\cellx1\cellx2{{\pard a\par}{\pard b\~c\par}\cell}{{\pard d\par}\cell}\intbl\row}"
    text, account = text_of(
        r"{" + row + "{" + row + r"{\pard After.\par}{\pard \bullet \tx36\tab x\par}"
    )
    assert text == "a b\u00a0c\td\na b\u00a0c\td\nAfter.\nx\n"
    assert account.taken["table (cells parted by tabs)"] == 1
    assert account.left["list mark (number or bullet)"] == 1


def test_changes_comments_and_hidden_text():
    body = (
        r"Kept {\deleted old}{\revised new}{\v secret}{\*\annotation why?}"
        r"{\field{\*\fldinst TOC \\o}{\fldrslt 1 One}}{\field{\*\fldinst DATE}{\fldrslt May}}\par"
    )
    text, account = text_of(body)
    assert text == "Kept newMay\n"
    assert account.left == {
        "deleted passage (tracked)": 1,
        "hidden passage": 1,
        "comment": 1,
        "table of contents or index": 1,
    }


def test_blocks_may_be_cut_anywhere():
    data = (HEAD + r"Caf\'e9 \emdash{\i x}\u8364?.\par\bin3 }}}End\par}").encode("latin-1")
    wanted = "Café —x€.\nEnd\n"
    for size in (1, 2, 3, 5, 50, 500):
        blocks = (data[i : i + size] for i in range(0, len(data), size))
        assert "".join(read_document(blocks, "f", Account())) == wanted


def test_a_file_that_is_cut_or_is_none_is_told_as_such():
    texts, account = read_form("rtf", rb"{\rtf1 Some {\b words")
    assert texts == ["Some words\n"]
    assert account.left["end of the file"] == 1
    with pytest.raises(SourceError, match="is no rich text"):
        read_form("rtf", b"A play.\n")


def test_groups_that_lie_too_deep_are_refused():
    with pytest.raises(SourceError, match="more than 400 deep"):
        text_of("{" * 500)


def test_a_picture_of_a_mac_is_left_out_with_the_sign_that_stands_for_it():
    picture = rb"{{\NeXTGraphic pic.png \width640 \height480 \appleembedtype0\n}\'ac}"
    data = rb"{\rtf1\ansi\ansicpg1252 With " + picture + rb" and \'ac stays.}"
    (text,), account = read_form("rtf", data)
    assert text.strip() == "With  and ¬ stays."
    assert account.left["picture (with its alternative text)"] == 1
