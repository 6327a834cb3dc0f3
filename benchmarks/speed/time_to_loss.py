"""How long until the tutorial's loss: its two recipes beside burble, on Alice in Wonderland.

    python -m benchmarks time_to_loss TEXT [--quick]

TEXT is the tutorial's own file. The tutorial, as plain Keras on JAX, is timed for a few hundred
batches, and its epoch multiplied by the number it trains. burble trains on all the text, as the
tutorial does, without dropout, for a number of steps found by trying; its time is that of the whole
command in a process of its own, from nothing to the finished model. Then the model is read back
and its mean loss over the text measured: dropout off, each character with at least the 100
before it. Rounds of both in turn.
"""

import argparse
import json
import tempfile
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.harness import call, format_spread, make_parser, record, train

CONTEXT = 100
BURBLE = {"small": 170, "large": 640}
"""Steps of burble for each of the tutorial's losses."""
PLAIN = ["--dropout=0", "--dropout-input=0", "--dropout-output=0", "--dropout-recurrent=0"]
PLAIN += ["--averaging=0", "--validation=0", "--batch=16"]


def epoch(text: Path, recipe: str, batches: int) -> float:
    """Seconds of one epoch of the tutorial, in this process."""
    from benchmarks.rivals import keras_tutorial

    symbols = text.read_text("utf-8-sig").lower()
    alphabet = sorted(set(symbols))
    ids = np.array([alphabet.index(symbol) for symbol in symbols])
    return keras_tutorial.seconds_per_epoch(ids, len(alphabet), recipe, batches)


def burble(text: Path, folder: Path, steps: int) -> tuple[float, float]:
    """Seconds of a whole training, and the loss of its model over the text it learned."""
    run = folder / f"run{len(list(folder.iterdir()))}"
    seconds = train(text, run, "--lowercase", f"--steps={steps}", *PLAIN)

    from burble.data import cleaning
    from burble.inference import generator

    writer = generator.load(run)
    cleaned, _ = cleaning.clean(text.read_text("utf-8-sig"), writer.model.text)
    costs = writer.nll(writer.model.vocabulary.encode(cleaned))
    return seconds, float(costs[CONTEXT - 1 :].mean())


def compare(text: Path, recipe: str, rounds: int, batches: int, folder: Path) -> dict[str, object]:
    """A row: both in turn."""
    from benchmarks.rivals.keras_tutorial import RECIPES

    layers, _, epochs, target = RECIPES[recipe]
    theirs, ours, losses = [], [], []
    for _ in range(rounds):
        theirs.append(epochs * call("time_to_loss", text, "--child", recipe, batches))
        seconds, loss = burble(text, folder, BURBLE[recipe])
        ours.append(seconds)
        losses.append(loss)
    ratios = [a / b for a, b in zip(theirs, ours, strict=True)]
    return {
        "recipe": f"{recipe}: {layers} x 256, {epochs} epochs",
        "tutorial's loss": target,
        "tutorial, seconds": format_spread(theirs),
        "burble's loss": round(max(losses), 4),
        "burble, seconds": format_spread(ours),
        "burble, steps": BURBLE[recipe],
        "ratio": round(median(ratios)),
        "reached": "yes" if max(losses) <= target else "NO",
    }


def main() -> None:
    """Compares both recipes and records the table."""
    parser = make_parser(__doc__, "the small recipe, one round")
    parser.add_argument("text", type=Path)
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        print(json.dumps(epoch(asked.text, asked.child[0], int(asked.child[1]))))
        return
    recipes, rounds, batches = (["small"], 1, 20) if asked.quick else (["small", "large"], 3, 60)
    with tempfile.TemporaryDirectory() as name:
        rows = [compare(asked.text, r, rounds, batches, Path(name)) for r in recipes]
    record("time_to_loss", rows, "the tutorial's time is an epoch, from a part of it, x its epochs")
