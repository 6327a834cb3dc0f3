"""The command line: which commands there are, and what becomes of what goes wrong.

Loads what the given command needs and no more, so that it starts at once; Keras and JAX in `train`
alone.
"""

import inspect
import os
import sys
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Annotated, Any

import typer

from burble import __version__
from burble.cli import output, values
from burble.cli.output import log
from burble.errors import BurbleError, Interrupted, LostError, OutputError, require_packages
from burble.loading import uncollected
from burble.training import processes as training_processes
from burble.training import supervisor

TOO_LARGE = (
    "there is not enough memory for this. Ask for less at once: a smaller --batch, --length, "
    "--units or --layers, or a smaller --ensemble; a smaller --count where text is written."
)


def _version(wanted: bool) -> None:
    """Prints the version and exits."""
    if wanted:
        print(f"burble {__version__}")
        raise typer.Exit


def _main(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version and exit.", callback=_version, is_eager=True
        ),
    ] = False,
) -> None:
    pass


LIMITS = ("minutes", "epochs", "steps")
TEXT = ("lowercase", "documents", "validation")
TRAIN = ("output", *LIMITS, "size", "recipe", "resume", "base", "seed", *TEXT)
SAMPLE = (
    *("prompt", "length", "temperature", "top_k", "top_p", "min_p"),
    *("greedy", "count", "stop", "memory", "seed", "jsonl", "interactive"),
)
CORPUS = ("output", "overwrite", "as_json", "lowercase", "documents")
COMPARE = ("vary", "output", "seeds", *LIMITS, "recipe", *TEXT)
TUNE = ("output", "trials", "vary", *LIMITS, "recipe", *TEXT)
EXPORT = ("format", "overwrite", "int8", "keras_layout")
IMPORT = (
    *("output", "alphabet_from", "text", "encoding", "window", "recurrent_activation", "recipe"),
)
TRAINING = ("SourceSettings", "TextSettings", "ModelSettings", "TrainingSettings")
SAMPLING = ("SamplingSettings", "WritingSettings", "SourceSettings")


@dataclass(frozen=True)
class Verb:
    """A command, which is loaded only when it is needed.

    Attributes:
        place: Its module and its function there.
        settings: Names of the classes whose fields are flags of it, as `options.PANELS` has them.
        first: Names of flags that help shows first, in this order.
    """

    place: str
    settings: Sequence[str] = ()
    first: Sequence[str] = ()

    def load(self) -> Callable[..., None]:
        """Its function, with a flag for each field; see `options.with_settings`."""
        from burble.cli import options

        module_name, _, name = self.place.partition(":")
        module = import_module(f"burble.cli.{module_name}")
        known = {one.__name__: one for one in options.PANELS}
        more = {"limits": {"minutes": module.MINUTES}} if hasattr(module, "MINUTES") else {}
        classes = [known[one] for one in self.settings]
        return options.with_settings(getattr(module, name), *classes, first=self.first, **more)


VERBS = {
    "train": Verb("train:train", TRAINING, TRAIN),
    "sample": Verb("sample:sample", SAMPLING, SAMPLE),
    "eval": Verb("evaluate:evaluate", ("SourceSettings",)),
    "info": Verb("info:info"),
    "corpus": Verb("corpus:corpus", ("SourceSettings", "TextSettings"), CORPUS),
    "remember": Verb("remember:remember", ("SourceSettings",)),
    "compare": Verb("compare:compare", TRAINING, COMPARE),
    "tune": Verb("tune:tune", TRAINING, TUNE),
    "report": Verb("report:report", ("SourceSettings",)),
    "recipes": Verb("recipes:recipes"),
    "serve": Verb("serve:serve"),
    "export": Verb("export:export", ("ExportOptions",), EXPORT),
    "import": Verb("import_model:import_model", ("ImportOptions", "SourceSettings"), IMPORT),
    "push": Verb("push:push"),
    "doctor": Verb("doctor:doctor"),
}


def make_command(verbs: Iterable[str] = VERBS) -> Any:
    """The command line with some of its commands; it is called to run it.

    Args:
        verbs: Their names, keys of `VERBS`.
    """
    app = typer.Typer(
        add_completion=False,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        help="Train a small network on your own text, and let it write more of it.",
    )
    app.callback()(_main)
    functions = {verb: VERBS[verb].load() for verb in verbs}
    for verb, function in functions.items():
        # Its docstring is its help, whatever breaks its lines.
        paragraphs = (inspect.getdoc(function) or "").split("\n\n")
        described = "\n\n".join(" ".join(one.split()) for one in paragraphs)
        app.command(verb, help=described)(function)
    made: Any = typer.main.get_command(app)
    for verb, function in functions.items():
        values.read_plain_values(made.commands[verb], function)
    values.read_plain_values(made, _main)
    return made


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
        given = sys.argv[1:2]
        with uncollected():
            command = make_command(given if VERBS.keys() & given else VERBS)
        command()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 0
    sys.stdout.flush()
    return code
