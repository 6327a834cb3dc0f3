"""The command that scores a model: eval. Imports neither Keras nor JAX."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from burble.cli.memory import take_memory
from burble.cli.options import AsJson, ModelPath
from burble.cli.output import log
from burble.data import corpus, sources
from burble.data.sources import Source
from burble.data.split import Split
from burble.data.vocabulary import describe
from burble.errors import CorpusError, InputError
from burble.evaluation import evaluate as evaluation
from burble.evaluation import report as evaluation_report
from burble.evaluation.evaluate import Report
from burble.evaluation.report import ModelReport
from burble.evaluation.statistics import TextStatistics
from burble.formatting import markdown, some, symbol_name
from burble.inference import generator
from burble.inference.generator import Generator
from burble.inference.settings import WritingSettings, choose_memory
from burble.model.file import Model
from burble.ngram.training_text import TrainingText, recognize_training_text
from burble.settings import SourceSettings

if TYPE_CHECKING:
    from burble.evaluation.overlap import Overlap

MISSING = "Not measured, as pydivsufsort is not installed: pip install pydivsufsort pyppmd"
WITH_MEMORY = "with n-gram model (memory)"
ALONE = "The baselines have read this text alone, so these are columns of their own."
KINDS = ("static", "adaptive", "static, with base", "adaptive, with base")
"""The kinds of scores; only those of one kind can be compared."""
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
STATISTICS = {
    "words": "words found in the training text",
    "distinct_words": "distinct words",
    "distinct_grams": "distinct trigrams",
    "repeated": "repeated 12-grams",
    "looped": "inside a loop",
    "closed": "quotes and brackets that close",
    "line_length": "mean line length",
    "sentence_length": "mean sentence length",
    "letters": "letters: divergence from the training text",
    "grams": "trigrams: divergence from the training text",
}
"""The names of text statistics, in characters where they speak of n-grams and lengths."""
FORMATS = {"line_length": ".0f", "sentence_length": ".0f", "letters": ".3f", "grams": ".3f"}


def evaluate(
    model: ModelPath,
    text: Annotated[
        list[str] | None,
        typer.Argument(help="The text it was trained on, or another; - for standard input."),
    ] = None,
    temperature: Annotated[
        float | None,
        typer.Option("--temperature", "-t", help="Of the samples; if not given, what suits it."),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the samples. \\[default: 0]")] = None,
    adaptive: Annotated[
        bool,
        typer.Option(
            "--adaptive", help="Score with dynamic evaluation, too: it learns from what it reads."
        ),
    ] = False,
    memory: Annotated[
        list[str] | None,
        typer.Option(
            help="An n-gram model to mix in: that of a text, built on the spot, or that of its own "
            "text, by its weight, 0 to 1; 0 leaves it out."
        ),
    ] = None,
    memory_weight: Annotated[
        float | None,
        typer.Option(help="Weight of the text that --memory names, 0 to 1. \\[default: 1]"),
    ] = None,
    label: Annotated[
        list[str] | None,
        typer.Option(
            help="COLUMN=VALUE: read all of the text with that label. If not given, the column of "
            "a table says the labels."
        ),
    ] = None,
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
    if not text:
        named = [*options, *["label"] * bool(label), *reading.given]
        _refuse(named, adaptive=adaptive, memory=bool(memory))
    writer = generator.load(model)
    if not text:
        _print_stored(writer.model, as_json)
        return
    if [*text, *held.texts].count("-") > 1:
        raise InputError("standard input can be read only once; save one of them to a file.")
    if held.texts:
        writer, _ = take_memory(writer, {"memory": held.texts}, reading)
    found, notes = sources.find_sources(text, reading)
    if writer.model.vocabulary.is_cut_elsewhere:
        notes = [*notes, f"Cut into the model's own symbols: {writer.model.vocabulary.cut_note}."]
    for note in notes:
        log(note)
    labels = tuple(label or ())
    writer.model.labels.find(labels)
    own = _recognize(writer, found, reading)
    if own is not None:
        settings, _ = writer.resolve_settings(
            {"seed": 0, **options, "memory": held.weight, "label": labels}
        )
        report = evaluation_report.build_report(writer, own, settings, adaptive=adaptive, log=log)
        _print_report(writer, report, settings, own, as_json=as_json)
        return
    if options:
        raise InputError(
            f"{_flags(options)}: this is about what the model writes, which is measured beside "
            "the text it was trained on, and this is another. Leave it out, or give that text."
        )
    log("This is not the text the model was trained on, so there is a score alone.")
    score = evaluation.score_sources(
        writer, found, reading, adaptive=adaptive, memory=held.weight, label=labels, log=log
    )
    print(_as_json(asdict(score)) if as_json else _describe_score(writer, score))


def _flags(names: Iterable[str]) -> str:
    """The flags of some settings."""
    return ", ".join(f"--{name.replace('_', '-')}" for name in names)


def _refuse(given: Sequence[str], *, adaptive: bool, memory: bool) -> None:
    """Refuses what says how a text is scored where none is."""
    named = [*["adaptive"] * adaptive, *["memory"] * memory, *given]
    if named:
        raise InputError(
            f"{_flags(named)} need{'s' if len(named) == 1 else ''} a text to score, and none was "
            "given. Give one."
        )


def _recognize(
    writer: Generator, found: list[Source], reading: SourceSettings
) -> TrainingText | None:
    """The text the model was trained on, if that is what was read.

    Raises:
        CorpusError: It is, and it has no validation part.
    """
    try:
        model = writer.model
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


def _report_json(report: ModelReport, how: WritingSettings, text: TrainingText) -> str:
    """A report as one JSON object, its renamed keys in both spellings."""
    facts = asdict(report)
    static = facts.pop("static")
    facts |= {former: facts[name] for name, former in FORMER.items()}
    parts = evaluation_report.parts_used(text, how.memory_choice.weight)
    wrote = {name: getattr(how, name) for name in ("temperature", "close_quotes", "seed")}
    used = {**parts, "others": parts["baselines"]}
    return _as_json({**static, "writing": wrote, **facts, "parts": used})


def _print_report(
    writer: Generator,
    report: ModelReport,
    how: WritingSettings,
    text: TrainingText,
    *,
    as_json: bool,
) -> None:
    """Prints a report, for a person or as one JSON object."""
    if as_json:
        print(_report_json(report, how, text))
    else:
        _print(writer, report, how, text)


def _print(
    writer: Generator, report: ModelReport, how: WritingSettings, text: TrainingText
) -> None:
    """Prints a report for a person."""
    print(_describe_score(writer, report.static))
    print("\nThis is the text the model was trained on; the validation part of it is scored.")
    print("Bits per character, where lower is better; adaptive: it learns from what it has read.\n")
    print(_score_table(report))
    if base := report.static.base:
        print(f"With base: the model began from {base}, which has read other texts. {ALONE}")
    for line in _describe_parts(evaluation_report.parts_used(text, how.memory_choice.weight)):
        print(line)
    if report.validation is None:
        print("\nThe validation part is blank, so what the model writes is not compared with it.")
        return
    bias = f" --close-quotes {how.close_quotes:g}" if how.close_quotes else ""
    flags = f"--temperature {how.temperature:g}{bias} --seed {how.seed}"
    print(f"\nWhat the model writes ({flags}), beside as much of the validation part:\n")
    print(_statistics_table(report))
    print("\nOverlap with the training text:\n")
    print(_overlap_table(report))
    if report.static.base:
        print("The texts that its base has read are not searched.")


def _describe_parts(parts: Mapping[str, tuple[int, int]]) -> list[str]:
    """What to say where not all of a text was used."""
    notes = {
        "scored": "Scored are the first {0:,} of {1:,} validation symbols.",
        "baselines": "The baselines read the last {0:,} of {1:,} training symbols.",
        "memory": "The n-gram model holds the last {0:,} of {1:,} training symbols.",
    }
    return [notes[name].format(*part) for name, part in parts.items() if part[0] < part[1]]


def _describe_score(writer: Generator, score: Report) -> str:
    """A score as lines for a person."""
    ends = f" and {some(score.ends, 'document end')}" if score.ends else ""
    window = writer.model.window
    before = f"the {some(window, 'symbol')} before it" if window else "all before it"
    interval = "; 95 % interval {:.3f} to {:.3f}".format(*score.interval) if score.interval else ""
    base = _with_base(score.base)
    learning = ", and learned from once it was scored" if score.adaptive else ""
    lines = [
        f"{score.bits:.4f} bits per character ({score.nats:.4f} nats){base}{interval}",
        f"{some(score.characters, 'character')}{ends}, each predicted from {before}{learning}",
        f"expected calibration error {100 * score.calibration_error:.1f} %, best temperature "
        f"{score.best_temperature:.2f}",
    ]
    if (without := score.nats_without_labels) is not None:
        worth = without - score.nats
        lines.append(
            f"read with labels, which are worth {worth:.4f} nats: without them {without:.4f} nats"
        )
    if score.unknown:
        named = ", ".join(f"{n:,} × {describe(s)}" for s, n in list(score.unknown.items())[:12])
        more = ", …" if len(score.unknown) > 12 else ""
        total = sum(score.unknown.values())
        were = "was" if total == 1 else "were"
        symbols = some(total, "symbol")
        lines.append(f"{symbols} the model does not know {were} left out: {named}{more}")
    return "\n".join(lines)


def _score_table(report: ModelReport) -> str:
    """The score beside those of the baselines, each kind of score in a column of its own.

    There are adaptive ones, and those of a model that began from a base, which has read other
    texts.
    """
    rows: dict[str, dict[str, Any]] = {}
    for score in report.baselines:
        row = rows.setdefault(score.name, {"": score.name})
        row["adaptive" if score.adaptive else "static"] = score.nats / math.log(2)
    for name, static, adaptive in (
        ("this model", report.static, report.adaptive),
        (WITH_MEMORY, report.with_memory, report.with_memory_adaptive),
    ):
        if static:
            rows[name] = {"": name} | {_kind(one): one.bits for one in (static, adaptive) if one}
    kinds = KINDS[:4] if report.static.base else KINDS[:2]
    table = markdown(["", *kinds], [dict.fromkeys(kinds) | row for row in rows.values()])
    there = any(score.name.startswith("PPMd") for score in report.baselines)
    return table if there else f"{table}\nPPMd is left out: pip install pyppmd"


def _with_base(base: str | None) -> str:
    """What a score of a model that began from a base is followed by; empty where there is none."""
    return f", with base {base}" if base else ""


def _kind(score: Report) -> str:
    """The column of the table that a score stands in."""
    return KINDS[score.adaptive + 2 * (score.base is not None)]


def _statistics_table(report: ModelReport) -> str:
    """The statistics of what the model writes, beside those of the validation text."""

    def cell(measured: TextStatistics, name: str) -> str:
        value = getattr(measured, name)
        return "" if math.isnan(value) else f"{value:{FORMATS.get(name, '.1%')}}"

    columns = {
        "model": report.samples,
        WITH_MEMORY: report.samples_with_memory,
        "validation": report.validation,
    }
    columns = {name: one for name, one in columns.items() if one}
    rows = [
        {"": label} | {column: cell(one, name) for column, one in columns.items() if one}
        for name, label in STATISTICS.items()
    ]
    return markdown(["", *columns], rows)


def _overlap_table(report: ModelReport) -> str:
    """The overlap with the training text of what the model writes, and of the validation text."""
    human = report.validation_overlap
    if human is None:
        return MISSING
    columns = {
        "model": report.samples_overlap,
        WITH_MEMORY: report.samples_with_memory_overlap,
    }
    wrote = {name: overlap for name, overlap in columns.items() if overlap}
    if not wrote:
        return "The model wrote nothing but blanks."
    cells = {name: _cells(overlap) for name, overlap in (wrote | {"validation": human}).items()}
    rows = [
        {"": label} | {name: column[label] for name, column in cells.items()}
        for label in cells["validation"]
        if all(label in column for column in cells.values())
    ]
    longest = max(wrote.values(), key=lambda overlap: overlap.longest)
    return f"{markdown(['', *cells], rows)}\nThe longest: {longest.text!r}"


def _cells(overlap: "Overlap") -> Mapping[str, object]:
    """The figures of an overlap, by name."""
    return {
        "longest, in characters": overlap.longest,
        "characters in overlaps of 30 or more": f"{overlap.inside_30:.1%}",
        "characters in overlaps of 60 or more": f"{overlap.inside_60:.1%}",
        **{f"novel {n}-grams": f"{fraction:.1%}" for n, fraction in overlap.novel.items()},
    }


def _print_stored(model: Model, as_json: bool) -> None:
    """Prints the score that is stored in a model."""
    nats = model.facts("scores").get("held_out_loss")
    if not isinstance(nats, int | float):
        raise CorpusError(
            "this model holds no score, since it was trained without validation text. Give a "
            "text to score it on."
        )
    bits = nats / math.log(2)
    if as_json:
        print(json.dumps({"nats": nats, "bits": bits, "base": model.base}))
    else:
        per = f"bits per {symbol_name(model.vocabulary.unit)}"
        base = _with_base(model.base)
        print(f"{bits:.4f} {per} ({nats:.4f} nats){base} on the validation part in training")
