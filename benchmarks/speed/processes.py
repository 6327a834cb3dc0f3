"""What several processes on one machine cost beside one.

    python -m benchmarks processes [--quick]

The same training, by one process that uses all cores and by two that share them. The time of a
step is that of a long training less that of a short one, so that starting up does not count. The
two exchange the gradient of every weight at every step, over loopback.
"""

import tempfile
from pathlib import Path
from statistics import median

from benchmarks.harness import make_parser, record, train
from benchmarks.speed.corpus_scale import write_text

SIZES = {"1 x 128": (1, 128), "2 x 256": (2, 256), "2 x 512": (2, 512)}
COUNTS = (1, 2)
BATCH, LENGTH = 32, 64
SHORT = 10


def seconds(text: Path, layers: int, units: int, count: int, steps: int) -> float:
    """Seconds of a whole training."""
    with tempfile.TemporaryDirectory(dir=text.parent) as name:
        flags = [f"--layers={layers}", f"--units={units}", f"--steps={steps}"]
        flags += [f"--batch={BATCH}", f"--length={LENGTH}", "--framing=streams"]
        flags += ["--evaluations=1", "--val-chars=100", f"--processes={count}"]
        return train(text, Path(name) / "run", *flags)


def main() -> None:
    """Measures all in turn and records the table."""
    parser = make_parser(__doc__, "one size, one round")
    asked = parser.parse_args()
    rounds, steps = (1, 40) if asked.quick else (3, 110)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        text = Path(folder) / "text.txt"
        write_text(text, 0.1, accented=False)
        for size, (layers, units) in SIZES.items():
            if asked.quick and size != "2 x 256":
                continue
            found: dict[int, list[float]] = {count: [] for count in COUNTS}
            for count in COUNTS:
                # What is compiled is kept: each is compiled once before it is timed.
                seconds(text, layers, units, count, SHORT)
            for _ in range(rounds):
                for count, times in found.items():
                    short = seconds(text, layers, units, count, SHORT)
                    long = seconds(text, layers, units, count, steps)
                    times.append(1000 * (long - short) / (steps - SHORT))
            ratios = [a / b for a, b in zip(found[1], found[2], strict=True)]
            rows.append(
                {
                    "network": size,
                    "one process, ms a step": f"{median(found[1]):.0f}",
                    "two processes, ms a step": f"{median(found[2]):.0f}",
                    "speed of two, times that of one": f"{median(ratios):.2f}",
                }
            )
    record("processes", rows, f"{BATCH} streams of {LENGTH}, two cores; median of {rounds} rounds")
