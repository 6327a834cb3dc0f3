"""The command that gives a model a memory of its text: remember. Imports neither Keras nor JAX."""

from typing import Annotated, Any

import typer

from burble.cli.options import ModelPath
from burble.cli.output import console
from burble.formatting import some
from burble.ngram.training_text import write_training_index
from burble.settings import SourceSettings


def remember(
    model: ModelPath,
    text: Annotated[list[str], typer.Argument(help="The text it was trained on, as for train.")],
    **chosen: Any,
) -> None:
    """Give a model a memory: an n-gram model of the text it was trained on, in a file beside it.

    With it, sample and eval take --memory, and sample takes --novel, --words known and --new
    without the text. The file holds the training text: mind that before you share it.
    """
    path, symbols = write_training_index(model, text, SourceSettings.pop_from(chosen))
    console.print(f"The n-gram model of {some(symbols, 'symbol')} is {path}.", markup=False)
    console.print("It holds the training text; the model file alone does not.")
