"""The models that a person has, by name: those of a folder, and the bases. Reads none of them."""

import os
from pathlib import Path

from burble.files import find_models_folder
from burble.formatting import shown
from burble.model import bases
from burble.model.file import MODEL_NAME

SUFFIX = ".safetensors"
MEMORY = ".memory"
"""What the name of a memory has before that ending: it lies beside its model, and is none."""


def list_models(folder: Path | None = None) -> dict[str, Path]:
    """The models of a folder, and the bases that come with burble.

    Args:
        folder: Holds run folders, each a model of its name, and model files, each a model of its
            name without its ending; if none is given, the person's folder of models.

    Returns:
        The run folder or file of each model by its name, those of the folder first, in the order
        of their names. A base gives way to a model of its name.
    """
    place = find_models_folder() if folder is None else folder
    found: dict[str, Path] = {}
    for name in sorted(os.listdir(place)) if place.is_dir() else []:
        path = place / name
        if name.startswith("."):
            continue
        # Names may hold bytes that are no text, and have to be sent as text.
        if (path / MODEL_NAME).is_file():
            found[shown(name)] = path
        elif path.suffix == SUFFIX and path.is_file() and not path.stem.endswith(MEMORY):
            found.setdefault(shown(path.stem), path)
    for name in bases.base_names():
        if base := bases.find_base(name):
            found.setdefault(name, base)
    return found
