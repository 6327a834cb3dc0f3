"""A run folder for people: a page that says what the model is, and a picture of its losses."""

import html
from collections.abc import Mapping, Sequence
from typing import Any

from burble.modelfile import write_atomically
from burble.runs import Run
from burble.settings import Settings

WIDTH, HEIGHT, MARGIN = 640, 360, 48
COLOURS = {"loss": "#3568b8", "held_out_loss": "#c2501e"}
LABELS = {"loss": "training (dropout on)", "held_out_loss": "held out"}


def write(run: Run, settings: Settings, corpus: Mapping[str, Any]) -> None:
    """Writes `README.md` and `loss.svg` into a run folder, from its metrics."""
    metrics = run.metrics()
    write_atomically(run.folder / "loss.svg", loss_picture(metrics).encode())
    write_atomically(run.folder / "README.md", card(settings, corpus, metrics).encode())


def card(
    settings: Settings, corpus: Mapping[str, Any], metrics: Sequence[Mapping[str, Any]]
) -> str:
    """The page, in Markdown."""
    model, training = settings.model, settings.training
    scores = [m["held_out_loss"] for m in metrics if m.get("held_out_loss") is not None]
    best = f"{min(scores):.4f} nats per symbol" if scores else "not measured"
    text = f"{corpus['symbols']:,} symbols in {corpus['documents']:,} document(s)"
    return f"""# A small text model, made with burble

| | |
|---|---|
| network | {model.layers} x {model.units} {model.cell.upper()}, embedding {model.embedding} |
| text | {text}, {corpus["held_out"]:,} held out at the end |
| best held-out loss on the way | {best} |
| steps | {training.steps:,} of {training.batch} x {training.length} symbols, {training.framing} |
| seed | {training.seed} |

![losses by step](loss.svg)

`model.safetensors` is the model, whole: copy that one file, and `burble sample` writes from it
anywhere. It may have learned passages of its text by heart; mind that before you share it.
The unit is the character, so an odd spelling is the model's own invention.
"""


def loss_picture(metrics: Sequence[Mapping[str, Any]]) -> str:
    """The losses by step as an SVG picture: nats per symbol, left axis; steps, lower axis."""
    curves = {
        name: [(m["step"], m[name]) for m in metrics if m.get(name) is not None] for name in COLOURS
    }
    points = [point for curve in curves.values() for point in curve]
    last = max((step for step, _ in points), default=1)
    low, high = (f((loss for _, loss in points), default=0.0) for f in (min, max))
    high = high if high > low else low + 1

    def place(step: float, loss: float) -> str:
        x = MARGIN + (WIDTH - 2 * MARGIN) * step / last
        y = HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * (loss - low) / (high - low)
        return f"{x:.1f},{y:.1f}"

    parts = [_frame(low, high, last)]
    for row, (name, curve) in enumerate(curves.items()):
        line = " ".join(place(*point) for point in curve)
        parts.append(
            f'<polyline fill="none" stroke="{COLOURS[name]}" stroke-width="2" points="{line}"/>'
            f'<text x="{WIDTH - MARGIN}" y="{MARGIN + 18 * row}" text-anchor="end" '
            f'fill="{COLOURS[name]}">{html.escape(LABELS[name])}</text>'
        )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'font-family="sans-serif" font-size="13">{"".join(parts)}</svg>\n'
    )


def _frame(low: float, high: float, last: int) -> str:
    """White ground, axes, and a few marks on each."""
    parts = [f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>']
    for k in range(5):
        y = HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * k / 4
        x = MARGIN + (WIDTH - 2 * MARGIN) * k / 4
        parts.append(
            f'<path d="M{MARGIN} {y:.1f}H{WIDTH - MARGIN}" stroke="#ddd"/>'
            f'<text x="{MARGIN - 6}" y="{y + 4:.1f}" text-anchor="end">'
            f"{low + (high - low) * k / 4:.2f}</text>"
            f'<text x="{x:.1f}" y="{HEIGHT - MARGIN + 18}" text-anchor="middle">'
            f"{last * k // 4:,}</text>"
        )
    parts.append(f'<text x="{MARGIN}" y="{MARGIN - 20}">nats per symbol, by step</text>')
    return "".join(parts)
