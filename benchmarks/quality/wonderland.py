"""The held-out loss on Alice in Wonderland with default settings, in minutes.

    python -m benchmarks wonderland TEXT [--quick] [--minutes M ...]

TEXT is the tutorial's own file. Each row is one `burble train TEXT --lowercase --base none` in a
process of its own, with `--minutes M`, or without (the default) where M is 0.
"""

import math
import tempfile
from pathlib import Path

from benchmarks.harness import make_parser, read_facts, record, train


def measure(text: Path, run: Path, minutes: float) -> dict[str, object]:
    """Trains once; a row of the table."""
    flags = ["--lowercase", *([f"--minutes={minutes}"] if minutes else [])]
    # A first training: nothing that was compiled before helps.
    seconds = train(text, run, *flags, XDG_CACHE_HOME=f"{run}-cache")
    facts = read_facts(run)
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
    parser = make_parser(__doc__, "as --minutes 0.7")
    parser.add_argument("text", type=Path)
    parser.add_argument("--minutes", type=float, nargs="*", default=[2.0, 0.0])
    asked = parser.parse_args()
    if asked.quick:
        asked.minutes = [0.7]
    with tempfile.TemporaryDirectory() as folder:
        rows = [measure(asked.text, Path(folder) / f"run{m:g}", m) for m in asked.minutes]
    record(
        "wonderland",
        rows,
        "last 10 %, full context from a zero state; seed 0; start-up included, nothing cached",
    )
