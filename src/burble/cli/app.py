"""The command line: reads flags, prints text to stdout and all else to stderr, and exits.

Imports Keras and JAX in `train` alone, so that the other commands start at once.
"""

import dataclasses
import functools
import inspect
import json
import os
import sys
import time
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any, get_args

import typer
from rich.console import Console

from burble import __version__, settings
from burble.cli import (
    borrowing,
    compare,
    doctor,
    evaluate,
    info,
    progress,
    remember,
    sample,
    streams,
    tune,
)
from burble.cli.progress import stop_on_signal
from burble.data import outputs, sources
from burble.data import report as corpus_report
from burble.data.corpus import Corpus
from burble.errors import BurbleError, Interrupted, LostError, OutputError, require_packages
from burble.formatting import shown
from burble.inference import generator
from burble.inference.settings import SamplingSettings
from burble.model.transfer import describe_alphabet_change
from burble.runs import defaults, recipes
from burble.runs.folder import Run
from burble.runs.request import TrainingRequest, check_folder, resolve_settings
from burble.training import preflight, supervisor
from burble.training import processes as training_processes
from burble.training.processes import Peer

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Train a small network on your own text, and let it write more of it.",
)
console = Console(stderr=True, emoji=False, highlight=False, soft_wrap=True)
TOO_LARGE = (
    "there is not enough memory for this. Ask for less at once: a smaller --batch, --length, "
    "--units or --layers, or a smaller --ensemble; a smaller --count where text is written."
)
CHOSEN = dict.fromkeys(defaults.CHOSEN, "chosen for the text") | {
    "temperature": "as suits the model"
}


def _version(wanted: bool) -> None:
    """Prints the version and exits."""
    if wanted:
        print(f"burble {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    _version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True)] = False,
) -> None:
    pass


def _helps(cls: type) -> dict[str, str]:
    """The description of each field, from the class's own docstring."""
    found: dict[str, str] = {}
    name = ""
    for line in (inspect.getdoc(cls) or "").partition("Attributes:")[2].splitlines():
        head, colon, rest = line.strip().partition(": ")
        if line.startswith("    ") and not line.startswith("     ") and colon:
            name, found[head] = head, rest
        elif name and line.strip():
            found[name] += f" {line.strip()}"
    return found


def with_settings(function: Callable[..., None], *classes: type) -> Callable[..., None]:
    """Gives a command a flag for each field of settings classes, passed on as `**chosen`.

    A flag that was not given is passed as None, so that the class's own default holds.
    """
    signature = inspect.signature(function)
    own = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
    flags = []
    for cls in classes:
        helps = _helps(cls)
        for field in dataclasses.fields(cls):
            kind = field.type if field.type in (int, float, bool) else str
            default = CHOSEN.get(field.name, field.default)
            flag = field.name.replace("_", "-")
            option = typer.Option(
                f"--{flag}/--no-{flag}" if kind is bool else f"--{flag}",
                help=helps[field.name] + (rf" \[default: {default}]" if default != "" else ""),
                rich_help_panel=f"{cls.__name__.removesuffix('Settings')} settings",
                show_default=False,
            )
            if field.name == "temperature":
                option.param_decls = ("-t",)  # Beside the one above.
            flags.append(
                inspect.Parameter(
                    field.name,
                    inspect.Parameter.KEYWORD_ONLY,
                    default=None,
                    annotation=Annotated[kind | None, option],
                )
            )
    for name in {flag.name for flag in flags} & settings.STORED.keys():
        flags.append(_older(next(flag for flag in flags if flag.name == name)))

    @functools.wraps(function)
    def command(**given: Any) -> None:
        function(**settings.renamed(given))

    vars(command)["__signature__"] = signature.replace(parameters=[*own, *flags])
    command.__annotations__ |= {p.name: p.annotation for p in flags}
    return command


def _older(flag: inspect.Parameter) -> inspect.Parameter:
    """The same flag by its older name, which help does not show."""
    name = settings.STORED[flag.name]
    option = typer.Option(f"--{name.replace('_', '-')}", hidden=True)
    kind = get_args(flag.annotation)[0]
    return flag.replace(name=name, annotation=Annotated[kind, option])


PANEL = "Several processes"
Sources = Annotated[
    list[str], typer.Argument(help="Files, folders, - for standard input, builtin:python-docs.")
]
Output = Annotated[Path, typer.Option("--output", "-o", help="The run folder.")]
Processes = Annotated[
    int | None,
    typer.Option(help="Processes on this machine that train together.", rich_help_panel=PANEL),
]
Coordinator = Annotated[
    str | None,
    typer.Option(help="HOST:PORT of process 0, on several machines.", rich_help_panel=PANEL),
]
ProcessId = Annotated[
    int | None, typer.Option(help="The number of this process, from 0.", rich_help_panel=PANEL)
]
NumProcesses = Annotated[
    int | None, typer.Option(help="How many processes there are.", rich_help_panel=PANEL)
]


def _train(
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
    text = _corpus(request, resolve_settings(request, run))
    prepared = preflight.prepare(request, run, text, peer)
    if request.base:
        console.print(describe_alphabet_change(request.base, text.vocabulary), markup=False)
    console.print("Loading the training engine …")
    from burble.training import job

    log = partial(console.print, markup=False)
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

    log = partial(console.print, markup=False)
    job.follow(peer, request.read, stop=stop_on_signal(), log=log)


def _corpus(request: TrainingRequest, asked: settings.Settings) -> Corpus:
    """Reads a text, and tells what was read and what was changed."""
    with console.status("Reading …") as status:
        text = request.read(
            asked,
            lambda done, total: status.update(
                f"Reading: {done / 1e6:,.0f} of {total / 1e6:,.0f} MB …"
            ),
        )
    for line in corpus_report.summary(text):
        console.print(line, markup=False)
    return text


def _report(
    source: Sources,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the clean text here.")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a text that is there already.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Report as one JSON object.")] = False,
    **chosen: Any,
) -> None:
    """Report on a text before anyone trains on it."""
    reading = settings.SourceSettings.taken_from(chosen)
    asked = settings.make(chosen)
    if output:
        # Before the reading, which may take long, and again when all that is read is known.
        outputs.check_text(output, sources.named(source), overwrite=overwrite)
    request = TrainingRequest(chosen, sources=tuple(source), reading=reading)
    text = _corpus(request, asked)
    if output:
        # Before anything is printed: whoever reads that may stop at any time, as `head` does.
        text.save_text(output, overwrite=overwrite)
        console.print(f"The clean text is in {shown(output)}.", markup=False)
        if any(output.resolve().is_relative_to(Path(name).resolve()) for name in source):
            console.print("That lies in a folder that is read; leave it out the next time.")
    if as_json:
        print(json.dumps(corpus_report.facts(text), ensure_ascii=False))
    else:
        print("\n".join(corpus_report.alphabet(text)))


READING = settings.SourceSettings
SETTINGS = (READING, settings.TextSettings, settings.ModelSettings, settings.TrainingSettings)
app.command("train")(with_settings(_train, *SETTINGS))
app.command("sample")(with_settings(sample.sample, READING, SamplingSettings))
app.command("eval")(with_settings(evaluate.evaluate, READING))
app.command("info")(info.info)
app.command("remember")(with_settings(remember.remember, READING))
app.command("compare")(with_settings(compare.compare, *SETTINGS))
app.command("tune")(with_settings(tune.tune, *SETTINGS))
app.command("doctor")(doctor.doctor)
app.command("recipes")(borrowing.recipes)
app.command("import")(with_settings(borrowing.bring, READING))
app.command("corpus")(with_settings(_report, READING, settings.TextSettings))


def main() -> None:
    """Runs the command line; every error burble knows becomes one sentence and an exit code."""
    streams.reserve()
    peer = training_processes.me()
    if peer:
        supervisor.settle(peer)
    streams.guard()
    # Whatever Keras is set to elsewhere, here it runs on JAX.
    os.environ["KERAS_BACKEND"] = "jax"
    code = _run()
    if not code and streams.messages_lost():
        code = OutputError.exit_code
    if peer and code not in (*supervisor.DONE, Interrupted.exit_code):
        supervisor.leave(code)
    sys.exit(code)


def _run() -> int:
    """Runs the command, and tells what went wrong; returns the exit code."""
    try:
        with require_packages("this command"):
            return _command()
    except streams.Enough:
        return streams.Enough.exit_code
    except LostError:
        # Whoever watches over this process tells which other one is gone.
        return LostError.exit_code
    except BurbleError as error:
        console.print(f"burble: {error}", markup=False)
        return error.exit_code
    except OSError as error:
        named = f"{error.filename}: " if error.filename else ""
        console.print(f"burble: {named}{error.strerror or error}.", markup=False)
        return BurbleError.exit_code
    except KeyboardInterrupt:
        return Interrupted.exit_code
    except Exception as error:
        if lacks_memory(error):
            console.print(f"burble: {TOO_LARGE}")
            return BurbleError.exit_code
        # A fault of burble's own. One of several processes must not linger: others wait for it.
        if not training_processes.me():
            raise
        traceback.print_exc()
        return BurbleError.exit_code


def lacks_memory(error: Exception) -> bool:
    """Whether something failed for want of memory, by what Python or JAX (0.10) says of it."""
    return isinstance(error, MemoryError) or "RESOURCE_EXHAUSTED" in str(error)


def _command() -> int:
    """Runs the command; returns its exit code once all it wrote has left this process."""
    code = 0
    try:
        app()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 0
    sys.stdout.flush()
    return code
