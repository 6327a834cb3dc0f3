"""Web pages: blocks and entities as a browser shows them, and what stands beside the text."""

import pytest

from burble.data.forms.html import find_encoding
from burble.errors import SourceError
from tests.support.documents import read_form


def text_of(page):
    (text,), account = read_form("html", page.encode())
    return text, account


def test_blocks_entities_and_white_space_are_as_a_browser_shows_them():
    page = "<p>One\n  <em>t</em>wo &eacute;&#8212;&lt;\n<p>Three<br />\n four<div>five</div><ul>"
    page += "<li>six<li>seven"
    assert text_of(page)[0] == "One two é—<\n\nThree\nfour\nfive\n\nsix\nseven"


def test_set_text_keeps_its_white_space_and_cells_are_parted_by_tabs():
    page = "<pre>a\n  b</pre><table><tr>\n<td>1\n</td>\n<td> 2<tr><td>3<td>4</table>"
    assert text_of(page)[0] == "a\n  b\n\n1\t2\n3\t4"


def test_blocks_within_cells_are_cells_but_where_a_table_lays_out_a_page():
    cells = "<table><tr><td><p>a</p></td>\n<td><p>b</p>\n</td></tr><tr><td><p>c<td><p>d</table><p>e"
    assert text_of(cells)[0] == "a\tb\nc\td\n\ne"
    page = (
        "<table><tr><td><p>Menu</p><p>Home</p></td><td><h1>Title</h1><p>Text</p></td></tr></table>"
    )
    assert text_of(page)[0] == "Menu\n\nHome\n\nTitle\n\nText"


def test_notes_and_margins_of_word_and_libreoffice():
    page = (
        '<div title="header"><p>Running</p></div><p>One<a href="#_ftn1" name="_ftnref1">[1]</a>'
        '<a href="#sdendnote1sym"><sup>i</sup></a><sup><a href="#d">iv</a></sup>'
        '<p><a href="#_ftnref1">[1]</a> A note, see <a href="#top">I</a>'
    )
    text, account = text_of(page)
    assert text == "One\n\nA note, see I"
    assert account.left == {
        "header of the page": 1,
        "mark of a note": 3,
        "back link of a note": 1,
    }


def test_what_is_no_main_text_is_left_out_and_counted():
    page = (
        "<head><title>T</title></head><body><nav>Home</nav><header>Name</header><p>Text"
        "<img alt='a cat'><script>if (a<b) {}</script><!-- why --><span hidden>no</span></p>"
        "<aside>By the way</aside><footer>2026</footer>"
    )
    text, account = text_of(page)
    assert text == "Text"
    assert account.left == {
        "menu": 1,
        "header of the page": 1,
        "picture (with its alternative text)": 1,
        "script": 1,
        "comment": 1,
        "hidden passage": 1,
        "passage beside the main text": 1,
        "footer of the page": 1,
    }


def test_only_the_element_that_holds_the_main_text_is_read_where_there_is_one():
    page = "<div>Menu</div><article><header><h1>Title</h1></header><p>Text</p></article><p>After"
    text, account = text_of(page)
    assert text == "Title\n\nText"
    assert account.left["character outside the main text"] == len("MenuAfter")


@pytest.mark.parametrize(
    ("head", "codec"),
    [
        (b'<meta charset="utf-8">', "utf-8"),
        (b'<meta http-equiv=x content="text/html; charset=windows-1251">', "cp1251"),
        (b'<?xml version="1.0" encoding="koi8-r"?>', "koi8-r"),
        (b'<meta charset="none-such">', ""),
        (b"<p>", ""),
    ],
)
def test_the_encoding_is_what_the_page_says(head, codec):
    assert find_encoding(head) == codec


def test_a_page_is_read_in_its_own_encoding():
    page = '<meta charset="windows-1251"><p>Привет, мир'
    assert read_form("html", page.encode("cp1251"))[0] == ["Привет, мир"]


def test_a_tag_that_breaks_off_at_the_end_is_no_text_and_quotes_are_shown():
    text, account = text_of("<p>A <q>word</q> 1 < 2 <a href='http://example.org/")
    assert text == "A “word” 1 < 2"
    assert account.left["tag that breaks off"] == 1


def test_a_tag_without_end_is_refused_before_it_fills_the_memory():
    with pytest.raises(SourceError, match="has no end"):
        read_form("html", b"<p>a<b " + b"x" * (5 << 20))


def test_numbers_that_word_wrote_before_entries_of_a_list_are_left_out():
    entry = (
        "<p class=MsoListParagraph><![if !supportLists]><span style='mso-list:Ignore'>1.<span>"
        "&nbsp;&nbsp; </span></span><![endif]>Leeks</p>"
    )
    (text,), account = read_form("html", entry.encode())
    assert text.strip() == "Leeks"
    assert account.left["list mark (number or bullet)"] == 1
