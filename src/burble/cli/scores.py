"""A score in lines for a person, and in a table beside those of the baselines. Knows no command."""

import math
from collections.abc import Mapping
from typing import Any

from burble.cli.samples_table import WITH_MEMORY
from burble.data.vocabulary import describe_unknown
from burble.evaluation.evaluate import Report
from burble.evaluation.report import ModelReport
from burble.formatting import markdown, some
from burble.inference.generator import Generator
from burble.inference.mixtures import Voices

KINDS = ("static", "adaptive", "static, with base", "adaptive, with base")
"""The kinds of scores; only those of one kind can be compared."""


def describe_parts(parts: Mapping[str, tuple[int, int]]) -> list[str]:
    """What to say where not all of a text was used."""
    notes = {
        "scored": "Scored are the first {0:,} of {1:,} validation symbols.",
        "baselines": "The baselines read the last {0:,} of {1:,} training symbols.",
        "memory": "The n-gram model holds the last {0:,} of {1:,} training symbols.",
    }
    return [notes[name].format(*part) for name, part in parts.items() if part[0] < part[1]]


def describe_score(voices: Voices, writer: Generator, score: Report) -> str:
    """A score as lines for a person."""
    ends = f" and {some(score.ends, 'document end')}" if score.ends else ""
    window = writer.model.window or writer.model.attention
    before = f"the {some(window, 'symbol')} before it" if window else "all before it"
    interval = "; 95 % interval {:.3f} to {:.3f}".format(*score.interval) if score.interval else ""
    base = name_base(score.base) if len(voices.paths) == 1 else ""
    learning = ", and learned from once it was scored" if score.adaptive else ""
    lines = [f"{voices.describe()}, mixed"] if len(voices.paths) > 1 else []
    lines += [
        f"{score.bits:.4f} bits per character ({score.nats:.4f} nats){base}{interval}",
        f"{some(score.characters, 'character')}{ends}, each predicted from {before}{learning}",
        f"expected calibration error {100 * score.calibration_error:.1f} %, best temperature "
        f"{score.best_temperature:.2f}",
    ]
    if (without := score.nats_without_labels) is not None:
        worth = without - score.nats
        lines.append(
            f"read with labels, which are worth {worth:.4f} nats: without them {without:.4f} nats"
        )
    if score.unknown:
        lines.append(describe_unknown(score.unknown))
    return "\n".join(lines)


def tabulate_scores(report: ModelReport, name: str = "this model") -> str:
    """The score beside those of the baselines, each kind of score in a column of its own.

    There are adaptive ones, and those of a model that began from a base, which has read other
    texts.
    """
    rows: dict[str, dict[str, Any]] = {}
    for score in report.baselines:
        row = rows.setdefault(score.name, {"": score.name})
        row["adaptive" if score.adaptive else "static"] = score.nats / math.log(2)
    for label, static, adaptive in (
        (name, report.static, report.adaptive),
        (WITH_MEMORY, report.with_memory, report.with_memory_adaptive),
    ):
        if static:
            rows[label] = {"": label} | {_kind(one): one.bits for one in (static, adaptive) if one}
    kinds = KINDS if report.static.base else KINDS[:2]
    table = markdown(["", *kinds], [dict.fromkeys(kinds) | row for row in rows.values()])
    there = any(score.name.startswith("PPMd") for score in report.baselines)
    return table if there else f"{table}\nPPMd is left out: pip install pyppmd"


def name_base(base: str | None) -> str:
    """What a score of a model that began from a base is followed by; empty where there is none."""
    return f", with base {base}" if base else ""


def _kind(score: Report) -> str:
    """The column of the table that a score stands in."""
    return KINDS[score.adaptive + 2 * (score.base is not None)]
