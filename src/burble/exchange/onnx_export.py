"""A model written as ONNX, and run by onnxruntime before it is kept. Knows no other format.

All but the weights stands as JSON in the file's metadata, under `burble`, and in a file beside it,
for programs that cannot see the metadata (onnxruntime-web).
"""

import importlib.util
from collections.abc import Callable
from pathlib import Path

from burble import __version__
from burble.errors import InputError
from burble.exchange.description import describe_resets, write_description
from burble.exchange.onnx_file import MOST_BYTES, encode_model
from burble.exchange.onnx_network import build_graph
from burble.exchange.options import ExportOptions
from burble.formatting import some
from burble.model.metadata import Model

KEY, DTYPE = "burble", "burble_dtype"
"""Metadata: all of a model but its weights, as JSON; and what its own file stores weights as."""
EXTRA = "pip install 'burble[onnx]'"


def export(model: Model, path: Path, options: ExportOptions, log: Callable[[str], object]) -> None:
    """Writes the file, and the JSON beside it; see `exports`.

    Raises:
        InputError: The model is too large, or a package is missing that was asked for.
        BurbleError: What onnxruntime gives is not what the model predicts.
    """
    size = sum(array.nbytes for array in model.weights.values())
    if size > MOST_BYTES * 0.99:
        raise InputError(
            f"the model has {size:,} bytes of weights, and an ONNX file holds {MOST_BYTES:,} at "
            "most. Train a smaller one."
        )
    description = write_description(model)
    metadata = {KEY: description, DTYPE: model.dtype}
    graph, inputs, outputs = build_graph(model)
    path.write_bytes(encode_model(graph, inputs, outputs, metadata, ("burble", __version__)))
    path.with_name(f"{path.name}.json").write_text(f"{description}\n", "utf-8")
    _check(model, path, options, log)
    log(
        f"{path.name}.json, beside it, holds the alphabet and how text is cleaned, as the metadata "
        "of the file itself does."
    )
    for note in describe_resets(model):
        log(note)


def _check(model: Model, path: Path, options: ExportOptions, log: Callable[[str], object]) -> None:
    """Runs what was written, where that can be done, and tells what came of it."""
    missing = [name for name in ("onnxruntime",) if importlib.util.find_spec(name) is None]
    if missing and not options.int8:
        log(f"{path.name} was not run: onnxruntime is not installed. With {EXTRA} it would be.")
        return
    from burble.exchange import onnx_check

    symbols, difference = onnx_check.STEPS, onnx_check.compare(model, path)
    log(
        f"onnxruntime {onnx_check.VERSION} predicts the same over {some(symbols, 'symbol')}: the "
        f"largest difference of a logit is {difference.largest:.1g}, where logits are up to "
        f"{difference.scale:.0f}."
    )
    if options.int8:
        before = path.stat().st_size
        cost = onnx_check.quantize(model, path)
        log(
            f"With weights of 8 bits it has {path.stat().st_size / before:.0%} of the size, and "
            f"loses {cost:.4f} nats a symbol on what the model itself writes."
        )
        if (cell := model.architecture.cell) != "lstm":
            kind = "GRU" if cell == "gru" else "plain"
            log(
                f"onnxruntime's quantiser leaves {kind} layers as they are, in float32: 8 bits "
                "make files of LSTMs small."
            )
