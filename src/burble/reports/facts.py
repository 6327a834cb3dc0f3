"""All that a run folder holds of its training, gathered to be told. Knows no page.

A file that is damaged is refused with its name; one that is missing leaves its part out.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from burble.data import corpus as corpora
from burble.data.report import summarize
from burble.errors import BurbleError, CorpusError
from burble.formatting import per_character, some, symbol_name
from burble.inference.copies import LEAST, CopiedPassage, mark_copies
from burble.model.file import Model, find_model_file, read_model
from burble.ngram.file import index_path, read_index
from burble.ngram.training_text import recognize_training_text
from burble.runs.base import origin_name
from burble.runs.folder import Run, curve, find_part
from burble.runs.request import resolve_reading
from burble.settings import DEFAULT_READING, RECUT, Settings, SourceSettings

Curve = list[tuple[float, float]]


@dataclass(frozen=True)
class SampleFacts:
    """What a run's model wrote at one step.

    Attributes:
        step: The step.
        loss: The validation loss there, if there is one.
        text: The text.
        given: Characters at its beginning that were taken from the text that it learned from.
        copied: Passages of it that stand in that text.
    """

    step: int
    loss: float | None
    text: str
    given: int
    copied: tuple[CopiedPassage, ...] = ()


@dataclass(frozen=True)
class RunFacts:
    """What there is to tell of a run.

    Attributes:
        run: The folder.
        name: What it is called.
        status: training, interrupted or finished.
        settings: As they were resolved.
        corpus: Facts of its text, as `run.json` has them.
        read: What was read and what was changed of it, where it could be read again.
        training: The training losses by step, nats per `loss_unit`.
        validation: The validation losses by step.
        baselines: Losses of simpler predictors, by name, the worst first.
        scores: Scores taken at the end, by the names of `run.json`.
        base: The model that training started from; None where it was none.
        steps: Steps done.
        seconds: What they took; None where that is not known.
        model: The model; None where there is none yet.
        model_bytes: The size of its file.
        model_sha256: Its fingerprint.
        samples: What it wrote on the way, in order.
        searched: Symbols of its training text that copies were searched in; 0 for none.
        notes: Sentences on what is missing, and how to have it.
        commands: Commands that go on with the run and repeat it.
    """

    run: Run
    name: str
    status: str
    settings: Settings
    corpus: Mapping[str, Any]
    read: Sequence[str]
    training: Curve
    validation: Curve
    baselines: Mapping[str, float]
    scores: Mapping[str, Any]
    base: str | None
    steps: int
    seconds: float | None
    model: Model | None
    model_bytes: int
    model_sha256: str
    samples: Sequence[SampleFacts]
    searched: int
    notes: Sequence[str]
    commands: Sequence[str]

    @property
    def symbol(self) -> str:
        """What one symbol is called."""
        return symbol_name(self.settings.text.unit)

    @property
    def loss_unit(self) -> str:
        """What its losses are of: of words and of bytes, of a character."""
        unit = self.settings.text.unit
        return symbol_name("char" if unit in RECUT else unit)

    @property
    def loss(self) -> float | None:
        """The validation loss of its model: as scored at the end, or else the best on the way."""
        loss = self.scores.get("held_out_loss")
        if isinstance(loss, int | float):
            return float(loss)
        return self.best[1] if self.best else None

    @property
    def best(self) -> tuple[float, float] | None:
        """The step and the loss of the best validation on the way."""
        return min(self.validation, key=lambda point: point[1], default=None)


@dataclass(frozen=True)
class _Text:
    """What a model was trained on, as far as it can be had.

    Attributes:
        ids: Its training part in the model's alphabet; None where it is not at hand.
        read: What was read of it.
        notes: What to say where it is not at hand.
    """

    ids: NDArray[np.integer] | None = None
    read: Sequence[str] = ()
    notes: Sequence[str] = ()


def gather_facts(
    run: Run, sources: Sequence[str] = (), reading: SourceSettings = DEFAULT_READING
) -> RunFacts:
    """Gathers what there is to tell of a run.

    Args:
        run: The folder.
        sources: The text it was trained on. Where none is given, its memory is taken, or the
            sources that it was trained on, if they are still there.
        reading: How they are read.

    Raises:
        RunError: It is no run folder, or a file of it is damaged.
        ModelFileError: Its model is damaged.
        SourceError: A source that was given cannot be read.
        CorpusError: What was given is another text.
    """
    facts = run.facts()
    training = _gather_training(run, facts)
    model, size, sha256 = _read_own_model(run)
    text = _find_text(run, facts, model, sources, reading) if model else _Text()
    return RunFacts(
        run=run,
        name=run.folder.absolute().name,
        **training,
        read=text.read,
        model=model,
        model_bytes=size,
        model_sha256=sha256,
        samples=_read_samples(run, dict(training["validation"]), model, text.ids),
        searched=0 if text.ids is None else len(text.ids),
        notes=text.notes,
    )


def _gather_training(run: Run, facts: Mapping[str, Any]) -> dict[str, Any]:
    """What `run.json`, whose facts are given, and the metrics tell: fields of `RunFacts`."""
    metrics, settings = run.metrics(), run.settings()
    # Of words and bytes losses are told per character, so that all compare.
    ratio = per_character(1.0, find_part(facts, "corpus"))
    training, validation = (
        [(step, loss * ratio) for step, loss in curve(metrics, name)]
        for name in ("loss", "held_out_loss")
    )
    done, commands = find_part(facts, "done"), (facts.get("resume"), facts.get("repeat"))
    last = max((metric["step"] for metric in metrics), default=0)
    return {
        "status": str(facts.get("status", "unknown")),
        "settings": settings,
        "corpus": find_part(facts, "corpus"),
        "training": training,
        "validation": validation,
        "baselines": _name_baselines(find_part(facts, "references"), ratio),
        "scores": _convert_scores(find_part(facts, "scores"), ratio),
        "base": origin_name(find_part(facts, "from")),
        "steps": done.get("steps", last),
        "seconds": done.get("seconds"),
        "commands": [one for one in commands if isinstance(one, str)],
    }


def _read_own_model(run: Run) -> tuple[Model | None, int, str]:
    """A run's model, with the size and the fingerprint of its file; None where there is none."""
    if not run.has_model:
        return None, 0, ""
    file = find_model_file(run.folder)
    data = file.read_bytes()
    return read_model(file), len(data), hashlib.sha256(data).hexdigest()


def _convert_scores(stored: Mapping[str, Any], ratio: float) -> dict[str, Any]:
    """Scores with every loss among them times a ratio."""
    return {n: score * ratio if n.endswith("loss") else score for n, score in stored.items()}


def _name_baselines(stored: Mapping[str, Any], ratio: float) -> dict[str, float]:
    """The losses of simpler predictors, times a ratio, by the names that people know them by."""
    names = {
        "nothing": "uniform guessing",
        "letters": "symbol frequencies",
        "ngrams": f"n-grams of up to {stored.get('order', '?')}, about",
    }
    found = {names[key]: stored.get(key) for key in names}
    return {name: loss * ratio for name, loss in found.items() if isinstance(loss, int | float)}


def _read_samples(
    run: Run, losses: Mapping[float, float], model: Model | None, source: NDArray[np.integer] | None
) -> list[SampleFacts]:
    """What a run's model wrote on the way, with what of it was copied."""
    found = []
    for step, text in run.samples():
        # A model that reads windows goes on from one of its text, which is no copy of its own.
        copied = list[CopiedPassage]()
        given = text[: len("".join(model.vocabulary.split(text)[: model.window]))] if model else ""
        if model and source is not None:
            text, copied = mark_copies(text, model, source)
            copied = [one for one in copied if one.start + len(one.text) >= len(given) + LEAST]
        found.append(SampleFacts(step, losses.get(step), text, len(given), tuple(copied)))
    return found


def _find_text(
    run: Run,
    facts: Mapping[str, Any],
    model: Model,
    sources: Sequence[str],
    reading: SourceSettings,
) -> _Text:
    """What a model was trained on: as given, from its memory, or where it was read then."""
    if sources:
        return _read_text(model, sources, reading)
    memory = index_path(find_model_file(run.folder))
    known = facts.get("sources")
    names = [one for one in known if isinstance(one, str)] if isinstance(known, list) else []
    if names and "-" not in names:
        try:
            return _read_text(model, names, resolve_reading(reading, run, resume=True))
        except BurbleError:
            # It was moved, or has changed since; so it is as if it were not known.
            pass
    if memory.exists():
        return _Text(read_index(memory, model).ids())
    return _Text(
        notes=[
            "What the model copied is not marked: the text it was trained on is not where it was "
            "then. Give it with --text."
        ]
    )


def _read_text(model: Model, sources: Sequence[str], reading: SourceSettings) -> _Text:
    """Reads the text that a model was trained on.

    Raises:
        SourceError: A source cannot be read.
        CorpusError: It is another text.
    """
    read = corpora.build_with_alphabet(model.vocabulary, sources, model.text, reading)
    own = recognize_training_text(model, read)
    if own is None:
        before = model.facts("corpus").get("symbols")
        count = f"{before:,}" if isinstance(before, int) else "another number"
        raise CorpusError(
            f"this is not the text the model was trained on: it has {some(len(read.ids), 'symbol')}"
            f", and {count} were read then. Give "
            "all files that it was trained on, with the flags that say how they are read."
        )
    # It is read here without a validation part, which says nothing of the training.
    said = [one for one in summarize(read) if not one.startswith("No validation part")]
    return _Text(own.ids[: own.start], said)
