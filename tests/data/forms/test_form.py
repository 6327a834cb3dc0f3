"""What the readers of forms count, as sentences and in JSON."""

import io
from collections import deque

import pytest

from burble.data.forms import form
from burble.data.forms.form import Account, File
from burble.data.forms.registry import get_form
from burble.errors import EncodingError


def test_the_counts_of_all_files_of_a_form_are_one_sentence():
    one, two = Account(), Account()
    one.taken["paragraph"], two.taken["paragraph"], two.left["comment"] = 1, 2, 1
    accounts = [("a.docx", get_form("word"), one), ("b.docx", get_form("word"), two)]
    assert form.describe_accounts(accounts) == [
        "2 files are read as Word documents: a.docx, b.docx. Read: 3 paragraphs. Left out: 1 "
        "comment."
    ]
    assert form.describe_accounts(accounts[:1]) == [
        "a.docx is read as a Word document. Read: 1 paragraph."
    ]
    assert form.to_json(accounts)[1] == {
        "source": "b.docx",
        "form": "word",
        "taken": {"paragraph": 2},
        "left": {"comment": 1},
        "changed": {},
    }


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_the_line_of_a_broken_letter_is_counted_when_it_is_found(end):
    lines = [f"é{number}".encode() for number in range(20_000)]
    data = end.encode().join([*lines[:17_000], b"\xff", *lines[17_000:]])
    file = File("p.txt", len(data), lambda: io.BytesIO(data))
    with pytest.raises(EncodingError, match=r"line 17,001, byte \d+,\d+ is 0xff"):
        deque(file.text(), maxlen=0)
