"""Markdown to prose."""

from burble.data.forms.form import Account
from burble.data.forms.markdown import read_prose
from tests.support.documents import read_form


def test_marks_go_and_blocks_stay_apart():
    text = (
        "---\ntitle: T\n---\n# Title #\n\nOne *two*\n`three` <b>four</b>&amp;  \nfive[^1].\n\n"
        "- six\n- seven\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```\ncode\n"
        "```\n\n![cat](c.png) end\n\n"
        "[^1]: The note.\n"
    )
    (prose,), account = read_form("markdown", text.encode())
    assert prose == (
        "Title\n\nOne two three four&\nfive.\n\nsix\nseven\n\na\tb\n1\t2\n\nend\n\nThe note.\n"
    )
    assert +account.left == {
        "front matter": 1,
        "tag of HTML": 2,
        "mark of a note": 1,
        "list mark (number or bullet)": 2,
        "block of code": 1,
        "picture (with its alternative text)": 1,
    }
    assert account.taken["note (where it stands)"] == 1


def test_a_rule_at_the_beginning_is_no_front_matter():
    assert "".join(read_prose("---\n\nText\n", Account())) == "Text\n"
    between = "---\n\n# Text of: two\n\n---\n\nMore\n"
    assert "".join(read_prose(between, Account())) == "Text of: two\n\nMore\n"


def test_front_matter_may_be_of_several_programs():
    for front in ('---\n\n"a b": 1\n---\n', "+++\ntitle = '1'\n+++\n", "---\ntags:\n  - x\n...\n"):
        assert "".join(read_prose(f"{front}Text\n", Account())) == "Text\n"


def test_what_lies_deep_in_quotes_and_lists_is_read_or_counted():
    quoted = "> " * 60 + "deep\n"
    listed = "".join("  " * depth + f"- at {depth}\n" for depth in range(30))
    account = Account()
    text = "".join(read_prose(f"{quoted}\n{listed}", account))
    assert text.split("\n")[0] == "deep"
    assert "at 29" in text
    beyond = "".join(read_prose("> " * 500 + "lost\n\nseen\n", account))
    assert beyond == "seen\n"
    assert account.left["passage (too deep in lists or quotes)"] == 1
