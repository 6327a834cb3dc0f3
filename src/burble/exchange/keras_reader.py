"""A file that Keras wrote, made a model with what the person says of it. Knows no other format.

See `keras_weights` for how, and `imports` for who asks.
"""

from collections.abc import Callable
from pathlib import Path
from typing import cast

from burble import settings as settings_module
from burble.data.vocabulary import Vocabulary
from burble.errors import SettingsError
from burble.exchange import keras_file, keras_found, keras_own, keras_weights
from burble.exchange.imports import Imported
from burble.exchange.keras_found import FoundNetwork
from burble.exchange.options import ImportRequest, given_options
from burble.formatting import command_line, some
from burble.runs import recipes
from burble.settings import RecurrentActivation, Settings

Log = Callable[[str], object]
Told = tuple[Settings, tuple[Vocabulary, str], RecurrentActivation | None]
"""The settings, the alphabet with a piece of its text, and the gates where they are told."""
TUTORIAL_WINDOW = 100
"""What the Keras tutorial on text generation, and most scripts after it, have."""


def read(path: Path, options: ImportRequest, log: Log) -> Imported:
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
    follow = _follow_recipe if options.recipe else _go_by_file
    settings, alphabet, gates = follow(path, options, log)
    with keras_file.open_keras_file(path) as file:
        model = keras_weights.import_model(file, settings, alphabet, gates, log)
        return Imported(model, "Keras", file.version)


def _follow_recipe(path: Path, options: ImportRequest, _log: Log) -> Told:
    """What a recipe says of the network, and the alphabet."""
    if options.window:
        raise SettingsError(f"the recipe says what windows {path} has: leave out --window.")
    values = recipes.read_recipe(options.recipe)
    settings = settings_module.make_settings(values)
    gates = options.recurrent_activation or values.get("recurrent_activation")
    return settings, _read_alphabet(settings, options), cast("RecurrentActivation | None", gates)


def _go_by_file(path: Path, options: ImportRequest, log: Log) -> Told:
    """What the file says of its network, and the alphabet.

    Whether the text was put in lower case, the size of the alphabet tells.
    """
    with keras_file.open_keras_file(path) as file:
        network = keras_found.find_network(file)
    if network.window is not None and options.window:
        raise SettingsError(f"{path} says itself what windows it has: leave out --window.")
    window = options.window or network.window
    if window is None or not (options.text or options.alphabet_from):
        raise SettingsError(_ask(path, network, options))
    settings = network.make_settings(window, lowercase=False)
    alphabet = _read_alphabet(settings, options)
    if alphabet[0].size != network.symbols:
        lower = network.make_settings(window, lowercase=True)
        other = _read_alphabet(lower, options)
        if other[0].size == network.symbols:
            settings, alphabet = lower, other
    reads = f"windows of {some(window, 'symbol')}" if window else "all that came before"
    case = ", in lower case" if settings.text.lowercase else ""
    log(f"{path.name} holds {network}{case}, and reads {reads}.")
    gates = cast("RecurrentActivation | None", options.recurrent_activation or None)
    return settings, alphabet, gates


def _ask(path: Path, network: FoundNetwork, options: ImportRequest) -> str:
    """The sentence that asks for what a file does not hold, with the command that tells it."""
    command, lacking = ["burble", "import", str(path)], list[str]()
    for one in options.text:
        command += ["--text", one]
    if options.alphabet_from:
        command += ["--alphabet-from", options.alphabet_from]
    elif not options.text:
        command += ["--alphabet-from", "TEXT.txt"]
        lacking.append("which these are: the text that it learned from tells that")
    if network.window is None and not options.window:
        command += ["--window", str(TUTORIAL_WINDOW)]
        lacking.append(
            f"how many symbols it reads at a time: {TUTORIAL_WINDOW} in the Keras tutorial"
        )
    elif options.window:
        command += ["--window", str(options.window)]
    return (
        f"{path} holds {network}, but not {'; nor '.join(lacking)}. Type: {command_line(command)}"
    )


def _read_alphabet(settings: Settings, options: ImportRequest) -> tuple[Vocabulary, str]:
    """The alphabet of the text that is given; see `keras_weights.read_alphabet`."""
    alphabet_from = Path(options.alphabet_from) if options.alphabet_from else None
    return keras_weights.read_alphabet(settings, options.text, alphabet_from, options.reading)


def _refuse_options(path: Path, options: ImportRequest) -> None:
    """Refuses what need not be said of a file that burble exported."""
    if given := given_options(options):
        raise SettingsError(
            f"burble exported {path}, which says all of itself: leave out {', '.join(given)}."
        )
