"""The command that describes a model: info. Imports neither Keras nor JAX."""

import hashlib
import json
from dataclasses import asdict

from burble.cli.options import AsJson, ModelPath
from burble.cli.output import with_both_names
from burble.formatting import shown
from burble.model import bases
from burble.model.description import describe_model
from burble.model.file import find_model_file, lowest_format, read_model


def info(
    model: ModelPath,
    as_json: AsJson = False,
) -> None:
    """Describe a model: its network, its alphabet, how its text was cleaned, its training."""
    file = find_model_file(model)
    held = read_model(file)
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    if as_json:
        facts = {
            "format": lowest_format(held),
            "architecture": with_both_names(asdict(held.architecture)),
            "weights": sum(array.size for array in held.weights.values()),
            "dtype": held.dtype,
            "sha256": sha256,
            "symbols": held.vocabulary.names,
            "boundary": held.vocabulary.boundary,
            "separator": held.separator,
            "window": held.window,
            "attention": held.attention,
            "text": {"label": held.text.label, **held.text.stored},
            "labels": dict(zip(held.labels.columns, held.labels.values, strict=True)),
            "summary": {
                name: with_both_names(facts) if isinstance(facts, dict) else facts
                for name, facts in held.summary.items()
            },
        }
        print(json.dumps(facts, ensure_ascii=False))
        return
    for label, line in describe_model(held):
        print(f"{label:<10} {line}")
    print(f"{'file':<10} {file.stat().st_size:,} bytes, SHA-256 {sha256}")
    if card := bases.find_card(file):
        print(f"{'card':<10} {shown(card)}")
