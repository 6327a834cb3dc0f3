"""Tables and JSON read from a string."""

import io

from burble.data import tables
from burble.data.dumps import json_rows
from burble.data.forms.form import File
from burble.data.label_reader import NO_LABELS
from burble.settings import SourceSettings


def rows(table, name, part, **reading):
    """The texts of a column, and what is said of it."""
    found: list[str] = []
    # Cut everywhere, so that no line end is found whole.
    notes = tables.read_rows(table, name, part, found.extend, SourceSettings(**reading))
    return found, [str(note) for note in notes]


def json_texts(text, part="text", name="p.jsonl", labels=NO_LABELS):
    """The texts of a field, and what is said of it."""
    found: list[str] = []
    file = File(name, len(text), lambda: io.BytesIO(text.encode()), part=part, labels=labels)
    notes = json_rows.read(file, lambda pieces: found.append("".join(pieces)))
    return found, [str(note) for note in notes]
