"""The tutorial's two recipes, epoch by epoch, beside the losses it published.

    python -m benchmarks tutorial TEXT [--small EPOCHS] [--large EPOCHS] [--runs FOLDER]

TEXT is the tutorial's own file. An epoch of the small recipe takes some minutes on two cores, one
of the large more; `--small 20 --large 50` runs the whole of both, in some hours. Runs stay in
FOLDER, so that the same command goes on where it was stopped. What the models write greedily,
from the same beginning, goes to a table of its own.
"""

import json
import subprocess
import tempfile
from pathlib import Path

from benchmarks.harness import make_parser, record, shorten, train
from burble.training.processes import burble_command

PUBLISHED = {
    "small": {1: 2.966, 2: 2.763, 3: 2.662, 4: 2.581, 5: 2.513, 20: 1.928},
    "large": {1: 2.790, 2: 2.434, 3: 2.230, 4: 2.094, 5: 1.996, 50: 1.226},
}
"""Training losses by epoch, in nats, as far as they were published."""
WITHIN = 0.06
CONTEXT = 100
"""Characters that the recipes' networks see."""
WRITTEN = 600


def losses(text: Path, recipe: str, epochs: int, run: Path) -> tuple[dict[int, float], float | str]:
    """The loss of each epoch, and the seconds one takes, unless the run was there before."""
    goes_on = run.exists()
    told = ["--resume"] if goes_on else [f"--recipe=tutorial-{recipe}", f"--epochs={epochs}"]
    seconds = train(text, run, *told)
    lines = (run / "metrics.jsonl").read_text("utf-8").splitlines()
    found = (json.loads(line) for line in lines)
    by_epoch = {m["epoch"]: m["epoch_loss"] for m in found if "epoch" in m}
    return by_epoch, "" if goes_on else round(seconds / epochs)


def write_greedily(run: Path, text: Path) -> str:
    """What a model writes after the first hundred characters of the text, the likeliest always."""
    start = text.read_text("utf-8-sig").lower()[:CONTEXT]
    command = burble_command("sample", str(run), "--greedy", f"--length={WRITTEN}", "-p", start)
    done = subprocess.run(command, capture_output=True, check=True, encoding="utf-8")
    return done.stdout


def main() -> None:
    """Trains both and records the table."""
    parser = make_parser(__doc__, "an epoch of the small recipe on a text's beginning")
    parser.add_argument("text", type=Path)
    parser.add_argument("--small", type=int, default=3, help="epochs of the small recipe")
    parser.add_argument("--large", type=int, default=1, help="epochs of the large recipe")
    parser.add_argument("--runs", type=Path, help="keep the runs in this folder, and go on there")
    asked = parser.parse_args()
    rows, texts = [], []
    with tempfile.TemporaryDirectory() as folder:
        if asked.quick:
            asked.text, asked.small, asked.large = shorten(asked.text, Path(folder), 1_000), 1, 0
        for recipe, epochs in (("small", asked.small), ("large", asked.large)):
            if not epochs:
                continue
            run = (asked.runs or Path(folder)) / recipe
            found, seconds = losses(asked.text, recipe, epochs, run)
            texts.append(
                {"recipe": recipe, "epochs": epochs, "text": write_greedily(run, asked.text)}
            )
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
                rows.append(row | {"within 0.06": near, "seconds an epoch": seconds})
    record("tutorial", rows, "mean training loss of the epoch, nats per character, dropout on")
    record("tutorial_texts", texts, "greedy, after the text's first hundred characters")
