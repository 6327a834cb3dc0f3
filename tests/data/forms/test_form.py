"""What the readers of forms count, as sentences and in JSON."""

from burble.data.forms import form
from burble.data.forms.form import Account
from burble.data.forms.registry import get_form


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
