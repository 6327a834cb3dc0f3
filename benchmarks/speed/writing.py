"""How fast a model writes.

    python -m benchmarks writing [--quick]

One core and one thread: all
figures are of a process of its own, bound to one core where the system can do that. Speeds are by
the processor time of that core, so that what else the machine does tells less; the cold start is
given both by the clock and by processor time, for a thousand characters. Models have random
weights, which take as long as trained ones; the last is the base that comes with burble.

No text can be written faster than its weights are read, once a character. Two limits follow: from
memory, and from the processor's cache, into which a small model's weights fit.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.harness import make_parser, record
from burble.model import bases
from burble.model.architecture import array_shapes
from burble.model.file import Model, write_model
from burble.training import processes

if TYPE_CHECKING:
    from burble.inference.generator import Generator

ONE = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
SHAPES = ((1, 256), (2, 256), (2, 512))
MIXED = ((1, 256), (2, 512))
SYMBOLS = 65
FIRST = 58, 90
"""Code points of their first symbols: one model knows capitals, and another of a mixture none."""
STREAMS = 64
MEMORY = 100_000_000
"""Numbers that no cache holds."""


def main() -> None:
    """Measures all and writes the results."""
    if os.environ.get("OPENBLAS_NUM_THREADS") != "1":
        # The libraries read this once, when they are loaded.
        command = [sys.executable, "-m", "benchmarks", "writing", *sys.argv[1:]]
        sys.exit(subprocess.call(command, env=os.environ | ONE))
    quick = make_parser(__doc__, "fewer tries").parse_args().quick
    bind()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for layers, units in SHAPES:
            path = Path(folder) / f"{layers}x{units}"
            make(path, layers, units)
            rows.append(measure(path, path.name, quick))
        rows += [
            measure(bases.FOLDER / f"{name}{bases.SUFFIX}", name, quick)
            for name in bases.base_names()
        ]
        rows.append(measure_mixture(Path(folder), quick))
    record("writing", rows, "one core, one thread; speeds by its processor time; best of several")


def bind() -> None:
    """Keeps this process and its children on the last core it may use."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def make(path: Path, layers: int, units: int, first: int = FIRST[0]) -> None:
    """Writes a model with random weights."""
    import numpy as np

    from burble.data.vocabulary import Vocabulary
    from burble.settings import ModelSettings, TextSettings

    shape = ModelSettings(layers=layers, units=units)
    vocabulary = Vocabulary(tuple(map(chr, range(first, first + SYMBOLS))))
    rng = np.random.default_rng(0)
    weights = {
        name: rng.normal(0, 0.1, size).astype(np.float32)
        for name, size in array_shapes(shape, SYMBOLS).items()
    }
    write_model(path, Model(weights, vocabulary, shape, TextSettings()))


def measure(path: Path, name: str, quick: bool) -> dict[str, object]:
    """The figures of one model: the best of several tries, since others may use the machine."""
    from burble.inference.generator import load

    tries = 3 if quick else 12
    writer = load(path)
    speeds = measure_speeds(writer, quick)
    one = speeds["characters_a_second"]
    weights = sum(a.size for n, a in writer.model.weights.items() if n not in SKIPPED)
    memory = bandwidth(MEMORY, max(1, tries // 3)) / (4 * weights)
    cache = bandwidth(weights, tries) / (4 * weights)
    command = processes.burble_command("sample", str(path))
    command += ["-p", "a", "-l", "1000"]

    def start() -> None:
        subprocess.run(command, check=True, capture_output=True)

    return {
        "model": name,
        "cold_start_seconds": round(best(start, tries, time.perf_counter), 2),
        "cold_start_cpu_seconds": round(best(start, tries, children), 2),
        **speeds,
        "weights_read_a_character": weights,
        "limit_of_memory": round(memory),
        "share_of_memory": round(one / memory, 2),
        "limit_of_cache": round(cache),
        "share_of_cache": round(one / cache, 2),
    }


def measure_mixture(folder: Path, quick: bool) -> dict[str, object]:
    """The figures of two models that write together, beside the time of both one by one."""
    from burble.inference.generator import load
    from burble.inference.mixtures import Voices

    paths = []
    for (layers, units), first in zip(MIXED, FIRST, strict=True):
        paths.append(folder / f"mixed-{layers}x{units}")
        make(paths[-1], layers, units, first)
    alone = [measure_speeds(load(path), quick) for path in paths]
    speeds = measure_speeds(Voices(tuple(paths)).load(), quick)
    both = 1 / sum(1 / each["characters_a_second"] for each in alone)
    return {
        "model": " and ".join(f"{layers}x{units}" for layers, units in MIXED) + ", mixed",
        **speeds,
        "characters_a_second_one_by_one": round(both),
        "share_of_one_by_one": round(speeds["characters_a_second"] / both, 2),
    }


def measure_speeds(writer: "Generator", quick: bool) -> dict[str, int]:
    """Characters a second that are written, in one text and in many, and read."""
    tries, length = (3, 500) if quick else (12, 1000)
    one = length / best(lambda: writer.generate("a", length=length), tries)
    each = length // 20
    many = (
        STREAMS * each / best(lambda: writer.generate_many("a", length=each, count=STREAMS), tries)
    )
    read = writer.model.vocabulary.encode("ab" * (length // 2))
    scored = length / best(lambda: writer.nll(read), tries)
    return {
        "characters_a_second": round(one),
        "characters_a_second_64_at_once": round(many),
        "characters_a_second_read": round(scored),
    }


SKIPPED = ("embedding", "layer0.kernel", "layer0.bias")
"""Folded into a table of which a character reads one row."""


def best(
    work: Callable[[], object], tries: int, clock: Callable[[], float] = time.process_time
) -> float:
    """The shortest time, in seconds."""
    times = []
    for _ in range(tries):
        began = clock()
        work()
        times.append(clock() - began)
    return min(times)


def children() -> float:
    """Processor time of the processes this one has started, in seconds."""
    used = os.times()
    return used.children_user + used.children_system


def bandwidth(count: int, tries: int) -> float:
    """Bytes a second at which one core reads `count` float32 again and again, by a dot product."""
    import numpy as np

    halves = np.ones((2, count // 2), np.float32)
    rounds = max(1, 10**8 // count)

    def read() -> None:
        for _ in range(rounds):
            np.dot(halves[0], halves[1])

    return rounds * halves.nbytes / best(read, 3 * tries)
