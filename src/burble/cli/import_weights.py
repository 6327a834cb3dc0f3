"""The command that makes a model of weights that Keras wrote."""

from pathlib import Path
from typing import Annotated, Any

import typer

from burble import settings as settings_module
from burble.cli.output import log
from burble.errors import RunError
from burble.formatting import some
from burble.runs import recipes
from burble.runs.folder import Run
from burble.settings import RecurrentActivation, SourceSettings

Weights = Annotated[Path, typer.Argument(help="A file that Keras wrote: HDF5 or .keras.")]
Output = Annotated[Path, typer.Option("--output", "-o", help="The folder to make for the model.")]
Recipe = Annotated[
    str, typer.Option(help="The recipe that describes its network, by name or file.")
]
Text = Annotated[
    list[str] | None,
    typer.Option(help="Take the alphabet from its training text, read and cleaned as burble does."),
]
AlphabetFrom = Annotated[
    Path | None,
    typer.Option(help="Take the alphabet from its training text, read as the Keras tutorial does."),
]
Gates = Annotated[
    RecurrentActivation | None,
    typer.Option(help="Activation of its gates, where the file does not say."),
]


def import_weights(
    weights: Weights,
    output: Output,
    recipe: Recipe,
    text: Text = None,
    alphabet_from: AlphabetFrom = None,
    recurrent_activation: Gates = None,
    **chosen: Any,
) -> None:
    """Convert weights that plain Keras trained into a model of burble."""
    from burble.exchange import keras_weights

    reading = SourceSettings.pop_from(chosen)
    run = Run(output)
    run.check()
    if run.exists or run.has_model:
        raise RunError(f"{output} holds a run already. Choose another folder with -o.")
    values = recipes.read_recipe(recipe)
    settings = settings_module.make_settings(values)
    alphabet = keras_weights.read_alphabet(settings, tuple(text or ()), alphabet_from, reading)
    gates = recurrent_activation or values.get("recurrent_activation")
    model = keras_weights.import_model(weights, settings, alphabet, gates, log)
    output.mkdir(parents=True, exist_ok=True)
    run.write_model(model)
    log(
        f"{some(len(model.vocabulary.symbols), 'symbol')}; gates: "
        f"{model.architecture.recurrent_activation}. The model is {output / 'model.safetensors'}."
    )
