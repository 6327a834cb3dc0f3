"""The fields of a file of records, for whoever chooses one without a command line.

Knows nothing of how any form is read.
"""

from pathlib import Path
from typing import Any

from burble.data import encodings
from burble.data.dumps import archives
from burble.data.forms import registry
from burble.data.source import open_file
from burble.settings import SourceSettings

MOST = 200
"""Fields of a file that are shown."""


def find_fields(path: Path, reading: SourceSettings) -> dict[str, Any] | None:
    """The fields of a file in JSON types; None of a file that is read as a whole.

    Args:
        path: The file.
        reading: How it is read.

    Returns:
        `what` it is, its `fields`, each with its `name` and a `sample`, and the `likeliest`.

    Raises:
        SourceError: It cannot be read.
    """
    source = archives.decompress(open_file(path))
    head = next(source.read(encodings.HEAD), b"")
    form = registry.find_form(archives.inner_name(path.name), head, source.open)
    if not form or not form.needs_part:
        return None
    found = form.find_fields(source.as_file(reading))
    samples = [(name, one.sample) for name, one in found.found.items()][:MOST]
    return {
        "what": form.what,
        "fields": [{"name": name, "sample": sample} for name, sample in samples],
        "likeliest": found.likeliest,
    }
