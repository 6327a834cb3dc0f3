"""The fields of a file of records, for whoever chooses one without a command line.

Knows nothing of how any form is read.
"""

from pathlib import Path
from typing import Any

from burble.data import inspection
from burble.data.dumps import zips
from burble.data.dumps.fields import Fields
from burble.data.source import Source, open_file
from burble.errors import SourceError
from burble.settings import SourceSettings

MOST = 200
"""Fields of a file that are shown."""


def find_fields(path: Path, reading: SourceSettings) -> dict[str, Any] | None:
    """The fields of a file in JSON types; None of a file that is read as a whole.

    Args:
        path: The file; of an archive, the fields of the files in it.
        reading: How it is read.

    Returns:
        `what` it is, its `fields`, each with its `name` and a `sample`, the `likeliest`, how many
        `more` there are than are listed, and whether it can be read without one, too (`optional`).

    Raises:
        SourceError: It cannot be read.
    """
    seen = inspection.look(open_file(path), reading)
    if seen.is_archive:
        found, has_texts = _look_into(seen.source, reading)
        return _to_json("an archive", found, optional=has_texts) if found.found else None
    if not seen.form or not seen.form.needs_part:
        return None
    found = seen.form.find_fields(seen.source.as_file(reading))
    return _to_json(seen.form.what, found, optional=False)


def _look_into(archive: Source, reading: SourceSettings) -> tuple[Fields, bool]:
    """The fields of the files in an archive, as they are named, and whether it has texts, too."""
    found, has_texts = Fields(), False
    for member in zips.Members(archive):
        seen = inspection.look(member, reading)
        if not seen.form or not seen.form.needs_part:
            readable = seen.form and not seen.form.cure and not seen.form.is_missing
            has_texts |= seen.is_text or bool(readable)
            continue
        try:
            fields = seen.form.find_fields(seen.source.as_file(reading))
        except SourceError:
            # What cannot be read has no fields to choose from; the others can be read still.
            continue
        found.found |= {f"{member.member}:{name}": one for name, one in fields.found.items()}
    return found, has_texts


def _to_json(what: str, found: Fields, *, optional: bool) -> dict[str, Any]:
    """Fields in JSON types."""
    shown = found.list_likeliest(MOST)
    return {
        "what": what,
        "fields": [{"name": name, "sample": found.found[name].sample} for name in shown],
        "likeliest": found.likeliest,
        "more": len(found.found) - len(shown),
        "optional": optional,
    }
