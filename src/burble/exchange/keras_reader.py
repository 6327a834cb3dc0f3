"""A file that Keras wrote, made a model with what the person says of it. Knows no other format.

See `keras_weights` for how, and `imports` for who asks.
"""

from collections.abc import Callable
from pathlib import Path
from typing import cast

from burble import settings as settings_module
from burble.errors import SettingsError
from burble.exchange import keras_file, keras_own, keras_weights
from burble.exchange.imports import Imported
from burble.exchange.options import ImportRequest, given_options
from burble.runs import recipes
from burble.settings import RecurrentActivation


def read(path: Path, options: ImportRequest, log: Callable[[str], object]) -> Imported:
    """Reads a file that Keras wrote.

    Raises:
        SettingsError: Something must be said of it that was not, or does not fit.
        ModelFileError: It is damaged, or its network is none that burble can run as it was.
        VocabularyError: Its alphabet has another size than the text's.
        SourceError: The text cannot be read.
    """
    if own := keras_own.read_own(path):
        _refuse_options(path, options)
        return own
    if not options.recipe:
        raise SettingsError(
            f"{path} holds what Keras wrote, which does not say all of its network: give --recipe, "
            "such as tutorial-small or a file of your own, and the text it was trained on with "
            "--alphabet-from or --text."
        )
    values = recipes.read_recipe(options.recipe)
    settings = settings_module.make_settings(values)
    alphabet_from = Path(options.alphabet_from) if options.alphabet_from else None
    alphabet = keras_weights.read_alphabet(settings, options.text, alphabet_from, options.reading)
    gates = cast(
        "RecurrentActivation | None",
        options.recurrent_activation or values.get("recurrent_activation"),
    )
    with keras_file.open_keras_file(path) as file:
        model = keras_weights.import_model(file, settings, alphabet, gates, log)
        return Imported(model, "Keras", file.version)


def _refuse_options(path: Path, options: ImportRequest) -> None:
    """Refuses what need not be said of a file that burble exported."""
    if given := given_options(options):
        raise SettingsError(
            f"burble exported {path}, which says all of itself: leave out {', '.join(given)}."
        )
