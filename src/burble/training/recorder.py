"""What each event of a training brings, written into its run folder before anyone hears of it.

So a run that is killed at any moment goes on from its last save to the same bits. Knows nothing
of how a training begins.
"""

import math
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from burble.data.corpus import Corpus
from burble.data.labels import UNLABELLED
from burble.data.languages import CODES
from burble.data.overview import count_languages
from burble.data.spread import SEED
from burble.evaluation import select_sampling
from burble.formatting import HELD_CHARACTERS, relative
from burble.inference import generator
from burble.model.file import Model
from burble.runs import card
from burble.runs.base import NONE, summarize_origin
from burble.runs.events import BaselineLosses, End, Epoch, Event, Report, Sample, Save, Score, Task
from burble.runs.folder import Run
from burble.runs.request import TrainingRequest, flags_to_repeat
from burble.runs.state import State
from burble.runs.tensorboard import Board
from burble.settings import RECUT, TrainingSettings, with_stored_names
from burble.training import diagnosis
from burble.training.trainer import Trainer

SAMPLE_LENGTH = 300
LANGUAGE = 0.2
"""Fraction of the text from which on the model card names its language."""


@dataclass(frozen=True)
class Recorder:
    """A trainer at work in a run folder.

    Attributes:
        trainer: The trainer, its number of steps fixed.
        run: The folder.
        request: What was requested.
        evaluations: Validation scores on the way that were requested; minutes may leave fewer.
        origin: The model that the run started from; see `request.find_origin`.
        baselines: The losses of simpler predictors, if there is a validation text.
        log: Takes messages.
        board: What is written for TensorBoard, if that was requested.
    """

    trainer: Trainer
    run: Run
    request: TrainingRequest
    evaluations: int
    origin: Mapping[str, Any]
    baselines: BaselineLosses | None
    log: Callable[[str], object]
    board: Board | None = None

    def events(self, state: State, stop: Callable[[], bool]) -> Iterator[Event]:
        """The trainer's events, each after what it brings has been saved, with samples between."""
        events = self.trainer.run(state, stop)
        # As large as all that is learned, and used up by the first step.
        del state
        for event in events:
            written = self._sample(event) if isinstance(event, Score) and event.improved else None
            if isinstance(event, End) and event.reason != "stopped":
                yield (yield from self._finish(event, stop))
            else:
                self._save(event)
                yield event
            if written:
                yield written

    @cached_property
    def repetition(self) -> dict[str, Any]:
        """How a model of this text may repeat itself; see `select_loop_settings`."""
        return select_sampling.select_loop_settings(self.trainer.corpus)

    @cached_property
    def languages(self) -> list[str]:
        """Codes of the languages that a fifth of the text or more is likely in."""
        counts = count_languages(self.trainer.corpus)
        least = LANGUAGE * sum(counts.values())
        return list(dict.fromkeys(CODES[name] for name, n in counts.items() if n >= least))

    def _sample(self, score: Score) -> Sample:
        """What the best model writes, kept before its state is.

        Whoever is killed in between does the step again, and this as well.
        """
        step = score.state.step
        writer = generator.Generator(self._model(score.state, {"held_out_loss": score.loss}))
        start = writer.draw_prompt(step)
        text = start + writer.generate(start, length=SAMPLE_LENGTH, seed=step)
        self.run.write_sample(step, text)
        sample = Sample(step, text)
        if self.board:
            self.board.take(sample)
        return sample

    def _save(self, event: Event) -> None:
        """Writes what an event brings; the state last, so that it never outruns the model."""
        run, trainer = self.run, self.trainer
        if self.board:
            self.board.take(event)
        match event:
            case Report():
                run.add_metric(step=event.step, loss=event.loss)
            case Epoch(number=number, loss=loss, state=state):
                run.add_metric(step=state.step, epoch=number, epoch_loss=loss)
                if event.improved and (pattern := trainer.settings.training.epoch_files):
                    model = self._model(state, {"training_loss": loss}, best=False)
                    run.write_epoch(pattern.format(epoch=number, loss=loss), model)
            case Score(loss=loss, improved=improved, state=state):
                run.add_metric(step=state.step, held_out_loss=loss)
                if improved:
                    run.write_model(self._model(state, {"held_out_loss": loss}))
                run.write_state(state)
                self._write_card()
            case Save(state=state):
                # Nothing is saved at a Recovery: it comes before its step's score, which a run
                # that went on from there would miss.
                run.write_state(state)
            case End(state=state, reason=reason, facts=scores):
                if not run.has_model:
                    # Stopped before the first score: what there is can be used until then.
                    run.write_model(self._model(state, scores, best=False))
                run.write_state(state)
                self._write_card()
                status = "interrupted" if reason == "stopped" else "finished"
                self.describe(status, scores, state)

    def _write_card(self) -> None:
        """Writes the model card and its picture, as things are."""
        facts = corpus_facts(self.trainer.corpus)
        card.write_card(self.run, self.trainer.settings, facts, self.languages)

    def _finish(self, end: End, stop: Callable[[], bool]) -> Generator[Event, None, End]:
        """Finds how the best model writes best, once it is saved with its scores.

        Returns:
            The end, as one that was stopped if that was requested before all was done: then the
            rest is done when training goes on.
        """
        model = self._model(end.state, end.facts)
        self.run.write_model(model)
        tried = select_sampling.select_sampling(generator.Generator(model), self.trainer.corpus)
        suited = yield from _until(tried, stop)
        if suited is None:
            end = replace(end, reason="stopped")
        elif suited:
            writing = {**self.repetition, **suited}
            self.run.write_model(replace(model, summary={**model.summary, "writing": writing}))
        self._save(end)
        if end.reason != "stopped":
            self._log_doubts(end, found=bool(suited))
        return end

    def _log_doubts(self, end: End, *, found: bool) -> None:
        """Logs what speaks against the model, in the end; `found` is whether a temperature was."""
        trainer, loss = self.trainer, end.facts.get("held_out_loss", math.nan)
        corpus = trainer.corpus
        if self.baselines:
            steps = end.state.step
            passes = steps / trainer.framing.steps_per_epoch
            if message := diagnosis.explain_loss(self.baselines, corpus, loss, steps, passes):
                self.log(message)
        looked = not found and not trainer.settings.training.window
        if looked and (message := select_sampling.explain_missing(corpus)):
            self.log(message)

    def describe(
        self, status: str, scores: Mapping[str, float] | None = None, state: State | None = None
    ) -> None:
        """Writes `run.json`; scores and state are those at the end of training."""
        corpus, settings = self.trainer.corpus, self.trainer.settings
        again = [f"--base={self.origin.get('model', NONE)}"]
        again += flags_to_repeat(settings, from_base=bool(self.origin))
        self.run.describe(
            settings,
            corpus_facts(corpus) | _sources(corpus),
            status=status,
            asked={"evaluations": self.evaluations},
            references=self.baselines.stored() if self.baselines else {},
            scores=dict(scores or {}),
            done={"steps": state.step, "seconds": state.elapsed} if state else {},
            sources=[*map(relative, self.request.sources)],
            resume=self.request.kept(str(self.run.folder), "--resume"),
            repeat=self.request.kept("RUN", *again),
            **({"reading": reading} if (reading := self.request.reading.given) else {}),
            **({"from": dict(self.origin)} if self.origin else {}),
        )

    def _model(self, state: State, scores: Mapping[str, float], *, best: bool = True) -> Model:
        """The model file's content: weights, the best or the latest, and what is known of them."""
        corpus, settings = self.trainer.corpus, self.trainer.settings
        window = settings.training.window
        return Model(
            weights=self.trainer.weights(state, best=best),
            vocabulary=corpus.vocabulary,
            architecture=settings.model,
            text=settings.text,
            separator=corpus.separator,
            labels=corpus.labels.names if corpus.labels else UNLABELLED,
            window=window,
            excerpt=corpus.excerpt(window) if window else "",
            summary={
                "corpus": corpus_facts(corpus),
                "scores": {name: loss for name, loss in scores.items() if loss == loss},
                "training": _describe_training(settings.training),
                **({"base": summarize_origin(self.origin)} if self.origin else {}),
                **({"writing": self.repetition} if self.repetition else {}),
            },
        )


def _until(
    tried: select_sampling.Selection, stop: Callable[[], bool]
) -> Generator[Event, None, dict[str, Any] | None]:
    """What a search for the way to write comes to; None where it was stopped."""
    while not stop():
        try:
            yield Task("finding the best temperature for sampling", next(tried))
        except StopIteration as found:
            return dict(found.value)
    return None


def _describe_training(training: TrainingSettings) -> dict[str, Any]:
    """What a model file holds of its training; of what came later, what is not usual."""
    usual = {"split": "tail", "average_base": False}
    held = with_stored_names(asdict(training)).items()
    return {name: value for name, value in held if usual.get(name) != value}


def _sources(corpus: Corpus) -> dict[str, Any]:
    """What the run folder holds of the sources, and a model file does not."""
    return {
        "names": [Path(name).name for name in corpus.names],
        "split": corpus.split,
        "split_seed": SEED,
        "learned_by_source": corpus.learned_by_source,
        "held_out_by_source": corpus.validation_by_source,
    }


def corpus_facts(corpus: Corpus) -> dict[str, Any]:
    """What the run folder and the model file hold of the corpus."""
    # What is drawn depends on which source holds what; an end needs no such proof.
    drawn = {"training_sha256": corpus.training_sha256} if corpus.split == "spread" else {}
    return drawn | {
        "sources": len(corpus.names),
        "documents": corpus.documents,
        "symbols": len(corpus.ids),
        "held_out": len(corpus.ids) - corpus.cut,
        "sha256": corpus.sha256,
        **({"labels_sha256": corpus.labels.sha256} if corpus.labels else {}),
        **({} if corpus.split == "tail" else {"split": corpus.split}),
        **({HELD_CHARACTERS: _count_held_out(corpus)} if corpus.vocabulary.unit in RECUT else {}),
    }


def _count_held_out(corpus: Corpus) -> int:
    """Characters of the validation part, ends of documents included; see `per_character`."""
    held, edge = corpus.ids[corpus.cut :], corpus.vocabulary.boundary_id
    ends = 0 if edge is None else int(np.count_nonzero(held == edge))
    return corpus.vocabulary.count_characters(held) + ends
