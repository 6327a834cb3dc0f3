"""E-books: the chapters in reading order, and what stands beside them."""

import pytest

from burble.errors import SourceError
from tests.support.documents import archive_of, read_form

CHAPTER = (
    '<html xmlns:epub="e"><head><title>T</title></head><body><p>{}<a epub:type="noteref" '
    'href="#n">1</a></p><aside epub:type="footnote" id="n"><p>Note.</p></aside></body></html>'
)


def book(spine, *, chapters=("one", "two"), **more):
    items = "".join(
        f'<item id="{name}" href="{name}%20x.xhtml" media-type="application/xhtml+xml"/>'
        for name in chapters
    )
    members = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": '<container><rootfile full-path="OPS/book.opf"/></container>',
        "OPS/book.opf": f'<package><manifest>{items}<item id="nav" href="nav.xhtml" '
        'media-type="application/xhtml+xml" properties="nav"/></manifest><spine>'
        + "".join(f'<itemref idref="{name}"/>' for name in spine)
        + "</spine></package>",
        "OPS/nav.xhtml": "<p>Contents</p>",
    }
    members |= {f"OPS/{name} x.xhtml": CHAPTER.format(name.title()) for name in chapters}
    return archive_of(members | {name.replace("__", "/"): text for name, text in more.items()})


def text_of(data):
    (text,), account = read_form("epub", data)
    return text, account


def test_chapters_come_in_the_order_of_reading_and_not_of_the_list():
    text, account = text_of(book(["nav", "two", "one"]))
    assert text == "Two\n\nNote.\n\nOne\n\nNote.\n"
    assert account.taken["chapter"] == 2
    assert account.taken["note (where it stands)"] == 2
    assert account.left == {"table of contents": 1, "mark of a note": 2}


def test_marks_of_notes_that_are_only_raised_links_are_left_out_too():
    page = (
        '<p>A<sup><a href="n.html#1">12</a></sup> b<a href="#x"><sup>*</sup></a> <a href="#c">3</a>'
    )
    page += ' <a href="#back">\u21a9</a>'
    text, account = text_of(book(["one"], **{"OPS__one x.xhtml": page}))
    assert text == "A b 3\n"
    assert account.left == {"mark of a note": 2, "back link of a note": 1}


def test_a_chapter_that_is_named_twice_or_missing_is_not_read_twice_or_passed_over_in_silence():
    text, _ = text_of(book(["one", "one", "two", "nav"], chapters=("one", "two")))
    assert text.count("One") == 1
    data = book(["one", "three"], chapters=("one",), OPS__x="")
    assert read_form("epub", data)[1].taken["chapter"] == 1
    missing = archive_of(
        {
            "META-INF/container.xml": '<a><rootfile full-path="b.opf"/></a>',
            "b.opf": '<a><item id="x" href="../../etc/passwd"/><itemref idref="x"/></a>',
        }
    )
    assert text_of(missing)[1].left == {"missing chapter": 1}


def test_books_that_are_locked_or_damaged_are_refused():
    lock = '<e><CipherReference URI="OPS/one%20x.xhtml"/></e>'
    with pytest.raises(SourceError, match="locked by whoever sold it"):
        text_of(book(["one"], **{"META-INF__encryption.xml": lock}))
    with pytest.raises(SourceError, match="names no chapter in its reading order"):
        text_of(book([]))
    with pytest.raises(SourceError, match="does not say where its chapters are"):
        text_of(archive_of({"META-INF/container.xml": "<a/>"}))
