"""Opens what writes, by the paths of models, in Python. Knows nothing of how a model was trained.

It loads the least that writing takes, NumPy and no package besides, so that it works where others
cannot be installed; `burble.api` loads all that there is.
"""

import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from burble.inference.generator import Generator
from burble.inference.mixtures import Voices
from burble.model import bases
from burble.settings import require

Pathlike = str | os.PathLike[str]


@runtime_checkable
class RunLike(Protocol):
    """A run, as far as whoever opens its model must know it."""

    folder: Path


OneOrSeveral = Pathlike | RunLike | Sequence[Pathlike | RunLike]
"""A model, or several to mix."""


def load(model: OneOrSeveral, *, mix: Sequence[float] | None = None) -> Generator:
    """Loads a model that writes, or several that write as one.

    Args:
        model: A run, a run folder, a model file or the name of a base; or several, whose
            log-probabilities are mixed.
        mix: The weight of each of several, such as `[0.7, 0.3]`. Only their proportions count; if
            not given, all are equal.

    Returns:
        The generator; threads may share it, and any number may be used at once.

    Raises:
        ModelFileError: There is no model, or it is damaged.
        SettingsError: The weights cannot be, or the models cannot be mixed.
    """
    models = [model] if isinstance(model, str | os.PathLike | RunLike) else model
    expected = "a path, such as 'runs/alice', or a run, or several of them"
    require(isinstance(models, list | tuple), "model", model, expected)
    require(mix is None or isinstance(mix, Sequence), "mix", mix, "a list of weights, or None")
    paths = tuple(map(find_model, models))
    return Voices(paths, None if mix is None else tuple(mix)).load()


def find_model(model: Pathlike | RunLike, argument: str = "model") -> Path:
    """Where a model is; a warning to whoever called the caller, where it is not the base so named.

    Args:
        model: A run, or a path.
        argument: What it was given as.

    Raises:
        SettingsError: It is neither.
    """
    if isinstance(model, RunLike):
        return model.folder
    path = check_path(argument, model)
    if note := bases.describe_namesake(path):
        warnings.warn(note, stacklevel=3)
    return Path(path)


def check_path(name: str, value: Pathlike) -> str:
    """A single path, by its name.

    Raises:
        SettingsError: It is something else.
    """
    require(isinstance(value, str | os.PathLike), name, value, "a path, such as 'runs/alice'")
    return os.fspath(value)
