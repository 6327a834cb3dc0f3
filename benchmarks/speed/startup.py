"""How soon burble begins, and how much memory it takes, beside an earlier build.

    python -m benchmarks startup [--text FILE] [--quick]

Commands in processes of their own, the earlier build and the working tree in turn; see
`benchmarks.builds`. Seconds are by the clock. The first step of a training is done when its loss
stands in the run's `metrics.jsonl`. What was compiled is kept between starts, but for the row of a
first start. A text is written with a model that the earlier build has trained. The largest memory
is that of a whole training, with scores, samples and the search for how to write. Without a text of
one's own, one of a million characters is made.
"""

import os
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import builds
from benchmarks.builds import Build, Comparison
from benchmarks.harness import make_parser, record
from benchmarks.speed.corpus_scale import write_text

SHAPE = ("--layers=2", "--units=256", "--batch=32", "--length=64", "--framing=streams")
MANY = 300
"""Steps of a training that is stopped after the first: each of so few is reported."""
FEW = 20
"""Steps of one that comes to its end."""
LENGTH = 1000
APART = 1.0
"""Nats by which first losses may differ: the first weights are other ones, and today's know how
often symbols occur."""

Measure = Callable[[Build], tuple[float, Any]]


def first_step(text: Path, build: Build, *, fresh: bool = False) -> tuple[float, float]:
    """Seconds from the command to the first step, and the loss of that step.

    Args:
        text: What to train on.
        build: The build.
        fresh: Whether nothing has been compiled before.
    """
    limits = f"--steps={MANY}", *SHAPE
    with tempfile.TemporaryDirectory() as cache:
        variables = {"XDG_CACHE_HOME": cache} if fresh else {}
        seconds, loss = builds.watch_training(build, text, [1], *limits, **variables)
    return seconds[0], loss


def write(model: Path, build: Build) -> tuple[float, int]:
    """Seconds of writing, and how many characters were written."""
    used = build.run("sample", model, "-l", LENGTH, "-p", "the", "--seed", 1)
    return used.clock, len(used.printed)


def train_whole(text: Path, build: Build) -> tuple[float, tuple[int, int]]:
    """The largest memory of a training in megabytes, and its steps and size."""
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        limits = f"--steps={FEW}", "--evaluations=2"
        used = build.run("train", text, "-o", run, *limits, *SHAPE)
        written = (run / "model.safetensors").stat().st_size
        done = builds.read_lines(run / "metrics.jsonl")[-1]["step"]
        # A header tells of more than it did, in a few bytes.
        return used.peak / 1e6, (done, round(written, -5))


def make_rows(text: Path, large: Path, folder: Path, rounds: int) -> list[dict[str, object]]:
    """The rows of the table."""
    both = builds.find_builds()
    model = folder / "model"
    both[0].run("train", text, "-o", model, f"--steps={FEW}", "--evaluations=1", *SHAPE)
    for build in both:
        # What is compiled is kept: from here on each start is a second one.
        first_step(text, build)
        write(model, build)

    def near(one: float, other: float) -> bool:
        return abs(one - other) < APART

    def row(what: str, measure: Measure, **more: Any) -> dict[str, object]:
        found: Comparison = builds.by_turns(measure, both, rounds, **more)
        return {"what": what, **found.cells()}

    return [
        row("seconds to the first step", partial(first_step, text), same=near),
        row(
            "seconds to the first step, nothing compiled yet",
            partial(first_step, text, fresh=True),
            same=near,
        ),
        row(f"seconds of sample -l {LENGTH}", partial(write, model)),
        row("megabytes of a training on 1 MB", partial(train_whole, large)),
    ]


def main() -> None:
    """Measures all and records the table."""
    parser = make_parser(__doc__, "one round, a short text")
    parser.add_argument("--text", type=Path, help="a text of about 1 MB")
    asked = parser.parse_args()
    rounds, size = (1, 0.02) if asked.quick else (builds.ROUNDS, 1.0)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        large, text = asked.text or folder / "large.txt", folder / "text.txt"
        if asked.text is None:
            write_text(large, size, accented=False)
        text.write_bytes(large.read_bytes()[:150_000])
        rows = make_rows(text, large, folder, rounds)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    note = f"{rounds} rounds in turn, {cores} core(s); earlier is commit {builds.EARLIER[:12]}"
    record("startup", rows, f"{note}; median (least to most)")
