"""One text beside the earlier build, and 64 texts at once beside one text of either.

    python -m benchmarks writing_pace [--quick]

Each figure is a ratio of processes that are asked in turn, on all cores that they may use, by the
clock: the earlier build writes a text and today's one that begins alike; then today's writes one
text, one on one core alone, and 64 side by side, of which the first must be that one. Both builds
write with the same models, of random weights, which take as long as trained ones; the earlier build
makes them, since later ones read what it wrote.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks.builds import ROUNDS, Build, by_turns, find_builds, spread
from benchmarks.harness import make_parser, record

WORKER = Path(__file__).with_name("_write_worker.py")
SHAPES = ((1, 256), (2, 256), (2, 512))
STREAMS = 64
ONE_CORE = {"OMP_NUM_THREADS": "1"}
"""Keeps a process of today's build to one core."""
TURNS = 10
"""Turns that each ratio is the median of; the first of a process is not counted."""
ALIKE = 200
"""Characters that both builds must write alike: they add in another order, and where two symbols
are all but equally likely a rounding decides, after which the texts go their own ways.
"""


def main() -> None:
    """Measures all and writes the results."""
    options = parse()
    builds = find_builds()
    with tempfile.TemporaryDirectory() as folder:
        for layers, units in SHAPES:
            builds[0].call(WORKER, "make", Path(folder) / f"{layers}x{units}", layers, units)
        rows = [
            measure(builds, Path(folder) / f"{layers}x{units}", options) for layers, units in SHAPES
        ]
    record("writing_pace", rows, "medians of rounds in turn, with the least and the most")


def parse() -> argparse.Namespace:
    """The command line."""
    parser = make_parser(__doc__, "two rounds of short texts")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    options.rounds = 2 if options.quick else options.rounds
    options.length = 200 if options.quick else 2_000
    options.turns = 2 if options.quick else TURNS
    return options


def measure(
    builds: tuple[Build, Build], model: Path, options: argparse.Namespace
) -> dict[str, object]:
    """A row of the table: the figures of one model."""
    earlier, today = builds
    given = model, options.length
    with (
        earlier.keep(WORKER, "one", *given) as before,
        today.keep(WORKER, "one", *given) as after,
        today.keep(WORKER, "one", *given, **ONE_CORE) as single,
        today.keep(WORKER, "many", *given, STREAMS) as many,
    ):
        ask = {earlier.name: before, today.name: after}

        def write(build: Build) -> tuple[float, str]:
            answers = [ask[build.name]() for _ in range(options.turns)]
            return median(one["speed"] for one in answers), answers[0]["text"][:ALIKE]

        for one in (before, after, single, many):
            one()
        alone = by_turns(write, builds, options.rounds)
        rows = []
        for _ in range(options.rounds):
            one, all_of_them = after(), many()
            if not one["text"] == all_of_them["text"] == single()["text"]:
                sys.exit("a text among others, or on one core, is not what it is alone")
            speeds = [
                median(ask_one()["speed"] for _ in range(options.turns))
                for ask_one in (before, after, single)
            ]
            rows.append((*speeds, all_of_them["speed"]))
    written_alone = {f"one text, {name}": cell for name, cell in alone.cells(0).items()}
    return {"model": model.name, **written_alone, **lay_beside(rows)}


def lay_beside(rows: Sequence[Sequence[float]]) -> dict[str, str]:
    """Texts at once beside one: of the earlier build, of today's, and of that on one core."""
    names = "one, earlier", "one", "one on one core"
    return {
        "one text, one core": spread([row[2] for row in rows], 0),
        "64 texts": spread([row[-1] for row in rows], 0),
        **{
            f"64 texts / {name}": spread([row[-1] / row[place] for row in rows], 1)
            for place, name in enumerate(names)
        },
    }


if __name__ == "__main__":
    main()
