"""The command that writes a model in another format: export."""

from typing import Annotated, Any

import typer

from burble.cli.options import ModelPath
from burble.cli.output import log
from burble.exchange.exports import EXPORTS, export_model
from burble.exchange.options import ExportOptions, make_options
from burble.formatting import shown
from burble.model.file import find_model_file, read_model

NAMES = ", ".join(one.name for one in EXPORTS)
FORMATS = "; ".join(f"{' or '.join(one.suffixes)}, {one.what}" for one in EXPORTS)
Place = Annotated[str, typer.Argument(help=f"Where to; how it ends says what to write: {FORMATS}.")]
Format = Annotated[
    str,
    typer.Option(
        "--format",
        help=f"What to write, whatever the path's ending: {NAMES}.",
    ),
]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace an earlier export in the same format.")
]


def export(
    model: ModelPath, path: Place, format: Format = "", overwrite: Overwrite = False, **chosen: Any
) -> None:
    """Write a model for other programs: what the path's ending says."""
    options = make_options(ExportOptions, chosen)
    held = read_model(find_model_file(model))
    place = export_model(held, path, options, name=format, overwrite=overwrite, log=log)
    size = place.stat().st_size if place.is_file() else None
    log(f"Wrote {shown(place)}{'' if size is None else f', {size:,} bytes'}.")
