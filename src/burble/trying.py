"""The command that compares settings; see `burble.comparing`."""

import signal
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer
from rich.console import Console

from burble import comparing, cookbook, settings, varying
from burble.comparing import Comparison
from burble.errors import InputError, Interrupted
from burble.settings import LIMITS, require

console = Console(stderr=True, highlight=False, soft_wrap=True)
MINUTES = 2.0


def compare(
    source: Annotated[list[str], typer.Argument(help="What to train on, as for train.")],
    vary: Annotated[
        list[str],
        typer.Option(help="A setting and its values: units=128,256. May be given several times."),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder of the comparison.")],
    seeds: Annotated[int, typer.Option(help="Trainings of each combination.")] = 1,
    recipe: Annotated[str | None, typer.Option(help="Settings for all, from a recipe.")] = None,
    encoding: Annotated[str | None, typer.Option(help="The encoding of the text.")] = None,
    **chosen: Any,
) -> None:
    """Train every combination of some settings for an equal time, and tell which is best."""
    if "-" in source:
        raise InputError("standard input can be read only once; save the text to a file.")
    require(seeds >= 1, "seeds", seeds, "1 or more")
    variants = varying.variants(vary)
    given = cookbook.with_recipe(chosen, recipe)
    if not any(given.get(limit) or limit in variants[0].chosen for limit in LIMITS):
        given["minutes"] = MINUTES
    first = given.pop("seed", 0)
    varied = {*variants[0].chosen}
    varied |= {*LIMITS} if varied & {*LIMITS} else set()
    given = {name: value for name, value in given.items() if name not in varied}
    for variant in variants:
        settings.make(given | dict(variant.chosen))
    sources = [*source, *([f"--encoding={encoding}"] if encoding else [])]
    every = range(first, first + seeds)
    comparison = Comparison(output, sources, varying.flags(given), variants, every)
    _run(comparison)
    rows = comparison.rows()
    print(comparing.table(rows))
    failed = [row["settings"] for row in rows if row["failed"]]
    console.print(f"The table and its curves are in {output}.", markup=False)
    if failed:
        raise InputError(f"not all came to their end: {', '.join(failed)}. The table says why.")


def _run(comparison: Comparison) -> None:
    """Trains one after another, until all are done or Ctrl-C.

    A training that is stopped saves itself; the same command goes on with it.
    """
    asked: list[int] = []

    def handle(number: int, _frame: FrameType | None) -> None:
        asked.append(number)
        # A terminal's Ctrl-C reaches the training that is at work by itself.
        for child in comparison.children:
            if number == signal.SIGTERM:
                child.terminate()

    signal.signal(signal.SIGINT, handle)
    signal.signal(signal.SIGTERM, handle)
    for _ in comparison.run(partial(console.print, markup=False)):
        if asked:
            raise Interrupted("stopped; what was done is saved. The same command goes on.")
