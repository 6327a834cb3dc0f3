"""Characters, words and bytes at equal minutes, on one text or several; see docs/guides/units.md.

    python -m benchmarks units NAME=TEXT ... [--minutes M] [--jobs N] [--runs FOLDER]

Of each text the last tenth is kept away from training, and scored afterwards, in nats per character
whatever the unit: static, with no memory. Each training has M minutes of one core, by the defaults,
from nothing. NAME:lower=TEXT reads a text in lower case. Runs and their scores stay in FOLDER, so
that the same command goes on where it was stopped.
"""

import itertools
import json
import os
import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from benchmarks.harness import make_parser, read_facts, record, shorten, train
from burble.settings import with_current_names
from burble.training.processes import burble_command

UNITS = ("char", "word", "bytes")
SCORED = 0.1
"""The fraction at the end of a text that is scored."""


def part_text(text: Path, folder: Path) -> tuple[Path, Path]:
    """Two files: what is learned of a text, and the rest, cut at a line's end."""
    learned, scored = folder / "learned.txt", folder / "scored.txt"
    if not scored.exists():
        read = text.read_text("utf-8-sig")
        cut = read.rfind("\n", 0, round(len(read) * (1 - SCORED))) + 1
        folder.mkdir(parents=True, exist_ok=True)
        learned.write_text(read[:cut], encoding="utf-8")
        scored.write_text(read[cut:], encoding="utf-8")
    return learned, scored


def measure(name: str, text: Path, unit: str, minutes: float, runs: Path) -> Mapping[str, Any]:
    """Trains and scores one model, unless that was done before."""
    kind, _, case = name.partition(":")
    folder = runs / kind
    known = folder / f"{unit}.json"
    if known.exists():
        found: Mapping[str, Any] = json.loads(known.read_text("utf-8"))
        return found
    learned, scored = part_text(text, folder)
    run, flags = folder / unit, ["--lowercase"] if case else []
    train(learned, run, f"--unit={unit}", f"--minutes={minutes}", *flags)
    command = burble_command("eval", str(run), str(scored), "--json")
    score = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    facts = read_facts(run)
    shape = with_current_names(facts["settings"]["model"])
    network = [shape["ensemble"], shape["layers"], shape["units"]]
    row = {
        "symbols a character": facts["corpus"]["symbols"] / len(learned.read_text("utf-8")),
        "alphabet": network_alphabet(run),
        "networks": " x ".join(map(str, network)),
        "steps": facts["done"]["steps"],
        "nats": score["nats"],
        "interval": score.get("interval"),
        "characters": len(learned.read_text("utf-8")),
    }
    known.write_text(json.dumps(row), encoding="utf-8")
    return row


def network_alphabet(run: Path) -> int:
    """How many symbols a model knows."""
    command = burble_command("info", str(run), "--json")
    found = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return len(found["symbols"])


def on_one_core(cores: "SimpleQueue[int]", *arguments: Any) -> Mapping[str, Any]:
    """`measure` on a core that no other is on; what is started here stays on it."""
    core = cores.get()
    try:
        if hasattr(os, "sched_setaffinity"):
            # Of this thread alone, and of the processes that it starts.
            os.sched_setaffinity(0, {core})
        return measure(*arguments)
    finally:
        cores.put(core)


def make_rows(found: Mapping[tuple[str, str], Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A row for each text of which all is known."""
    rows = []
    for name in dict.fromkeys(name for name, _ in found):
        each = {unit: found[name, unit] for unit in UNITS if (name, unit) in found}
        if len(each) < len(UNITS):
            continue
        words = each["word"]
        rows.append(
            {
                "text": name.replace(":lower", ", lower case"),
                "characters": words["characters"],
                **{unit: round(one["nats"], 4) for unit, one in each.items()},
                "words known": words["alphabet"],
                "characters a symbol": round(1 / words["symbols a character"], 2),
                "networks": ", ".join(one["networks"] for one in each.values()),
                "steps": ", ".join(f"{one['steps']:,}" for one in each.values()),
            }
        )
    return rows


def main() -> None:
    """Trains and scores all, and records the table as far as it goes after each."""
    parser = make_parser(__doc__, "six seconds each, of 20,000 characters")
    parser.add_argument("texts", nargs="+", metavar="NAME=TEXT")
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--jobs", type=int, default=1, help="trainings side by side, a core each")
    parser.add_argument("--runs", type=Path, default=Path("unit-runs"))
    asked = parser.parse_args()
    minutes = 0.1 if asked.quick else asked.minutes
    has_cores = hasattr(os, "sched_getaffinity")
    own = sorted(os.sched_getaffinity(0)) if has_cores else [*range(os.cpu_count() or 1)]
    cores = SimpleQueue[int]()
    for core in own[: asked.jobs]:
        cores.put(core)
    asked.runs.mkdir(parents=True, exist_ok=True)
    texts = [(name, Path(path)) for name, path in (one.split("=", 1) for one in asked.texts)]
    if asked.quick:
        texts = [(name, shorten(path, asked.runs)) for name, path in texts]
    found: dict[tuple[str, str], Mapping[str, Any]] = {}
    with ThreadPoolExecutor(asked.jobs) as pool:
        waiting = {
            (name, unit): pool.submit(
                on_one_core, cores, name, path, unit, minutes, folder_of(asked.runs, name)
            )
            for (name, path), unit in itertools.product(texts, UNITS)
        }
        for key, one in waiting.items():
            found[key] = one.result()
            print(*key, json.dumps(found[key]), flush=True)
            if rows := make_rows(found):
                record("units", rows, NOTE.format(minutes=minutes))


def folder_of(runs: Path, name: str) -> Path:
    """Where the runs of a text go."""
    return runs / ("lower" if ":" in name else "as-it-is")


NOTE = (
    "nats per character of the last tenth of each text, static, after {minutes:g} minutes of one "
    "core by the defaults, from nothing"
)
