"""The Python interface: all that the command line does, without a terminal.

`load` is in `burble.inference.opening`, which loads less.
"""

import os
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from burble import interrupts
from burble.data.corpus import Corpus
from burble.data.labels import GivenLabels
from burble.data.sources import find_sources
from burble.errors import SettingsError, require_packages
from burble.evaluation.evaluate import Report, score_sources
from burble.exchange.exports import export_model
from burble.exchange.imports import make_run, read_import
from burble.exchange.options import ExportOptions, ImportRequest, make_options
from burble.files import path_names
from burble.inference.opening import OneOrSeveral, Pathlike, check_path, find_model, load
from burble.inference.settings import choose_memory
from burble.model.file import find_model_file, read_model
from burble.ngram.training_text import write_training_index
from burble.reports import hub
from burble.reports.write import write_report
from burble.runs import recipes
from burble.runs.base import choose_base
from burble.runs.events import End, Event
from burble.runs.folder import Run
from burble.runs.notebook import watch_training
from burble.runs.request import (
    TrainingRequest,
    check_folder,
    find_origin,
    resolve_reading,
    resolve_settings,
)
from burble.settings import (
    SourceSettings,
    SplitKind,
    TextSettings,
    make_settings,
    require,
    with_current_names,
)
from burble.training import preflight
from burble.training.preflight import PreparedRun

__all__ = [
    "evaluate",
    "export",
    "import_model",
    "load",
    "push",
    "read",
    "remember",
    "report",
    "train",
]


def read(
    source: Pathlike | Sequence[Pathlike],
    *,
    validation: float | None = None,
    split: SplitKind = "auto",
    **settings: Any,
) -> Corpus:
    """Reads a text as `train` does, to look at before anyone trains on it.

    Args:
        source: What to read, as for `train`.
        validation: Fraction of the symbols that would be kept from training; 0.1 if not given.
        split: Where it is: tail, spread or auto; see `TrainingSettings`.
        **settings: Any setting of the text or of how it is read, such as `lowercase=True` or
            `encoding="cp1252"`.

    Returns:
        The corpus: its alphabet, ids, documents, counts, and a note for all that was changed.

    Raises:
        SettingsError: A setting that is none of the text, or cannot be.
        SourceError: A source that cannot be read.
        CorpusError: Fewer than two symbols would be left to learn from.
    """
    reading = SourceSettings.pop_from(settings)
    chosen = with_current_names({**settings, "validation": validation})
    known = {field.name for field in fields(TextSettings)}
    for name in chosen.keys() - known - {"validation"}:
        raise SettingsError(
            f"{name} is no setting of the text. There are: {', '.join(sorted(known))}."
        )
    request = TrainingRequest({}, sources=path_names("source", source), reading=reading)
    return request.read(make_settings({**chosen, "split": split}))


def train(
    source: Pathlike | Sequence[Pathlike],
    run: Pathlike,
    *,
    recipe: Pathlike | None = None,
    size: str = "auto",
    resume: bool = False,
    base: Pathlike | Run | None = None,
    tensorboard: bool = False,
    on_event: Callable[[Event], object] | None = None,
    stop: Callable[[], bool] = lambda: False,
    **settings: Any,
) -> Run:
    """Trains a model on text, into a run folder; returns the run.

    Args:
        source: A file, a folder, `builtin:python-docs` and the like, or several of them.
        run: The run folder.
        recipe: A TOML file of settings, or a recipe's name; settings given beside it come first.
        size: auto, small, medium or large.
        resume: Whether to go on with the run that is there.
        base: A model to start from: a run, a file or english; or none; or auto, as suits the text.
        tensorboard: Whether to write event files; a run that is resumed goes on with its own.
        on_event: Called with each event of `burble.runs.events`; in a notebook a bar, if not given.
        stop: Called before every step; true stops there; `resume` then goes on.
        **settings: Any setting by its own name, such as `minutes=3` or `encoding="cp1252"`.

    Raises:
        SettingsError: A setting that does not exist or cannot be.
        ModelFileError: There is no such model to start from, or it is damaged.
        SourceError: A source that cannot be read.
        RunError: A run folder that cannot be used.
        DivergedError: The loss diverged again and again; the best model is kept.
        KeyboardInterrupt: Ctrl-C, after the step was finished and saved; at once the second time.
    """
    started, folder = time.perf_counter(), Run(Path(check_path("run", run)))
    sources = path_names("source", source)
    request = TrainingRequest(settings, size, resume, sources=sources, tensorboard=tensorboard)
    _run_training(_prepare(request, folder, recipe, base), started, on_event, stop)
    return folder


def _prepare(
    request: TrainingRequest, folder: Run, recipe: Pathlike | None, base: Pathlike | Run | None
) -> PreparedRun:
    """Readies a training by a request whose options still hold how the text is read.

    Args:
        request: It, without what the other two bring.
        folder: The run folder.
        recipe: See `train`.
        base: See `train`.
    """
    options, resume = dict(request.options), request.resume
    named = None if recipe is None else check_path("recipe", recipe)
    reading = resolve_reading(SourceSettings.pop_from(options), folder, resume=resume)
    chosen = recipes.merge_recipe(options, named, resume=resume)
    origin = None if base is None else os.fspath(find_model(base, "base"))
    start, look = choose_base(origin, None, resume=resume)
    request = replace(request, options=chosen, reading=reading, base=start, look=look)
    check_folder(request, folder)
    return preflight.prepare(request, folder, request.read(resolve_settings(request, folder)))


def _run_training(
    prepared: PreparedRun,
    started: float,
    on_event: Callable[[Event], object] | None,
    stop: Callable[[], bool],
) -> None:
    """Trains until the end, or until it is stopped; see `train`."""
    with require_packages("training"):
        from burble.training import job

    with (
        interrupts.ctrl_c() as interrupted,
        # Closed at once, whatever happens: the folder must be free for the next training.
        closing(
            job.train(prepared, stop=lambda: stop() or bool(interrupted), started=started)
        ) as events,
    ):
        unit, origin = prepared.settings.text.unit, find_origin(prepared.request, prepared.run)
        watch = on_event or watch_training(prepared.run, unit, origin)
        for event in events:
            if watch is not None:
                watch(event)
            if isinstance(event, End) and event.reason == "stopped" and interrupted:
                raise KeyboardInterrupt(
                    f"stopped at step {event.state.step:,}; all is saved. resume=True goes on."
                )


def remember(
    model: Pathlike | Run,
    source: Pathlike | Sequence[Pathlike],
    **reading: Any,
) -> Path:
    """Builds an n-gram model of the text a model was trained on, in a file beside it.

    With it, `memory=1.0` can be given when the model writes or is scored.

    Args:
        model: A run, a run folder, a model file or the name of a base.
        source: The text it was trained on, as for `train`.
        **reading: Any field of `SourceSettings`, such as `encoding="cp1252"`.

    Returns:
        The file. It holds the training text.

    Raises:
        ModelFileError: There is no model, or it is damaged.
        SourceError: A source that cannot be read.
        CorpusError: The text is another one.
        StorageError: The disk refused.
    """
    how, sources = _reading_settings(reading), path_names("source", source)
    return write_training_index(find_model(model), sources, how)[0]


def export(
    model: Pathlike | Run,
    path: Pathlike,
    *,
    format: str = "",
    overwrite: bool = False,
    on_message: Callable[[str], object] = str,
    **options: Any,
) -> Path:
    """Writes a model for other programs, whole or not at all.

    Args:
        model: A run, a run folder, a model file or the name of a base.
        path: Where to; how it ends says what to write, such as `.onnx`.
        format: What to write, whatever the path's ending.
        overwrite: Whether an earlier export in the same format may be replaced.
        on_message: Called with sentences about what was written.
        **options: Any option of `burble export` by its own name.

    Returns:
        The path.

    Raises:
        ModelFileError: There is no model, or it is damaged.
        InputError: The place is taken, or the model cannot be written so.
        StorageError: The disk refused.
    """
    chosen, place = make_options(ExportOptions, options), check_path("path", path)
    held = read_model(find_model_file(find_model(model)))
    return export_model(held, place, chosen, name=format, overwrite=overwrite, log=on_message)


def import_model(
    path: Pathlike,
    run: Pathlike,
    *,
    on_message: Callable[[str], object] = str,
    **options: Any,
) -> Run:
    """Makes a run of what another program wrote, or what burble exported, known by its content.

    Args:
        path: The file or folder.
        run: The run folder to make.
        on_message: Called with sentences about what was found.
        **options: Any option of `burble import` by its own name, such as `recipe="tutorial-small"`,
            and any field of `SourceSettings`.

    Returns:
        The run.

    Raises:
        ModelFileError: It is in no format that is known, or damaged.
        InputError: It cannot be run as it was, or something must be said of it.
        RunError: The folder holds something.
    """
    reading = SourceSettings.pop_from(options)
    chosen = make_options(ImportRequest, {**options, "reading": reading})
    found = read_import(Path(check_path("path", path)), chosen, on_message)
    if isinstance(found.content, str):
        raise SettingsError(
            f"{os.fspath(path)} holds no model, but a text to train on: burble import writes it, "
            "and train takes that."
        )
    return make_run(found.content, Path(check_path("run", run)))


def _reading_settings(given: dict[str, Any]) -> SourceSettings:
    """How a text is read, where there are no other settings."""
    reading = SourceSettings.pop_from(given)
    for name in given:
        known = ", ".join(field.name for field in fields(SourceSettings))
        raise SettingsError(f"{name} says nothing of how a text is read. There are: {known}.")
    return reading


def push(model: Pathlike | Run, repo: str, *, private: bool = False, memory: bool = False) -> str:
    """Uploads a model and its card to Hugging Face: the extra `hub`.

    The text it was trained on, the state of its training and what is cached of it stay here.

    Args:
        model: A run, a run folder, a model file or the name of a base.
        repo: OWNER/NAME of the repository, which is made if it is not there.
        private: Whether only its owner may see it.
        memory: Whether its n-gram model goes, too, which holds the training text.

    Returns:
        The address of the repository.

    Raises:
        ModelFileError: There is no model, or it is damaged.
        InputError: The repository cannot be, may not be written to, or is public and should not be;
            or huggingface_hub is not installed.
        BurbleError: The hub cannot be reached, or refuses.
    """
    require(isinstance(repo, str), "repo", repo, "OWNER/NAME, a text")
    hub.check_repo(repo)
    return hub.upload(hub.plan_push(find_model(model), memory=memory), repo, private=private)


def report(
    runs: Pathlike | Run | Sequence[Pathlike | Run],
    path: Pathlike,
    *,
    text: Pathlike | Sequence[Pathlike] = (),
    overwrite: bool = False,
    **reading: Any,
) -> Path:
    """Writes a page on a run, or on several side by side, that any browser opens.

    It has their losses, scores and settings, and what they wrote on the way, with what of it stands
    in the text they learned from marked.

    Args:
        runs: A run or its folder; or several.
        path: The page, `report.html` for example.
        text: What the runs were trained on; if none, it is looked for where it was then.
        overwrite: Whether a page that is there may be replaced.
        **reading: Any field of `SourceSettings`, with `text` alone.

    Returns:
        The page.

    Raises:
        RunError: There is no such run, or a file of it is damaged.
        SourceError: A source of the text cannot be read.
        CorpusError: The text is another one.
        InputError: The page is there already, or cannot be a file.
        StorageError: The disk refused.
    """
    how, place = _reading_settings(reading), Path(check_path("path", path))
    each = [runs] if isinstance(runs, str | os.PathLike | Run) else runs
    folders = [one if isinstance(one, Run) else Run(Path(check_path("runs", one))) for one in each]
    require(bool(folders), "runs", runs, "one run or more")
    write_report(place, folders, path_names("text", text), how, overwrite=overwrite)
    return place


def evaluate(
    model: OneOrSeveral,
    text: Pathlike | Sequence[Pathlike],
    *,
    adaptive: bool = False,
    memory: float | Pathlike | Sequence[Pathlike] = 0.0,
    memory_weight: float | None = None,
    label: GivenLabels = (),
    mix: Sequence[float] | None = None,
    **reading: Any,
) -> Report:
    """Scores a model on a text it did not see, read and cleaned as its own was.

    Args:
        model: A run, a run folder, a model file or the name of a base; or several, as for `load`.
        text: What to read, as for `train`.
        adaptive: Whether the model learns from the text as it reads.
        memory: The weight of its n-gram model, 0 to 1, where 0 is the network alone; or a text of
            which one is built on the spot.
        memory_weight: The weight of that text, 0 to 1; 1 if not given.
        label: Labels that all of the text is read with, such as `{"poet": "Dickinson"}`; if none,
            the column of a table says those of each row.
        mix: The weights of several models, as for `load`.
        **reading: Any field of `SourceSettings`, such as `encoding="cp1252"`.

    Returns:
        The score.

    Raises:
        ModelFileError: There is no model, or it is damaged.
        SettingsError: The n-gram model is missing, or its weight is impossible.
        SourceError: A source cannot be read, or is not text.
        CorpusError: There is nothing in it to score, or the memory's text holds it.
    """
    chosen, how = choose_memory(memory, memory_weight), _reading_settings(reading)
    writer = load(model, mix=mix)
    found, _ = find_sources(path_names("text", text), how)
    if chosen.texts:
        writer = writer.with_memory(chosen.texts, how)
    return score_sources(writer, found, how, adaptive=adaptive, memory=chosen.weight, label=label)
