"""The held-out loss on Alice in Wonderland with default settings, in minutes.

    python -m benchmarks.wonderland TEXT [--quick] [--minutes M ...]

TEXT is the tutorial's own file. Each row is one `burble train TEXT --lowercase` in a process of
its own, with `--minutes M`, or without (the default) where M is 0.
"""

import argparse
import json
import math
import os
import subprocess
import tempfile
import time
from pathlib import Path

from benchmarks.record import write
from burble.training import processes


def train(text: Path, run: Path, minutes: float) -> dict[str, object]:
    """Trains once; a row of the table."""
    command = processes.burble_command("train", str(text), "--lowercase", "-o", str(run))
    command += ["--minutes", str(minutes)] if minutes else []
    started = time.perf_counter()
    # A first training: nothing that was compiled before helps.
    subprocess.run(command, check=True, env=os.environ | {"XDG_CACHE_HOME": str(run) + "-cache"})
    seconds = time.perf_counter() - started
    facts = json.loads((run / "run.json").read_text("utf-8"))
    scores, training = facts["scores"], facts["settings"]["training"]
    model = facts["settings"]["model"]
    return {
        "minutes asked": minutes or "default",
        "seconds in all": round(seconds),
        "steps": training["steps"],
        "network": f"{model['layers']} x {model['units']}, dropout {model['dropout']}",
        "held-out nats": round(scores["held_out_loss"], 4),
        "bits": round(scores["held_out_loss"] / math.log(2), 3),
        "zero state": round(scores["zero_state_loss"], 4),
        "carried state": round(scores["carried_state_loss"], 4),
        "largest state": round(scores["largest_state"], 1),
    }


def main() -> None:
    """Trains for each number of minutes and records the scores."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("text", type=Path)
    parser.add_argument("--minutes", type=float, nargs="*", default=[2.0, 0.0])
    parser.add_argument("--quick", action="store_true", help="as --minutes 0.7")
    asked = parser.parse_args()
    if asked.quick:
        asked.minutes = [0.7]
    with tempfile.TemporaryDirectory() as folder:
        rows = [train(asked.text, Path(folder) / f"run{m:g}", m) for m in asked.minutes]
    write(
        "wonderland",
        rows,
        "last 10 %, full context from a zero state; seed 0; start-up included, nothing cached",
    )


if __name__ == "__main__":
    main()
