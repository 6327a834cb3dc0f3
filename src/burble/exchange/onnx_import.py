"""An ONNX file that burble exported, as the model that it was. Knows no other format.

Nothing in it is executed. Its graph is not looked at: the metadata says what network it is, and the
arrays must be those of that network.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from burble.errors import ModelFileError
from burble.exchange.description import parse_description
from burble.exchange.imports import Imported
from burble.exchange.onnx_export import DTYPE, KEY
from burble.exchange.onnx_file import read_onnx
from burble.exchange.onnx_network import read_weights
from burble.exchange.options import ImportRequest
from burble.formatting import shown


def read(path: Path, _options: ImportRequest, _log: Callable[[str], object]) -> Imported:
    """Reads a file; see `imports`.

    Raises:
        ModelFileError: It is damaged, or another program's.
    """
    file = read_onnx(path)
    if KEY not in file.metadata:
        program = shown(file.producer[0] or "another program")
        raise ModelFileError(
            f"{shown(path)} is an ONNX file of {program}, whose network and alphabet it does not "
            "say. Of ONNX files, those that burble exported can be imported."
        )
    model = parse_description(file.metadata[KEY], file.metadata.get(DTYPE, "float32"), path)
    weights = read_weights(model, file.arrays, shown(path))
    return Imported(replace(model, weights=weights), "burble", file.producer[1])
