"""Characters a second of a training as it is by default, beside an earlier build, by turns.

    python -m benchmarks training_pace TEXT [--quick]

TEXT is read in lower case and from nothing. Both builds train the two networks that the earlier one
trained in five minutes, with 16 streams of 64; then the earlier one those, and today's the four of
8 streams that it trains now. Counted are the characters that all networks read between two steps;
starting up is left out.
"""

from functools import partial
from pathlib import Path

from benchmarks import builds
from benchmarks.builds import Build
from benchmarks.harness import make_parser, record

LENGTH = 64
STEPS = 300
"""Steps of a training of which each is reported."""
FIRST = 50
"""The step from which on time is taken."""
EARLIER = (2, 16)
SHAPES = [(2, 16), (4, 8)]
"""Networks and streams."""


def measure(text: Path, shape: tuple[int, int], last: int, build: Build) -> tuple[float, None]:
    """Characters a second."""
    networks, streams = EARLIER if build.is_earlier else shape
    flags = [f"--batch={streams}", f"--length={LENGTH}", "--lowercase"]
    flags += [f"--steps={STEPS}", "--evaluations=1"]
    # The earlier build called an ensemble its networks.
    several = "networks" if build.is_earlier else "ensemble"
    flags += [f"--{several}={networks}", *build.from_nothing]
    (begun, ended), _ = builds.watch_training(build, text, [FIRST, last], *flags)
    return networks * streams * LENGTH * (last - FIRST) / (ended - begun), None


def main() -> None:
    """Measures all and records the table."""
    parser = make_parser(__doc__, "one round, a few steps")
    parser.add_argument("text", type=Path)
    asked = parser.parse_args()
    rounds, last = (1, FIRST + 20) if asked.quick else (builds.ROUNDS, STEPS)
    both = builds.find_builds()
    rows = []
    for networks, streams in SHAPES:
        work = partial(measure, asked.text, (networks, streams), last)
        found = builds.by_turns(work, both, rounds)
        rows.append({"networks": networks, "streams": streams, **found.cells(0)})
    note = f"{rounds} rounds in turn; earlier is commit {builds.EARLIER[:12]}, always two of 16"
    record("training_pace", rows, note)
