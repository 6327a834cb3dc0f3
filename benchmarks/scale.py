"""The same training on 0.1 MB and on 1 GB: how long until it starts, how fast, in how much memory.

    python -m benchmarks.scale [--quick]

Each text is made from a seed, but for one, which is Python's own sources. Each training is a
process of its own with a cache of its own, the same network and a fixed number of steps; sizes take
turns, and the speed at each is also given as its ratio to that at 1 MB in the same round.
"""

import argparse
import json
import resource
import sysconfig
import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks.children import call
from benchmarks.corpus_scale import SCALE, write_text
from benchmarks.record import write

FULL = ("0.1", "1", "10", "100", "1000", "10, Python's sources")
QUICK = ("0.1", "1", "10")
BASE = "1"


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


def train(text: str, run: str, steps: int) -> dict[str, float]:
    """Trains in this process."""
    import burble
    from burble.events import End, Event, Report

    started = time.perf_counter()
    told: list[tuple[int, float]] = []

    def listen(event: Event) -> None:
        if isinstance(event, Report | End):
            step = event.step if isinstance(event, Report) else event.state.step
            told.append((step, time.perf_counter()))

    settings = {"size": "medium", "batch": 16, "length": 64, "framing": "streams", "dropout": 0.2}
    settings |= {"held_out": 0.01}
    burble.train(text, run, on_event=listen, steps=steps, evaluations=1, **settings)
    # The first half warms up, and the last report comes before the held-out score.
    half = next(i for i, (step, _) in enumerate(told) if 2 * step >= steps)
    (first, began), (last, ended) = told[half], told[-2]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "start": told[0][1] - started,
        "speed": (last - first) * 16 * 64 / (ended - began),
        "all": ended - started,
        "peak": peak / SCALE,
    }


def apart(text: Path, folder: Path, steps: int) -> dict[str, float]:
    """The same in a process of its own, with an empty cache for texts."""
    with tempfile.TemporaryDirectory(dir=folder) as name:
        # What was compiled is shared, as on a machine that has trained before.
        kept = {"XDG_CACHE_HOME": name, "JAX_COMPILATION_CACHE_DIR": str(folder / "compiled")}
        found = call("scale", "--child", text, f"{name}/run", steps, **kept)
        size = sum(path.stat().st_size for path in Path(name).rglob("ids"))
    return dict(found) | {"disk": size / 1e6}


def main() -> None:
    """Trains on all sizes in turn and records the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="up to 10 MB, one round")
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        text, run, steps = asked.child
        print(json.dumps(train(text, run, int(steps))))
        return
    sizes, rounds, steps = (QUICK, 1, 60) if asked.quick else (FULL, 3, 240)
    found: dict[str, list[dict[str, float]]] = {size: [] for size in sizes}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = {size: folder / f"{number}.txt" for number, size in enumerate(sizes)}
        for size, path in paths.items():
            make(path, size)
        apart(paths[BASE], folder, 20)
        for _ in range(rounds):
            for size, path in paths.items():
                found[size].append(apart(path, folder, steps))
    rows = []
    for size, results in found.items():
        pairs = zip(results, found[BASE], strict=True)
        rows.append(
            {
                "text, MB": size,
                "seconds to the first report": round(median(r["start"] for r in results), 1),
                "characters/s": round(median(r["speed"] for r in results)),
                "beside 1 MB": f"{median(a['speed'] / b['speed'] for a, b in pairs):.2f}",
                "peak memory, MB": round(max(r["peak"] for r in results)),
                "encoded on disk, MB": round(results[0]["disk"], 1),
            }
        )
    write("scale", rows, f"2 x 256, 16 streams of 64, {steps} steps; median of {rounds} rounds")


if __name__ == "__main__":
    main()
