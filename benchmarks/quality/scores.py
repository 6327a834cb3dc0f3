"""A model of the default settings beside compressors and n-grams, static and adaptive.

    python -m benchmarks scores TEXT [--run RUN] [FLAG ...]

Trains from nothing, with the defaults and the flags that are given, such as `--lowercase`, or
scores a run that is there; then `burble eval RUN TEXT --adaptive --memory 1`. Figures of what it
writes go to a table of their own.
"""

import json
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.harness import make_parser, record, train
from burble.training import processes


def list_scores(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The scores of a report of `burble eval`, each kind in a column of its own."""
    rows: list[dict[str, Any]] = [
        {
            "what": score["name"],
            "adaptive" if score["adaptive"] else "static": round(score["nats"], 4),
        }
        for score in report["baselines"]
    ]
    # What began from a base has read other texts.
    kind = ", with base" if report["base"] else ""
    for what, one, other in (
        ("burble", report, report["adaptive"]),
        ("burble and its memory", report["with_memory"], report["with_memory_adaptive"]),
    ):
        scores = {"static": one, "adaptive": other}
        rows.append({"what": what} | {f"{n}{kind}": round(s["nats"], 4) for n, s in scores.items()})
    return rows


def main() -> None:
    """Trains, scores and records the table."""
    parser = make_parser(__doc__, "20 steps")
    parser.add_argument("text", type=Path)
    parser.add_argument("--run", type=Path, help="score this run, which is trained if it is new")
    asked, flags = parser.parse_known_args()
    with tempfile.TemporaryDirectory() as folder:
        run = asked.run or Path(folder) / "run"
        if not run.exists():
            train(asked.text, run, *flags, *(["--steps=20"] if asked.quick else []))
        asking = ("--adaptive", "--memory=1", "--json")
        command = processes.burble_command("eval", str(run), str(asked.text), *asking)
        report = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    rows = list_scores(report)
    head = dict.fromkeys((name for row in rows for name in row), "")
    record(f"scores_{asked.text.stem}", [head | row for row in rows], NOTE)
    groups = {
        "model": "samples",
        "with n-gram model": "samples_with_memory",
        "validation": "validation",
    }
    wrote = [
        {"what": what}
        | report[group]
        | {n: f for n, f in (report[f"{group}_overlap"] or {}).items() if n in COPIED}
        for what, group in groups.items()
    ]
    record(f"writes_{asked.text.stem}", wrote, NOTE_WRITES)


NOTE = (
    "nats per character of the held-out tenth; the training part was read before, by a model with "
    "base after other texts"
)
NOTE_WRITES = "as much of each, in pieces of 2,000 characters; see docs/explanation/scores.md"
COPIED = ("longest", "inside_30", "inside_60")
