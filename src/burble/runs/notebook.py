"""Runs and trainings as a notebook shows them: a card, the curves of the losses, a sample.

What is shown is HTML. Knows nothing of models, or of how training works.
"""

import html
import math
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib import import_module
from typing import Any

from burble.errors import BurbleError
from burble.formatting import html_table, html_text, shown, symbol_name
from burble.runs.card import describe_run, draw_loss_curves
from burble.runs.events import (
    BaselineLosses,
    End,
    Event,
    Recovery,
    Report,
    Sample,
    Score,
    Task,
)
from burble.runs.folder import Run, find_part
from burble.settings import Unit

SECONDS = 0.5
"""Between two pictures of a training, at least."""
POINTS = 500
"""Of its curves, about, at most."""


def show_run(run: Run) -> str:
    """What a run is and how it has gone so far, as HTML."""
    title = f"<h4>{html.escape(shown(run.folder))}</h4>"
    if not run.exists:
        return f"{title}<p>No training has begun here.</p>"
    try:
        facts, metrics = run.facts(), run.metrics()
        beside, origin = find_part(facts, "references"), find_part(facts, "from")
        card = describe_run(run.settings(), facts["corpus"], metrics, origin)
        picture = draw_loss_curves(metrics, beside, origin) if metrics else ""
    except BurbleError as error:
        return f"{title}<p>{html.escape(str(error))}</p>"
    except (LookupError, TypeError, ValueError, AttributeError):
        return f"{title}<p>run.json is damaged: what it says of the run cannot be read.</p>"
    rows = {"status": str(facts.get("status", "unknown")), **card}
    return f"{title}{html_table(rows)}{_frame(picture)}{_last_sample(run)}"


def _last_sample(run: Run) -> str:
    """What its model wrote last while it was trained, if anything."""
    with suppress(BurbleError):
        for step, text in run.samples()[-1:]:
            return f"<p>At step {step:,} it wrote:</p>{html_text(text)}"
    return ""


def _frame(picture: str) -> str:
    """A picture at a width that suits a page."""
    return f'<div style="max-width: 40em">{picture}</div>' if picture else ""


class TrainingView:
    """A training as it goes: what a notebook shows in one place, again and again.

    Args:
        run: The folder.
        unit: What a symbol is.
        origin: The model that training starts from, as `run.json` names it.
    """

    def __init__(self, run: Run, unit: Unit, origin: Mapping[str, Any]) -> None:
        self._run, self._symbol, self._origin = run, symbol_name(unit), origin
        self._metrics: list[dict[str, float]] = []
        self._beside: Mapping[str, float] = {}
        self._done, self._line, self._sample = 0.0, "measuring the speed of this machine", ""
        self._validation = ""
        self._ended = False

    def take(self, event: Event) -> None:
        """Takes what has happened."""
        match event:
            case BaselineLosses():
                self._beside = event.stored()
            case Report():
                self._done = event.step / max(1, event.steps)
                self._line = event.describe(self._symbol, self._validation)
                self._add(step=event.step, loss=event.loss)
            case Score(loss=loss) if not math.isnan(loss):
                self._validation = f" · validation {loss:.3f}"
                self._add(step=event.state.step, held_out_loss=loss)
            case Sample():
                self._sample = f"<p>At step {event.step:,} it wrote:</p>{html_text(event.text)}"
            case Task():
                self._line = f"{event.what}: {event.done:.0%}"
            case Recovery():
                self._line = f"the loss diverged at step {event.step:,}; from the best weights on"
            case End():
                self._ended = True

    def _add(self, **values: float) -> None:
        """Takes a point of a curve; of many, every second training loss is enough."""
        if not any(map(math.isnan, values.values())):
            self._metrics.append(values)
        if len(self._metrics) > POINTS:
            losses = [one for one in self._metrics if "loss" in one]
            others = [one for one in self._metrics if "loss" not in one]
            self._metrics = [*losses[::2], *others]

    def _repr_html_(self) -> str:
        """Bar, curves and sample; once all is over, the run."""
        if self._ended:
            return show_run(self._run)
        bar = f'<progress value="{self._done:.4f}" max="1" style="width: 20em"></progress>'
        picture = draw_loss_curves(self._metrics, self._beside, self._origin)
        curves = _frame(picture) if self._metrics else ""
        return f"<p>{bar} {html.escape(self._line)}</p>{curves}{self._sample}"

    def __repr__(self) -> str:
        """The same in a line, where no HTML can be shown."""
        return f"{self._run!r}: {'over' if self._ended else self._line}"


def watch_training(
    run: Run, unit: Unit, origin: Mapping[str, Any]
) -> Callable[[Event], None] | None:
    """What shows a training in the notebook that this is; None where it is none.

    Args:
        run: The folder.
        unit: What a symbol is.
        origin: The model that training starts from, as `run.json` names it.
    """
    # Not loaded by burble: where there is a notebook, it is there.
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if not hasattr(shell, "kernel"):
        return None
    display = import_module("IPython.display").display
    view = TrainingView(run, unit, origin)
    place, shown_at = display(view, display_id=True), time.monotonic()

    def watch(event: Event) -> None:
        nonlocal shown_at
        view.take(event)
        now = time.monotonic()
        if isinstance(event, End) or now - shown_at >= SECONDS:
            shown_at = now
            place.update(view)

    return watch
