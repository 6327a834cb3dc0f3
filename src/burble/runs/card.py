"""The model card of a run: a page on what the model is, and a picture of its losses."""

from collections.abc import Mapping, Sequence
from typing import Any

from burble.files import write_atomically
from burble.formatting import some
from burble.runs import plots
from burble.runs.base import origin_name
from burble.runs.folder import Run, curve
from burble.settings import Settings

LABELS = {"loss": "training (dropout on)", "held_out_loss": "validation"}
BASELINES = {"letters": "letter frequencies", "ngrams": "n-grams, about"}


def write_card(run: Run, settings: Settings, corpus: Mapping[str, Any]) -> None:
    """Writes `README.md` and `loss.svg` into a run folder, from its metrics."""
    metrics, facts = run.metrics(), run.facts()
    beside, origin = (_mapping(facts.get(name)) for name in ("references", "from"))
    picture = draw_loss_curves(metrics, beside, origin)
    write_atomically(run.folder / "loss.svg", picture.encode())
    card = format_card(settings, corpus, metrics, origin)
    write_atomically(run.folder / "README.md", card.encode())


def _mapping(value: Any) -> Mapping[str, Any]:
    """A part of `run.json`; empty where it is another thing than names with values."""
    return value if isinstance(value, Mapping) else {}


def format_card(
    settings: Settings,
    corpus: Mapping[str, Any],
    metrics: Sequence[Mapping[str, Any]],
    origin: Mapping[str, Any] | None = None,
) -> str:
    """The page, in Markdown.

    Args:
        settings: Those of the run.
        corpus: Facts of the text.
        metrics: What `metrics.jsonl` holds.
        origin: The model that training started from, as `run.json` names it, if there is one.
    """
    rows = describe_run(settings, corpus, metrics, origin)
    table = "\n".join(f"| {name} | {value} |" for name, value in rows.items())
    return f"""# A small text model, made with burble

| | |
|---|---|
{table}

![losses by step](loss.svg)

`model.safetensors` is the model, whole: copy that one file, and `burble sample` writes from it
anywhere. It may have learned passages of its text by heart; consider that before you share it.
The unit is the character, so an odd spelling is the model's own invention.
"""


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
