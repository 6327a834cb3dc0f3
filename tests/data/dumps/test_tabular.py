"""Tables with typed cells."""

import datetime
import io

import pytest

from burble.data.dumps import tabular
from burble.data.dumps.tabular import Table
from burble.data.forms.form import File
from burble.data.label_reader import LabelReader
from burble.errors import SourceError

ROWS = (
    ("a", 1, b"x"),
    (" ", 2, None),
    (3.5, None, 4),
    (datetime.date(2024, 1, 1), 1, 2),
    ("b",) * 3,
)
TABLE = Table("t", ("text", "n", "m"), lambda places: (tuple(r[p] for p in places) for r in ROWS))


def texts(part, *labels, tables=(TABLE,)):
    found: list[object] = []
    reader = LabelReader(labels)
    reader.begin_source("f", {})
    file = File("f", 0, io.BytesIO, part=part, labels=reader)

    def write(text):
        found.append(*text)
        reader.add(1)

    notes = tabular.read_column(tables, file, write)
    return found, [str(note) for note in notes], reader.finish([])


def test_texts_and_what_is_none():
    found, told, labels = texts("t.text", "m", "n")
    assert found == ["a", "b"]
    assert told == [
        "f: 3 rows without text in 't.text' skipped: empty 1, a number 1, a date 1.",
        "f: 1 row without a label, since 'm' is neither text nor a number there.",
    ]
    assert labels.count() == {"m": {"b": 1, "": 1}, "n": {"1": 1, "b": 1}}


def test_a_label_that_is_the_text_or_not_clear_is_refused():
    with pytest.raises(SourceError, match="--label text is the text itself"):
        texts("text", "text")
    twice = Table("t", ("a", "b", "b"), lambda _: iter(()))
    with pytest.raises(SourceError, match="f has 2 columns 'b', so it is not clear"):
        texts("a", "b", tables=[twice])
    with pytest.raises(SourceError, match="f has 2 columns 'b' in one table"):
        texts("b", tables=[twice])
