"""The command that searches for good settings. Imports neither Keras nor JAX."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import typer

from burble import settings
from burble.cli.compare import (
    STOPPED,
    BaseForAll,
    RecipeForAll,
    Source,
    merge_settings,
    stop_on_signal,
)
from burble.cli.output import log
from burble.data import report as corpus_report
from burble.data.corpus import Corpus
from burble.errors import InputError, Interrupted, SettingsError, require_packages
from burble.experiments import grid
from burble.experiments.trial import alone_in, check_sources
from burble.formatting import command_line
from burble.runs import recipes
from burble.runs.base import NONE
from burble.runs.request import TrainingRequest, to_flags
from burble.settings import LIMITS, SourceSettings, require
from burble.training.preflight import suit_settings

MINUTES = 1.0
UNLIKE = {f.name for f in fields(settings.TextSettings)} | {*LIMITS, "validation", "test"}
UNLIKE |= {"split", "val_chars", "evaluations", grid.BASE}
"""Settings with which the text that is scored differs, or the work: not to be searched."""
Output = Annotated[Path, typer.Option("--output", "-o", help="The folder of the search.")]
Trials = Annotated[int, typer.Option(help="Trainings in all.")]
Vary = Annotated[
    list[str] | None,
    typer.Option(help="Search a setting among some values: cell=lstm,gru. Several times."),
]


def tune(
    source: Source,
    output: Output,
    trials: Trials = 20,
    vary: Vary = None,
    recipe: RecipeForAll = None,
    base: BaseForAll = NONE,
    **chosen: Any,
) -> None:
    """Search for good settings, in trainings of a minute each, and write them as a recipe.

    What is given is fixed, a limit as well. A tenth of the text is kept from the search, as a test
    of the recipe afterwards.
    """
    search = _import_search()
    check_sources(source, recipe, output)
    reading = SourceSettings.pop_from(chosen)
    require(trials >= 1, "trials", trials, "1 or more")
    values = grid.parse_values(vary or [])
    given = _fixed(recipes.merge_recipe(chosen, None), recipe, values)
    private = ["test", "seed"]
    if not any(given.get(limit) for limit in LIMITS):
        given["minutes"] = MINUTES
        private.append("minutes")
    made = merge_settings(given, {grid.BASE: base})
    text = _read_text(TrainingRequest(given, sources=tuple(source), reading=reading), made)
    # What a base brings is no part of the recipe, and cannot be searched.
    shape = None if base == NONE else settings.make_settings(made).model
    space, first = search.build_space(made, values, suit_settings(made, text, shape))
    sources, seed = [*source, *to_flags(reading.given)], given.get("seed", 0)
    study = search.Search(output, sources, text.sha256, given, space, first, seed, private, base)
    stop_on_signal(study.work)
    with alone_in(output, search.STUDY):
        rows = study.run(trials, log)
    if study.work.stopped:
        raise Interrupted(STOPPED)
    print(search.format_table(rows, base))
    if not rows or rows[0][search.SCORE] is None:
        raise InputError(f"no trial came to its end. What they printed is in {output}.")
    _suggest_training(output / search.BEST, sources, base)


def _read_text(request: TrainingRequest, made: Mapping[str, Any]) -> Corpus:
    """Reads the text that is searched on, and tells of it.

    Raises:
        InputError: Nothing of it is for validation.
    """
    text = request.read(settings.make_settings(made))
    for line in corpus_report.summarize(text):
        log(line)
    if text.cut == len(text.ids):
        raise InputError(
            "there is no validation text, so no score can choose. Give --validation, or more text."
        )
    return text


def _suggest_training(best: Path, sources: Sequence[str], base: str) -> None:
    """Says where the best settings are, and how to train with them."""
    log(f"The best settings are in {best}.")
    start = [] if base == NONE else ["--base", base]
    again = ["burble", "train", *sources, *start, "--recipe", str(best), "-o", "RUN"]
    log(f"Now, on all of the text: {command_line(again)}")


def _import_search() -> ModuleType:
    """The module that searches, which needs a package of its own."""
    with require_packages("burble tune"):
        from burble.experiments import search as experiments_search
    return experiments_search


def _fixed(
    given: Mapping[str, Any], recipe: str | None, values: Mapping[str, Sequence[Any]]
) -> dict[str, Any]:
    """The settings of all trials of a search: as given, from a recipe, and the test fraction.

    Raises:
        SettingsError: What is varied makes scores that cannot be compared.
    """
    for name in values:
        if name in UNLIKE:
            raise SettingsError(
                f"{name} cannot be searched: scores with different values of it cannot be "
                "compared. Give it one value."
            )
    brought = recipes.merge_recipe(given, recipe)
    found = {n: v for n, v in brought.items() if n in given or n not in values}
    # What the final model is scored on must have chosen nothing.
    return {"test": found.get("validation", settings.TrainingSettings.validation)} | found
