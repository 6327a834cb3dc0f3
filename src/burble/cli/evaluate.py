"""The command that scores a model: eval. Imports neither Keras nor JAX."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from burble.cli.memory import take_memory
from burble.cli.options import AsJson, Mix, ModelPath, note_namesakes
from burble.cli.output import log
from burble.cli.samples_table import format_overlap, format_statistics
from burble.cli.scores import describe_parts, describe_score, name_base, tabulate_scores
from burble.data import corpus, sources
from burble.data.source import Source
from burble.data.split import Split
from burble.errors import CorpusError, InputError
from burble.evaluation import evaluate as evaluation
from burble.evaluation import report as evaluation_report
from burble.evaluation.report import ModelReport
from burble.formatting import list_flags, per_character, symbol_name
from burble.inference import mixtures
from burble.inference.generator import Generator
from burble.inference.mixtures import Voices
from burble.inference.settings import MemoryChoice, WritingSettings, choose_memory
from burble.model.file import Model
from burble.model.mixture import Mixture
from burble.ngram.training_text import (
    TrainingText,
    join_training_texts,
    recognize_training_text,
)
from burble.settings import RECUT, SourceSettings

ALONE = "The baselines have read this text alone, so these are columns of their own."
FORMER = {
    "with_memory": "remembering",
    "with_memory_adaptive": "remembering_adaptive",
    "samples": "written",
    "samples_with_memory": "recalled",
    "validation": "human",
    "samples_overlap": "copies",
    "samples_with_memory_overlap": "recalled_copies",
    "validation_overlap": "human_copies",
}
"""Keys of --json, and how they were spelt before; both are printed, for this version."""


Text = Annotated[
    list[str] | None,
    typer.Argument(help="The text it was trained on, or another; - for standard input."),
]
Temperature = Annotated[
    float | None,
    typer.Option("--temperature", "-t", help="Of the samples; if not given, what suits it."),
]
Seed = Annotated[int | None, typer.Option(help="Seed of the samples. \\[default: 0]")]
Others = Annotated[
    list[Path] | None,
    typer.Option(
        "--with",
        help="Another model that is mixed with it; may be given several times.",
        callback=note_namesakes,
        metavar="MODEL",
    ),
]
Adaptive = Annotated[
    bool,
    typer.Option(
        "--adaptive", help="Score with dynamic evaluation, too: it learns from what it reads."
    ),
]
Memory = Annotated[
    list[str] | None,
    typer.Option(
        help="An n-gram model to mix in: that of a text, built on the spot, or that of its own "
        "text, by its weight, 0 to 1; 0 leaves it out."
    ),
]
MemoryWeight = Annotated[
    float | None,
    typer.Option(help="Weight of the text that --memory names, 0 to 1. \\[default: 1]"),
]
Label = Annotated[
    list[str] | None,
    typer.Option(
        help="COLUMN=VALUE: read all of the text with that label. If not given, the column of "
        "a table says the labels."
    ),
]


@dataclass(frozen=True)
class _Request:
    """What is to be scored, and how.

    Attributes:
        voices: The models.
        text: The text, as `sources.find_sources` takes it.
        reading: How it is read.
        options: How samples are written, as far as that was given.
        memory: The n-gram model that is mixed in, and its weight.
        labels: Labels that all of the text is read with.
        adaptive: Whether to score with dynamic evaluation, too.
        as_json: Whether one JSON object is printed.
    """

    voices: Voices
    text: Sequence[str]
    reading: SourceSettings
    options: Mapping[str, Any]
    memory: MemoryChoice
    labels: tuple[str, ...]
    adaptive: bool
    as_json: bool


def evaluate(
    model: ModelPath,
    text: Text = None,
    temperature: Temperature = None,
    seed: Seed = None,
    others: Others = None,
    mix: Mix = None,
    adaptive: Adaptive = False,
    memory: Memory = None,
    memory_weight: MemoryWeight = None,
    label: Label = None,
    as_json: AsJson = False,
    **chosen: Any,
) -> None:
    """Score a model on a text; without one, print the validation score of its training.

    On its own text the validation part is scored, beside compressors and n-grams that read the
    same; what the model writes is measured beside that part, and its overlap with the training
    text.
    """
    held = choose_memory(memory or 0.0, memory_weight)
    reading = SourceSettings.pop_from(chosen)
    how = {"temperature": temperature, "seed": seed}
    options: dict[str, Any] = {name: value for name, value in how.items() if value is not None}
    WritingSettings(**options)
    voices = mixtures.choose_voices([model, *(others or [])], mix)
    if text:
        labels = tuple(label or ())
        _score(_Request(voices, text, reading, options, held, labels, adaptive, as_json))
        return
    named = [*options, *["with"] * bool(others), *["label"] * bool(label), *reading.given]
    _refuse(named, adaptive=adaptive, memory=bool(memory))
    _print_stored(voices.load().model, as_json)


def _score(request: _Request) -> None:
    """Scores on a text: its own with all there is to say, another with the score alone."""
    writer = request.voices.load()
    if [*request.text, *request.memory.texts].count("-") > 1:
        raise InputError("standard input can be read only once; save one of them to a file.")
    if request.memory.texts:
        writer, _ = take_memory(writer, {"memory": request.memory.texts}, request.reading)
    found, notes = sources.find_sources(request.text, request.reading)
    if writer.model.vocabulary.is_cut_elsewhere:
        notes = [*notes, f"Cut into the model's own symbols: {writer.model.vocabulary.cut_note}."]
    for note in [*request.voices.notes, *notes]:
        log(note)
    writer.model.labels.find(request.labels)
    own = _recognize(writer.model, found, request.reading)
    if own is None:
        _score_other(request, writer, found)
    else:
        _report_own(request, writer, own)


def _report_own(request: _Request, writer: Generator, own: TrainingText) -> None:
    """Scores on the validation part of its own text, and measures what it writes."""
    settings, _ = writer.resolve_settings(
        {"seed": 0, **request.options, "memory": request.memory.weight, "label": request.labels}
    )
    report = evaluation_report.build_report(
        writer, own, settings, adaptive=request.adaptive, log=log
    )
    if request.as_json:
        print(_report_json(request.voices, report, settings, own))
    else:
        _print(request.voices, writer, report, settings, own)


def _score_other(request: _Request, writer: Generator, found: list[Source]) -> None:
    """Scores on a text that none of the models was trained on."""
    if request.options:
        raise InputError(
            f"{list_flags(request.options)}: this is about what the model writes, which is "
            "measured beside the text it was trained on, and this is another. Leave it out, or "
            "give that text."
        )
    log("This is not the text the model was trained on, so there is a score alone.")
    score = evaluation.score_sources(
        writer,
        found,
        request.reading,
        adaptive=request.adaptive,
        memory=request.memory.weight,
        label=request.labels,
        log=log,
    )
    facts = asdict(score) | request.voices.facts
    print(_as_json(facts) if request.as_json else describe_score(request.voices, writer, score))


def _refuse(given: Sequence[str], *, adaptive: bool, memory: bool) -> None:
    """Refuses what says how a text is scored where none is."""
    named = [*["adaptive"] * adaptive, *["memory"] * memory, *given]
    if named:
        raise InputError(
            f"{list_flags(named)} need{'s' if len(named) == 1 else ''} a text to score, and none "
            "was given. Give one."
        )


def _recognize(model: Model, found: list[Source], reading: SourceSettings) -> TrainingText | None:
    """The text the model, or one of several, was trained on, if that is what was read.

    Raises:
        CorpusError: It is, and there is nothing in it that none of them has learned.
    """
    if isinstance(model, Mixture):
        each = [(part, _recognize(part, found, reading)) for part in model.parts]
        known = [(part, own) for part, own in each if own]
        return join_training_texts(known, model) if known else None
    try:
        alphabet = model.vocabulary
        read = corpus.build_from_sources(found, model.text, Split(0.0), reading, alphabet=alphabet)
    except CorpusError:
        # Too short to be trained on, but perhaps not to be scored.
        return None
    own = recognize_training_text(model, read)
    if own and own.start == len(own.ids):
        raise CorpusError(
            "this is the text the model was trained on, all of it, so a score on it would say "
            "nothing. Give a text it never saw."
        )
    return own


def _as_json(facts: Any) -> str:
    """Facts as JSON, which knows no number that is none."""

    def plain(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {name: plain(one) for name, one in value.items()}
        if isinstance(value, list | tuple):
            return [plain(one) for one in value]
        return None if isinstance(value, float) and not math.isfinite(value) else value

    return json.dumps(plain(facts), ensure_ascii=False, allow_nan=False)


def _report_json(
    voices: Voices, report: ModelReport, how: WritingSettings, text: TrainingText
) -> str:
    """A report as one JSON object, its renamed keys in both spellings."""
    facts = asdict(report)
    static = facts.pop("static")
    facts |= {former: facts[name] for name, former in FORMER.items()}
    parts = evaluation_report.parts_used(text, how.memory_choice.weight)
    wrote = {name: getattr(how, name) for name in ("temperature", "close_quotes", "seed")}
    used = {**parts, "others": parts["baselines"]}
    return _as_json({**static, "writing": wrote, **facts, "parts": used, **voices.facts})


def _print(
    voices: Voices,
    writer: Generator,
    report: ModelReport,
    how: WritingSettings,
    text: TrainingText,
) -> None:
    """Prints a report for a person."""
    print(describe_score(voices, writer, report.static))
    several = len(voices.paths) > 1
    whose = "one of them" if several else "the model"
    print(f"\nThis is the text {whose} was trained on; the validation part of it is scored.")
    print("Bits per character, where lower is better; adaptive: it learns from what it has read.\n")
    print(tabulate_scores(report, "these models, mixed" if several else "this model"))
    if base := report.static.base:
        other = "some have" if several else f"the model began from {base}, which has"
        print(f"With base: {other} read other texts. {ALONE}")
    for line in describe_parts(evaluation_report.parts_used(text, how.memory_choice.weight)):
        print(line)
    if report.validation is None:
        print("\nThe validation part is blank, so what the model writes is not compared with it.")
        return
    bias = f" --close-quotes {how.close_quotes:g}" if how.close_quotes else ""
    flags = f"--temperature {how.temperature:g}{bias} --seed {how.seed}"
    print(f"\nWhat the model writes ({flags}), beside as much of the validation part:\n")
    print(format_statistics(report))
    print("\nOverlap with the training text:\n")
    print(format_overlap(report))
    if report.static.base:
        print("The texts that its base has read are not searched.")


def _print_stored(model: Model, as_json: bool) -> None:
    """Prints the score that is stored in a model."""
    nats = model.facts("scores").get("held_out_loss")
    if not isinstance(nats, int | float):
        raise CorpusError(
            "this model holds no score, since it was trained without validation text. Give a "
            "text to score it on."
        )
    nats, unit = per_character(nats, model.facts("corpus")), model.vocabulary.unit
    bits = nats / math.log(2)
    if as_json:
        print(json.dumps({"nats": nats, "bits": bits, "base": model.base}))
    else:
        per = f"bits per {symbol_name('char' if unit in RECUT else unit)}"
        base = name_base(model.base)
        base += "," if base else ""
        print(f"{bits:.4f} {per} ({nats:.4f} nats){base} on the validation part in training")
