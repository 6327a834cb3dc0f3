"""The commands that compare settings and search for good ones."""

import shlex
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path
from subprocess import Popen
from types import FrameType
from typing import Annotated, Any

import typer
from rich.console import Console

from burble import comparing, cookbook, reporting, settings, sizing, varying
from burble.comparing import Comparison
from burble.errors import InputError, Interrupted
from burble.orders import Order
from burble.settings import LIMITS, require

console = Console(stderr=True, highlight=False, soft_wrap=True)
tell = partial(console.print, markup=False)
MINUTES = 2.0
TUNE_MINUTES = 1.0
LEFT_OUT = 0.1
STOPPED = "stopped; what was done is saved. The same command goes on."


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
    _check_sources(source)
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
    stopped = _stop_on_signal(comparison.children)
    for _ in comparison.run(tell):
        if stopped():
            raise Interrupted(STOPPED)
    rows = comparison.rows()
    print(comparing.table(rows))
    failed = [row["settings"] for row in rows if row["failed"]]
    console.print(f"The table and its curves are in {output}.", markup=False)
    if failed:
        raise InputError(f"not all came to their end: {', '.join(failed)}. The table says why.")


def tune(
    source: Annotated[list[str], typer.Argument(help="What to train on, as for train.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder of the search.")],
    trials: Annotated[int, typer.Option(help="Trainings in all.")] = 20,
    vary: Annotated[
        list[str] | None,
        typer.Option(help="Search a setting among some values: cell=lstm,gru. Several times."),
    ] = None,
    recipe: Annotated[str | None, typer.Option(help="Settings for all, from a recipe.")] = None,
    encoding: Annotated[str | None, typer.Option(help="The encoding of the text.")] = None,
    **chosen: Any,
) -> None:
    """Search for good settings, in trainings of a minute each, and write them as a recipe.

    What is given is fixed. The last tenth of the text is left out of the search, so that it can
    judge the recipe afterwards.
    """
    try:
        from burble import tuning
    except ModuleNotFoundError as error:
        raise InputError(
            f"burble tune needs {error.name}, which is not installed. Install it with: pip install "
            "'burble[tune]'"
        ) from error
    _check_sources(source)
    require(trials >= 1, "trials", trials, "1 or more")
    given = {"left_out": LEFT_OUT} | cookbook.with_recipe(chosen, recipe)
    values = varying.choices(vary or [])
    if not any(given.get(limit) or limit in values for limit in LIMITS):
        given["minutes"] = TUNE_MINUTES
    text = Order(given, sources=tuple(source), encoding=encoding).read(settings.make(given))
    for line in reporting.summary(text):
        tell(line)
    usual, _ = sizing.choose(given, text)
    space, first = tuning.space(given, values, usual)
    sources = [*source, *([f"--encoding={encoding}"] if encoding else [])]
    search = tuning.Search(output, sources, given, space, first, given.get("seed", 0))
    stopped = _stop_on_signal(search.children)
    rows = search.run(trials, tell, stopped)
    if stopped():
        raise Interrupted(STOPPED)
    print(tuning.table(rows))
    if not rows or rows[0][tuning.SCORE] is None:
        raise InputError(f"no trial came to its end. What they said is in {output}.")
    recipe_file = output / tuning.BEST
    tell(f"The best settings are in {recipe_file}.")
    again = shlex.join(["burble", "train", *sources, "--recipe", str(recipe_file), "-o", "RUN"])
    tell(f"Now, on all of the text: {again}")


def _check_sources(source: list[str]) -> None:
    """Refuses what cannot be read again for each training."""
    if "-" in source:
        raise InputError("standard input can be read only once; save the text to a file.")


def _stop_on_signal(children: list[Popen[bytes]]) -> Callable[[], bool]:
    """Makes Ctrl-C and SIGTERM a wish to stop after the training that is at work.

    It saves itself and ends at once; a terminal's Ctrl-C reaches it without our help.
    """
    asked: list[int] = []

    def handle(number: int, _frame: FrameType | None) -> None:
        asked.append(number)
        for child in children:
            if number == signal.SIGTERM:
                child.terminate()

    signal.signal(signal.SIGINT, handle)
    signal.signal(signal.SIGTERM, handle)
    return lambda: bool(asked)
