"""The held-out loss on tiny Shakespeare in the time a small Transformer trains.

    python -m benchmarks shakespeare TEXT [--quick]

A character Transformer by nanoGPT's recipe for computers without a GPU is trained in PyTorch, its
time taken (starting up included), and `burble train TEXT --minutes` given the same. Both are scored
on the last tenth of the text. Needs the `bench` dependencies.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.harness import call, make_parser, read_facts, record, train

HELD_OUT = 0.1


def transformer(text: Path, steps: int) -> dict[str, float]:
    """Trains and scores the Transformer in this process."""
    started = time.perf_counter()
    from benchmarks.rivals import torch_transformer

    symbols = text.read_text("utf-8")
    alphabet = {symbol: i for i, symbol in enumerate(sorted(set(symbols)))}
    ids = np.array([alphabet[symbol] for symbol in symbols])
    cut = len(ids) - int(len(ids) * HELD_OUT)
    model = torch_transformer.train(ids[:cut], len(alphabet), steps)
    seconds = time.perf_counter() - started
    return {"seconds": seconds, "loss": torch_transformer.score(model, ids[cut:])}


def burble(text: Path, seconds: float, run: Path) -> dict[str, float]:
    """Trains with as many minutes."""
    taken = train(text, run, f"--minutes={seconds / 60}")
    return {"seconds": taken, "loss": read_facts(run)["scores"]["held_out_loss"]}


def main() -> None:
    """Trains both in turn and records the table."""
    parser = make_parser(__doc__, "once, 600 steps in place of 2,000")
    parser.add_argument("text", type=Path)
    parser.add_argument("--child", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        print(json.dumps(transformer(asked.text, asked.child)))
        return
    steps, rounds = (600, 1) if asked.quick else (2_000, 2)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(1, rounds + 1):
            theirs = call("shakespeare", asked.text, "--child", steps)
            ours = burble(asked.text, theirs["seconds"], Path(folder) / f"run{number}")
            rows.append(
                {
                    "round": number,
                    "Transformer, steps": steps,
                    "Transformer, seconds": round(theirs["seconds"]),
                    "Transformer, held out": round(theirs["loss"], 4),
                    "burble, seconds": round(ours["seconds"]),
                    "burble, held out": round(ours["loss"], 4),
                }
            )
    record("shakespeare", rows, "nats per character on the last tenth; start-up included in both")
