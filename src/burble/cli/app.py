"""The command line: which commands there are, and what becomes of what goes wrong.

Imports Keras and JAX in `train` alone, so that the other commands start at once.
"""

import inspect
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer

from burble import __version__
from burble.cli import output
from burble.cli.compare import MINUTES as COMPARE_MINUTES
from burble.cli.compare import compare
from burble.cli.corpus import corpus
from burble.cli.doctor import doctor
from burble.cli.evaluate import evaluate
from burble.cli.import_weights import import_weights
from burble.cli.info import info
from burble.cli.options import TRAINING, with_settings
from burble.cli.output import log
from burble.cli.recipes import recipes
from burble.cli.remember import remember
from burble.cli.sample import sample
from burble.cli.serve import serve
from burble.cli.train import train
from burble.cli.tune import MINUTES as TUNE_MINUTES
from burble.cli.tune import tune
from burble.errors import BurbleError, Interrupted, LostError, OutputError, require_packages
from burble.inference.settings import SamplingSettings, WritingSettings
from burble.settings import SourceSettings, TextSettings
from burble.training import processes as training_processes
from burble.training import supervisor

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Train a small network on your own text, and let it write more of it.",
)
TOO_LARGE = (
    "there is not enough memory for this. Ask for less at once: a smaller --batch, --length, "
    "--units or --layers, or a smaller --ensemble; a smaller --count where text is written."
)


def _version(wanted: bool) -> None:
    """Prints the version and exits."""
    if wanted:
        print(f"burble {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version and exit.", callback=_version, is_eager=True
        ),
    ] = False,
) -> None:
    pass


def _add_command(
    verb: str, function: Callable[..., None], *classes: type, first: Sequence[str] = (), **more: Any
) -> None:
    """Adds a command; see `with_settings`. Its docstring is its help, whatever breaks its lines."""
    paragraphs = (inspect.getdoc(function) or "").split("\n\n")
    described = "\n\n".join(" ".join(one.split()) for one in paragraphs)
    app.command(verb, help=described)(with_settings(function, *classes, first=first, **more))


LIMITS = ("minutes", "epochs", "steps")
TEXT = ("lowercase", "documents", "validation")
TRAIN = ("output", *LIMITS, "size", "recipe", "resume", "base", "seed", *TEXT)
SAMPLE = (
    *("prompt", "length", "temperature", "top_k", "top_p", "min_p"),
    *("greedy", "count", "stop", "memory", "seed", "jsonl", "interactive"),
)
CORPUS = ("output", "overwrite", "as_json", "lowercase", "documents")
_add_command("train", train, *TRAINING, first=TRAIN)
_add_command("sample", sample, SamplingSettings, WritingSettings, SourceSettings, first=SAMPLE)
_add_command("eval", evaluate, SourceSettings)
_add_command("info", info)
_add_command("corpus", corpus, SourceSettings, TextSettings, first=CORPUS)
_add_command("remember", remember, SourceSettings)
COMPARE = ("vary", "output", "seeds", *LIMITS, "recipe", *TEXT)
TUNE = ("output", "trials", "vary", *LIMITS, "recipe", *TEXT)
_add_command("compare", compare, *TRAINING, first=COMPARE, limits={"minutes": COMPARE_MINUTES})
_add_command("tune", tune, *TRAINING, first=TUNE, limits={"minutes": TUNE_MINUTES})
_add_command("recipes", recipes)
_add_command("serve", serve)
_add_command("import", import_weights, SourceSettings)
_add_command("doctor", doctor)


def main() -> None:
    """Runs the command line; every error burble knows becomes one sentence and an exit code."""
    output.open_closed_streams()
    peer = training_processes.current_peer()
    if peer:
        supervisor.settle(peer)
    output.replace_streams()
    # Whatever Keras is set to elsewhere, here it runs on JAX.
    os.environ["KERAS_BACKEND"] = "jax"
    code = _run()
    if not code and output.has_lost_messages():
        code = OutputError.exit_code
    if peer and code not in (*supervisor.DONE, Interrupted.exit_code):
        supervisor.leave(code)
    sys.exit(code)


def _run() -> int:
    """Runs the command, and tells what went wrong; returns the exit code."""
    try:
        with require_packages("this command"):
            return _run_command()
    except output.ReaderGone:
        return output.ReaderGone.exit_code
    except LostError:
        # Whoever watches over this process tells which other one is gone.
        return LostError.exit_code
    except BurbleError as error:
        log(f"burble: {error}")
        return error.exit_code
    except OSError as error:
        named = f"{error.filename}: " if error.filename else ""
        log(f"burble: {named}{error.strerror or error}.")
        return BurbleError.exit_code
    except KeyboardInterrupt:
        return Interrupted.exit_code
    except Exception as error:
        if lacks_memory(error):
            log(f"burble: {TOO_LARGE}")
            return BurbleError.exit_code
        # A fault of burble's own. One of several processes must not linger: others wait for it.
        if not training_processes.current_peer():
            raise
        traceback.print_exc()
        return BurbleError.exit_code


def lacks_memory(error: Exception) -> bool:
    """Whether something failed for want of memory, by what Python or JAX (0.10) says of it."""
    return isinstance(error, MemoryError) or "RESOURCE_EXHAUSTED" in str(error)


def _run_command() -> int:
    """Runs the command; returns its exit code once all it wrote has left this process."""
    code = 0
    try:
        app()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 0
    sys.stdout.flush()
    return code
