"""Writes the page on some runs to a file, if it may be there. Knows no terminal."""

from collections.abc import Callable, Sequence
from pathlib import Path

from burble import files
from burble.data import outputs
from burble.errors import BurbleError, InputError, RunError
from burble.formatting import shown
from burble.reports import page
from burble.reports.facts import gather_facts
from burble.runs.folder import DESCRIPTION, Run
from burble.settings import SourceSettings

PAGES = (".html", ".htm")


def write_report(
    path: Path,
    runs: Sequence[Run],
    sources: Sequence[str],
    reading: SourceSettings,
    *,
    overwrite: bool = False,
    progress: Callable[[str], object] = str,
) -> None:
    """Writes the page.

    Args:
        path: Where to.
        runs: One, or several that are laid side by side.
        sources: The text they were trained on; see `facts.gather_facts`.
        reading: How it is read.
        overwrite: Whether a page that is there may be replaced.
        progress: Takes the name of the folder that is read.

    Raises:
        RunError: There is no such run, or a file of it is damaged.
        ModelFileError: A model is damaged.
        SourceError: A source of the text cannot be read.
        CorpusError: The text is another one.
        InputError: The page is there already, or cannot be a file.
        StorageError: The disk refused.
    """
    if path.suffix.lower() not in PAGES:
        raise InputError(f"{shown(path)} is to be a page; give a name that ends in .html.")
    if reading.given and not sources:
        raise InputError(
            "what says how a text is read needs the text itself, which --text names. Add it, or "
            "leave them out: a text that is found where it was is read as it was then."
        )
    outputs.check_text(path, overwrite=overwrite)
    found = []
    for run in runs:
        progress(shown(run.folder))
        try:
            facts = gather_facts(run, sources, reading)
            # On a page of its own first: so it is known which of several is damaged.
            made = page.write_page([facts])
        except BurbleError:
            raise
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise RunError(
                f"{shown(run.folder / DESCRIPTION)} is damaged: what it says of the run cannot be "
                "read. Put it back from a copy."
            ) from error
        found.append(facts)
    if len(found) > 1:
        made = page.write_page(found)
    files.write_atomically(path, made.encode())
