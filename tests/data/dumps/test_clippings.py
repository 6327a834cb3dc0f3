"""What people marked on a Kindle, and their notes."""

import pytest

from burble.data.forms import registry
from tests.support.dumps import read

CLIPPINGS = """\
\ufeffEmma (Modern Library) (Austen, Jane)
- Your Highlight on page 3 | Location 40-41 | Added on Sunday, January 1, 2023 9:15:02 PM

Emma Woodhouse, handsome, clever, and rich
==========
\ufeffEmma (Modern Library) (Austen, Jane)
- Your Note on page 3 | Location 41 | Added on Sunday, January 1, 2023 9:16:00 PM

rich: so what
second line
==========
\ufeffEmma (Modern Library) (Austen, Jane)
- Your Bookmark on page 4 | Location 55 | Added on Sunday, January 1, 2023 9:20:00 PM


==========
Notes without an author
- Your Highlight at location 9-10 | Added on Sunday, November 5, 2023 9:20:00 PM

 <You have reached the clipping limit for this item>
==========
Notes without an author
- Your Highlight at location 9-10 | Added on Sunday, November 5, 2023 9:20:00 PM

the lamps
==========
"""
TEXTS = ["Emma Woodhouse, handsome, clever, and rich", "rich: so what\nsecond line", "the lamps"]


def test_each_is_a_document_with_the_book_the_author_and_the_kind_as_labels(tmp_path):
    path = tmp_path / "My Clippings.txt"
    path.write_text(CLIPPINGS.replace("\n", "\r\n"), encoding="utf-8")
    texts, told, counts = read(path, "book", "author", "kind")
    assert texts == TEXTS
    assert (
        f"{path} is read as clippings of a Kindle. Read: 2 highlights, 1 note. Left out: 1 "
        "bookmark, 1 passage (more of the book than may be copied)."
    ) in told
    assert counts["book"] == {"Emma (Modern Library)": 2, "Notes without an author": 1}
    assert counts["author"] == {"Austen, Jane": 2, "": 1}
    assert counts["kind"] == {"highlight": 2, "note": 1}


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ("- Ihre Notiz bei Position 41 | Hinzugefügt am Sonntag, 1. November 2023", "note"),
        ("- Ihre Markierung auf Seite 3 | bei Position 41-42 | Hinzugefügt am 1.", "highlight"),
        ("- Votre surlignement sur la page 3 | Ajouté le dimanche 5 novembre 2023", "highlight"),
        ("- Tu nota en la página 3 | posición 41 | Añadido el domingo, 1 de enero", "note"),
        ("- 位置No. 38-39のハイライト |作成日: 2017年8月28日月曜日 17:51:55", "highlight"),
        ("- 7ページ|位置No. 114のメモ |作成日: 2024年12月30日月曜日 14:46:33", "note"),
        ("- 您在位置 #170-173的标注 | 添加于 2023年1月1日星期日 上午9:15:02", "highlight"),
        ("- Highlight Loc. 170-73  | Added on Sunday, November 05, 2010", "highlight"),
    ],
)
def test_in_any_language(tmp_path, told, kind):
    path = tmp_path / "clippings.txt"
    path.write_text(f"Emma (Jane Austen)\n{told}\n\nHandsome\n==========\n", encoding="utf-8")
    texts, _, counts = read(path, "kind")
    assert texts == ["Handsome"]
    assert counts["kind"] == {kind: 1}


@pytest.mark.parametrize(
    "text",
    [
        b"Title\n- 2 eggs\n\nPlan\n==========\n",
        b"Title\n==========\n\n- 2 eggs | 3 nuts\n",
        b"Title\n- Your Highlight on page 3 | Added on Sunday\n\nno rule below\n",
    ],
)
def test_other_texts_with_rules_are_none(text):
    assert registry.find_form("My Clippings.txt", text, lambda: None) is None


def test_what_is_no_clipping_is_counted(tmp_path):
    path = tmp_path / "c.txt"
    path.write_text(f"{CLIPPINGS}a line of mine\n", encoding="utf-8")
    texts, told, _ = read(path)
    assert texts == TEXTS
    assert "1 line (of no clipping)" in " ".join(told)
