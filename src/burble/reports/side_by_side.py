"""What several runs came to and how they differ, as parts of a page. Reads no file."""

import math
from collections.abc import Iterator, Mapping, Sequence
from html import escape

from burble import pages
from burble.reports.cells import show_value, write_name
from burble.reports.charts import Line, draw_chart
from burble.reports.facts import RunFacts
from burble.settings import flatten_settings


def compare_runs(runs: Sequence[RunFacts]) -> Iterator[str]:
    """What several runs came to, in one picture and two tables."""
    yield pages.draw_list([*_list_doubts(runs)])
    drawn = "".join(
        _draw_losses([one for one in runs if one.loss_unit == unit]) for unit in _list_units(runs)
    )
    yield f"<h2>Validation losses</h2>{drawn}" if drawn else ""
    yield f"<h2>Scores</h2>{_compare_scores(runs)}"
    yield _compare_settings(runs)


def _list_units(runs: Sequence[RunFacts]) -> list[str]:
    """What losses of several runs are of, each once: characters, or graphemes."""
    return [*dict.fromkeys(one.loss_unit for one in runs)]


def _draw_losses(runs: Sequence[RunFacts]) -> str:
    """The validation losses of runs that have them per the same unit, in one picture."""
    lines = [Line(one.name, one.validation) for one in runs]
    last = max((x for line in lines for x, _ in line.points), default=0)
    shared = _shared_baselines(runs) if last else {}
    lines += [
        Line(f"{name} {loss:.2f}", [(0, loss), (last, loss)], flat=True)
        for name, loss in shared.items()
    ]
    said = f"The validation losses of {', '.join(one.name for one in runs)} by step."
    return draw_chart(lines, "steps", f"nats per {runs[0].loss_unit}", said)


def _list_doubts(runs: Sequence[RunFacts]) -> Iterator[str]:
    """What forbids to compare the losses of several runs."""
    parts = {
        (one.symbol, one.corpus.get("held_out"), one.corpus.get("training_sha256")) for one in runs
    }
    if len({one.corpus.get("sha256") for one in runs}) > 1:
        yield "They read different texts, so that their losses cannot be compared."
    elif len({one.symbol for one in runs}) == 1 < len(parts):
        yield "They keep different parts for validation, so that their losses hardly compare."
    if len(units := _list_units(runs)) > 1:
        said = " and some per ".join(units)
        yield f"Some losses are per {said}; those of one kind alone can be compared."
    if 0 < sum(one.base is not None for one in runs) < len(runs):
        yield "Some began from a base, which has read other texts, and some from nothing."


def _shared_baselines(runs: Sequence[RunFacts]) -> Mapping[str, float]:
    """The baselines of several runs, where they are those of all."""
    first = runs[0].baselines
    return first if all(one.baselines == first for one in runs) else {}


def _compare_scores(runs: Sequence[RunFacts]) -> str:
    """A table of what several runs came to."""
    units = _list_units(runs)
    shared = f" per {units[0]}" if len(units) == 1 else ""
    names = (f"nats{shared}", f"bits{shared}", "steps", "minutes", "weights")
    heads = "<th>run</th>" + "".join(f'<th class="n">{name}</th>' for name in names)
    rows = []
    for place, one in enumerate(runs, 1):
        loss, model = one.loss, one.model
        per = "" if shared else f" per {one.loss_unit}"
        weights = sum(array.size for array in model.weights.values()) if model else None
        cells = (
            "" if loss is None else f"{loss:.3f}{per}",
            "" if loss is None else f"{loss / math.log(2):.3f}{per}",
            f"{one.steps:,}",
            "" if one.seconds is None else f"{one.seconds / 60:,.1f}",
            "" if weights is None else f"{weights:,}",
        )
        base = f", with base {one.base}" if one.base else ""
        name = f'<a href="#run-{place}">{escape(one.name)}</a>{escape(base)}'
        figures = "".join(f'<td class="n">{cell}</td>' for cell in cells)
        rows.append(f"<tr><td>{name}</td>{figures}</tr>")
    return pages.draw_table("Scores", heads, rows)


def _compare_settings(runs: Sequence[RunFacts]) -> str:
    """The settings in which several runs differ."""
    each = [flatten_settings(one.settings) for one in runs]
    rows = [
        f"<tr>{write_name(name)}"
        + "".join(f"<td>{escape(show_value(one[name]))}</td>" for one in each)
        + "</tr>"
        for name in each[0]
        if any(one[name] != each[0][name] for one in each)
    ]
    if not rows:
        return "<h2>Settings that differ</h2><p>None.</p>"
    heads = "<th>setting</th>" + "".join(f"<th>{escape(one.name)}</th>" for one in runs)
    return f"<h2>Settings that differ</h2>{pages.draw_table('Settings', heads, rows)}"
