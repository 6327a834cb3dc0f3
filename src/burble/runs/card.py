"""The model card of a run: a page on what the model is, and a picture of its losses."""

import hashlib
import json
import math
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from burble.errors import RunError
from burble.files import write_atomically
from burble.formatting import fence, per_character, some, symbol_name
from burble.model.description import describe_model
from burble.model.file import Model
from burble.runs import plots
from burble.runs.base import origin_name
from burble.runs.folder import Run, curve, find_part
from burble.settings import RECUT, ModelSettings, Settings, Unit

LABELS = {"loss": "training (dropout on)", "held_out_loss": "validation"}
BASELINES = {"letters": "symbol frequencies", "ngrams": "n-grams, about"}


@dataclass(frozen=True)
class Card:
    """What stands on the card of a model.

    Attributes:
        shape: Its network in a few words, which is its name as well.
        cell: Its kind of recurrent layer.
        rows: What it is and what it came to, by name.
        unit: What a symbol of it is.
        loss: Its validation loss, nats per character (or grapheme); None where it has none.
        base: The model that its training started from; None where it was none.
        languages: Codes of the languages of its text, as far as they are known.
        sample: What it wrote; empty where nothing is at hand.
        picture: Whether its losses are drawn beside it.
    """

    shape: str
    cell: str
    rows: Mapping[str, str]
    unit: Unit
    loss: float | None = None
    base: str | None = None
    languages: Sequence[str] = ()
    sample: str = ""
    picture: bool = False


def write_card(
    run: Run, settings: Settings, corpus: Mapping[str, Any], languages: Sequence[str] = ()
) -> None:
    """Writes `README.md` and `loss.svg` into a run folder, from its metrics.

    A `README.md` that a person has changed stays; then the page is `README.new.md`.

    Args:
        run: The folder.
        settings: Those of the run.
        corpus: Facts of its text.
        languages: Codes of the languages of its text.
    """
    metrics, facts = run.metrics(), run.facts()
    beside, origin = find_part(facts, "references"), find_part(facts, "from")
    picture = draw_loss_curves(metrics, beside, origin)
    write_atomically(run.folder / "loss.svg", picture.encode())
    # A model that reads windows goes on from a piece of its text, which is not to be shown.
    sample = "" if settings.training.window else _last_sample(run)
    card = replace(
        make_card(settings, corpus, metrics, origin),
        languages=languages,
        sample=sample,
        picture=True,
    )
    _write_page(run, format_card(card))


def _write_page(run: Run, page: str) -> None:
    """Writes `README.md`; where a person has changed it, `README.new.md` instead."""
    path = run.folder / "README.md"
    seal = f"<!-- burble {_fingerprint(page)} -->\n"
    is_own = not path.exists() or _is_as_written(path.read_bytes())
    place = path if is_own else run.folder / "README.new.md"
    write_atomically(place, f"{page}\n{seal}".encode())


def _is_as_written(found: bytes) -> bool:
    """Whether a page is one that burble wrote: its last line has the fingerprint of the others."""
    page, _, seal = found.decode("utf-8", "replace").rpartition("\n<!-- burble ")
    return seal == f"{_fingerprint(page)} -->\n"


def _fingerprint(page: str) -> str:
    """Tells a page from one that was changed; no secret."""
    return hashlib.sha256(page.encode()).hexdigest()[:16]


def make_card(
    settings: Settings,
    corpus: Mapping[str, Any],
    metrics: Sequence[Mapping[str, Any]],
    origin: Mapping[str, Any] | None = None,
) -> Card:
    """What stands on the card of a run.

    Args:
        settings: Those of the run.
        corpus: Facts of the text.
        metrics: What `metrics.jsonl` holds.
        origin: The model that training started from, as `run.json` names it, if there is one.
    """
    scores = [m["held_out_loss"] for m in metrics if m.get("held_out_loss") is not None]
    return Card(
        shape=_shape(settings.model),
        cell=settings.model.cell,
        rows=describe_run(settings, corpus, metrics, origin),
        unit=settings.text.unit,
        loss=per_character(min(scores), corpus) if scores else None,
        base=origin_name(origin or {}),
    )


def _shape(shape: ModelSettings) -> str:
    """A network in a few words."""
    return f"{shape.layers} x {shape.units} {shape.cell.upper()}"


def write_model_card(run: Run, model: Model) -> None:
    """Writes the `README.md` of a model that burble did not train."""
    _write_page(run, describe_card(model))


def describe_card(model: Model) -> str:
    """The card of a model of which nothing else is at hand."""
    shape = model.architecture
    corpus, loss = model.facts("corpus"), model.facts("scores").get("held_out_loss")
    return format_card(
        Card(
            shape=_shape(shape),
            cell=shape.cell,
            rows=dict(describe_model(model)),
            unit=model.vocabulary.unit,
            loss=per_character(loss, corpus) if isinstance(loss, int | float) else None,
            base=model.base,
        )
    )


def _last_sample(run: Run) -> str:
    """What its model wrote last, if anything."""
    with suppress(RunError):
        return next((text for _, text in reversed(run.samples())), "")
    return ""


def format_card(card: Card) -> str:
    """The page, in Markdown, with facts before it that hubs of models read.

    Source: the model cards of Hugging Face, whose metadata is YAML between two lines of dashes.
    """
    table = "\n".join(f"| {name} | {_cell(value)} |" for name, value in card.rows.items())
    picture = "\n![losses by step](loss.svg)\n" if card.picture else ""
    sample = f"\n## What it writes\n\n{fence(card.sample)}\n" if card.sample.strip() else ""
    unit = "word" if card.unit == "word" else symbol_name(card.unit)
    invented = "sentence" if card.unit == "word" else "spelling"
    spelling = f"The unit is the {unit}, so an odd {invented} is the model's own invention."
    return f"""{_front_matter(card)}
# A small text model, made with burble

| | |
|---|---|
{table}
{picture}{sample}
## Use

`model.safetensors` is the model, whole: copy that one file, and `burble sample` writes from it
anywhere (`pip install burble`). From Python:

```python
import burble

model = burble.load("model.safetensors")
print(model.generate(length=400, seed=1))
```

## Limits

It may have learned passages of its text by heart; consider that before you share it.
{spelling}
It knows its text and nothing else: what it writes is not true because it reads well.
"""


def _cell(value: str) -> str:
    """A value in a table of Markdown, which neither ends the cell nor is taken for anything."""
    return re.sub(r"([\\|`*_<>\[\]#&~])", r"\\\1", value)


def _front_matter(card: Card) -> str:
    """The facts that hubs read, in YAML; each text in it as JSON, which YAML reads as it is."""
    lines = ["library_name: burble", "pipeline_tag: text-generation"]
    lines += [f"language: {json.dumps(list(card.languages))}"] if card.languages else []
    lines += [f"tags: {json.dumps(['burble', 'char-rnn', card.cell, 'text-generation'])}"]
    if card.loss is not None:
        unit = symbol_name("char" if card.unit in RECUT else card.unit)
        kind = "static, with base" if card.base else "static"
        bits = {"type": f"bits_per_{unit}", "value": round(card.loss / math.log(2), 4)}
        result = {
            "task": {"type": "text-generation", "name": "Text generation"},
            "dataset": {"type": "text", "name": "validation part of its own text"},
            "metrics": [{"name": f"bits per {unit} ({kind})", **bits}],
        }
        named = {"name": f"{card.shape} of burble", "results": [result]}
        lines += [f"model-index: {json.dumps([named], ensure_ascii=False)}"]
    return "\n".join(["---", *lines, "---"])


def describe_run(
    settings: Settings,
    corpus: Mapping[str, Any],
    metrics: Sequence[Mapping[str, Any]],
    origin: Mapping[str, Any] | None = None,
) -> dict[str, str]:
    """What a run is and what it came to, by name; see `format_card`."""
    model, training = settings.model, settings.training
    scores = [m["held_out_loss"] for m in metrics if m.get("held_out_loss") is not None]
    best = f"{min(scores):.4f} nats per symbol" if scores else "not measured"
    base = origin_name(origin or {})
    best += ", with base" if base and scores else ""
    start = f"the base {base}, which has read other texts" if base else "nothing"
    shape = f"{model.layers} x {model.units} {model.cell.upper()}, embedding {model.embedding}"
    shape += f"; {model.ensemble} such networks, averaged" if model.ensemble > 1 else ""
    text = f"{some(corpus['symbols'], 'symbol')} in {some(corpus['documents'], 'document')}"
    place = "from the end" if training.split == "tail" else "from all sources"
    return {
        "network": shape,
        "began from": start,
        "text": f"{text}, {corpus['held_out']:,} of them for validation, {place}",
        "best validation loss on the way": best,
        "steps": f"{training.steps:,} of {training.batch} x {training.length} symbols, "
        f"{training.framing}",
        "seed": f"{training.seed}",
    }


def draw_loss_curves(
    metrics: Sequence[Mapping[str, Any]],
    beside: Mapping[str, Any] | None = None,
    origin: Mapping[str, Any] | None = None,
) -> str:
    """The losses by step as an SVG picture, with the `BaselineLosses` beside them.

    Args:
        metrics: What `metrics.jsonl` holds.
        beside: The baselines, as `run.json` names them.
        origin: The model that training started from, whose scores are called that.
    """
    base = origin_name(origin or {})
    labels = LABELS | ({"held_out_loss": f"validation, with base {base}"} if base else {})
    curves = {label: curve(metrics, name) for name, label in labels.items()}
    last = max((metric["step"] for metric in metrics), default=0)
    for name, label in BASELINES.items():
        figure = (beside or {}).get(name)
        if isinstance(figure, int | float) and last:
            curves[label] = [(0, figure), (last, figure)]
    return plots.draw_curves(curves, "nats per symbol, by step")
