"""What there is to tell of a model: its network, its training, its scores. Knows no requests."""

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from burble.errors import RunError
from burble.model import bases
from burble.model.file import find_model_file, read_model
from burble.ngram.file import index_path
from burble.runs.folder import Run, curve

SHOWN = 200
"""Symbols of an alphabet that are shown."""


def describe_model(path: Path) -> dict[str, Any]:
    """Facts of a model in JSON types, for its card.

    Args:
        path: A run folder, or a model file.

    Raises:
        ModelFileError: There is no model, or it is damaged.
    """
    file = find_model_file(path)
    model = read_model(file)
    shape, symbols = model.architecture, model.vocabulary.symbols
    # Words stand beside the characters that spell others, and bytes have no text of their own.
    characters = [one for one in symbols if len(one) == 1] if model.text.unit == "word" else symbols
    characters = [] if model.text.unit == "bytes" else characters
    writing = model.facts("writing")
    return {
        "network": {n: getattr(shape, n) for n in ("cell", "layers", "units", "ensemble")},
        "weights": sum(array.size for array in model.weights.values()),
        "dtype": model.dtype,
        "bytes": file.stat().st_size,
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "unit": model.vocabulary.unit,
        "symbols": len(symbols),
        "alphabet": "".join(characters[:SHOWN]),
        "documents": model.vocabulary.boundary,
        "labels": dict(zip(model.labels.columns, model.labels.values, strict=True)),
        "cleaning": model.text.stored,
        "corpus": dict(model.facts("corpus")),
        "scores": dict(model.facts("scores")),
        "base": model.base,
        "temperature": writing.get("temperature"),
        "memory": index_path(file).exists(),
        "is_base": bases.is_base_file(file),
        **_describe_run(Run(file.parent)),
    }


def _describe_run(run: Run) -> dict[str, Any]:
    """What a run folder holds of the way to its model; nothing where there is none, or a base."""
    if not run.exists:
        return {"baselines": {}, "curves": {}, "samples": [], "steps": 0, "seconds": None}
    facts: Mapping[str, Any] = {}
    metrics: list[dict[str, Any]] = []
    samples: list[tuple[int, str]] = []
    # What is damaged there takes nothing from the model.
    with suppress(RunError):
        facts = run.facts()
        metrics = run.metrics()
        samples = run.samples()
    done = facts.get("done")
    return {
        "baselines": facts.get("references") or {},
        "curves": {
            "training": curve(metrics, "loss"),
            "validation": curve(metrics, "held_out_loss"),
        },
        "samples": [{"step": step, "text": text} for step, text in samples],
        "steps": max((metric["step"] for metric in metrics), default=0),
        "seconds": done.get("seconds") if isinstance(done, dict) else None,
    }
