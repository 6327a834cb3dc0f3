"""The command that trains. Loads Keras and JAX only once all that can be refused has been."""

import dataclasses
import os
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from burble import settings
from burble.cli import progress
from burble.cli.corpus import read_corpus
from burble.cli.options import Sources, advanced
from burble.cli.output import console, tell
from burble.cli.progress import stop_on_signal
from burble.inference import generator
from burble.model.transfer import describe_alphabet_change
from burble.runs import recipes
from burble.runs.folder import Run
from burble.runs.request import TrainingRequest, check_folder, resolve_settings
from burble.training import preflight, supervisor
from burble.training import processes as training_processes
from burble.training.processes import Peer

PROCESSES = advanced("Several processes")
Output = Annotated[Path, typer.Option("--output", "-o", help="The run folder.")]
Processes = Annotated[
    int | None,
    typer.Option(help="Processes on this machine that train together.", rich_help_panel=PROCESSES),
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
    recipe: Annotated[
        str | None,
        typer.Option(help="Settings from a TOML file, or the name of one: see burble recipes."),
    ] = None,
    size: Annotated[str, typer.Option(help="auto, small, medium or large.")] = "auto",
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run there.")] = False,
    base: Annotated[
        Path | None, typer.Option("--from", help="Start from this model's weights.")
    ] = None,
    processes: Processes = None,
    coordinator: Coordinator = None,
    process_id: ProcessId = None,
    num_processes: NumProcesses = None,
    **chosen: Any,
) -> None:
    """Train a model on text, into a run folder."""
    # What the interpreter took to come here counts as well.
    started = time.perf_counter() - time.process_time()
    run, peer = Run(output), training_processes.me()
    reading = settings.SourceSettings.taken_from(chosen)
    if peer and not peer.first:
        _follow(peer, TrainingRequest(chosen, sources=tuple(source), reading=reading))
        return
    chosen = recipes.with_recipe(chosen, recipe, resume=resume)
    # What can be refused is refused before the training engine is loaded, which takes seconds.
    model = generator.load(base).model if base else None
    named = str(base or "")
    request = TrainingRequest(chosen, size, resume, model, tuple(source), reading, named)
    if peer:
        request = dataclasses.replace(request, flags=peer.flags, kept_flags=peer.portable.flags)
    if peer is None:
        several = training_processes.to_start(
            processes, coordinator, process_id, num_processes, os.environ
        )
        if several:
            raise typer.Exit(_watch(several, request, run))
    check_folder(request, run)
    text = read_corpus(request, resolve_settings(request, run))
    prepared = preflight.prepare(request, run, text, peer)
    if request.base:
        console.print(describe_alphabet_change(request.base, text.vocabulary), markup=False)
    console.print("Loading the training engine …")
    from burble.training import job

    log = tell
    events = job.train(prepared, stop=stop_on_signal(), started=started, log=log)
    again = request.command(output, "--resume")
    progress.follow(events, console, output, again, text.vocabulary.unit)


def _watch(several: list[Peer], request: TrainingRequest, run: Run) -> int:
    """Watches over the processes of this machine that train together; returns their exit code."""
    if several[0].first:
        check_folder(request, run)
        resolve_settings(request, run)
    again = dataclasses.replace(request, flags=several[0].flags).command(run.folder, "--resume")
    return supervisor.watch(several, sys.argv[1:], again)


def _follow(peer: Peer, request: TrainingRequest) -> None:
    """Trains along with process 0, which does the talking."""
    from burble.training import job

    log = tell
    job.follow(peer, request.read, stop=stop_on_signal(), log=log)
