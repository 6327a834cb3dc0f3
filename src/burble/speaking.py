"""The commands that let a model speak: sample and info.

Text and JSON go to stdout, everything else to stderr. Imports neither Keras nor JAX.
"""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console

from burble import corpus, evaluation, generation, modelfile, prompts, remembering, settings
from burble.errors import SettingsError
from burble.generation import Generator
from burble.modelfile import Model
from burble.prompts import Prompt, Unknown
from burble.sampling import SamplingSettings
from burble.stopping import LONGEST_LOOP, loop
from burble.wording import some, symbol_name
from burble.writing import WritingSettings

TEMPERATURES = {0.4: "safer", 0.8: "between", 1.2: "bolder"}
LOW = 0.5
PIECE = 100
console = Console(stderr=True, highlight=False, soft_wrap=True)

ModelPath = Annotated[Path, typer.Argument(help="A run folder or a model file.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
PromptText = Annotated[str, typer.Option("--prompt", "-p", help="What to go on from.")]
Length = Annotated[int, typer.Option("--length", "-l", help="New characters, exactly.")]
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
    list[str] | None, typer.Option(help="End before this string; may be given several times.")
]
UntilDocument = Annotated[
    bool, typer.Option("--until-document", help="End where a document would end.")
]
UnknownChoice = Annotated[Unknown, typer.Option(help="What to do with symbols it never saw.")]
Seed = Annotated[
    int | None, typer.Option(help="The same seed, the same text. Without it, a new one.")
]
BreakLoops = Annotated[
    bool | None,
    typer.Option(
        "--break-loops/--no-break-loops",
        help="Never write a passage a third time in a row [default: yes, unless greedy].",
    ),
]
Novel = Annotated[
    int,
    typer.Option(help="Never write a longer passage of the training text than this; 0 may."),
]
WordChoice = Annotated[
    Literal["any", "known"], typer.Option(help="Write only words of the training text: known.")
]
WordCount = Annotated[
    int, typer.Option(help="Times a word occurs in the training text at least, to be known.")
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
        help="The training text, for --novel and --words known, where there is no memory."
    ),
]
Jsonl = Annotated[bool, typer.Option("--jsonl", help="One JSON object a text.")]


def sample(
    model: ModelPath,
    prompt: PromptText = "",
    text: Annotated[
        str | None,
        typer.Option(help="Go on from a random piece of this text, as long as a window."),
    ] = None,
    length: Length = WritingSettings.length or 0,
    endless: Endless = False,
    greedy: Greedy = False,
    compare: Compare = False,
    count: Count = 1,
    stop: Stop = None,
    until_document: UntilDocument = False,
    unknown: UnknownChoice = WritingSettings.unknown,
    seed: Seed = None,
    jsonl: Jsonl = False,
    break_loops: BreakLoops = None,
    novel: Novel = 0,
    words: WordChoice = "any",
    word_count: WordCount = 2,
    training_text: TrainingText = None,
    memory: MemoryShare = 0.0,
    close_quotes: CloseQuotes = None,
    **chosen: Any,
) -> None:
    """Write text with a trained model."""
    reading = settings.SourceSettings.taken_from(chosen)
    options = {name: value for name, value in chosen.items() if value is not None}
    options |= {"length": None if endless else length, "stop": tuple(stop or ())}
    options |= {"until_document": until_document, "seed": _fresh_seed() if seed is None else seed}
    if compare and (greedy or "temperature" in options):
        raise SettingsError(
            "--compare-temperatures brings its own three temperatures; leave out --temperature "
            "and --greedy."
        )
    settings.require(count >= 0, "count", count, "0 or more texts")
    options |= {"temperature": 0.0} if greedy else {}
    options |= {} if close_quotes is None else {"close_quotes": close_quotes}
    options |= {"break_loops": break_loops, "memory": memory}
    WritingSettings(**options)
    writer = generation.load(model)
    options = writer.completed(options)
    asked = novel, words, word_count
    tell = partial(console.print, markup=False)
    allowed, said = remembering.allowed(writer, asked, training_text, reading, tell)
    options |= allowed
    said |= {} if break_loops is None else {"break_loops": break_loops}
    said |= {"close_quotes": options["close_quotes"]} | ({"memory": memory} if memory else {})
    prompt, told = _begin(writer, prompt, (text, reading.encoding), options["seed"])
    ready = writer.prepare(prompt, unknown)
    for note in [*told, *ready.notes, f"seed {options['seed']}"]:
        console.print(note, markup=False)
    if not compare:
        _write(writer, ready, options, count, jsonl, said)
        return
    for temperature, kind in TEMPERATURES.items():
        console.print(f"— temperature {temperature}: {kind} —")
        _write(writer, ready, options | {"temperature": temperature}, count, jsonl, said)


def _begin(
    writer: Generator, prompt: str, source: tuple[str | None, str], seed: int
) -> tuple[str, tuple[str, ...]]:
    """What to go on from, and what to tell of it: a random window where a model needs one."""
    text, encoding = source
    if prompt and text:
        raise SettingsError("--prompt and --text both say what to go on from; give only one.")
    if prompt or not (text or writer.model.window):
        return prompt, ()
    if not text:
        return writer.beginning(seed), ("Goes on from a random window of its own text.",)
    length = writer.model.window or PIECE
    piece = prompts.piece(evaluation.read(text, encoding), writer.model, length, seed)
    return piece, (f"Goes on from a random piece of {text}.",)


def _fresh_seed() -> int:
    """A seed no one chose, short enough to be typed again."""
    return int.from_bytes(os.urandom(3), "little")


def _write(
    writer: Generator,
    prompt: Prompt,
    options: dict[str, Any],
    count: int,
    jsonl: bool,
    told: Mapping[str, Any],
) -> None:
    """Writes `count` texts at one temperature; a single one appears as it is written."""
    if count == 1 and not jsonl:
        end = _print_text(prompt.text, writer.stream(prompt.text, **options))
        _hint(end, options)
        return
    filters = {
        field.name: options.get(field.name, field.default) for field in fields(SamplingSettings)
    }
    common = {"seed": options["seed"], "prompt": prompt.text, **filters, **told}
    for index, text in enumerate(writer.stream_many(prompt.text, count=count, **options)):
        if jsonl:
            row = common | {"index": index, "text": text}
            print(json.dumps(row, ensure_ascii=False), flush=True)
        else:
            console.print(f"— text {index + 1} of {count} —")
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


def _hint(end: str, options: dict[str, Any]) -> None:
    """Says what to do about a text that went round in circles because it was too careful."""
    careful = options.get("temperature", WritingSettings.temperature) < LOW
    if (careful or options.get("top_k") == 1) and (phrase := loop(end)):
        console.print(
            f"The text goes round in circles ({len(phrase):,} characters, again and again), as "
            f"careful choices do. Be bolder: --temperature {WritingSettings.temperature}",
            markup=False,
        )


def remember(
    model: ModelPath,
    text: Annotated[list[str], typer.Argument(help="The text it was trained on, as for train.")],
    **chosen: Any,
) -> None:
    """Give a model a memory of the text it was trained on, in a file beside it.

    With it, sample and eval take --memory, and sample takes --novel and --words known without the
    text. The file holds the training text: mind that before you share it.
    """
    file = modelfile.find(model)
    held = modelfile.read(file)
    reading = settings.SourceSettings.taken_from(chosen)
    read = corpus.build(text, held.text, held_out=0.0, reading=reading)
    path, symbols = remembering.remember(file, held, read)
    console.print(f"The memory of {some(symbols, 'symbol')} is {path}.", markup=False)
    console.print("It holds the training text; the model file alone does not.")


def info(model: ModelPath, as_json: AsJson = False) -> None:
    """Tell what a model is: its network, its alphabet, how its text was cleaned, its training."""
    held = modelfile.read(modelfile.find(model))
    weights = sum(array.size for array in held.weights.values())
    if as_json:
        facts = {
            "format": modelfile.FORMAT,
            "architecture": asdict(held.architecture),
            "weights": weights,
            "symbols": held.vocabulary.symbols,
            "boundary": held.vocabulary.boundary,
            "separator": held.separator,
            "window": held.window,
            "text": asdict(held.text),
            "summary": dict(held.summary),
        }
        print(json.dumps(facts, ensure_ascii=False))
        return
    shape, alphabet = held.architecture, held.vocabulary
    several = f"; {shape.networks} such networks, averaged" if shape.networks > 1 else ""
    print(f"network    {shape.layers} × {shape.cell}, {some(shape.units, 'unit')} each{several}")
    print(f"weights    {weights:,} in float32")
    print(
        f"alphabet   {len(alphabet.symbols):,}, each a {symbol_name(alphabet.unit)}: {_shown(held)}"
    )
    if held.window:
        print(f"window     {some(held.window, 'symbol')}, read anew for each that is written")
    print(f"documents  {'yes' if alphabet.boundary else 'no, running text'}")
    print(f"cleaning   {_listed(asdict(held.text))}")
    for name, facts in held.summary.items():
        print(f"{name:<10} {_listed(facts) if isinstance(facts, dict) else json.dumps(facts)}")


def _shown(model: Model) -> str:
    """The beginning of an alphabet, as Python writes text, so that no symbol plays tricks."""
    symbols = model.vocabulary.symbols
    return repr("".join(symbols[:100])) + (" …" if len(symbols) > 100 else "")


def _listed(values: Mapping[str, Any]) -> str:
    """Names and values in one line."""
    return ", ".join(f"{name} {json.dumps(value)}" for name, value in values.items())
