"""The command that trains. Loads Keras and JAX only once all that can be refused has been."""

import dataclasses
import locale
import math
import os
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from burble import settings
from burble.cli import progress
from burble.cli.corpus import read_corpus
from burble.cli.loss_plot import SPECIAL, draw_losses
from burble.cli.options import Sources, advanced_panel, note_namesake
from burble.cli.output import console, log
from burble.cli.progress import stop_on_signal
from burble.data.corpus import Corpus
from burble.formatting import command_line, per_character, symbol_name
from burble.loading import uncollected
from burble.model.transfer import describe_alphabet_change
from burble.runs import recipes
from burble.runs.base import choose_base, origin_name
from burble.runs.folder import Run, curve
from burble.runs.request import (
    TrainingRequest,
    check_folder,
    find_origin,
    resolve_reading,
    resolve_settings,
    to_flags,
)
from burble.training import heap, preflight, supervisor
from burble.training import processes as training_processes
from burble.training.processes import Peer

PROCESSES = advanced_panel("Several processes")
Output = Annotated[
    Path,
    typer.Option("--output", "-o", help="The run folder, new unless with --resume."),
]
Recipe = Annotated[
    str | None,
    typer.Option(help="Take settings from this TOML file or recipe; see burble recipes."),
]
Size = Annotated[str, typer.Option(help="small, medium, large, or auto, by the text.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with the run in that folder.")]
Base = Annotated[
    str | None,
    typer.Option(
        "--base",
        help="Start from this model (english comes with burble), or none; auto takes english where "
        "a quick look at the text finds that it helps. \\[default: auto]",
        callback=note_namesake,
    ),
]
OlderBase = Annotated[str | None, typer.Option("--from", hidden=True)]
Plot = Annotated[
    bool,
    typer.Option(
        "--plot",
        help="Draw the losses at the end, even where messages go to a file.",
        rich_help_panel=advanced_panel("Training"),
    ),
]
Tensorboard = Annotated[
    bool,
    typer.Option(
        "--tensorboard",
        help="Write event files for TensorBoard into the run folder; a run that is resumed goes on "
        "with those it has.",
        rich_help_panel=advanced_panel("Training"),
    ),
]
Processes = Annotated[
    int | None,
    typer.Option(help="Processes of this machine that train together.", rich_help_panel=PROCESSES),
]
Coordinator = Annotated[
    str | None,
    typer.Option(help="HOST:PORT of process 0, on several machines.", rich_help_panel=PROCESSES),
]
ProcessId = Annotated[
    int | None, typer.Option(help="The number of this process, from 0.", rich_help_panel=PROCESSES)
]
NumProcesses = Annotated[
    int | None, typer.Option(help="How many processes there are.", rich_help_panel=PROCESSES)
]


def train(
    source: Sources,
    output: Output,
    recipe: Recipe = None,
    size: Size = "auto",
    resume: Resume = False,
    base: Base = None,
    older_base: OlderBase = None,
    plot: Plot = False,
    tensorboard: Tensorboard = False,
    processes: Processes = None,
    coordinator: Coordinator = None,
    process_id: ProcessId = None,
    num_processes: NumProcesses = None,
    **chosen: Any,
) -> None:
    """Train a model on a text; model, settings and losses go into a run folder."""
    heap.share()
    # What the interpreter took to come here counts as well.
    started = time.perf_counter() - time.process_time()
    run, peer = Run(output), training_processes.current_peer()
    reading = resolve_reading(settings.SourceSettings.pop_from(chosen), run, resume=resume)
    if peer and not peer.first:
        _follow_first(peer, TrainingRequest(chosen, sources=tuple(source), reading=reading))
        return
    chosen = recipes.merge_recipe(chosen, recipe, resume=resume)
    # What can be refused is refused before the training engine is loaded, which takes seconds.
    start, look = choose_base(base, older_base, resume=resume)
    request = TrainingRequest(chosen, size, resume, start, tuple(source), reading, look)
    request = dataclasses.replace(request, tensorboard=tensorboard)
    if peer:
        request = dataclasses.replace(request, flags=peer.flags, kept_flags=peer.portable.flags)
    elif several := training_processes.peers_to_start(
        processes, coordinator, process_id, num_processes, os.environ
    ):
        raise typer.Exit(_supervise(several, request, run))
    text = _run_training(request, run, peer, started)
    if plot or console.is_terminal:
        _print_plot(run, symbol_name(text.vocabulary.unit))
    log("\n".join(["What to try next:", *_suggest_commands(request, run, text)]))


def _run_training(request: TrainingRequest, run: Run, peer: Peer | None, started: float) -> Corpus:
    """Reads the text and trains on it; returns the text."""
    check_folder(request, run)
    text = read_corpus(request, resolve_settings(request, run))
    prepared = preflight.prepare(request, run, text, peer, log)
    if base := prepared.request.base:
        log(describe_alphabet_change(base.model, text.vocabulary))
    log("Loading the training engine …")
    with uncollected():
        from burble.training import job

    events = job.train(prepared, stop=stop_on_signal(), started=started, log=log)
    again = request.command(run.folder, "--resume")
    name = origin_name(find_origin(prepared.request, run))
    progress.follow(events, console, run.folder, again, text.vocabulary.unit, name)
    loss = run.facts()["scores"].get("held_out_loss")
    if loss is not None and text.vocabulary.unit in settings.RECUT:
        nats = per_character(loss, run.facts()["corpus"])
        log(f"That is {nats:.4f} nats per character ({nats / math.log(2):.3f} bits).")
    return text


def _print_plot(run: Run, unit: str) -> None:
    """Draws the losses of a run."""
    metrics = run.metrics()
    training, validation = (curve(metrics, name) for name in ("loss", "held_out_loss"))
    for line in draw_losses(training, validation, unit, ascii_only=_ascii_only()):
        log(line)


def _ascii_only() -> bool:
    """Whether the person's terminal may lack the characters that curves are drawn with."""
    try:
        SPECIAL.encode(locale.getencoding())
    except UnicodeEncodeError:
        return True
    # The font of the Linux console has no braille.
    return os.environ.get("TERM") == "linux"


def _suggest_commands(request: TrainingRequest, run: Run, text: Corpus) -> list[str]:
    """Three commands that a person may want to give next, each with what it is for."""
    folder, sources = str(run.folder), request.sources
    read = [] if "-" in sources else [*sources, *to_flags(request.reading.given)]
    words = " ".join(text.excerpt(0).split()[1:3])
    rows = [
        (["sample", folder, *(["-p", words] if words else [])], "write on from these words"),
        (["eval", folder, *read], "how well it predicts, beside n-grams and compressors"),
        (["train", "YOUR_TEXT", "-o", "runs/mine"], "train on a text of your own"),
    ]
    if labels := text.labels and text.labels.count():
        column, counts = next(iter(labels.items()))
        most = max(filter(None, counts), key=lambda value: counts[value])
        rows[0] = (["sample", folder, "--label", f"{column}={most}"], "write like texts of it")
    if text.cut == len(text.ids):
        rows[1] = (["info", folder], "what the model is")
    if read and not any(name.startswith("builtin:") for name in sources):
        rows[2] = (["remember", folder, *read], "add an n-gram model of the text, for --memory")
    written = [(command_line(["burble", *words]), why) for words, why in rows]
    width = max(len(command) for command, _ in written)
    return [f"  {command:<{width}}  {why}" for command, why in written]


def _supervise(several: list[Peer], request: TrainingRequest, run: Run) -> int:
    """Watches over the processes of this machine that train together; returns their exit code."""
    if several[0].first:
        check_folder(request, run)
        resolve_settings(request, run)
    again = dataclasses.replace(request, flags=several[0].flags).command(run.folder, "--resume")
    return supervisor.watch(several, sys.argv[1:], again)


def _follow_first(peer: Peer, request: TrainingRequest) -> None:
    """Trains along with process 0, which does the talking."""
    with uncollected():
        from burble.training import job

    job.follow(peer, request.read, stop=stop_on_signal(), log=log)
