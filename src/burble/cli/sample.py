"""The command that lets a model speak: sample.

Text and JSON go to stdout, everything else to stderr. Imports neither Keras nor JAX.
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from burble import settings
from burble.cli.output import console, tell
from burble.errors import InputError, SettingsError
from burble.evaluation import evaluate as evaluation
from burble.formatting import shown
from burble.inference import generator, prompts
from burble.inference.generator import Generator
from burble.inference.outcomes import Outcome
from burble.inference.prompts import Prompt
from burble.inference.settings import (
    MIN_WORD_COUNT,
    ROUNDS,
    SamplingSettings,
    Unknown,
    WritingSettings,
)
from burble.inference.stopping import LONGEST_LOOP, loop
from burble.model.file import Model
from burble.settings import AS_IT_COMES

TEMPERATURES = {0.4: "safer", 0.8: "between", 1.2: "bolder"}
LOW = 0.5
PIECE = 100
ESCAPES = {"n": "\n", "t": "\t", "\\": "\\"}

ModelPath = Annotated[Path, typer.Argument(help="A run folder or a model file.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
PromptText = Annotated[
    str, typer.Option("--prompt", "-p", help="What to go on from, as it is; - for standard input.")
]
PromptFile = Annotated[
    str | None, typer.Option(help="Go on from all of this file, its last line end included.")
]
Length = Annotated[
    int | None,
    typer.Option(
        "--length", "-l", help=f"New characters, exactly. \\[default: {WritingSettings.length}]"
    ),
]
Endless = Annotated[bool, typer.Option("--endless", help="Write until stopped.")]
Greedy = Annotated[bool, typer.Option("--greedy", help="As --temperature 0.")]
Compare = Annotated[
    bool,
    typer.Option(
        "--compare-temperatures",
        help="The same prompt at three temperatures, the safest first, the boldest last.",
    ),
]
Count = Annotated[int, typer.Option("--count", "-n", help="How many texts.")]
Stop = Annotated[
    list[str] | None,
    typer.Option(
        help=r"End before this string; may be given several times. \n is a line end, \t a tab, "
        r"and \\ a backslash."
    ),
]
UntilDocument = Annotated[
    bool, typer.Option("--until-document", help="End where a document would end.")
]
New = Annotated[
    bool,
    typer.Option("--new", help="Each text is one document, and none of the training text."),
]
Distinct = Annotated[bool, typer.Option("--distinct", help="The texts of -n are all different.")]
UnknownChoice = Annotated[Unknown, typer.Option(help="What to do with symbols it never saw.")]
Seed = Annotated[
    int | None, typer.Option(help="The same seed, the same text. Without it, a new one.")
]
BreakLoops = Annotated[
    bool | None,
    typer.Option(
        "--break-loops/--no-break-loops",
        help="Never write a passage too often in a row. "
        "\\[default: yes, unless greedy, or its text goes round itself]",
    ),
]
Rounds = Annotated[
    int | None,
    typer.Option(
        help="How often a passage may stand in a row where loops are broken. "
        f"\\[default: {ROUNDS}, or as in its text]"
    ),
]
Novel = Annotated[
    int,
    typer.Option(
        help="Never write a longer passage of the training text than this, whatever its case; 0 "
        "may."
    ),
]
WordChoice = Annotated[
    Literal["any", "known"], typer.Option(help="Write only words of the training text: known.")
]
WordCount = Annotated[
    int | None,
    typer.Option(
        help="Times a word occurs in the training text at least, to be known. "
        f"\\[default: {MIN_WORD_COUNT}]"
    ),
]
MemoryShare = Annotated[
    float,
    typer.Option(
        "--memory",
        help="How far to believe its memory (see remember), 0 to 1; 0 is the network alone.",
    ),
]
CloseQuotes = Annotated[
    float | None,
    typer.Option(
        help="How strongly to close quotes and brackets that stay open, such as 2; 0 leaves them. "
        "Without it, as suits the model."
    ),
]
TrainingText = Annotated[
    list[str] | None,
    typer.Option(
        help="The training text, for --novel, --words known and --new, where there is no memory."
    ),
]
Jsonl = Annotated[bool, typer.Option("--jsonl", help="One JSON object a text.")]


def sample(
    model: ModelPath,
    prompt: PromptText = "",
    prompt_file: PromptFile = None,
    text: Annotated[
        str | None,
        typer.Option(help="Go on from a random piece of this text, as long as a window."),
    ] = None,
    length: Length = None,
    endless: Endless = False,
    greedy: Greedy = False,
    compare: Compare = False,
    count: Count = 1,
    stop: Stop = None,
    until_document: UntilDocument = False,
    new: New = False,
    distinct: Distinct = False,
    unknown: UnknownChoice = WritingSettings.unknown,
    seed: Seed = None,
    jsonl: Jsonl = False,
    break_loops: BreakLoops = None,
    rounds: Rounds = None,
    novel: Novel = 0,
    words: WordChoice = "any",
    word_count: WordCount = None,
    training_text: TrainingText = None,
    memory: MemoryShare = 0.0,
    close_quotes: CloseQuotes = None,
    **chosen: Any,
) -> None:
    """Write text with a trained model."""
    reading = settings.SourceSettings.taken_from(chosen)
    begin = _Beginning(prompt, prompt_file, text, reading)
    begin.check(training_text or ())
    settings.require(count >= 1, "count", count, "1 or more texts")
    chosen |= {"length": length, "seed": seed, "break_loops": break_loops, "rounds": rounds}
    chosen |= {"word_count": word_count, "close_quotes": close_quotes}
    options = {name: value for name, value in chosen.items() if value is not None}
    _check_clashes(options, endless=endless, greedy=greedy, compare=compare)
    options |= {"length": None} if endless else {}
    options |= {"temperature": 0.0} if greedy else {}
    options |= {"stop": tuple(map(unescaped, stop or ())), "until_document": until_document}
    options |= {"new": new, "distinct": distinct, "novel": novel, "words": words}
    options |= {"training_text": training_text, "memory": memory, "unknown": unknown}
    WritingSettings(**options)
    writer = generator.load(model)
    how, said = writer.settled(options, reading if training_text else AS_IT_COMES, tell)
    for name in ("break_loops", "rounds", "distinct", "memory"):
        said |= {name: options[name]} if options.get(name) not in (None, False, 0.0) else {}
    said |= {"break_loops": False} if break_loops is False else {}
    ready = begin.ready(writer, how)
    for note in [*_stop_notes(stop or (), writer.model), *ready.notes, f"seed {how.seed}"]:
        tell(note)
    _speak(writer, ready, how, TEMPERATURES if compare else {}, _Form(count, jsonl, said))


@dataclass(frozen=True)
class _Beginning:
    """What to go on from, as a person gave it.

    Attributes:
        prompt: As it is; `-` for standard input.
        file: A file that holds it.
        text: A text of which a random piece is taken.
        reading: How that file and text are read.
    """

    prompt: str
    file: str | None
    text: str | None
    reading: settings.SourceSettings

    def check(self, training: Sequence[str]) -> None:
        """Refuses what would be dropped.

        Args:
            training: The training text, if one is read as well.

        Raises:
            InputError: Two of them are given, or standard input twice, or how nothing is read.
        """
        given = {"--prompt": self.prompt, "--prompt-file": self.file, "--text": self.text}
        named = [name for name, value in given.items() if value not in (None, "")]
        if len(named) > 1:
            raise InputError(f"{' and '.join(named)} both say what to go on from; give only one.")
        read = [value for value in (self.file, self.text) if value is not None]
        read += ["-"] if self.prompt == "-" else []
        if [*read, *training].count("-") > 1:
            raise InputError("standard input can be read only once; save one of them to a file.")
        asked = [name for name in self.reading.given if name != "encoding" or not read]
        if asked and not training:
            flags = ", ".join(f"--{name.replace('_', '-')}" for name in asked)
            raise InputError(
                f"{flags}: this says how a text is read, and none is. Leave it out, or give a text."
            )

    def ready(self, writer: Generator, how: WritingSettings) -> Prompt:
        """The prompt made ready, with what to tell of it: a random window where none is given."""
        model, seed, notes = writer.model, how.seed or 0, []
        prompt, source = self.prompt, self.file or ("-" if self.prompt == "-" else None)
        if source is not None:
            prompt = evaluation.read(source, self.reading.encoding)
            if not prompt:
                named = "standard input" if source == "-" else shown(source)
                raise InputError(f"there is no prompt in {named}. Give one, or none.")
        elif "\\n" in prompt:
            notes = [
                r"The prompt's \n is a backslash and an n. For a line end, write $'\n' in bash or "
                "zsh, or give the prompt with --prompt-file."
            ]
        elif self.text is not None:
            read = evaluation.read(self.text, self.reading.encoding)
            prompt = prompts.piece(read, model, model.window or PIECE, seed)
            notes = [f"Goes on from a random piece of {shown(self.text)}."]
        elif not prompt and model.window:
            prompt = writer.beginning(seed)
            notes = ["Goes on from a random window of its own text."]
        for note in notes:
            tell(note)
        return writer.prepare(prompt, how.unknown)


def _check_clashes(
    options: Mapping[str, Any], *, endless: bool, greedy: bool, compare: bool
) -> None:
    """Refuses options of which one would be dropped.

    Raises:
        SettingsError: There are such.
    """
    if compare and (greedy or "temperature" in options):
        raise SettingsError(
            "--compare-temperatures brings its own three temperatures; leave out --temperature "
            "and --greedy."
        )
    if greedy and options.get("temperature", 0) != 0:
        raise SettingsError(
            f"--greedy is --temperature 0, and --temperature {options['temperature']:g} was given "
            "as well. Give only one."
        )
    if endless and "length" in options:
        raise SettingsError(
            f"--endless writes until stopped, and --length {options['length']} was given as well. "
            "Give only one."
        )


def unescaped(stop: str) -> str:
    r"""A stop string with its escapes as what they stand for.

    >>> unescaped(r"\n\\n\d") == "\n\\n\\d"
    True
    """
    return re.sub(r"\\([nt\\])", lambda found: ESCAPES[found.group(1)], stop)


def _stop_notes(stops: Sequence[str], model: Model) -> list[str]:
    """What to tell of escapes, where the model could have written them as they stand."""
    if "\\" not in model.vocabulary.ids:
        return []
    return [
        rf"--stop {stop} was read as {unescaped(stop)!r}; \\ is a backslash."
        for stop in stops
        if stop != unescaped(stop)
    ]


@dataclass(frozen=True)
class _Form:
    """In which form texts are printed.

    Attributes:
        count: How many.
        jsonl: Whether each is a JSON object.
        said: What such an object holds besides.
    """

    count: int
    jsonl: bool
    said: Mapping[str, Any]


def _speak(
    writer: Generator,
    prompt: Prompt,
    how: WritingSettings,
    temperatures: Mapping[float, str],
    form: _Form,
) -> None:
    """Writes texts, at several temperatures if so asked; tells what happened.

    Raises:
        InputError: There is less than was asked for.
    """
    outcome = Outcome()
    if not temperatures:
        _write(writer, prompt, how, form, outcome)
    for temperature, kind in temperatures.items():
        console.print(f"— temperature {temperature}: {kind} —")
        _write(writer, prompt, replace(how, temperature=temperature), form, outcome)
    if outcome.changed:
        tell(outcome.changed)
    if outcome.lacking:
        raise InputError(outcome.lacking)


def _write(
    writer: Generator, prompt: Prompt, how: WritingSettings, form: _Form, outcome: Outcome
) -> None:
    """Writes texts at one temperature; a single one appears as it is written."""
    options = {field.name: getattr(how, field.name) for field in fields(how)}
    if form.count == 1 and not form.jsonl and how.new is False:
        pieces = writer.stream(prompt.text, outcome=outcome, **options)
        end = _print_text(prompt.text, pieces)
        _hint(end, how)
        return
    filters = {field.name: options[field.name] for field in fields(SamplingSettings)}
    common = {"seed": how.seed, "prompt": prompt.text, **filters, **form.said}
    common |= {"close_quotes": how.close_quotes}
    texts = writer.stream_many(prompt.text, count=form.count, outcome=outcome, **options)
    for index, text in enumerate(texts):
        if form.jsonl:
            row = common | {"index": index, "text": text}
            print(json.dumps(row, ensure_ascii=False), flush=True)
        else:
            if form.count > 1:
                console.print(f"— text {index + 1} of {form.count} —")
            print(prompt.text + text, flush=True)


def _print_text(prompt: str, pieces: Iterator[str]) -> str:
    """Prints a prompt and what follows as it is written, and returns the end of it."""
    end = ""
    sys.stdout.write(prompt)
    for piece in pieces:
        sys.stdout.write(piece)
        sys.stdout.flush()
        end = (end + piece)[-4 * LONGEST_LOOP :]
    sys.stdout.write("\n")
    sys.stdout.flush()
    return end


def _hint(end: str, how: WritingSettings) -> None:
    """Says what to do about a text that went round in circles because it was too careful."""
    if (how.temperature < LOW or how.top_k == 1) and (phrase := loop(end)):
        console.print(
            f"The text goes round in circles ({len(phrase):,} characters, again and again), as "
            f"careful choices do. Be bolder: --temperature {WritingSettings.temperature}",
            markup=False,
        )
