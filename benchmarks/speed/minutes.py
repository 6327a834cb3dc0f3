"""How long until a score, beside an earlier build: whole trainings from nothing, by turns.

    python -m benchmarks minutes TEXT NATS --earlier MINUTES... --today MINUTES... [FLAG ...]

A training has so many minutes as it is told at its start, and its steps become smaller towards
their end. So a build needs as long as `burble train TEXT --minutes M` takes with the first M of its
list that brings the validation part (the last tenth) to NATS or below, static, the network alone.
The time is that of the whole command, by the clock, and of the trainings that reach it: what was
too short is told and not counted. A round that has reached it begins the next at the same M. Where
the longest does not reach it either, its time counts, which is less than the build needs; the table
says how often that was so.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import builds
from benchmarks.builds import Build, Comparison
from benchmarks.harness import make_parser, read_facts, record, shorten


@dataclass
class Search:
    """How many minutes a build needs.

    Attributes:
        text: What is learned.
        nats: The score to be reached, in nats per character.
        flags: For `burble train`, of both builds.
        lists: Minutes to try, ascending, by the name of a build.
        scores: Those of the trainings that count, by the name of a build.
    """

    text: Path
    nats: float
    flags: Sequence[str]
    lists: dict[str, list[float]]
    scores: dict[str, list[float]] = field(default_factory=dict)

    def __call__(self, build: Build) -> tuple[float, None]:
        """Seconds of the shortest training that reaches the score, or else of the longest."""
        minutes = self.lists[build.name]
        while True:
            seconds, score = self.train(build, minutes[0])
            print(f"{build.name}: {minutes[0]:g} minutes, {seconds:.0f} s, {score:.4f}", flush=True)
            if score <= self.nats or len(minutes) == 1:
                self.scores.setdefault(build.name, []).append(score)
                return seconds, None
            del minutes[0]

    def describe_scores(self, build: Build) -> str:
        """Median, least and most of the scores that count, and how many are not good enough."""
        found = self.scores[build.name]
        missed = sum(score > self.nats for score in found)
        return builds.spread(found, 4) + (f", {missed} not reached" if missed else "")

    def train(self, build: Build, minutes: float) -> tuple[float, float]:
        """Seconds of a training, and the score of its model."""
        with tempfile.TemporaryDirectory() as folder:
            run = Path(folder) / "run"
            told = f"--minutes={minutes}", *build.from_nothing, *self.flags
            used = build.run("train", self.text, "-o", run, *told)
            facts = read_facts(run)
        found = facts.get("scores") or facts
        return used.clock, found["held_out_loss"]


def main() -> None:
    """Measures both and records the table."""
    parser = make_parser(__doc__, "one round, the text's beginning")
    parser.add_argument("text", type=Path)
    parser.add_argument("nats", type=float)
    parser.add_argument("--earlier", type=float, nargs="+", required=True)
    parser.add_argument("--today", type=float, nargs="+", required=True)
    parser.add_argument("--rounds", type=int, default=builds.ROUNDS)
    asked, flags = parser.parse_known_args()
    both = builds.find_builds()
    lists = zip((build.name for build in both), (asked.earlier, asked.today), strict=True)
    with tempfile.TemporaryDirectory() as folder:
        text = shorten(asked.text, Path(folder)) if asked.quick else asked.text
        search = Search(text, asked.nats, flags, {name: sorted(told) for name, told in lists})
        rounds = 1 if asked.quick else asked.rounds
        found: Comparison = builds.by_turns(search, both, rounds)
    row = {"text": asked.text.stem, "nats": asked.nats, **found.cells(0)}
    scores = {
        f"scores, {which}": search.describe_scores(build)
        for which, build in zip(("earlier", "today"), both, strict=True)
    }
    note = f"seconds; {rounds} rounds in turn; earlier is commit {builds.EARLIER[:12]}"
    record(f"minutes_{asked.text.stem}", [row | scores], note)
