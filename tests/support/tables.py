"""Tables read from a string."""

from burble.data import tables
from burble.settings import SourceSettings


def rows(table, name, part, **reading):
    """The texts of a column, and what is said of it."""
    found: list[str] = []
    # Cut everywhere, so that no line end is found whole.
    notes = tables.read_rows(table, name, part, found.append, SourceSettings(**reading))
    return found, [str(note) for note in notes]
