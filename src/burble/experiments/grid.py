"""Combinations of settings, from `units=128,256` and the like."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from burble import settings
from burble.errors import SettingsError
from burble.settings import require

BASE = "base"
"""What is no setting of a training, but what it starts from, and can be varied all the same."""


@dataclass(frozen=True)
class Variant:
    """One combination of settings, and of bases to start from."""

    values: Mapping[str, Any]

    @property
    def settings(self) -> dict[str, Any]:
        """The settings among what is varied."""
        return {name: value for name, value in self.values.items() if name != BASE}

    @property
    def name(self) -> str:
        """What it is called, as its folder is."""
        return ",".join(f"{name}={value}" for name, value in self.values.items()) or "as given"


def expand_grid(vary: Sequence[str]) -> list[Variant]:
    """Every combination of the values that are varied.

    Raises:
        SettingsError: That is no setting, or no value of it.

    >>> [variant.name for variant in expand_grid(["units=1,2", "input=scalar"])]
    ['units=1,input=scalar', 'units=2,input=scalar']
    """
    varied = parse_values(vary)
    combined = [
        Variant(dict(zip(varied, values, strict=True)))
        for values in itertools.product(*varied.values())
    ]
    for variant in combined:
        settings.make_settings(variant.settings)
    return combined


def parse_values(vary: Sequence[str]) -> dict[str, list[Any]]:
    """The values of each setting that is varied, and bases, by name."""
    kinds = {f.name: f.type for group in settings.GROUPS.values() for f in fields(group)}
    found: dict[str, list[Any]] = {}
    for given in vary:
        name, equals, values = given.partition("=")
        name = name.strip().lstrip("-").replace("-", "_")
        (name,) = settings.with_current_names({name: values})
        if name == "seed":
            raise SettingsError("seed cannot be varied: --seeds says how many there are of each.")
        if not equals or not values or name in found:
            raise SettingsError(
                f"--vary is {given!r}, but must be a setting and its values, such as "
                "units=128,256, each setting once."
            )
        if name == BASE:
            found[name] = [value.strip() for value in values.split(",")]
            continue
        if name not in kinds:
            # Says which settings there are.
            settings.make_settings({name: values})
        found[name] = [
            _parse_value(name, value.strip(), kinds[name]) for value in values.split(",")
        ]
        for value in found[name]:
            settings.make_settings({name: value})
    return found


def _parse_value(name: str, value: str, kind: Any) -> Any:
    """A value of a setting, from its text."""
    if kind is bool:
        require(value in ("true", "false"), name, value, "true or false")
        return value == "true"
    if kind not in (int, float):
        return value
    try:
        return kind(value)
    except ValueError as error:
        raise SettingsError(
            f"{name} is {value!r}, but must be a {'whole ' * (kind is int)}number."
        ) from error
