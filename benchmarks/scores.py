"""A model of the default settings beside compressors and n-grams, static and adaptive.

    python -m benchmarks.scores TEXT [--run RUN] [FLAG ...]

Trains with the defaults and the flags that are given, such as `--lowercase`, or scores a run that
is there; then `burble eval RUN TEXT --adaptive`.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.record import write


def main() -> None:
    """Trains, scores and records the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("text")
    parser.add_argument("--run", type=Path, help="score this run, which is trained if it is new")
    asked, flags = parser.parse_known_args()
    burble = [sys.executable, "-m", "burble"]
    with tempfile.TemporaryDirectory() as folder:
        run = asked.run or Path(folder) / "run"
        if not run.exists():
            subprocess.run([*burble, "train", asked.text, "-o", str(run), *flags], check=True)
        command = [*burble, "eval", str(run), asked.text, "--adaptive", "--json"]
        verdict = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    rows = [
        {
            "what": score["name"],
            "static" if not score["adaptive"] else "adaptive": round(score["nats"], 4),
        }
        for score in verdict["baselines"]
    ]
    rows.append(
        {
            "what": "burble, default settings",
            "static": round(verdict["nats"], 4),
            "adaptive": round(verdict["adaptive"]["nats"], 4),
        }
    )
    write("scores", [{"what": "", "static": "", "adaptive": ""} | row for row in rows], NOTE)


NOTE = "nats per character of the held-out tenth; the training part was read before"


if __name__ == "__main__":
    main()
