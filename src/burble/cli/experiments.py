"""The commands that compare settings and search for good ones."""

import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import fields
from functools import partial
from pathlib import Path
from types import FrameType, ModuleType
from typing import Annotated, Any

import typer
from rich.console import Console

from burble import settings, streams
from burble.data import report as corpus_report
from burble.data import sources
from burble.data.corpus import Corpus
from burble.errors import InputError, Interrupted, SettingsError, require_packages
from burble.experiments import compare as experiments_compare
from burble.experiments import grid
from burble.experiments.compare import Comparison
from burble.experiments.grid import Variant
from burble.experiments.trial import Work, alone_in
from burble.formatting import command_line, shown
from burble.runs import recipes
from burble.runs.request import TrainingRequest, to_flags
from burble.settings import LIMITS, SourceSettings, require
from burble.training.preflight import suited

console = Console(stderr=True, emoji=False, highlight=False, soft_wrap=True)
tell = partial(console.print, markup=False)
MINUTES = 2.0
TUNE_MINUTES = 1.0
UNLIKE = {f.name for f in fields(settings.TextSettings)} | {*LIMITS, "held_out", "left_out"}
UNLIKE |= {"split", "val_chars", "evaluations"}
"""Settings with which the text that is scored differs, or the work: not to be searched."""
READ = {f.name for f in fields(settings.TextSettings)} | {"held_out", "left_out", "split"}
"""Settings with which another text is read, or other parts of it are learned."""
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
    **chosen: Any,
) -> None:
    """Train every combination of some settings for an equal time, and tell which is best."""
    _check_sources(source, recipe, output)
    reading = SourceSettings.taken_from(chosen)
    require(seeds >= 1, "seeds", seeds, "1 or more")
    variants = grid.variants(vary)
    given = recipes.with_recipe(chosen, recipe)
    if not any(given.get(limit) or limit in variants[0].chosen for limit in LIMITS):
        given["minutes"] = MINUTES
    first = given.pop("seed", 0)
    varied = {*variants[0].chosen}
    varied |= {*LIMITS} if varied & {*LIMITS} else set()
    given = {name: value for name, value in given.items() if name not in varied}
    for variant in variants:
        settings.make(given | dict(variant.chosen))
    text = TrainingRequest(given, sources=tuple(source), reading=reading).read(settings.make(given))
    _check_on(text, variants, given)
    every = range(first, first + seeds)
    flags, sources = to_flags(given), _named(source, reading)
    comparison = Comparison(output, sources, flags, variants, every, text.sha256)
    _stop_on_signal(comparison.work)
    with alone_in(output, experiments_compare.NAME):
        comparison.run(tell)
    if comparison.work.stopped:
        raise Interrupted(STOPPED)
    rows = comparison.rows()
    print(experiments_compare.table(rows))
    failed = [row["settings"] for row in rows if row["failed"]]
    console.print(f"The table and its curves are in {output}.", markup=False)
    if failed:
        raise InputError(f"not all came to their end: {', '.join(failed)}. The table says why.")


def _check_on(text: Corpus, variants: Sequence[Variant], given: Mapping[str, Any]) -> None:
    """Refuses what does not suit the text; or tells that not all will be scored on the same one."""
    read = sorted(READ.intersection(variants[0].chosen))
    if read:
        tell(
            f"What is scored depends on {', '.join(read)}, so the scores of these trainings cannot "
            "be laid side by side: the lowest may be that of the easiest text."
        )
        return
    for variant in variants:
        suited(dict(given) | dict(variant.chosen), text)


def tune(
    source: Annotated[list[str], typer.Argument(help="What to train on, as for train.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder of the search.")],
    trials: Annotated[int, typer.Option(help="Trainings in all.")] = 20,
    vary: Annotated[
        list[str] | None,
        typer.Option(help="Search a setting among some values: cell=lstm,gru. Several times."),
    ] = None,
    recipe: Annotated[str | None, typer.Option(help="Settings for all, from a recipe.")] = None,
    **chosen: Any,
) -> None:
    """Search for good settings, in trainings of a minute each, and write them as a recipe.

    What is given is fixed. A tenth of the text is left out of the search, so that it can judge
    the recipe afterwards.
    """
    tuning = _tuning()
    _check_sources(source, recipe, output)
    reading = SourceSettings.taken_from(chosen)
    require(trials >= 1, "trials", trials, "1 or more")
    values = grid.choices(vary or [])
    given = _fixed(recipes.with_recipe(chosen, None), recipe, values)
    private = ["left_out", "seed"]
    if not any(given.get(limit) for limit in LIMITS):
        given["minutes"] = TUNE_MINUTES
        private.append("minutes")
    text = TrainingRequest(given, sources=tuple(source), reading=reading).read(settings.make(given))
    for line in corpus_report.summary(text):
        tell(line)
    if text.cut == len(text.ids):
        raise InputError("nothing is held out, so no score can choose. Give --held-out, or text.")
    usual = suited(given, text)
    space, first = tuning.space(given, values, usual)
    sources, seed = _named(source, reading), given.get("seed", 0)
    search = tuning.Search(output, sources, text.sha256, given, space, first, seed, private)
    _stop_on_signal(search.work)
    with alone_in(output, tuning.STUDY):
        rows = search.run(trials, tell)
    if search.work.stopped:
        raise Interrupted(STOPPED)
    print(tuning.table(rows))
    if not rows or rows[0][tuning.SCORE] is None:
        raise InputError(f"no trial came to its end. What they said is in {output}.")
    best = output / tuning.BEST
    tell(f"The best settings are in {best}.")
    again = command_line(["burble", "train", *sources, "--recipe", str(best), "-o", "RUN"])
    tell(f"Now, on all of the text: {again}")


def _tuning() -> ModuleType:
    """The module that searches, which needs a package of its own.

    Raises:
        InputError: That is not installed.
    """
    with require_packages("burble tune"):
        from burble.experiments import search as experiments_search
    return experiments_search


def _fixed(
    given: Mapping[str, Any], recipe: str | None, values: Mapping[str, Sequence[Any]]
) -> dict[str, Any]:
    """The settings of all trials of a search: as given, from a recipe, and what is left out.

    Raises:
        SettingsError: What is varied makes scores that cannot be compared.
    """
    for name in values:
        if name in UNLIKE:
            raise SettingsError(
                f"{name} cannot be searched: scores with different values of it cannot be "
                "compared. Give it one value."
            )
    brought = recipes.with_recipe(given, recipe)
    found = {n: v for n, v in brought.items() if n in given or n not in values}
    # What the final model is scored on must have chosen nothing.
    return {"left_out": found.get("held_out", settings.TrainingSettings.held_out)} | found


def _named(source: list[str], reading: SourceSettings) -> list[str]:
    """The sources and how they are read, as on the command line."""
    return [*source, *to_flags(reading.given)]


def _check_sources(source: list[str], recipe: str | None, output: Path) -> None:
    """Refuses what cannot be read again for each training, or could be written over."""
    if "-" in source:
        raise InputError("standard input can be read only once; save the text to a file.")
    for path in sources.named([*source, recipe or ""]):
        if path.resolve().parent == output.resolve():
            raise InputError(
                f"{shown(path)} is read and lies in {shown(output)}, where all is written anew. "
                "Copy it to another place, or choose another folder with -o."
            )


def _stop_on_signal(work: Work) -> None:
    """Makes Ctrl-C and SIGTERM a wish to stop; a terminal's Ctrl-C reaches the training itself.

    Of a terminal that is closed both may hear, and a training takes that for one wish.
    """

    def handle(number: int, _frame: FrameType | None) -> None:
        work.stop(reached=number == signal.SIGINT and sys.stdin.isatty())

    def closed(_number: int, _frame: FrameType | None) -> None:
        if not work.stopped:
            work.stop(reached=False)

    signal.signal(signal.SIGINT, handle)
    signal.signal(signal.SIGTERM, handle)
    streams.on_hangup(closed)
