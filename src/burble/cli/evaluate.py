"""The command that scores a model: eval. Imports neither Keras nor JAX."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from burble.data import corpus, sources
from burble.data.partition import Split
from burble.data.sources import Source
from burble.data.vocabulary import describe
from burble.errors import CorpusError, InputError
from burble.evaluation import evaluate as evaluation
from burble.evaluation import report as evaluation_report
from burble.evaluation.evaluate import Report
from burble.evaluation.report import Verdict
from burble.evaluation.statistics import Measures
from burble.formatting import markdown, some, symbol_name
from burble.inference import generator
from burble.inference.generator import Generator
from burble.inference.settings import WritingSettings, require_memory
from burble.model.file import Model
from burble.ngram import training_text
from burble.ngram.training_text import TrainingText
from burble.settings import SourceSettings

if TYPE_CHECKING:
    from burble.evaluation.overlap import Copies

console = Console(stderr=True, emoji=False, highlight=False, soft_wrap=True)
tell = partial(console.print, markup=False)
MISSING = "Not looked for, as pydivsufsort is not installed: pip install pydivsufsort pyppmd"


def evaluate(
    model: Annotated[Path, typer.Argument(help="A run folder or a model file.")],
    text: Annotated[
        list[str] | None,
        typer.Argument(help="The text it was trained on, or another; - for standard input."),
    ] = None,
    temperature: Annotated[
        float | None,
        typer.Option("--temperature", "-t", help="At which it writes what is measured."),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="With which it writes what is measured. \\[default: 0]")
    ] = None,
    adaptive: Annotated[
        bool, typer.Option("--adaptive", help="Score it as it learns from what it reads.")
    ] = False,
    memory: Annotated[
        float, typer.Option(help="How far to believe its memory, 0 to 1; 0 leaves it out.")
    ] = 0.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    **chosen: Any,
) -> None:
    """Score a model on a text; without one, tell the score of its training's held-out part.

    On its own text the held-out part is scored, beside compressors and n-grams that read the
    same; what it writes is measured beside that part, and searched for copies.
    """
    require_memory(memory)
    reading = SourceSettings.taken_from(chosen)
    how = {"temperature": temperature, "seed": seed}
    asked: dict[str, Any] = {name: value for name, value in how.items() if value is not None}
    WritingSettings(**asked)
    if not text:
        _refuse([*asked, *reading.given], adaptive=adaptive, memory=memory)
    writer = generator.load(model)
    if not text:
        _print_validation(writer.model, as_json)
        return
    found, notes = sources.read(text, reading)
    if writer.model.vocabulary.cut_elsewhere:
        notes = [*notes, f"Cut into the model's own symbols: {writer.model.vocabulary.otherwise}."]
    for note in notes:
        tell(note)
    mine = _own(writer, found, reading)
    if mine is None:
        if asked:
            raise InputError(
                f"{_flags(asked)}: this is about what the model writes, which is measured beside "
                "the text it was trained on, and this is another. Leave it out, or give that text."
            )
        tell("This is not the text the model was trained on, so there is a score alone.")
        report = evaluation.score_sources(
            writer, found, reading, adaptive=adaptive, memory=memory, tell=tell
        )
        print(_as_json(asdict(report)) if as_json else _told(writer, report))
        return
    settings, _ = writer.settled({"seed": 0, **asked, "memory": memory})
    verdict = evaluation_report.judge(writer, mine, settings, adaptive=adaptive, tell=tell)
    if as_json:
        facts = asdict(verdict)
        report = facts.pop("report")
        wrote = {name: getattr(settings, name) for name in ("temperature", "close_quotes", "seed")}
        parts = evaluation_report.parts_used(mine, memory)
        print(_as_json({**report, "writing": wrote, **facts, "parts": parts}))
    else:
        _print(writer, verdict, settings, mine)


def _flags(names: Iterable[str]) -> str:
    """The flags of some settings."""
    return ", ".join(f"--{name.replace('_', '-')}" for name in names)


def _refuse(given: Sequence[str], *, adaptive: bool, memory: float) -> None:
    """Refuses what says how a text is scored where none is.

    Raises:
        InputError: Something does.
    """
    named = [*["adaptive"] * adaptive, *["memory"] * bool(memory), *given]
    if named:
        raise InputError(
            f"{_flags(named)} need{'s' if len(named) == 1 else ''} a text to score, and none was "
            "given. Give one."
        )


def _print(writer: Generator, verdict: Verdict, how: WritingSettings, text: TrainingText) -> None:
    """Prints a verdict for a person."""
    nudged = f"quotes closed with {how.close_quotes:g}, " if how.close_quotes else ""
    print(_told(writer, verdict.report))
    print("\nThis is the text it was trained on; scored is what was held out.\n")
    print(_scores(verdict))
    for line in _limits(evaluation_report.parts_used(text, how.memory)):
        print(line)
    if verdict.human is None:
        print("\nThe held-out part is blank, so what the model writes is not laid beside it.")
        return
    told = f"at temperature {how.temperature:g}, {nudged}seed {how.seed}"
    print(f"\nWhat it writes ({told}), beside as much of the held-out text:\n")
    print(_measured(verdict))
    print("\nWhat of it stands in the training text:\n")
    print(_copied(verdict))


def _own(writer: Generator, found: list[Source], reading: SourceSettings) -> TrainingText | None:
    """The text as the model's own, if that is what it is.

    Raises:
        CorpusError: It is, and nothing of it was held out.
    """
    try:
        model = writer.model
        alphabet = model.vocabulary
        read = corpus.of_sources(found, model.text, Split(0.0), reading, alphabet=alphabet)
    except CorpusError:
        # Too short to be trained on, but perhaps not to be scored.
        return None
    mine = training_text.recognize(model, read)
    if mine and mine.start == len(mine.ids):
        raise CorpusError(
            "this is the text the model was trained on, all of it, so a score on it would say "
            "nothing. Give a text it never saw."
        )
    return mine


def _limits(parts: Mapping[str, tuple[int, int]]) -> list[str]:
    """What to say where not all of a text was used."""
    said = {
        "scored": "Scored are the first {0:,} of {1:,} held-out symbols.",
        "others": "The n-grams and compressors read the last {0:,} of {1:,} training symbols.",
        "memory": "The memory is of the last {0:,} of {1:,} training symbols.",
    }
    return [said[name].format(*part) for name, part in parts.items() if part[0] < part[1]]


def _as_json(facts: Any) -> str:
    """Facts as JSON, which knows no number that is none."""

    def plain(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {name: plain(one) for name, one in value.items()}
        if isinstance(value, list | tuple):
            return [plain(one) for one in value]
        return None if isinstance(value, float) and not math.isfinite(value) else value

    return json.dumps(plain(facts), ensure_ascii=False, allow_nan=False)


def _told(writer: Generator, report: Report) -> str:
    """A score as lines for a person."""
    ends = f" and {some(report.ends, 'document end')}" if report.ends else ""
    window = writer.model.window
    before = f"the {some(window, 'symbol')} before it" if window else "all before it"
    sure = "; 95 % interval {:.3f} to {:.3f}".format(*report.interval) if report.interval else ""
    learning = ", and learned from once it was scored" if report.adaptive else ""
    lines = [
        f"{report.bits:.4f} bits per character ({report.nats:.4f} nats){sure}",
        f"{some(report.characters, 'character')}{ends}, each foretold from {before}{learning}",
        f"as sure as it should be to {report.calibration_error:.1%}; likeliest at temperature "
        f"{report.best_temperature:.2f}",
    ]
    if report.unknown:
        named = ", ".join(f"{n:,} × {describe(s)}" for s, n in list(report.unknown.items())[:12])
        more = ", …" if len(report.unknown) > 12 else ""
        total = sum(report.unknown.values())
        said = f"{some(total, 'symbol')} the model does not know {'was' if total == 1 else 'were'}"
        lines.append(f"{said} left out: {named}{more}")
    return "\n".join(lines)


def _scores(verdict: Verdict) -> str:
    """The score beside others: what learns from the held-out text has a column of its own."""
    static, adaptive = "bits per character", "learning as it reads"
    rows: dict[str, dict[str, Any]] = {}
    for score in verdict.baselines:
        row = rows.setdefault(score.name, {"": score.name, static: None, adaptive: None})
        row[adaptive if score.adaptive else static] = score.nats / math.log(2)
    for name, still, learned in (
        ("this model", verdict.report, verdict.adaptive),
        ("with its memory", verdict.remembering, verdict.remembering_adaptive),
    ):
        if still:
            rows[name] = {"": name, static: still.bits, adaptive: learned and learned.bits}
    table = markdown(["", static, adaptive], [*rows.values()])
    there = any(score.name.startswith("PPMd") for score in verdict.baselines)
    return table if there else f"{table}\nPPMd is left out: pip install pyppmd"


def _measured(verdict: Verdict) -> str:
    """The figures of what it writes, beside those of the held-out text."""
    names = {
        "words": "words of the training text",
        "distinct_words": "different words",
        "distinct_grams": "different runs of 3 characters",
        "repeated": "runs of 12 characters that came before",
        "looped": "inside a loop",
        "closed": "quotes and brackets that close",
        "line_length": "length of a line",
        "sentence_length": "length of a sentence",
        "letters": "distance from the training text's letters",
        "grams": "distance from its runs of 3 characters",
    }
    formats = {"line_length": ".0f", "sentence_length": ".0f", "letters": ".3f", "grams": ".3f"}

    def shown(measures: Measures, name: str) -> str:
        value = getattr(measures, name)
        if math.isnan(value):
            return ""
        return f"{value:{formats.get(name, '.1%')}}"

    wrote = {"it": verdict.written, "with its memory": verdict.recalled, "held out": verdict.human}
    columns = {name: one for name, one in wrote.items() if one}
    rows = [
        {"": names[f.name]} | {column: shown(one, f.name) for column, one in columns.items()}
        for f in fields(Measures)
    ]
    return markdown(["", *columns], rows)


def _copied(verdict: Verdict) -> str:
    """What stands in the training text, of what it writes and of the held-out text."""
    human = verdict.human_copies
    if human is None:
        return MISSING
    columns = {"it": verdict.copies, "with its memory": verdict.recalled_copies}
    wrote = {name: copies for name, copies in columns.items() if copies}
    if not wrote:
        return "It wrote nothing but blanks."
    cells = {name: _cells(copies) for name, copies in (wrote | {"held out": human}).items()}
    rows = [
        {"": told} | {name: column[told] for name, column in cells.items()}
        for told in cells["held out"]
        if all(told in column for column in cells.values())
    ]
    longest = max(wrote.values(), key=lambda copies: copies.longest)
    return f"{markdown(['', *cells], rows)}\nThe longest: {longest.text!r}"


def _cells(copies: "Copies") -> Mapping[str, object]:
    """What is told of copies, by name."""
    return {
        "longest copy, in characters": copies.longest,
        "in copies of 30 or more": f"{copies.inside_30:.1%}",
        "in copies of 60 or more": f"{copies.inside_60:.1%}",
        **{f"new runs of {n}": f"{share:.1%}" for n, share in copies.novel.items()},
    }


def _print_validation(model: Model, as_json: bool) -> None:
    """Prints the score that is stored in a model.

    Raises:
        CorpusError: There is none.
    """
    scores = model.summary.get("scores")
    nats = scores.get("held_out_loss") if isinstance(scores, dict) else None
    if not isinstance(nats, int | float):
        raise CorpusError(
            "this model holds no score, since nothing was held out when it was trained. Give a "
            "text to score it on."
        )
    report = {"nats": nats, "bits": nats / math.log(2)}
    if as_json:
        print(json.dumps(report))
    else:
        per = f"bits per {symbol_name(model.vocabulary.unit)}"
        print(f"{report['bits']:.4f} {per} ({nats:.4f} nats), held out in training")
