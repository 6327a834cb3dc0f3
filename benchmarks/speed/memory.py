"""How fast a memory is made, and how long a step of writing takes with one.

    python -m benchmarks memory RUN TEXT

RUN was trained on TEXT. All in one run, with and without a memory by turns.
"""

import time
from collections.abc import Callable
from functools import partial
from statistics import median
from typing import Any

import numpy as np

from benchmarks.harness import format_spread, make_parser, record
from burble.data import corpus
from burble.inference import generator
from burble.inference.generator import Generator
from burble.ngram.index import build_index
from burble.ngram.training_text import recognize_training_text

TIMES = 7
SYMBOLS = {1: 2_000, 64: 200}
LARGE = 10_000_000


def seconds(work: Callable[[], Any], times: int) -> list[float]:
    """How long something takes, a few times."""
    found = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        found.append(time.perf_counter() - started)
    return found


def compare(writer: Generator, texts: int, length: int, times: int) -> dict[str, str]:
    """A row: so many texts at once, with and without a memory by turns."""

    def speed(weight: float) -> float:
        started = time.perf_counter()
        writer.generate_many("", count=texts, length=length, seed=1, memory=weight)
        return texts * length / (time.perf_counter() - started)

    speed(1.0)
    pairs = [(speed(0.0), speed(1.0)) for _ in range(times)]
    alone, both = zip(*pairs, strict=True)
    ratios = [one / other for one, other in pairs]
    return {
        "what": f"{texts} text(s) at once",
        "characters/s alone": format_spread(alone),
        "with memory": format_spread(both),
        "times as long": f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})",
    }


def main() -> None:
    """Measures and records."""
    parser = make_parser(__doc__, "one round, a tenth of the symbols")
    parser.add_argument("run")
    parser.add_argument("text")
    asked = parser.parse_args()
    times, large = (1, LARGE // 10) if asked.quick else (TIMES, LARGE)
    model = generator.load(asked.run).model
    own = recognize_training_text(model, corpus.build([asked.text], model.text, validation=0.0))
    if own is None:
        raise SystemExit(f"{asked.text} is not what {asked.run} was trained on.")
    ids = np.array(own.ids[: own.start])
    many = np.resize(ids, large)
    # Repeated as it is, it would hold nothing new.
    many[::50] = np.random.default_rng(0).integers(0, model.vocabulary.size, len(many[::50]))
    rows = []
    for name, part in (("its text", ids), (f"{large:,} symbols", many)):
        speeds = [len(part) / s / 1e6 for s in seconds(partial(build_index, part), times)]
        rows.append({"what": f"made of {name}", "million symbols/s": f"{median(speeds):.1f}"})
    kept = build_index(ids)
    writer = Generator(model, lambda: kept)
    rows += [compare(writer, texts, length, times) for texts, length in SYMBOLS.items()]
    columns = {name: "" for row in rows for name in row}
    record("memory", [columns | row for row in rows], f"{model.architecture.ensemble} network(s)")
