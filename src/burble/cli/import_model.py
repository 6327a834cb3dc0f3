"""The command that makes a run folder of a model from elsewhere: import."""

from pathlib import Path
from typing import Annotated, Any

import typer

from burble.cli.output import log
from burble.data import outputs
from burble.exchange.imports import IMPORTS, make_run, read_import
from burble.exchange.options import ImportRequest, make_options
from burble.files import write_atomically
from burble.formatting import shown, some
from burble.model.description import describe_origin
from burble.model.file import MODEL_NAME
from burble.settings import SourceSettings

Source = Annotated[
    Path, typer.Argument(help=f"A file or folder: {'; '.join(one.what for one in IMPORTS)}.")
]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        help="The run folder to make. \\[default: the name of what is imported, in runs/]",
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
        place = output or Path(f"{name}.txt")
        outputs.check_text(place, [path])
        write_atomically(place, found.content.encode())
        log(f"{shown(path)} holds no model, but a text, which is {shown(place)}: train on that.")
        return
    model = found.content
    run = make_run(model, output or Path("runs") / name)
    log(f"Imported {describe_origin(model.facts('origin'))}.")
    log(
        f"{some(len(model.vocabulary.symbols), 'symbol')}; gates: "
        f"{model.architecture.recurrent_activation}. The model is {run.folder / MODEL_NAME}."
    )
