"""The tutorial's two recipes, epoch by epoch, beside the losses it published.

    python -m benchmarks tutorial TEXT [--small EPOCHS] [--large EPOCHS]

TEXT is the tutorial's own file. An epoch of the small recipe takes some minutes on two cores, one
of the large a quarter of an hour; `--small 20 --large 50` runs the whole of both.
"""

import json
import tempfile
from pathlib import Path

from benchmarks.harness import make_parser, record, shorten, train

PUBLISHED = {
    "small": {1: 2.966, 2: 2.763, 3: 2.662, 4: 2.581, 5: 2.513, 20: 1.928},
    "large": {1: 2.790, 2: 2.434, 3: 2.230, 4: 2.094, 5: 1.996, 50: 1.226},
}
"""Training losses by epoch, in nats, as far as they were published."""
WITHIN = 0.06


def losses(text: Path, recipe: str, epochs: int, run: Path) -> tuple[dict[int, float], float]:
    """The loss of each epoch, and the seconds one takes."""
    seconds = train(text, run, f"--recipe=tutorial-{recipe}", f"--epochs={epochs}") / epochs
    lines = (run / "metrics.jsonl").read_text("utf-8").splitlines()
    found = (json.loads(line) for line in lines)
    return {m["epoch"]: m["epoch_loss"] for m in found if "epoch" in m}, seconds


def main() -> None:
    """Trains both and records the table."""
    parser = make_parser(__doc__, "an epoch of the small recipe on a text's beginning")
    parser.add_argument("text", type=Path)
    parser.add_argument("--small", type=int, default=3, help="epochs of the small recipe")
    parser.add_argument("--large", type=int, default=1, help="epochs of the large recipe")
    asked = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        if asked.quick:
            asked.text, asked.small, asked.large = shorten(asked.text, Path(folder), 1_000), 1, 0
        for recipe, epochs in (("small", asked.small), ("large", asked.large)):
            if not epochs:
                continue
            found, seconds = losses(asked.text, recipe, epochs, Path(folder) / recipe)
            for epoch, loss in found.items():
                published = PUBLISHED[recipe].get(epoch)
                row: dict[str, object] = {
                    "recipe": recipe,
                    "epoch": epoch,
                    "burble": round(loss, 3),
                }
                row["published"] = "" if published is None else published
                row["difference"] = "" if published is None else f"{loss - published:+.3f}"
                near = (
                    "" if published is None else "yes" if abs(loss - published) <= WITHIN else "NO"
                )
                rows.append(row | {"within 0.06": near, "seconds an epoch": round(seconds)})
    record("tutorial", rows, "mean training loss of the epoch, nats per character, dropout on")
