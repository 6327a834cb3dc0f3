"""FictionBook: the book and then its notes, in its own encoding."""

import pytest

from burble.errors import SourceError
from tests.support.documents import read_form


def test_a_book_with_verses_notes_and_pictures():
    book = (
        '<?xml version="1.0" encoding="windows-1251"?><FictionBook xmlns:l="x"><description>'
        "<book-title>T</book-title></description><body><title><p>Книга</p></title><section>"
        '<p>Раз<a l:href="#n" type="note">[1]</a>, два.</p><poem><stanza><v>Стих</v><v>и стих</v>'
        '</stanza></poem></section></body><body name="notes"><section id="n"><title>'
        "<p>1</p></title><p>Примечание.</p></section></body><binary>AAAA</binary></FictionBook>"
    )
    (text,), account = read_form("fb2", book.encode("cp1251"))
    assert text == "Книга\n\nРаз, два.\n\nСтих\nи стих\n\nПримечание.\n"
    assert account.taken["note (at the end)"] == 1
    assert account.left == {
        "description of the book": 1,
        "mark of a note": 2,
        "picture (with its alternative text)": 1,
    }


def test_entities_are_refused():
    with pytest.raises(SourceError, match="declares an entity"):
        read_form("fb2", b'<!DOCTYPE a [<!ENTITY x "y">]><FictionBook/>')
