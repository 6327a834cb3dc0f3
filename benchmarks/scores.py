"""A model of the default settings beside compressors and n-grams, static and adaptive.

    python -m benchmarks.scores TEXT [--run RUN] [FLAG ...]

Trains with the defaults and the flags that are given, such as `--lowercase`, or scores a run that
is there; then `burble eval RUN TEXT --adaptive --memory 1`. Figures of what it writes go to a
table of their own.
"""

import argparse
import json
import subprocess
import tempfile
from pathlib import Path

from benchmarks.record import write
from burble.training import processes


def main() -> None:
    """Trains, scores and records the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("text")
    parser.add_argument("--run", type=Path, help="score this run, which is trained if it is new")
    asked, flags = parser.parse_known_args()
    burble = processes.burble_command()
    with tempfile.TemporaryDirectory() as folder:
        run = asked.run or Path(folder) / "run"
        if not run.exists():
            subprocess.run([*burble, "train", asked.text, "-o", str(run), *flags], check=True)
        command = [*burble, "eval", str(run), asked.text, "--adaptive", "--memory=1", "--json"]
        report = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    rows = [
        {
            "what": score["name"],
            "static" if not score["adaptive"] else "adaptive": round(score["nats"], 4),
        }
        for score in report["baselines"]
    ]
    rows += [
        {"what": what, "static": round(one["nats"], 4), "adaptive": round(other["nats"], 4)}
        for what, one, other in (
            ("burble", report, report["adaptive"]),
            ("burble and its memory", report["with_memory"], report["with_memory_adaptive"]),
        )
    ]
    name = f"scores_{Path(asked.text).stem}"
    write(name, [{"what": "", "static": "", "adaptive": ""} | row for row in rows], NOTE)
    groups = {"it": "samples", "with its memory": "samples_with_memory", "held out": "validation"}
    wrote = [
        {"what": what}
        | report[group]
        | {n: f for n, f in (report[f"{group}_overlap"] or {}).items() if n in COPIED}
        for what, group in groups.items()
    ]
    write(f"writes_{Path(asked.text).stem}", wrote, NOTE_WRITES)


NOTE = "nats per character of the held-out tenth; the training part was read before"

NOTE_WRITES = "as much of each, in pieces of 2,000 characters; see docs/explanation/scores.md"
COPIED = ("longest", "inside_30", "inside_60")


if __name__ == "__main__":
    main()
