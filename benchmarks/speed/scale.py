"""The same training on 0.1 MB and on 1 GB: how long until it starts, how fast, in how much memory.

    python -m benchmarks scale [--quick]

Each text is made from a seed, but for one, which is Python's own sources. On each, a training of a
few steps is timed from nothing, in a process of its own with a cache of its own. Then one process
for each text trains a stretch at a time, in turn, so that all meet the same moods of the machine;
the speed on each is also given as its ratio to that on 1 MB in the same round.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import sysconfig
import tempfile
import time
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from statistics import median
from subprocess import PIPE
from typing import IO, Any

from benchmarks.harness import call, make_parser, record
from benchmarks.speed.corpus_scale import SCALE, write_text

FULL = ("0.1", "1", "10", "100", "1000", "10, Python's sources")
QUICK = ("0.1", "1")
BASE = "1"
STEPS = 60
STRETCH = 20
# Of larger texts a smaller share is held out, so that the closing score does not outweigh the rest.
SETTINGS: dict[str, Any] = {"batch": 16, "length": 64, "framing": "streams", "validation": 0.01}
SETTINGS |= {"layers": 2, "units": 256, "embedding": 64, "dropout": 0.2}


def make(path: Path, size: str) -> None:
    """Writes a text of a size in MB, from a seed or from the standard library."""
    megabytes, _, sources = size.partition(",")
    if not sources:
        write_text(path, float(megabytes), accented=False)
        return
    left = int(float(megabytes) * 1e6)
    with path.open("wb") as file:
        for module in sorted(Path(sysconfig.get_paths()["stdlib"]).rglob("*.py")):
            # Tests of encodings and the like are no UTF-8.
            if left <= 0 or "test" in module.parts or "site-packages" in module.parts:
                continue
            left -= file.write(module.read_bytes())


def train(text: str, run: str) -> dict[str, float]:
    """A few steps in this process, from nothing."""
    import burble
    from burble.runs.events import Event, Report

    started = time.perf_counter()
    first: list[float] = []

    def listen(event: Event) -> None:
        if isinstance(event, Report):
            first.append(time.perf_counter() - started)

    how: dict[str, Any] = {"base": "none", "steps": STEPS, "evaluations": 1} | SETTINGS
    burble.train(text, run, on_event=listen, **how)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"start": first[0], "peak": peak / SCALE}


def keep_pace(text: str) -> None:
    """For each line of standard input, trains a stretch and prints characters/s."""
    os.environ["KERAS_BACKEND"] = "jax"
    from burble import settings
    from burble.data import corpus
    from burble.training import devices, processes
    from burble.training.trainer import Trainer

    chosen = settings.make_settings(SETTINGS)
    training = chosen.training
    devices.prepare(processes.available_cores(), training.batch, chosen.model.units)
    trainer = Trainer(corpus.build([text], chosen.text, validation=training.validation), chosen)
    compiled, batches = trainer.compiled, trainer.framing
    arrays = compiled.place(trainer.initial_state().arrays)
    # Spread over the whole text, as long trainings are.
    step, stride = 0, max(1, batches.steps_per_epoch // 997)
    for _ in chain(("warm up",), sys.stdin):
        started = time.perf_counter()
        for _ in range(STRETCH):
            arrays = compiled.step(arrays, batches.at(step, compiled.devices.rows), 1e-3)
            step += stride
        arrays.loss.block_until_ready()
        seconds = time.perf_counter() - started
        print(STRETCH * training.batch * training.length / seconds, flush=True)


def from_nothing(text: Path, folder: Path) -> dict[str, float]:
    """A training in a process of its own, with an empty cache for texts."""
    with tempfile.TemporaryDirectory(dir=folder) as name:
        found = call("scale", "--child", text, f"{name}/run", **_places(folder, name))
        size = sum(path.stat().st_size for path in Path(name).rglob("ids"))
    return dict(found) | {"disk": size / 1e6}


def _places(folder: Path, cache: str) -> dict[str, str]:
    """A cache for texts; what was compiled is shared, as on a machine that has trained before."""
    return {"XDG_CACHE_HOME": cache, "JAX_COMPILATION_CACHE_DIR": str(folder / "compiled")}


def paces(paths: dict[str, Path], folder: Path, rounds: int) -> dict[str, list[float]]:
    """Characters/s on each text, round by round."""
    found: dict[str, list[float]] = {size: [] for size in paths}
    with ExitStack() as stack:
        children: dict[str, tuple[IO[str], IO[str]]] = {}
        for size, path in paths.items():
            command = [sys.executable, "-m", "benchmarks", "scale", "--pace", str(path)]
            environment = os.environ | _places(folder, str(folder / "texts"))
            child = stack.enter_context(
                subprocess.Popen(command, env=environment, stdin=PIPE, stdout=PIPE, text=True)
            )
            if not (child.stdin and child.stdout):
                raise RuntimeError("The child has no pipes.")
            children[size] = child.stdin, child.stdout
            child.stdout.readline()
        for _ in range(rounds):
            for size, (into, out) in children.items():
                print("go", file=into, flush=True)
                found[size].append(float(out.readline()))
        for into, _ in children.values():
            into.close()
    return found


def main() -> None:
    """Measures all sizes and records the table."""
    parser = make_parser(__doc__, "up to 1 MB, few rounds")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--pace", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        print(json.dumps(train(*asked.child)))
        return
    if asked.pace:
        keep_pace(asked.pace)
        return
    sizes, tries, rounds = (QUICK, 1, 5) if asked.quick else (FULL, 3, 25)
    found: dict[str, list[dict[str, float]]] = {size: [] for size in sizes}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = {size: folder / f"{number}.txt" for number, size in enumerate(sizes)}
        for size, path in paths.items():
            make(path, size)
        from_nothing(paths[BASE], folder)
        for _ in range(tries):
            for size, path in paths.items():
                found[size].append(from_nothing(path, folder))
        speeds = paces(paths, folder, rounds)
    rows = []
    for size, results in found.items():
        pairs = zip(speeds[size], speeds[BASE], strict=True)
        rows.append(
            {
                "text, MB": size,
                "seconds to the first step": f"{median(r['start'] for r in results):.1f}",
                "characters/s": round(median(speeds[size])),
                "beside 1 MB": f"{median(a / b for a, b in pairs):.2f}",
                "peak memory, MB": round(max(r["peak"] for r in results)),
                "encoded on disk, MB": round(results[0]["disk"], 1),
            }
        )
    note = f"2 x 256, 16 streams of 64; median of {tries} starts, {rounds} stretches"
    record("scale", rows, note)
