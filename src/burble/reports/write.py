"""Writes the page on some runs to a file, if it may be there. Knows no terminal."""

from collections.abc import Callable, Sequence
from pathlib import Path

from burble import files
from burble.data import outputs
from burble.errors import BurbleError, InputError, ModelFileError, RunError
from burble.formatting import command_line, shown
from burble.model.file import find_model_file
from burble.reports import page
from burble.reports.facts import RunFacts, gather_facts
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
    _check_request(path, sources, reading)
    outputs.check_text(path, overwrite=overwrite)
    each = []
    for run in runs:
        progress(shown(run.folder))
        each.append(_tell(run, sources, reading))
    made = each[0][1] if len(each) == 1 else page.write_page([facts for facts, _ in each])
    files.write_atomically(path, made.encode())


def _check_request(path: Path, sources: Sequence[str], reading: SourceSettings) -> None:
    """Refuses a place for the page that is none, and how a text is read where none is given."""
    if path.suffix.lower() not in PAGES:
        raise InputError(f"{shown(path)} is to be a page; give a name that ends in .html.")
    if reading.given and not sources:
        raise InputError(
            "what says how a text is read needs the text itself, which --text names. Add it, or "
            "leave them out: a text that is found where it was is read as it was then."
        )


def _tell(run: Run, sources: Sequence[str], reading: SourceSettings) -> tuple[RunFacts, str]:
    """What there is to tell of a run, and the page on it alone.

    Also where several share one page: so it is known which of them is damaged.
    """
    _check_trained(run)
    try:
        facts = gather_facts(run, sources, reading)
        return facts, page.write_page([facts])
    except BurbleError:
        raise
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise RunError(
            f"{shown(run.folder / DESCRIPTION)} is damaged: what it says of the run cannot be "
            "read. Put it back from a copy."
        ) from error


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
