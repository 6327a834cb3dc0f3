"""burble's own model file, out of a run or a base and into one. Knows no other format."""

from collections.abc import Callable
from pathlib import Path

from burble.exchange.imports import Imported
from burble.exchange.options import ExportOptions, ImportRequest
from burble.model.file import Model, read_model, write_model


def export(
    model: Model, path: Path, _options: ExportOptions, _log: Callable[[str], object]
) -> None:
    """Writes the model file; see `exports`."""
    write_model(path, model)


def read(path: Path, _options: ImportRequest, _log: Callable[[str], object]) -> Imported:
    """Reads a model file; see `imports`.

    Raises:
        ModelFileError: It is damaged, or holds other weights.
    """
    return Imported(read_model(path), "burble")
