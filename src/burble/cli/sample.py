"""The command that writes text with a model: sample.

Text and JSON go to stdout, everything else to stderr. Imports neither Keras nor JAX.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from burble import settings
from burble.cli.memory import take_memory
from burble.cli.options import Mix, ModelPaths
from burble.cli.output import console, log
from burble.errors import InputError, SettingsError, SourceError
from burble.formatting import list_flags, shown, some, unescape
from burble.inference import mixtures, prompts
from burble.inference.generator import Generator
from burble.inference.mixtures import Voices
from burble.inference.selection import Ending, describe_broken_loops, describe_shortfall
from burble.inference.settings import SamplingSettings, WritingSettings, choose_memory
from burble.inference.stopping import LONGEST_LOOP, find_loop
from burble.inference.texts import Texts
from burble.model.file import Model
from burble.settings import DEFAULT_READING

TEMPERATURES = {0.4: "safer", 0.8: "between", 1.2: "bolder"}
LOW = 0.5
PIECE = 100
PLACED = {"length", "stop", "until_document", "unknown", "training_text", "seed", "close_quotes"}
REPEATED = {one.name for one in fields(WritingSettings)} - PLACED
REPEATED -= {one.name for one in fields(SamplingSettings)}
"""Options that a JSON object holds where they are given, to write its text again: all but those
that the text shows, and those that have a place of their own there."""

PromptText = Annotated[
    str, typer.Option("--prompt", "-p", help="What to go on from, as it is; - for standard input.")
]
PromptFile = Annotated[
    str | None, typer.Option(help="Go on from all of this file, its last line end included.")
]
PromptPiece = Annotated[
    str | None,
    typer.Option("--text", help="Go on from a random piece of this text, as long as a window."),
]
Endless = Annotated[bool, typer.Option("--endless", help="Write until stopped.")]
Greedy = Annotated[
    bool, typer.Option("--greedy", help="Always take the likeliest symbol: --temperature 0.")
]
Compare = Annotated[
    bool,
    typer.Option(
        "--compare-temperatures",
        help="The same prompt at three temperatures, the safest first, the boldest last.",
    ),
]
Count = Annotated[int, typer.Option("--count", "-n", help="How many texts.")]
Jsonl = Annotated[bool, typer.Option("--jsonl", help="One JSON object a text.")]
Interactive = Annotated[
    bool,
    typer.Option("--interactive", "-i", help="Write with the model in the terminal, by turns."),
]


def sample(
    model: ModelPaths,
    mix: Mix = None,
    prompt: PromptText = "",
    prompt_file: PromptFile = None,
    text: PromptPiece = None,
    endless: Endless = False,
    greedy: Greedy = False,
    compare: Compare = False,
    count: Count = 1,
    jsonl: Jsonl = False,
    interactive: Interactive = False,
    **chosen: Any,
) -> None:
    """Write text with a trained model, or with several at once."""
    reading = settings.SourceSettings.pop_from(chosen)
    options = {name: value for name, value in chosen.items() if value is not None}
    held = choose_memory(options.get("memory", 0.0), options.get("memory_weight"))
    stops = options.get("stop", [])
    form = _Form(count, jsonl, TEMPERATURES if compare else {})
    start = _PromptSource(prompt, prompt_file, text, reading)
    start.check([*options.get("training_text", []), *held.texts])
    settings.require(count >= 1, "count", count, "1 or more texts")
    _check_clashes(options, endless=endless, greedy=greedy, compare=compare)
    options |= {"length": None} if endless else {}
    options |= {"temperature": 0.0} if greedy else {}
    options["stop"] = tuple(map(unescape, stops))
    checked = WritingSettings(**options)
    if interactive:
        _check_together(options, form)
    if count > 1:
        checked.check_whole_texts(count)
    voices = mixtures.choose_voices(model, mix)
    options |= {} if held.texts or "memory" not in options else {"memory": held.weight}
    if interactive:
        _write_together(voices, options, start)
    else:
        _write_alone(voices, options, start, stops, form)


def _check_together(options: Mapping[str, Any], form: "_Form") -> None:
    """Refuses what is of whole texts, and where no person could be asked.

    Raises:
        SettingsError: Options of whole texts are given.
        InputError: There is no terminal.
    """
    given = {
        "jsonl": form.jsonl,
        "count": form.count > 1,
        "compare_temperatures": form.temperatures,
        **{name: options.get(name) for name in ("new", "distinct")},
    }
    if names := [name for name in given if given[name]]:
        raise SettingsError(
            f"{list_flags(names)}: this is for texts that are written at once, and --interactive "
            "writes one with you, piece by piece. Leave out one of them."
        )
    from burble.cli.terminal import check_terminal

    check_terminal()


def _write_alone(
    voices: Voices,
    options: Mapping[str, Any],
    start: "_PromptSource",
    stops: Sequence[str],
    form: "_Form",
) -> None:
    """Writes texts.

    Args:
        voices: The models.
        options: Fields of `WritingSettings`, as far as they are given.
        start: Where the prompt comes from.
        stops: The stop strings as they were typed.
        form: How many texts, and how they are printed.
    """
    writer, taken = take_memory(voices.load(), options, start.reading)
    reading = start.reading if options.get("training_text") else DEFAULT_READING
    how, looked_up = writer.resolve_settings(taken, reading, log)
    facts = {name: options[name] for name in options if name in REPEATED}
    facts |= voices.facts | looked_up
    if labels := writer.model.labels.describe(writer.model.labels.find(how.label)):
        # As the model knows it, whatever its case was.
        facts["label"] = labels
    texts = writer.prepare_texts(start.read(writer, how.seed or 0), how)
    notes = [*voices.notes, *_stop_notes(stops, writer.model), *texts.prompt.notes]
    for note in [*notes, f"seed {how.seed}"]:
        log(note)
    _write_all(texts, form, facts)


def _write_together(voices: Voices, options: Mapping[str, Any], start: "_PromptSource") -> None:
    """Writes with a person; see `burble.cli.interactive`."""
    from burble.cli.interactive import run_session
    from burble.cli.voice import Voice

    voice = Voice(voices.load(), options, start.reading, log)
    for note in voices.notes:
        log(note)
    run_session(voice, start.read(voice.writer, voice.how.seed or 0))


@dataclass(frozen=True)
class _PromptSource:
    """Where a prompt comes from.

    Attributes:
        prompt: The prompt itself; `-` for standard input.
        file: A file that holds it.
        text: A text of which a random piece is taken.
        reading: How that file and text are read.
    """

    prompt: str
    file: str | None
    text: str | None
    reading: settings.SourceSettings

    def check(self, others: Sequence[str]) -> None:
        """Refuses what would be dropped.

        Args:
            others: Texts that are read besides.

        Raises:
            InputError: Two of them are given, or standard input twice, or how nothing is read.
        """
        given = {"--prompt": self.prompt, "--prompt-file": self.file, "--text": self.text}
        named = [name for name, value in given.items() if value not in (None, "")]
        if len(named) > 1:
            raise InputError(f"{' and '.join(named)} are both prompts. Give only one.")
        read = [value for value in (self.file, self.text) if value is not None]
        read += ["-"] if self.prompt == "-" else []
        if [*read, *others].count("-") > 1:
            raise InputError("standard input can be read only once; save one of them to a file.")
        # A file that is a prompt as it is has an encoding, and nothing else.
        idle = [name for name in self.reading.given if name != "encoding" or not read]
        if idle and self.text is None and not others:
            raise InputError(
                f"{list_flags(idle)}: this says how a text is read, and none is. Leave it out, or "
                "give a text."
            )

    def read(self, writer: Generator, seed: int) -> str:
        """The prompt, with a note of where it comes from: a random window where none is given."""
        source = self.file or ("-" if self.prompt == "-" else None)
        if source is not None:
            prompt = _read_text(source, self.reading.encoding)
            if not prompt:
                named = "standard input" if source == "-" else shown(source)
                raise InputError(f"there is no prompt in {named}. Give one, or none.")
            return prompt
        if self.text is not None:
            log(f"Starts from a random piece of {shown(self.text)}.")
            from burble.data import corpus
            from burble.data.sentences import EDGE

            model = writer.model
            read = corpus.build_with_alphabet(
                model.vocabulary, [self.text], model.text, self.reading
            )
            ids = prompts.draw_piece(read.ids, model.window or PIECE, seed)
            # Of documents, a piece of one.
            return read.vocabulary.decode(ids, EDGE).strip(EDGE).partition(EDGE)[0]
        if "\\n" in self.prompt:
            log(
                r"The prompt's \n is a backslash and an n. For a line end, write $'\n' in bash or "
                "zsh, or give the prompt with --prompt-file."
            )
        elif not self.prompt and writer.model.window:
            log("Starts from a random window of its training text.")
            return writer.draw_prompt(seed)
        return self.prompt


def _read_text(source: str, encoding: str) -> str:
    """The text of a file, or of standard input where `source` is `-`, to its last line end."""
    name = "standard input" if source == "-" else source
    try:
        data = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
    except OSError as error:
        raise SourceError(f"cannot read {name}: {error.strerror}. Give a text file.") from error
    from burble.data.encodings import decode

    return decode(data, name, encoding)


def _check_clashes(
    options: Mapping[str, Any], *, endless: bool, greedy: bool, compare: bool
) -> None:
    """Refuses options of which one would be dropped."""
    if compare and (greedy or "temperature" in options):
        raise SettingsError(
            "--compare-temperatures has three temperatures of its own; leave out --temperature "
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


def _stop_notes(stops: Sequence[str], model: Model) -> list[str]:
    """Notes on escapes, where the model could have written them as they stand."""
    if "\\" not in model.vocabulary.ids:
        return []
    return [
        rf"--stop {stop} was read as {unescape(stop)!r}; \\ is a backslash."
        for stop in stops
        if stop != unescape(stop)
    ]


@dataclass(frozen=True)
class _Form:
    """How many texts are printed, whether as JSON, and at which temperatures, with a word on each.

    Without any temperatures it is that of the settings.
    """

    count: int
    jsonl: bool
    temperatures: Mapping[float, str]


def _write_all(texts: Texts, form: _Form, facts: Mapping[str, Any]) -> None:
    """Writes texts, at several temperatures if there are any; logs what happened.

    Raises:
        InputError: There are fewer than requested, or shorter ones.
    """
    endings = Counter[Ending]()
    if not form.temperatures:
        _write(texts, form, facts, endings)
    for temperature, kind in form.temperatures.items():
        console.print(f"— temperature {temperature}: {kind} —")
        warmer = replace(texts.settings, temperature=temperature)
        _write(replace(texts, settings=warmer), form, facts, endings)
    if note := describe_broken_loops(endings):
        log(note)
    if shortfall := describe_shortfall(endings, form.count * max(1, len(form.temperatures))):
        raise InputError(shortfall)


def _write(texts: Texts, form: _Form, facts: Mapping[str, Any], endings: Counter[Ending]) -> None:
    """Writes texts at one temperature, and counts how they end; a single one appears piecewise.

    A JSON object has the facts, too.
    """
    how, prompt = texts.settings, texts.prompt.text
    if form.count == 1 and not form.jsonl and how.new is False:
        _hint(_print_text(prompt, texts.stream(), endings), how)
        return
    filters = {field.name: getattr(how, field.name) for field in fields(SamplingSettings)}
    common = {"seed": how.seed, "prompt": prompt, **filters, **facts}
    common |= {"close_quotes": how.close_quotes}
    index = 0
    for item in texts.stream_whole(form.count):
        if isinstance(item, Ending):
            endings[item] += 1
        elif form.jsonl:
            row = common | {"index": index, "text": item}
            print(json.dumps(row, ensure_ascii=False), flush=True)
            index += 1
        else:
            index += 1
            if form.count > 1:
                console.print(f"— text {index} of {form.count} —")
            print(prompt + item, flush=True)


def _print_text(prompt: str, items: Iterator[str | Ending], endings: Counter[Ending]) -> str:
    """Prints a prompt and what follows as it is written, and returns the end of it."""
    end = ""
    sys.stdout.write(prompt)
    for item in items:
        if isinstance(item, Ending):
            endings[item] += 1
            continue
        sys.stdout.write(item)
        sys.stdout.flush()
        end = (end + item)[-4 * LONGEST_LOOP :]
    sys.stdout.write("\n")
    sys.stdout.flush()
    return end


def _hint(end: str, how: WritingSettings) -> None:
    """Says what to do about a text that repeats itself because it was too careful."""
    if (how.temperature < LOW or how.top_k == 1) and (phrase := find_loop(end)):
        console.print(
            f"The text repeats the same {some(len(phrase), 'character')} again and again, as it "
            "often does where nearly always the likeliest symbol is taken. Raise the temperature: "
            f"-t {WritingSettings.temperature}",
            markup=False,
        )
