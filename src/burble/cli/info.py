"""The command that describes a model: info. Imports neither Keras nor JAX."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from burble.formatting import some, symbol_name
from burble.model.file import Model, find_model_file, lowest_format, read_model
from burble.settings import with_older_names


def info(
    model: Annotated[Path, typer.Argument(help="A run folder or a model file.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Tell what a model is: its network, its alphabet, how its text was cleaned, its training."""
    held = read_model(find_model_file(model))
    weights = sum(array.size for array in held.weights.values())
    if as_json:
        facts = {
            "format": lowest_format(held),
            "architecture": with_older_names(asdict(held.architecture)),
            "weights": weights,
            "symbols": held.vocabulary.symbols,
            "boundary": held.vocabulary.boundary,
            "separator": held.separator,
            "window": held.window,
            "text": asdict(held.text),
            "summary": {
                name: with_older_names(facts) if isinstance(facts, dict) else facts
                for name, facts in held.summary.items()
            },
        }
        print(json.dumps(facts, ensure_ascii=False))
        return
    shape, alphabet = held.architecture, held.vocabulary
    several = f"; {shape.ensemble} such networks, averaged" if shape.ensemble > 1 else ""
    hard = " with hard sigmoid gates" if shape.recurrent_activation == "hard_sigmoid" else ""
    units = some(shape.units, "unit")
    print(f"network    {shape.layers} × {shape.cell}{hard}, {units} each{several}")
    print(f"weights    {weights:,} in float32")
    print(
        f"alphabet   {len(alphabet.symbols):,}, each a {symbol_name(alphabet.unit)}: {_shown(held)}"
    )
    if held.window:
        print(f"window     {some(held.window, 'symbol')}, read anew for each that is written")
    print(f"documents  {'yes' if alphabet.boundary else 'no, running text'}")
    print(f"cleaning   {_listed(asdict(held.text))}")
    for name, facts in held.summary.items():
        print(f"{name:<10} {_listed(facts) if isinstance(facts, dict) else json.dumps(facts)}")


def _shown(model: Model) -> str:
    """The beginning of an alphabet, as Python writes text, so that no symbol plays tricks."""
    symbols = model.vocabulary.symbols
    return repr("".join(symbols[:100])) + (" …" if len(symbols) > 100 else "")


def _listed(values: Mapping[str, Any]) -> str:
    """Names and values in one line."""
    return ", ".join(f"{name} {json.dumps(value)}" for name, value in values.items())
