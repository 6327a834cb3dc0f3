"""The model that a training starts from: as a person names it, and as it is recorded.

Knows nothing of how it is learned from.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from burble.errors import SettingsError
from burble.formatting import relative
from burble.model.bases import find_base
from burble.model.file import MODEL_NAME, Model, find_model_file, read_model

AUTO, NONE = "auto", "none"
TRIED = "english"
"""The base that comes with burble that `auto` tries."""


@dataclass(frozen=True)
class Base:
    """A model to start from.

    Attributes:
        model: The model, whole.
        name: What it is called in commands: a name that comes with burble, or a path.
        sha256: Fingerprint of its file.
    """

    model: Model
    name: str
    sha256: str

    @property
    def origin(self) -> dict[str, Any]:
        """What `run.json` holds of it, and of the model that it began from itself."""
        before = self.model.facts("base")
        known: dict[str, Any] = {"model": self.name, "sha256": self.sha256}
        return known | ({"base": dict(before)} if before else {})


def summarize_origin(origin: Mapping[str, Any]) -> dict[str, Any]:
    """What the file of a model that began from another holds of that.

    >>> summarize_origin({"model": "runs/mine/model.safetensors", "sha256": "ab"})
    {'name': 'mine', 'sha256': 'ab'}
    """
    path = Path(origin["model"])
    # Where it lay says nothing once the file has been copied.
    name = path.absolute().parent.name if path.name == MODEL_NAME else path.stem
    return {"name": name, **{key: value for key, value in origin.items() if key != "model"}}


def origin_name(origin: Mapping[str, Any]) -> str | None:
    """What the model of an origin is called; None where there is none."""
    return str(summarize_origin(origin)["name"]) if origin else None


def read_base(name: str) -> Base:
    """Reads a model to start from.

    Args:
        name: A run folder, a model file, or the name of a base that comes with burble.

    Raises:
        ModelFileError: There is none, or it is damaged.
        SettingsError: It is of a network that is not trained here.
    """
    return _read(find_model_file(Path(name)), relative(name))


def read_packaged() -> Base | None:
    """The base that `auto` tries; None in a copy of burble that holds none."""
    path = find_base(TRIED)
    return _read(path, TRIED) if path else None


def _read(path: Path, name: str) -> Base:
    """Reads a base."""
    model = read_model(path)
    if model.attention:
        raise SettingsError(
            f"{name} is of a network that attends among its last {model.attention} symbols, which "
            "burble writes with and does not train. Train from another model, or from nothing: "
            "--base none."
        )
    return Base(model, name, hashlib.sha256(path.read_bytes()).hexdigest())


def choose_base(name: str | None, older: str | None, *, resume: bool) -> tuple[Base | None, bool]:
    """What a training starts from, as far as that can be said before its text is read.

    Args:
        name: auto, none, or a model; None where nothing was given, which means auto.
        older: The model, given by the older name of the option.
        resume: Whether a run is resumed, which has begun already.

    Returns:
        The model, if one was named, and whether a quick look at the text is to decide.

    Raises:
        SettingsError: What was given contradicts itself.
        ModelFileError: There is no such model, or it is damaged.
    """
    if name is not None and older is not None:
        raise SettingsError(
            f"base is {name!r}, and --from, its older name, is {older!r}. Give only --base."
        )
    chosen = name if older is None else older
    if resume and chosen not in (None, AUTO):
        raise SettingsError(
            "--resume goes on with a run, --base says how a new one starts; give only one."
        )
    if chosen in (None, AUTO):
        return None, not resume
    return (None if chosen == NONE else read_base(chosen)), False
