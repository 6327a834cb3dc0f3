"""Characters a second in writing, and the time to the first one: burble beside others.

    python -m benchmarks writing_rivals [--quick]

One text at a time from 2 x 256 units: burble's engine, the usual PyTorch loop, and the tutorial's
loop (one Keras `predict` on a window of 100 for each character), in processes of their own, in
turn. Cold start: `burble sample` up to its first thousand characters, beside `import torch` alone.
Needs the `bench` dependencies.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks.harness import call, format_spread, make_parser, record
from benchmarks.speed.writing import SYMBOLS, make

LAYERS, UNITS, TOGETHER = 2, 256, 64


def burble(path: str, count: int) -> float:
    """burble, one text."""
    from burble.inference.generator import load

    writer = load(path)
    writer.generate("a", length=50)
    started = time.perf_counter()
    writer.generate("a", length=count)
    return count / (time.perf_counter() - started)


def together(path: str, count: int) -> float:
    """burble, many texts at once; characters of all of them."""
    from burble.inference.generator import load

    writer = load(path)
    started = time.perf_counter()
    writer.generate_many("a", length=count // 8, count=TOGETHER)
    return TOGETHER * (count // 8) / (time.perf_counter() - started)


def torch(_path: str, count: int) -> float:
    """PyTorch, one text."""
    from benchmarks.rivals import torch_rnn

    model = torch_rnn.CharRNN(SYMBOLS, LAYERS, UNITS)
    torch_rnn.write(model, 50)
    started = time.perf_counter()
    torch_rnn.write(model, count)
    return count / (time.perf_counter() - started)


def keras(_path: str, count: int) -> float:
    """The tutorial's loop."""
    from benchmarks.rivals import keras_tutorial

    return keras_tutorial.characters_per_second(SYMBOLS, LAYERS, max(10, count // 100))


WRITERS = {"burble": burble, "burble, 64 at once": together, "PyTorch": torch, "Keras": keras}


def seconds(command: list[str]) -> float:
    """Seconds a process takes from its start to its end."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-P", "-c", *command], check=True, capture_output=True)
    return time.perf_counter() - started


def main() -> None:
    """Measures all in turn and records the table."""
    parser = make_parser(__doc__, "one round")
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        who, path, count = asked.child
        print(json.dumps(WRITERS[who](path, int(count))))
        return
    rounds, count = (1, 1_000) if asked.quick else (5, 4_000)
    speeds: dict[str, list[float]] = {who: [] for who in WRITERS}
    starts: dict[str, list[float]] = {"burble": [], "PyTorch": []}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model"
        make(path, LAYERS, UNITS)
        sample = ["from burble.cli.app import main; main()", "sample", str(path), "-l", "1000"]
        for _ in range(rounds):
            for who, found in speeds.items():
                found.append(call("writing_rivals", "--child", who, path, count))
            starts["burble"].append(seconds([*sample, "-p", "a"]))
            starts["PyTorch"].append(seconds(["import torch"]))
    rows = []
    for who, found in speeds.items():
        ratios = [a / b for a, b in zip(speeds["burble"], found, strict=True)]
        rows.append({"who": who, "characters/s": format_spread(found), "burble, times": ""})
        rows[-1]["burble, times"] = f"{median(ratios):.2g}"
    for who, found in starts.items():
        what = "cold start, 1,000 characters" if who == "burble" else "`import torch` alone"
        rows.append({"who": who, "what": what, "seconds": f"{median(found):.2f}"})
    columns = ("who", "characters/s", "burble, times", "what", "seconds")
    rows = [{name: row.get(name, "") for name in columns} for row in rows]
    record("writing_rivals", rows, "2 x 256 units, one text unless said; median of the rounds")
