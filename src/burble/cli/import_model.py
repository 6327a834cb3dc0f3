"""The command that makes a run folder of a model from elsewhere: import."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from burble.cli.output import log
from burble.data import outputs
from burble.errors import InputError
from burble.exchange.imports import IMPORTS, make_run, read_import
from burble.exchange.options import ImportRequest, make_options
from burble.files import write_atomically
from burble.formatting import shown, some
from burble.model.description import describe_origin
from burble.model.file import MODEL_NAME
from burble.settings import SourceSettings

SLASHES = tuple({os.sep, os.altsep or os.sep})
Source = Annotated[
    Path, typer.Argument(help=f"A file or folder: {'; '.join(one.what for one in IMPORTS)}.")
]
# Text, since a path has lost the slash at its end.
Output = Annotated[
    str | None,
    typer.Option(
        "--output",
        "-o",
        metavar="<path>",
        help="The run folder to make, or the file for a text. \\[default: the name of what is "
        "imported, in runs/ or with .txt]",
    ),
]


def import_model(path: Source, output: Output = None, **chosen: Any) -> None:
    """Make a model of what another program wrote, or what burble exported, known by its content.

    It becomes a run folder, which sample, eval, serve, export, info and train --base take. Where a
    format holds no model but a text, that is written, to train on.
    """
    reading = SourceSettings.pop_from(chosen)
    options = make_options(ImportRequest, {**chosen, "reading": reading})
    found = read_import(path, options, log)
    name = path.resolve().name.partition(".")[0] or "imported"
    if isinstance(found.content, str):
        place = Path(f"{name}.txt" if output is None else output)
        if output and output.endswith(SLASHES):
            raise InputError(
                f"{shown(path)} holds a text, which is written to a file, and {shown(output)} "
                f"names a folder. Name a file: -o {shown(place / name)}.txt"
            )
        outputs.check_text(place, [path])
        write_atomically(place, found.content.encode())
        log(f"{shown(path)} holds no model, but a text, which is {shown(place)}: train on that.")
        return
    model = found.content
    run = make_run(model, Path("runs") / name if output is None else Path(output))
    log(f"Imported {describe_origin(model.facts('origin'))}.")
    log(
        f"{some(len(model.vocabulary.symbols), 'symbol')}; gates: "
        f"{model.architecture.recurrent_activation}. The model is {run.folder / MODEL_NAME}."
    )
