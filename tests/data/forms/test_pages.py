"""Lines on pages put together to running text."""

import numpy as np

from burble.data.forms.form import Account
from burble.data.forms.pages import Page, lay_out


def page(number, *lines):
    texts = [text for *_, text in lines]
    places = [(x, x + 6 * len(text.strip()), y, y, 12) for x, y, text in lines]
    return Page(number, 600, 800, texts, np.array(places, float).T)


def test_what_stands_on_one_height_is_one_line_and_a_wide_step_parts_paragraphs():
    account = Account()
    lines = [
        (50, 700, "A note"),
        (87, 701, "1"),
        (98, 700, "here."),
        (50, 660, "Next."),
        (50, 646, "Last."),
    ]
    assert lay_out([page(0, *lines)], account) == "A note1 here.\n\nNext.\nLast."


def test_several_parts_of_a_line_are_one_and_keep_the_blanks_between_them():
    lines = [
        (50, 700, "Of it "),
        (81, 701, "all"),
        (99, 696, "2"),
        (106, 700, " and"),
        (50, 686, "on"),
    ]
    assert lay_out([page(0, *lines)], Account()) == "Of it all2 and on"


def test_ligatures_become_letters():
    account = Account()
    assert lay_out([page(0, (50, 700, "a \ufb01ne e\ufb00ort"))], account) == "a fine effort"
    assert account.changed["ligature (as letters)"] == 2


def test_signs_of_a_symbol_font_are_counted():
    account = Account()
    lines = [(50, 700, "\uf0b7 First"), (50, 640, "\uf0b7 Second")]
    assert lay_out([page(0, *lines)], account) == "First Second"
    assert account.left["symbol of a symbol font"] == 2


def test_a_lone_number_goes_only_where_other_pages_have_one_at_its_place():
    pages = [
        page(n, (50, 700, "Text that is"), (50, 686, "of some use"), (300, 40, "1984"))
        for n in (0, 1)
    ]
    account = Account()
    assert lay_out([pages[0]], account).endswith("1984")
    assert lay_out(pages, account).count("1984") == 0
