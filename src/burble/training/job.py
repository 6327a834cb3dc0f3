"""One training job: corpus, trainer and run folder, joined. Knows nothing of terminals.

Saving is done here, between the trainer's events, so that a run that is killed at any moment
goes on from its last save to the same bits.
"""

import math
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from burble import settings as settings_module
from burble.data.corpus import Corpus
from burble.data.splitting import SEED
from burble.evaluation import baselines, select_sampling
from burble.formatting import some, symbol_name
from burble.inference import generator
from burble.model.file import Model
from burble.model.transfer import merge_base_settings, transfer_weights
from burble.runs import card, defaults
from burble.runs.events import (
    BaselineLosses,
    End,
    Epoch,
    Event,
    Report,
    Sample,
    Save,
    Score,
    State,
    Task,
)
from burble.runs.folder import Run
from burble.runs.request import TrainingRequest, evaluations, origin
from burble.settings import Settings, TrainingSettings, stored
from burble.training import collectives, devices, diagnosis, together
from burble.training.preflight import check
from burble.training.processes import Peer
from burble.training.schedule import Pace
from burble.training.trainer import Trainer

SAMPLE_LENGTH = 300
COMPILING = 0.1
"""Share of the time that is left which may go into compiling once more, for settings that suit a
machine twice as fast as an ordinary one, or half as fast; twice as much for one of four times."""


def train(
    corpus: Corpus,
    run: Run,
    request: TrainingRequest,
    *,
    peer: Peer | None = None,
    stop: Callable[[], bool] = lambda: False,
    started: float | None = None,
    tell: Callable[[str], object] = str,
) -> Generator[Event, None, None]:
    """Trains in a run folder.

    Args:
        corpus: What to learn, cleaned by `text_settings(request, run).text`.
        run: The folder.
        request: What was asked for.
        peer: Which of several processes this one is, or None.
        stop: Asked before every step whether to stop there.
        started: The `time.perf_counter()` from which minutes count.
        tell: Takes sentences about what was chosen.

    Yields:
        The trainer's events, each after what it brings has been saved.

    Raises:
        RunError: The folder is in use; see also `preflight.check`.
        SettingsError: See `preflight.check`.
        DivergedError: The loss ran away again and again; the best model is kept.
    """
    early = check(request, run, corpus, peer)
    began = time.perf_counter() if started is None else started
    start = _Start(corpus, request, began, stop, tell)
    devices.keep_compiled()
    with run.locked(), collectives.missed():
        settings = early if request.resume else start.settings()
        together.meet(peer, settings.training.batch, settings.model.units, tell)
        asked = {"evaluations": evaluations(request, run, settings)}
        estimate = baselines.estimate_baselines(corpus)
        losses = BaselineLosses(*estimate) if estimate else None
        trainer, state = _ready(start, settings, run)
        if not request.resume:
            why = defaults.why(trainer.settings, corpus, trainer.passes, request.size)
            tell(f"{why} Seed {settings.training.seed}.")
        # Room for the state, the one before it and the next; models are smaller than a state.
        run.check_room(4 * sum(array.nbytes for array in state.arrays.values()))
        job = _Job(trainer, run, request, asked, origin(request, run), losses, tell)
        # Whoever is killed from here on goes on from this very state.
        run.begin_state(state)
        job.describe("training")
        run.keep_metrics(state.step)
        steps = trainer.settings.training.steps
        tell(f"{some(steps, 'step')} in all, {steps - state.step:,} to go.")
        if losses:
            tell(losses.describe(symbol_name(corpus.vocabulary.unit)))
            yield losses
        yield from job.events(state, stop)


@dataclass(frozen=True)
class _Start:
    """How a training is begun; see `train`.

    Attributes:
        corpus: What to learn.
        request: What was asked for.
        started: From when the minutes count.
        stop: Whether to stop.
        tell: Takes sentences.
    """

    corpus: Corpus
    request: TrainingRequest
    started: float
    stop: Callable[[], bool]
    tell: Callable[[str], object]

    def settings(self, speed: float = defaults.TYPICAL_SPEED) -> Settings:
        """The settings of a new run, for a machine of that speed; see `sizing.choose`."""
        asked = merge_base_settings(self.request.options, self.request.base)
        return defaults.choose(asked, self.corpus, self.request.size, speed)

    def fitted(self, trainer: Trainer, done: int = 0) -> Trainer:
        """The trainer with its number of steps fixed; see `together.fitted`."""
        settings = trainer.settings

        def better(pace: Pace) -> Settings:
            """What suits the speed that was measured, where to compile anew is not too long."""
            minutes = settings.training.minutes
            left = minutes * 60 - (time.perf_counter() - self.started) - pace.compiling
            if self.request.resume or self.stop() or left <= 0:
                return settings
            symbols = trainer.symbols_a_step * settings.model.ensemble
            speed = defaults.reckoned(symbols * left / pace.step / minutes)
            octaves = abs(math.log2(speed / defaults.TYPICAL_SPEED))
            return (
                self.settings(speed) if pace.compiling <= COMPILING * octaves * left else settings
            )

        return together.fitted(
            trainer, better, started=self.started, done=done, stop=self.stop, tell=self.tell
        )


def _ready(start: _Start, settings: Settings, run: Run) -> tuple[Trainer, State]:
    """The trainer with its number of steps fixed, and the state to begin with."""
    trainer = Trainer(start.corpus, settings)
    usual = _shapes(trainer.start())
    state = None
    if start.request.resume:
        state = run.read_state(lambda found: _shapes(found) == usual, start.tell)
    done = state.step if state else 0
    collectives.from_first(lambda: [settings_module.flat(settings), done])
    together.check_same(start.corpus)
    trainer = start.fitted(trainer, done)
    if state is None:
        return trainer, together.shared(_first_state(trainer, start.request))
    # A longer or otherwise changed training begins its patience anew.
    changed = trainer.settings != run.settings()
    return trainer, together.shared(replace(state, stale=0) if changed else state)


def _first_state(trainer: Trainer, request: TrainingRequest) -> State:
    """The state before the first step, from the seed or from another model."""
    fresh = trainer.start()
    if request.base is None:
        return fresh
    weights = transfer_weights(request.base, trainer.corpus.vocabulary, trainer.weights(fresh))
    return trainer.start(weights)


def _shapes(state: State) -> dict[str, tuple[object, ...]]:
    """The type and shape of each array."""
    return {name: (array.dtype, *array.shape) for name, array in state.arrays.items()}


@dataclass(frozen=True)
class _Job:
    """A trainer at work in a run folder.

    Attributes:
        trainer: The trainer, its number of steps fixed.
        run: The folder.
        request: What was asked for.
        asked: Settings by name that minutes may have changed.
        origin: The model that the run started from; see `request.origin`.
        baselines: The losses of simpler predictors, if any text is held out.
        tell: Takes sentences.
    """

    trainer: Trainer
    run: Run
    request: TrainingRequest
    asked: Mapping[str, Any]
    origin: Mapping[str, str]
    baselines: BaselineLosses | None
    tell: Callable[[str], object]

    def events(self, state: State, stop: Callable[[], bool]) -> Iterator[Event]:
        """The trainer's events, each after what it brings has been saved, with samples between."""
        for told in self.trainer.run(state, stop):
            event = told
            written = self._sample(event) if isinstance(event, Score) and event.improved else None
            if isinstance(event, End) and event.reason != "stopped":
                event = yield from self._finish(event, stop)
            else:
                self._save(event)
            yield event
            if written:
                yield written

    @cached_property
    def repetition(self) -> dict[str, Any]:
        """How a model of this text may repeat itself; see `tempering.repetition`."""
        return select_sampling.repetition(self.trainer.corpus)

    def _sample(self, score: Score) -> Sample:
        """What the best model writes, kept before its state is.

        Whoever is killed in between does the step again, and this as well.
        """
        step = score.state.step
        writer = generator.Generator(self._model(score.state, {"held_out_loss": score.loss}))
        start = writer.beginning(step)
        text = start + writer.generate(start, length=SAMPLE_LENGTH, seed=step)
        self.run.write_sample(step, text)
        return Sample(step, text)

    def _save(self, event: Event) -> None:
        """Writes what an event brings; the state last, so that it never outruns the model."""
        run, trainer = self.run, self.trainer
        match event:
            case Report():
                run.add_metric(step=event.step, loss=event.loss)
            case Epoch(number=number, loss=loss, state=state):
                run.add_metric(step=state.step, epoch=number, epoch_loss=loss)
                if event.improved and (pattern := trainer.settings.training.epoch_files):
                    model = self._model(state, {"training_loss": loss}, trainer.judged)
                    run.write_epoch(pattern.format(epoch=number, loss=loss), model)
            case Score(loss=loss, improved=improved, state=state):
                run.add_metric(step=state.step, held_out_loss=loss)
                if improved:
                    run.write_model(self._model(state, {"held_out_loss": loss}))
                run.write_state(state)
                card.write(run, trainer.settings, facts(trainer.corpus))
            case Save(state=state):
                # Nothing is saved at a Recovery: it comes before its step's score, which a run
                # that went on from there would miss.
                run.write_state(state)
            case End(state=state, reason=reason, facts=scores):
                if not run.has_model:
                    # Stopped before the first score: what there is can be used until then.
                    run.write_model(self._model(state, scores, trainer.judged))
                run.write_state(state)
                card.write(run, trainer.settings, facts(trainer.corpus))
                status = "interrupted" if reason == "stopped" else "finished"
                self.describe(status, scores, state)

    def _finish(self, end: End, stop: Callable[[], bool]) -> Generator[Event, None, End]:
        """Finds how the best model writes best, once it is saved with its scores.

        Returns:
            The end, as one that was stopped if that was wished for before all was done: then the
            rest is done when training goes on.
        """
        model = self._model(end.state, end.facts)
        self.run.write_model(model)
        tried = select_sampling.search(generator.Generator(model), self.trainer.corpus)
        suited = yield from _until(tried, stop)
        if suited is None:
            end = replace(end, reason="stopped")
        elif suited:
            writing = {**self.repetition, **suited}
            self.run.write_model(replace(model, summary={**model.summary, "writing": writing}))
        self._save(end)
        if end.reason != "stopped":
            self._tell(end, found=bool(suited))
        return end

    def _tell(self, end: End, *, found: bool) -> None:
        """Says what is to be minded of the model, in the end.

        Args:
            end: The end.
            found: Whether it was found which temperature suits the model.
        """
        trainer, loss = self.trainer, end.facts.get("held_out_loss", math.nan)
        corpus = trainer.corpus
        if self.baselines:
            steps = end.state.step
            passes = steps / trainer.batches.steps_per_epoch
            if said := diagnosis.explain_loss(self.baselines, corpus, loss, steps, passes):
                self.tell(said)
        looked = not found and not trainer.settings.training.window
        if looked and (said := select_sampling.unknown(corpus)):
            self.tell(said)

    def describe(
        self, status: str, scores: Mapping[str, float] | None = None, state: State | None = None
    ) -> None:
        """Writes `run.json`; scores and state are those at the end of training."""
        corpus, settings = self.trainer.corpus, self.trainer.settings
        again = [f"--from={self.origin['model']}"] if self.origin else []
        self.run.describe(
            settings,
            facts(corpus) | _sources(corpus),
            status=status,
            asked=self.asked,
            references=self.baselines.stored() if self.baselines else {},
            scores=dict(scores or {}),
            done={"steps": state.step, "seconds": state.elapsed} if state else {},
            resume=self.request.kept(str(self.run.folder), "--resume"),
            repeat=self.request.kept("RUN", *again, *defaults.repeating(settings)),
            **({"from": dict(self.origin)} if self.origin else {}),
        )

    def _model(self, state: State, scores: Mapping[str, float], group: str = "good") -> Model:
        """The model file's content: weights, the best or the latest, and what is known of them."""
        corpus, settings = self.trainer.corpus, self.trainer.settings
        window = settings.training.window
        return Model(
            weights=self.trainer.weights(state, group),
            vocabulary=corpus.vocabulary,
            architecture=settings.model,
            text=settings.text,
            separator=corpus.separator,
            window=window,
            excerpt=corpus.excerpt(window) if window else "",
            summary={
                "corpus": facts(corpus),
                "scores": {name: loss for name, loss in scores.items() if loss == loss},
                "training": _told(settings.training),
                **({"writing": self.repetition} if self.repetition else {}),
            },
        )


def _until(
    tried: select_sampling.Search, stop: Callable[[], bool]
) -> Generator[Event, None, dict[str, Any] | None]:
    """What a search for the way to write comes to; None where it was stopped."""
    while not stop():
        try:
            yield Task("finding the temperature that suits", next(tried))
        except StopIteration as found:
            return dict(found.value)
    return None


def _told(training: TrainingSettings) -> dict[str, Any]:
    """What a model file says of its training; of where the held-out part is only if not usual."""
    return {n: v for n, v in stored(asdict(training)).items() if (n, v) != ("split", "tail")}


def _sources(corpus: Corpus) -> dict[str, Any]:
    """What the run folder says of the sources, which a model file does not."""
    return {
        "names": [Path(name).name for name in corpus.names],
        "split": corpus.split,
        "split_seed": SEED,
        "learned_by_source": corpus.learned_by_source,
        "held_out_by_source": corpus.validation_by_source,
    }


def facts(corpus: Corpus) -> dict[str, Any]:
    """What the run folder and the model file say of the corpus."""
    # What is drawn depends on which source holds what; an end needs no such proof.
    drawn = {"training_sha256": corpus.training_sha256} if corpus.split == "spread" else {}
    return drawn | {
        "sources": len(corpus.names),
        "documents": corpus.documents,
        "symbols": len(corpus.ids),
        "held_out": len(corpus.ids) - corpus.cut,
        "sha256": corpus.sha256,
        **({} if corpus.split == "tail" else {"split": corpus.split}),
    }
