"""Writes the page on some runs to a file, if it may be there. Knows no terminal."""

from collections.abc import Callable, Sequence
from pathlib import Path

from burble import files
from burble.data import outputs
from burble.errors import BurbleError, InputError, ModelFileError, RunError
from burble.formatting import command_line, shown
from burble.model.file import find_model_file
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
        RunError: There is no such run, it was not trained here, or a file of it is damaged.
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
        _check_trained(run)
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


def _check_trained(run: Run) -> None:
    """Refuses what is a model but holds no training: an imported one, a base, a file alone.

    Raises:
        RunError: It is one.
    """
    if (run.folder / DESCRIPTION).exists():
        return
    try:
        find_model_file(run.folder)
    except ModelFileError:
        # No model either; it is told as what it is when it is read.
        return
    raise RunError(
        f"{shown(run.folder)} is a model without a training to report on, as one that was imported "
        "and a base are. Give the folder of a run; what the model is says: "
        f"{command_line(['burble', 'info', str(run.folder)])}"
    )
