"""Runs as one page in HTML that needs nothing else: what each came to, and how they differ.

All that comes from a run is escaped. Knows no terminal, and reads no file.
"""

import math
from collections.abc import Iterator, Sequence
from html import escape

from burble import __version__, pages
from burble.formatting import some
from burble.inference.copies import LEAST
from burble.model.description import NAMES, describe_model
from burble.reports.cells import show_value, write_name, write_number, write_row
from burble.reports.charts import STYLE as CHART_STYLE
from burble.reports.charts import Line, draw_chart
from burble.reports.facts import RunFacts, SampleFacts
from burble.reports.side_by_side import compare_runs
from burble.settings import Settings, flatten_settings

_STYLE = (
    CHART_STYLE
    + """
h3 { font-size: 1rem; margin: 1.2rem 0 .3rem; } .run { margin-top: 3rem; }
.run > h1, .run > h2:first-child { border-top: 2px solid var(--line); padding-top: 1.2rem;
  font-size: 1.4rem; overflow-wrap: anywhere; }
.sample { font-family: Georgia, "Noto Serif", serif; font-size: 1rem; }
.given { color: var(--soft); } .best td { font-weight: 600; }
tr.changed td { font-weight: 600; } td.name { width: 30%; }
.copied li { overflow-wrap: anywhere; font-size: .92rem; }
td, th { overflow-wrap: anywhere; }
"""
)
SHOWN = 5
"""Copied passages of one sample whose places are named."""
_USUAL = flatten_settings(Settings())


def write_page(runs: Sequence[RunFacts]) -> str:
    """The page.

    Args:
        runs: One, or several that are laid side by side.
    """
    if len(runs) == 1:
        title = runs[0].name
        head = f'<h1>{escape(title)}</h1><p class="soft">{_describe_origin(runs[0])}</p>'
        return pages.write_page(title, [head, *_draw_run(runs[0])], _STYLE)
    title = f"{len(runs)} runs, side by side"
    parts = [
        f'<h1>{title}</h1><p class="soft">What burble {escape(__version__)} knows of them.</p>',
        *compare_runs(runs),
    ]
    for place, one in enumerate(runs, 1):
        head = f'<h2 id="run-{place}">{escape(one.name)}</h2>'
        about = f'<p class="soft">{_describe_origin(one)}</p>'
        drawn = "".join(_draw_run(one)).replace("h3>", "h4>").replace("h2>", "h3>")
        parts.append(f'<section class="run">{head}{about}{drawn}</section>')
    return pages.write_page(title, parts, _STYLE)


def _draw_run(run: RunFacts) -> Iterator[str]:
    """All there is to tell of one run."""
    yield pages.draw_facts(_list_figures(run))
    yield pages.draw_list(run.notes)
    yield _draw_losses(run)
    yield _draw_scores(run)
    yield from _draw_samples(run)
    yield _draw_settings(run)
    yield _draw_text(run)
    yield _draw_model(run)
    commands = "".join(f"<pre>{escape(one)}</pre>" for one in run.commands)
    if commands:
        yield f"<h2>To go on with it, and to repeat it</h2>{commands}"


def _describe_origin(run: RunFacts) -> str:
    """What a run is, in a sentence, in HTML."""
    shape = run.settings.model
    network = f"{shape.layers} × {shape.units} {shape.cell.upper()}"
    several = f", {shape.ensemble} of them averaged" if shape.ensemble > 1 else ""
    start = f"from the base {run.base}" if run.base else "from nothing"
    return escape(f"{network}{several}, trained {start}; {run.status}.")


def _list_figures(run: RunFacts) -> dict[str, str]:
    """The figures that matter most."""
    figures = {}
    if (loss := run.loss) is not None:
        figures[f"nats per {run.loss_unit}"] = f"{loss:.3f}"
        figures[f"bits per {run.loss_unit}"] = f"{loss / math.log(2):.3f}"
    figures["steps"] = f"{run.steps:,}"
    if run.seconds is not None:
        figures["minutes of training"] = f"{run.seconds / 60:,.1f}"
    if run.model:
        figures["weights"] = f"{sum(array.size for array in run.model.weights.values()):,}"
    if isinstance(symbols := run.corpus.get("symbols"), int):
        figures[f"{run.symbol}s of text"] = f"{symbols:,}"
    return figures


def _draw_losses(run: RunFacts) -> str:
    """The losses by step, beside those of simpler predictors."""
    last = max((x for x, _ in [*run.training, *run.validation]), default=0)
    lines = [
        Line("training (dropout on)", run.training),
        Line("validation", run.validation),
        *(
            Line(f"{name} {loss:.2f}", [(0, loss), (last, loss)], flat=True)
            for name, loss in run.baselines.items()
            if last
        ),
    ]
    said = _describe_losses(run)
    drawn = draw_chart(lines, "steps", f"nats per {run.loss_unit}", said)
    return f"<h2>Losses</h2><p>{escape(said)}</p>{drawn}" if drawn else ""


def _describe_losses(run: RunFacts) -> str:
    """What the curves show, in a sentence."""
    if not run.best:
        return "The training loss by step; there is no validation text."
    step, loss = run.best
    said = f"The validation loss was lowest at step {step:,}, with {loss:.3f} nats"
    worse = [name.removesuffix(", about") for name, one in run.baselines.items() if one > loss]
    better = [name.removesuffix(", about") for name, one in run.baselines.items() if one <= loss]
    if worse:
        said += f": better than {' and '.join(worse)}"
    if better:
        said += f"{',' if worse else ':'} worse than {' and '.join(better)}"
    return f"{said}."


def _draw_scores(run: RunFacts) -> str:
    """What the model scores, and what simpler predictors do."""
    rows = dict(run.baselines)
    if run.best:
        rows["this model, best on the way"] = run.best[1]
    if isinstance(loss := run.scores.get("held_out_loss"), int | float):
        scored = run.scores.get("held_out_scored")
        over = f", on {scored:,} {run.symbol}s" if isinstance(scored, int) else ""
        rows[f"this model{f', with base {run.base}' if run.base else ''}{over}"] = loss
    if not rows:
        return ""
    cells = (
        f"{write_row('best' if name.startswith('this model') else '')}<td>{escape(name)}</td>"
        f'<td class="n">{loss:.3f}</td><td class="n">{loss / math.log(2):.3f}</td></tr>'
        for name, loss in rows.items()
    )
    unit = run.loss_unit
    heads = (
        f'<th>predictor</th><th class="n">nats per {unit}</th><th class="n">bits per {unit}</th>'
    )
    others = _list_scores(run)
    also = f'<p class="soft">{escape(others)}</p>' if others else ""
    return (
        "<h2>Scores</h2><p>On the validation text, which it never learned from; lower is better."
        f"</p>{pages.draw_table('Scores', heads, cells)}{also}"
    )


def _list_scores(run: RunFacts) -> str:
    """What else was scored at the end."""
    shown = {"held_out_loss", "held_out_scored"}
    found = [
        f"{NAMES.get(name, name.replace('_', ' '))} {value:.4g}"
        f"{f' nats per {run.loss_unit}' if name.endswith('loss') else ''}"
        for name, value in run.scores.items()
        if name not in shown and isinstance(value, int | float)
    ]
    return f"Also: {', '.join(found)}." if found else ""


def _draw_samples(run: RunFacts) -> Iterator[str]:
    """What the model wrote on the way, with what it copied marked."""
    if not run.samples:
        return
    yield "<h2>What it wrote on the way</h2>"
    yield f'<p class="soft">{escape(_describe_search(run))}</p>'
    for sample in run.samples:
        loss = "" if sample.loss is None else f" · validation {sample.loss:.3f}"
        copied = f" · {_describe_copied(sample)}" if sample.copied else ""
        yield (
            f'<section class="keep"><h3>Step {sample.step:,}{loss}{copied}</h3>'
            f'<pre class="sample" dir="auto">{_mark(sample)}</pre>{_list_places(sample)}</section>'
        )


def _describe_search(run: RunFacts) -> str:
    """What was looked for in the samples."""
    said = "At each score that was the best so far, its model wrote a piece."
    if any(sample.given for sample in run.samples):
        said += " What is grey was given to it to begin with, from its text."
    if run.searched:
        said += (
            f" Passages of {LEAST} characters or more that stand word for word in the "
            f"{some(run.searched, run.symbol)} it learned from are marked."
        )
    return said


def _describe_copied(sample: SampleFacts) -> str:
    """How much of a sample was copied."""
    count = sum(len(one.text) for one in sample.copied)
    return f"{count / max(1, len(sample.text) - sample.given):.0%} copied"


def _mark(sample: SampleFacts) -> str:
    """A sample in HTML, with what was given and what was copied marked."""
    parts, at = [], 0
    for one in sample.copied:
        parts += [_plain(sample, at, one.start), f"<mark>{escape(one.text)}</mark>"]
        at = one.start + len(one.text)
    return "".join([*parts, _plain(sample, at, len(sample.text))])


def _plain(sample: SampleFacts, first: int, end: int) -> str:
    """A part of a sample that was not copied."""
    edge = min(max(first, sample.given), end)
    given = f'<span class="given">{escape(sample.text[first:edge])}</span>' if edge > first else ""
    return given + escape(sample.text[edge:end])


def _list_places(sample: SampleFacts) -> str:
    """Where what was copied stands, with what stands around it there."""
    items = [
        f'<li dir="auto">At character {one.place + 1:,}: …{escape(one.before)}'
        f"<mark>{escape(one.text)}</mark>{escape(one.after)}…</li>"
        for one in sample.copied[:SHOWN]
    ]
    if more := len(sample.copied) - len(items):
        items.append(f"<li>and {some(more, 'more passage')}</li>")
    return f'<ul class="copied">{"".join(items)}</ul>' if items else ""


def _draw_settings(run: RunFacts) -> str:
    """All settings; those that are not as usual stand out."""
    rows = [
        f"{write_row('' if value == _USUAL[name] else 'changed')}{write_name(name)}"
        f"<td>{escape(show_value(value))}</td><td>{escape(show_value(_USUAL[name]))}</td></tr>"
        for name, value in flatten_settings(run.settings).items()
    ]
    heads = "<th>setting</th><th>value</th><th>default</th>"
    return (
        "<h2>Settings</h2><p>What is not the default stands out. Many values are chosen for the "
        f"text, the time and the machine.</p>{pages.draw_table('Settings', heads, rows)}"
    )


def _draw_text(run: RunFacts) -> str:
    """What was read, and what of it was learned."""
    corpus = run.corpus
    columns = ("names", "learned_by_source", "held_out_by_source")
    names, learned, held = (corpus.get(name) or [] for name in columns)
    if not len(names) == len(learned) == len(held):
        learned = held = [None] * len(names)
    rows = [
        f"<tr><td>{escape(str(name))}</td>{write_number(one)}{write_number(other)}</tr>"
        for name, one, other in zip(names, learned, held, strict=True)
    ]
    heads = '<th>source</th><th class="n">learned</th><th class="n">for validation</th>'
    table = pages.draw_table("What was read", heads, rows) if rows else ""
    counts = [
        f"{corpus[name]:,} {noun}"
        for name, noun in (
            ("symbols", f"{run.symbol}s"),
            ("documents", "documents"),
            ("held_out", "for validation"),
        )
        if isinstance(corpus.get(name), int)
    ]
    sha256 = f'<p class="soft">SHA-256 {escape(str(corpus.get("sha256", "unknown")))}</p>'
    listed = pages.draw_list(run.read)
    return f"<h2>What was read</h2><p>{escape(', '.join(counts))}</p>{listed}{table}{sha256}"


def _draw_model(run: RunFacts) -> str:
    """What the model is."""
    if run.model is None:
        return "<h2>The model</h2><p>There is none yet: it is written at the first score.</p>"
    facts = dict(describe_model(run.model))
    facts["file"] = f"{run.model_bytes:,} bytes, SHA-256 {run.model_sha256}"
    rows = (
        f'<tr>{write_name(name)}<td dir="auto">{escape(what)}</td></tr>'
        for name, what in facts.items()
    )
    table = pages.draw_table("The model", "<th>what</th><th>which</th>", rows)
    return f"<h2>The model</h2>{table}"
