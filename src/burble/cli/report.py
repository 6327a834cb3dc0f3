"""The command that writes a page on one run, or on several side by side."""

from pathlib import Path
from typing import Annotated, Any

import typer

from burble.cli.output import console, log
from burble.formatting import shown
from burble.reports.write import write_report
from burble.runs.folder import Run
from burble.settings import SourceSettings

Runs = Annotated[list[Path], typer.Argument(help="A run folder, or several to be compared.")]
Output = Annotated[
    Path, typer.Option("--output", "-o", help="The page to write; its name ends in .html.")
]
Text = Annotated[
    list[str] | None,
    typer.Option(
        help="The text that the runs were trained on, to mark what was copied; if not given, it is "
        "looked for where it was then.",
    ),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace a page that is there.")]


def report(
    runs: Runs,
    output: Output,
    text: Text = None,
    overwrite: Overwrite = False,
    **chosen: Any,
) -> None:
    """Write a page on a run: losses, scores, settings, and what it wrote, copies marked.

    It is one file, which any browser opens, without scripts and without anything from elsewhere.
    """
    reading = SourceSettings.pop_from(chosen)
    folders = list(map(Run, runs))
    with console.status("Reading …") as status:
        write_report(
            output,
            folders,
            text or (),
            reading,
            overwrite=overwrite,
            progress=lambda name: status.update(f"Reading {name} …"),
        )
    log(f"The page is in {shown(output)}; any browser opens it.")
