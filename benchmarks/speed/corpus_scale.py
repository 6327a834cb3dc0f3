"""How fast text becomes ids, and in how much memory, from 100 kB to 1 GB.

Run `python -m benchmarks corpus_scale [--quick]`. Each size is encoded in a process of its own,
into a cache of its own; the text is made here from a seed. The table is printed, and written with
the facts of the machine into `benchmarks/results/corpus_scale.json`.
"""

import argparse
import json
import os
import random
import resource
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.harness import call, make_parser, record
from burble.training import processes

QUICK = (0.1, 1.0)
FULL = (*QUICK, 10.0, 100.0, 1000.0)
LETTERS = "etaoinshrdlucmfwygpbvk"
SCALE = 1e6 if sys.platform == "darwin" else 1e6 / 1024
"""What the system counts memory in, as parts of a megabyte."""


def write_text(path: Path, megabytes: float, accented: bool) -> None:
    """Writes words, sentences and lines of English-like statistics.

    Args:
        path: The file.
        megabytes: Its size, in millions of bytes, about.
        accented: Whether one word in eight has a letter beyond ASCII.
    """
    chance = random.Random(1)
    weights = range(len(LETTERS), 0, -1)
    words = ["".join(chance.choices(LETTERS, weights, k=chance.randint(1, 9))) for _ in range(5000)]
    words += [f"{word}{letter}" for word in words[:700] for letter in "éü’"[: 2 * accented + 1]]
    words = words if accented else words[:5000]
    left = int(megabytes * 1e6)
    with path.open("wb") as file:
        while left > 0:
            picked = chance.choices(words, k=min(20_000, left // 6 + 2))
            lines = (" ".join(picked[i : i + 12]).capitalize() for i in range(0, len(picked), 12))
            data = (".\n".join(lines) + ".\n").encode()
            file.write(data)
            left -= len(data)


def measure(path: str, unit: str) -> dict[str, float]:
    """Encodes a file in this process.

    Returns:
        Seconds of the clock and of the processor, the peak of the process in MB, the same
        before the text was read, symbols and the size of the alphabet.
    """
    from burble import settings
    from burble.data import corpus

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started, busy = time.perf_counter(), time.process_time()
    made = corpus.build([path], settings.make_settings({"unit": unit}).text)
    seconds, busy = time.perf_counter() - started, time.process_time() - busy
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "seconds": round(seconds, 4),
        "cpu_seconds": round(busy, 4),
        "peak_mb": round(peak / SCALE, 1),
        "base_mb": round(before / SCALE, 1),
        "symbols": len(made.ids),
        "alphabet": made.vocabulary.size,
    }


def apart(folder: Path, path: Path, unit: str) -> list[dict[str, float]]:
    """Measures twice in processes of their own, which share a new cache."""
    with tempfile.TemporaryDirectory(dir=folder) as cache:
        return [
            call("corpus_scale", "--measure", path, unit, XDG_CACHE_HOME=cache) for _ in range(2)
        ]


def run(folder: Path, megabytes: float, text: str, unit: str) -> dict[str, object]:
    """One row of the table: a fresh text, process and cache, and then once more from the cache.

    Short ones are done three times and the fastest taken, since the machine is seldom idle.
    """
    path = folder / f"{text}-{megabytes}.txt"
    if not path.exists():
        write_text(path, megabytes, text == "accented")
    size = path.stat().st_size / 1e6
    pairs = [apart(folder, path, unit) for _ in range(3 if size <= 10.5 else 1)]
    first, again = min(pairs, key=lambda pair: pair[0]["seconds"])
    return {
        "megabytes": round(size, 3),
        "text": text,
        "unit": unit,
        **first,
        "mb_per_second": round(size / first["seconds"], 1),
        "seconds_again": again["seconds"],
    }


def train(folder: Path, path: Path) -> dict[str, object]:
    """A whole training of a few steps on a text: peak memory of the process, and its seconds."""
    command = processes.burble_command("train", str(path))
    command += ["-o", str(folder / f"run-{path.stem}"), "--steps", "20", "--base", "none"]
    started = time.perf_counter()
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"training failed: {shlex.join(command)}")
    return {
        "megabytes": round(path.stat().st_size / 1e6, 3),
        "text": "a whole training, 20 steps",
        "unit": "char",
        "seconds": round(time.perf_counter() - started, 4),
        "peak_mb": round(used.ru_maxrss / SCALE, 1),
    }


def main() -> None:
    """Measures all sizes."""
    parser = make_parser(__doc__, "up to 1 MB")
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.measure:
        print(json.dumps(measure(*chosen.measure)))
        return
    plan = [(size, "plain", "char") for size in (QUICK if chosen.quick else FULL)]
    top, graphemes = (1.0, 1.0) if chosen.quick else (100.0, 10.0)
    plan += [(top, "accented", "char"), (graphemes, "accented", "grapheme")]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = [run(folder, *row) for row in plan]
        rows += [train(folder, folder / f"plain-{size}.txt") for size in sorted({1.0, top})]
    record("corpus_scale", rows, "each text made from a seed; encoded in a process of its own")
