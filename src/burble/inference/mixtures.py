"""Models loaded to write together, and the weights that a person gives them.

Knows nothing of how predictions are mixed.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from burble.errors import SettingsError
from burble.formatting import listed, shown
from burble.inference import generator
from burble.inference.generator import Generator
from burble.model.file import find_model_file, read_model
from burble.model.mixture import build_mixture
from burble.settings import is_number


@dataclass(frozen=True)
class Voices:
    """One model, or several that write together.

    Attributes:
        paths: Run folders or model files.
        mix: The weight of each; None where there is one model, or all have the same.
    """

    paths: tuple[Path, ...]
    mix: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        """Checks that there are models, and as many weights."""
        if not self.paths:
            raise SettingsError("there is no model. Give one, or several.")
        if self.mix is not None:
            _check_weights(self.mix, len(self.paths))

    @property
    def weights(self) -> tuple[float, ...]:
        """The weight of each; together they are 1."""
        given = self.mix or (1.0,) * len(self.paths)
        return tuple(weight / sum(given) for weight in given)

    @property
    def facts(self) -> dict[str, Any]:
        """What they are, in JSON types; nothing where there is one."""
        if len(self.paths) == 1:
            return {}
        return {"models": [*map(str, self.paths)], "mix": [*self.weights]}

    @property
    def notes(self) -> list[str]:
        """What is mixed, as a sentence; none where nothing is."""
        if len(self.paths) == 1:
            return []
        if self.mix is None:
            named = listed([*map(shown, self.paths)])
            return [f"Mixes {named} in equal parts; weights are given with --mix."]
        return [f"Mixes {self.describe()}."]

    def describe(self) -> str:
        """The models and their weights, as a person reads them."""
        each = zip(map(shown, self.paths), self.weights, strict=True)
        return listed([f"{name} ({weight:.3g})" for name, weight in each])

    def load(self) -> Generator:
        """Loads what writes.

        Raises:
            SettingsError: The models cannot be mixed.
            ModelFileError: There is no model, or it is damaged.
        """
        if len(self.paths) == 1:
            return generator.load(self.paths[0])
        models = [read_model(find_model_file(path)) for path in self.paths]
        return Generator(build_mixture(models, self.weights))


def choose_voices(paths: Sequence[str | Path], mix: str | None) -> Voices:
    """Voices as they are typed, the weights with commas between them.

    Raises:
        SettingsError: A weight is no number, or they are not as many as models.
    """
    try:
        weights = None if mix is None else tuple(map(float, mix.split(",")))
    except ValueError:
        raise SettingsError(
            f"mix is {mix!r}, but must be a number for each model, with commas between them, such "
            "as 0.7,0.3."
        ) from None
    return Voices(tuple(map(Path, paths)), weights)


def _check_weights(mix: Sequence[float], models: int) -> None:
    """Refuses weights that cannot be those of so many models.

    Raises:
        SettingsError: There are more or fewer than models, one is below 0 or no number, or all
            are 0; or there is one model, which needs none.
    """
    if models == 1:
        raise SettingsError(
            "mix gives weights to several models, and there is one. Give another model, or leave "
            "out the weights."
        )
    shown = ",".join(f"{one:g}" if is_number(one) else repr(one) for one in mix)
    if len(mix) != models:
        raise SettingsError(
            f"mix is {shown}, {len(mix)} of them, but must be {models}: a weight for each model."
        )
    numbers = all(is_number(one) and 0 <= one < math.inf for one in mix)
    if not numbers or not sum(mix) or sum(mix) == math.inf:
        raise SettingsError(
            f"mix is {shown}, but must be a number of 0 or more for each model, and not 0 for all."
        )
