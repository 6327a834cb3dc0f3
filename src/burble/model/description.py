"""What a model is, in lines for a person. Knows nothing of files, or of where the lines go."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from burble.data.vocabulary import Vocabulary
from burble.formatting import HELD_CHARACTERS, listed, per_character, shown, some, symbol_name
from burble.model.file import Model
from burble.settings import RECUT, STORED

LISTED = 20
"""Labels that are named at most; --json has all."""
NAMES = {older: name for name, older in STORED.items()} | {
    "closed": "fraction of quotes closed",
    "repeated": "fraction repeated",
    "words": "fraction of known words",
    "carried_state_loss": "loss with carried hidden states",
    "zero_state_loss": "loss from zero hidden states",
    "largest_state": "largest hidden state",
}
"""What facts of a training are called, where a model's file has another name for them."""


def describe_model(model: Model) -> Iterator[tuple[str, str]]:
    """What a model is, as labels and lines for a person."""
    weights = sum(array.size for array in model.weights.values())
    shape, alphabet = model.architecture, model.vocabulary
    gates = " with hard sigmoid gates" if shape.recurrent_activation == "hard_sigmoid" else ""
    gates = gates if shape.reset_after else " that reset the state before the product"
    layers = f"{some(shape.layers, f'{shape.cell.upper()} layer')}{gates}"
    ensemble = f"; an ensemble of {shape.ensemble}, averaged" if shape.ensemble > 1 else ""
    yield "network", f"{layers} of {some(shape.units, 'unit')}{ensemble}"
    if model.attention:
        yield "attention", f"over the last {some(model.attention, 'symbol')} in all layers"
    yield "weights", f"{weights:,} in {model.dtype}"
    yield "alphabet", _describe_alphabet(alphabet)
    if model.window:
        yield "window", f"{some(model.window, 'symbol')}, read anew for each that is written"
    anew = "" if model.reset_id is None else ", and each read from a zero state"
    yield "documents", f"yes, each with an end{anew}" if alphabet.boundary else "no, running text"
    for column, values in zip(model.labels.columns, model.labels.values, strict=True):
        yield "labels", f"{column}: {listed([*map(repr, values)], most=LISTED)}"
    yield "cleaning", _listed(model.text.stored)
    unit = symbol_name(alphabet.unit)
    for name, facts in model.summary.items():
        if name == "base" and model.facts(name):
            yield name, _describe_base(facts)
        elif name == "origin" and model.facts(name):
            yield name, describe_origin(facts)
        elif name == "scores" and model.facts(name) and alphabet.unit in RECUT:
            yield name, _describe_scores(facts, alphabet.unit, model.facts("corpus"))
        else:
            yield name, _listed(facts, unit) if isinstance(facts, dict) else json.dumps(facts)


def _describe_alphabet(alphabet: Vocabulary) -> str:
    """The symbols of a model, in a line."""
    if alphabet.unit == "bytes":
        return "256 bytes, which spell every text in UTF-8"
    characters = [one for one in alphabet.symbols if len(one) == 1 or alphabet.unit != "word"]
    words = len(alphabet.symbols) - len(characters)
    # As Python writes text, so that no symbol plays tricks.
    first = repr("".join(characters[:100])) + (" …" if len(characters) > 100 else "")
    name = symbol_name("char" if alphabet.unit == "word" else alphabet.unit)
    others = f"{some(words, 'word')} and runs of marks; " if alphabet.unit == "word" else ""
    return f"{others}{some(len(characters), name)}: {first}"


def _describe_scores(facts: Mapping[str, Any], unit: str, corpus: Mapping[str, Any]) -> str:
    """The scores of a model whose losses are those of words or bytes, and the main one by text.

    >>> facts = {"held_out_loss": 3.5, "held_out_scored": 10}
    >>> _describe_scores(facts, "word", {"held_out": 10, "held_out_characters": 20})
    'validation loss 3.5 per symbol (1.75 per character), validation scored 10 symbols'
    """
    name, described = symbol_name(unit), []
    for key, value in facts.items():
        told = f"{_named(key)} {_shown(value)}"
        if key.endswith("_loss"):
            told += f" per {name}"
        elif key.endswith("_scored"):
            told += f" {name}s"
        if key == "held_out_loss" and isinstance(value, float) and HELD_CHARACTERS in corpus:
            told += f" ({_shown(per_character(value, corpus))} per character)"
        described.append(told)
    return ", ".join(described)


def _describe_base(facts: Any) -> str:
    """The model that one began from, and those that it began from itself."""
    described = []
    while isinstance(facts, dict):
        name, sha256 = (shown(str(facts.get(key))) for key in ("name", "sha256"))
        described.append(f"{name} (SHA-256 {sha256:.8}…)")
        facts = facts.get("base")
    return ", which began from ".join(described)


def describe_origin(facts: Mapping[str, Any]) -> str:
    """Where an imported model came from, and where it had come from before.

    >>> describe_origin({"name": "w.h5", "program": "Keras", "version": "2.3.1", "sha256": "ab"})
    'w.h5 of Keras 2.3.1 (SHA-256 ab…)'
    >>> describe_origin({"name": "w", "program": "burble, for Keras", "version": "0.1.0"})
    'w of burble 0.1.0, for Keras (SHA-256 …)'
    """
    described = []
    while isinstance(facts, Mapping):
        known = {key: shown(str(facts.get(key) or "")) for key in (*_ORIGIN, "sha256")}
        # The version is that of the program, and not of what it wrote for.
        program, comma, purpose = known["program"].partition(",")
        named = f"{known['name']} of {program} {known['version']}".rstrip()
        described.append(f"{named}{comma}{purpose} (SHA-256 {known['sha256']:.8}…)")
        facts = facts.get("before", ())
    return ", which came from ".join(described)


_ORIGIN = ("name", "program", "version")


def _listed(values: Mapping[str, Any], unit: str = "") -> str:
    """Names and values in one line, losses with what they are of; --json has all digits."""
    return ", ".join(
        f"{_named(name)} {_shown(value)}"
        f"{f' nats per {unit}' if unit and name.endswith('loss') else ''}"
        for name, value in values.items()
    )


def _named(name: str) -> str:
    """The name of a fact, as a person reads it."""
    for stored, word in NAMES.items():
        if f"{name}_".startswith(f"{stored}_"):
            name = word + name.removeprefix(stored)
    return name.replace("_", " ")


def _shown(value: Any) -> str:
    """A value, as a person reads it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.5g}"
    return json.dumps(value, ensure_ascii=False)
