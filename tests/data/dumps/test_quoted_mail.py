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


BELOW = "Sent: Monday, January 8, 2024 9:00 AM\nTo: Ann\nSubject: Tea\n\nWhen?\n"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"At five.\n\nFrom: Bob <b@x.org>\n{BELOW}", "At five."),
        (f"At five.\n________________________________\nFrom: Bob\n{BELOW}", "At five."),
        (f"At five.\n\n*From:* Bob\n{BELOW.replace('Sent:', '*Sent:*')}", "At five."),
        (
            "Um fünf.\n\nVon: Bob\nGesendet: Montag, 8. Januar 2024 09:00\nAn: Ann; \n Cy\n"
            "Betreff: Tee\n\nWann?",
            "Um fünf.",
        ),
        (
            "À cinq.\n\nDe : Bob\nEnvoyé : lundi 8 janvier 2024 09:00\nÀ : Ann\nObjet : Thé\n",
            "À cinq.",
        ),
    ],
)
def test_an_original_below_a_reply_of_outlook_is_left_and_counted(text, left):
    account = Account()
    assert quoted_mail.strip(text, account) == left
    assert account.left == {"original message (below a reply)": 1}
    assert quoted_mail.strip(text, Account(), keep=True) == text


def test_a_letter_that_tells_of_senders_and_days_stays_whole():
    letter = "From: a friend\nDate: some day\n\nFrom: here\nwe went on.\nSubject: none"
    assert quoted_mail.strip(letter, Account()) == letter


@pytest.mark.parametrize(
    "line",
    [
        "Sent from my iPhone",
        "Sent from my Samsung Galaxy smartphone.",
        "Get Outlook for iOS<https://aka.ms/o0ukef>",
        "Sent from Mail for Windows 10",
        "Von meinem iPhone gesendet",
        "Envoyé de mon iPad",
    ],
)
def test_a_line_with_which_a_program_signs_is_left_and_counted(line):
    account = Account()
    assert quoted_mail.strip(f"Yes.\n\n{line}\n", account) == "Yes."
    assert account.left == {"line (with which a program signs)": 1}
    told = f"I wrote it there. {line}, it says."
    assert quoted_mail.strip(told, Account()) == told


def test_broken_lines_are_joined_where_the_message_says_so():
    assert quoted_mail.unfold("a \nb\n> c \n> d\n>> e\n-- \nf") == "a b\n> c d\n>> e\n-- \nf"
    assert quoted_mail.unfold("a \nb", delete=True) == "ab"


@given(st.text("ab >\n-:", max_size=40))
def test_what_stays_is_lines_of_the_message(text):
    lines = quoted_mail.strip(text, Account()).split("\n")
    assert set(lines) <= {*text.split("\n"), ""}
