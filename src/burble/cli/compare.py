"""The command that compares settings. Imports neither Keras nor JAX."""

import signal
import sys
from collections.abc import Mapping, Sequence, Set
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any

import typer

from burble import interrupts, settings
from burble.cli.output import console, log
from burble.data.corpus import Corpus
from burble.errors import InputError, Interrupted
from burble.experiments import compare as comparison
from burble.experiments import grid
from burble.experiments.trial import Work, alone_in, check_sources
from burble.model.transfer import merge_base_settings
from burble.runs import recipes
from burble.runs.base import NONE, choose_base
from burble.runs.request import TrainingRequest, to_flags
from burble.settings import LIMITS, SourceSettings, require
from burble.training.preflight import suit_settings

MINUTES = 2.0
Source = Annotated[list[str], typer.Argument(help="What to train on, as for train.")]
RecipeForAll = Annotated[str | None, typer.Option(help="Settings for all, from a recipe.")]
BaseForAll = Annotated[
    str, typer.Option("--base", help="Start all from this model: a base's name or any model.")
]
Vary = Annotated[
    list[str],
    typer.Option(
        help="A setting and its values: units=128,256, or starts: base=none,english. May be given "
        "several times."
    ),
]
Output = Annotated[Path, typer.Option("--output", "-o", help="The folder of the comparison.")]
Seeds = Annotated[int, typer.Option(help="Trainings of each combination.")]
READ = {f.name for f in fields(settings.TextSettings)} | {"validation", "test", "split"}
"""Settings with which another text is read, or other parts of it are learned."""
STOPPED = "stopped; what was done is saved. The same command goes on."


def compare(
    source: Source,
    vary: Vary,
    output: Output,
    seeds: Seeds = 1,
    recipe: RecipeForAll = None,
    base: BaseForAll = NONE,
    **chosen: Any,
) -> None:
    """Train every combination of some settings for an equal time, and print which is best.

    Without a limit, each trains for two minutes.
    """
    check_sources(source, recipe, output)
    reading = SourceSettings.pop_from(chosen)
    require(seeds >= 1, "seeds", seeds, "1 or more")
    variants = grid.expand_grid([*([] if base == NONE else [f"{grid.BASE}={base}"]), *vary])
    given = recipes.merge_recipe(chosen, recipe)
    if not any(given.get(limit) or limit in variants[0].values for limit in LIMITS):
        given["minutes"] = MINUTES
    first = given.pop("seed", 0)
    varied = {*variants[0].values}
    varied |= {*LIMITS} if varied & {*LIMITS} else set()
    given = {name: value for name, value in given.items() if name not in varied}
    start = {name: value for name, value in variants[0].values.items() if name == grid.BASE}
    made = [merge_settings(given, variant.values) for variant in variants]
    text = TrainingRequest(given, sources=tuple(source), reading=reading).read(
        settings.make_settings(merge_settings(given, start))
    )
    _check_text(text, varied, made)
    every = range(first, first + seeds)
    flags, sources = to_flags(given), [*source, *to_flags(reading.given)]
    trials = comparison.Comparison(output, sources, flags, variants, every, text.sha256)
    stop_on_signal(trials.work)
    with alone_in(output, comparison.NAME):
        trials.run(log)
    if trials.work.stopped:
        raise Interrupted(STOPPED)
    _print_rows(trials.rows(), output)


def _print_rows(rows: Sequence[Mapping[str, Any]], output: Path) -> None:
    """Prints the table.

    Raises:
        InputError: A training did not come to its end.
    """
    print(comparison.format_table(rows))
    failed = [row["settings"] for row in rows if row["failed"]]
    console.print(f"The table and its curves are in {output}.", markup=False)
    if failed:
        raise InputError(f"not all came to their end: {', '.join(failed)}. The table says why.")


def merge_settings(given: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a training, with those that its base brings.

    Args:
        given: Settings by name.
        values: Further ones, which come first; a base may be among them.

    Raises:
        SettingsError: A value that cannot be, or is not the base's.
        ModelFileError: There is no such base.
    """
    options = {**given, **values}
    base, _ = choose_base(options.pop(grid.BASE, NONE), None, resume=False)
    merged = merge_base_settings(options, base.model if base else None)
    settings.make_settings(merged)
    return merged


def _check_text(text: Corpus, varied: Set[str], made: Sequence[Mapping[str, Any]]) -> None:
    """Refuses what does not suit the text; says where not all are scored on the same one."""
    read = sorted(READ.intersection(varied))
    if not read and len({settings.make_settings(each).text for each in made}) > 1:
        read = [grid.BASE]
    if read:
        log(
            f"What is scored depends on {', '.join(read)}, so the scores of these trainings cannot "
            "be laid side by side: the lowest may be that of the easiest text."
        )
        return
    for each in made:
        suit_settings(each, text)


def stop_on_signal(work: Work) -> None:
    """Makes Ctrl-C and SIGTERM stop the work; a terminal sends its Ctrl-C to the training as well.

    A terminal that is closed may signal both; a training takes that for one signal.
    """

    def stop(number: int) -> None:
        work.stop(delivered=number == signal.SIGINT and sys.stdin.isatty())

    interrupts.catch(stop, stop, hangup=lambda n: None if work.stopped else stop(n))
