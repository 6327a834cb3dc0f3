"""What others wrote in a message."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burble.data.dumps import quoted_mail
from burble.data.forms.form import Account


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Yes.\n-- \nAnn\n", "Yes."),
        ("Yes.\n--\nno signature", "Yes.\n--\nno signature"),
        ("> a\nYes.\n> b\nNo.", "Yes.\n\nNo."),
        ("He said:\n> a\nYes.", "He said:\n\nYes."),
        ("Am 1.1.2024 um 10:00 schrieb Bob:\n> a\nJa.", "Ja."),
        ("So.\n\nLe 1 janvier 2024, Zoë\n<z@x.org> a écrit :\n\n> a", "So."),
        ("Yes.\n\n-----Original Message-----\nFrom: Bob", "Yes."),
        ("One\r\ntwo", "One\ntwo"),
    ],
)
def test_what_others_wrote_is_left_and_counted(text, left):
    account = Account()
    assert quoted_mail.strip(text, account) == left
    assert bool(account.left.total()) == (">" in text or "-- \n" in text or "---O" in text)
    assert quoted_mail.strip(text, Account(), keep=True) == text.replace("\r\n", "\n")


def test_broken_lines_are_joined_where_the_message_says_so():
    assert quoted_mail.unfold("a \nb\n> c \n> d\n>> e\n-- \nf") == "a b\n> c d\n>> e\n-- \nf"
    assert quoted_mail.unfold("a \nb", delete=True) == "ab"


@given(st.text("ab >\n-:", max_size=40))
def test_what_stays_is_lines_of_the_message(text):
    lines = quoted_mail.strip(text, Account()).split("\n")
    assert set(lines) <= {*text.split("\n"), ""}
