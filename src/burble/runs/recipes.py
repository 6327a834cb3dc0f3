"""Recipes: settings in a TOML file that a person can read, copy, change and pass back.

Knows nothing of what the settings do.
"""

import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from burble import settings
from burble.errors import SettingsError

SUFFIX = ".toml"


def list_recipes() -> list[str]:
    """The recipes that come with burble."""
    found = resources.files("burble.runs").joinpath("recipe_files").iterdir()
    return sorted(f.name.removesuffix(SUFFIX) for f in found if f.name.endswith(SUFFIX))


def read_recipe_text(recipe: str) -> str:
    """The text of a recipe, by its name or its path.

    Raises:
        SettingsError: There is none, or it cannot be read.
    """
    if recipe in list_recipes():
        place = resources.files("burble.runs").joinpath("recipe_files", f"{recipe}{SUFFIX}")
        return place.read_text("utf-8")
    try:
        return Path(recipe).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no UTF-8"
        raise SettingsError(
            f"there is no recipe {recipe} ({why}). Give a file such as mine.toml, or one of: "
            f"{', '.join(list_recipes())}."
        ) from error


def read_recipe(recipe: str) -> dict[str, Any]:
    """The settings by name of a recipe that comes with burble, or of a file.

    Raises:
        SettingsError: There is none, it is no TOML, or a setting does not exist or cannot be.

    >>> read_recipe("tutorial-small")["units"]
    256
    """
    written = read_recipe_text(recipe)
    try:
        values = tomllib.loads(written)
        values = settings.with_current_names(values)
        settings.make_settings(values)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise SettingsError(
            f"the recipe {recipe} is no TOML: {error}. A line reads: units = 256"
        ) from error
    except SettingsError as error:
        raise SettingsError(f"in the recipe {recipe}: {error}") from error
    return values


def merge_recipe(
    given: Mapping[str, Any], recipe: str | None, *, resume: bool = False
) -> dict[str, Any]:
    """Settings as given, and those of a recipe for what was not.

    A limit on steps, epochs or minutes that was given takes the place of the recipe's limits.

    Raises:
        SettingsError: The recipe cannot be used, or a run that has its settings is resumed.
    """
    if recipe and resume:
        raise SettingsError(
            "a run that is resumed has its settings already, those of its recipe among them. "
            "Leave out --recipe."
        )
    chosen = {
        n: value for n, value in settings.with_current_names(given).items() if value is not None
    }
    if recipe is None:
        return chosen
    brought = read_recipe(recipe)
    if any(chosen.get(limit) for limit in settings.LIMITS):
        brought = {name: value for name, value in brought.items() if name not in settings.LIMITS}
    return brought | chosen
