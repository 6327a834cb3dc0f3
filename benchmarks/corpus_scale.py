"""How fast text becomes ids, and in how much memory, from 100 kB to 1 GB.

Run `python -m benchmarks.corpus_scale [--quick]`. Each size is encoded in a process of its own,
into a cache of its own; the text is made here from a seed. The table is printed, and written with
the facts of the machine into `benchmarks/results/corpus_scale.json`.
"""

import argparse
import datetime
import json
import os
import platform
import random
import resource
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RESULTS = Path(__file__).parent / "results" / "corpus_scale.json"
QUICK = (0.1, 1.0, 10.0)
FULL = (*QUICK, 100.0, 1000.0)
LETTERS = "etaoinshrdlucmfwygpbvk"
PACE = 20.0
"""Megabytes a second that every size from 1 MB on should reach, characters as units."""


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
    from burble import corpus
    from burble.settings import TextSettings

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started, busy = time.perf_counter(), time.process_time()
    made = corpus.build([path], TextSettings(unit=unit))
    seconds, busy = time.perf_counter() - started, time.process_time() - busy
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    scale = 1e6 if sys.platform == "darwin" else 1024
    return {
        "seconds": round(seconds, 4),
        "cpu_seconds": round(busy, 4),
        "peak_mb": round(peak / scale, 1),
        "base_mb": round(before / scale, 1),
        "symbols": len(made.ids),
        "alphabet": made.vocabulary.size,
    }


def apart(folder: Path, path: Path, unit: str) -> list[dict[str, float]]:
    """Measures twice in processes of their own, which share a new cache."""
    command = [sys.executable, "-m", "benchmarks.corpus_scale", "--measure", str(path), unit]
    with tempfile.TemporaryDirectory(dir=folder) as cache:
        env = os.environ | {"XDG_CACHE_HOME": cache}
        runs = [
            subprocess.run(command, check=True, stdout=subprocess.PIPE, env=env) for _ in range(2)
        ]
    return [json.loads(run.stdout) for run in runs]


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


def machine() -> dict[str, object]:
    """The facts of the machine that the numbers depend on."""
    import numpy as np

    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        model = lines[0].partition(": ")[2] if lines else model
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "load": [round(n, 2) for n in os.getloadavg()],
        "python": platform.python_version(),
        "numpy": np.__version__,
        "system": platform.system(),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
    }


def main() -> None:
    """Measures all sizes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="up to 10 MB, and write nothing")
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.measure:
        print(json.dumps(measure(*chosen.measure)))
        return
    facts = machine()
    plan = [(size, "plain", "char") for size in (QUICK if chosen.quick else FULL)]
    top = 10.0 if chosen.quick else 100.0
    plan += [(top, "accented", "char"), (10.0, "accented", "grapheme")]
    rows = []
    print(
        "      MB  text      unit       seconds     MB/s  of cpu   peak MB  of it text   again, s"
    )
    with tempfile.TemporaryDirectory() as folder:
        for size, text, unit in plan:
            row = run(Path(folder), size, text, unit)
            rows.append(row)
            grown = row["peak_mb"] - row["base_mb"]
            print(
                f"{row['megabytes']:8.1f}  {text:<9} {unit:<9} {row['seconds']:8.3f} "
                f"{row['mb_per_second']:8.1f} "
                f"{row['megabytes'] / row['cpu_seconds']:7.1f} {row['peak_mb']:9.1f} {grown:11.1f} "
                f"{row['seconds_again']:10.3f}",
                flush=True,
            )
    slow = [
        r for r in rows if r["unit"] == "char" and r["megabytes"] >= 1 and r["mb_per_second"] < PACE
    ]
    print(f"{len(slow)} rows are slower than {PACE:.0f} MB/s." if slow else "All are fast enough.")
    if not chosen.quick:
        RESULTS.parent.mkdir(exist_ok=True)
        command = shlex.join(["python", "-m", "benchmarks.corpus_scale", *sys.argv[1:]])
        whole = {"command": command, "machine": facts, "rows": rows}
        RESULTS.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
