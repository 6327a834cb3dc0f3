"""One training job: corpus, trainer and run folder, joined. Knows nothing of terminals.

Saving is done here, between the trainer's events, so that a run that is killed at any moment
goes on from its last save to the same bits.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, replace
from typing import Any

from burble import cards, compiled, generation, inheritance, sizing
from burble.corpus import Corpus
from burble.errors import RunError, SettingsError
from burble.events import End, Event, Recovery, Report, Sample, Save, Score, State
from burble.modelfile import Model
from burble.orders import Order, text_settings
from burble.runs import Run
from burble.settings import Settings
from burble.training import Trainer

SAMPLE_LENGTH = 300


def train(
    corpus: Corpus,
    run: Run,
    order: Order,
    *,
    stop: Callable[[], bool] = lambda: False,
    started: float | None = None,
    tell: Callable[[str], object] = str,
) -> Iterator[Event]:
    """Trains in a run folder.

    Args:
        corpus: What to learn, cleaned by `text_settings(order, run).text`.
        run: The folder.
        order: What was asked for.
        stop: Asked before every step whether to stop there.
        started: The `time.perf_counter()` from which minutes count.
        tell: Takes sentences about what was chosen.

    Yields:
        The trainer's events, each after what it brings has been saved.

    Raises:
        RunError: The folder is in use, or the text is not the one the run began with.
        SettingsError: See `text_settings`.
        DivergedError: The loss ran away again and again; the best model is kept.
    """
    early = text_settings(order, run)
    compiled.keep()
    with run.locked():
        if order.resume:
            _check_same_text(corpus, run)
            settings = early
        else:
            asked = inheritance.asked(order.asked, order.base)
            settings, why = sizing.choose(asked, corpus, order.size)
            tell(f"{why} Seed {settings.training.seed}.")
        trainer, state = _ready(corpus, settings, run, order, started)
        # Room for the state and the model, each with its next version beside it.
        run.check_room(4 * sum(array.nbytes for array in state.arrays.values()))
        training = trainer.settings.training
        # Whoever is killed from here on goes on from this very state.
        _save_state(run, state)
        run.describe(trainer.settings, facts(corpus), "training")
        tell(f"{training.steps:,} steps in all, {training.steps - state.step:,} to go.")
        run.keep_metrics(state.step)
        for event in trainer.run(state, stop):
            _save(run, event, trainer)
            yield event
            if isinstance(event, Score) and event.improved:
                yield _sample(run, event.state.step)


def _ready(
    corpus: Corpus, settings: Settings, run: Run, order: Order, started: float | None
) -> tuple[Trainer, State]:
    """The trainer with its number of steps fixed, and the state to begin with."""
    trainer = Trainer(corpus, settings)
    saved = run.read_state() if order.resume else None
    if saved is None:
        trainer.fix_steps(started)
        fresh = trainer.start()
        if order.base is None:
            return trainer, fresh
        weights = inheritance.weights(order.base, corpus.vocabulary, trainer.weights(fresh))
        return trainer, trainer.start(weights)
    arrays, counters = saved
    state = State(arrays, **counters)
    trainer.fix_steps(started, state.step)
    if trainer.settings.training.steps < state.step:
        raise SettingsError(
            f"steps is {trainer.settings.training.steps:,}, but the run has done {state.step:,} "
            "already. Ask for more than that."
        )
    # A longer or otherwise changed training begins its patience anew.
    changed = trainer.settings != run.settings()
    return trainer, replace(state, stale=0) if changed else state


def facts(corpus: Corpus) -> dict[str, Any]:
    """What the run folder and the model file say of the corpus."""
    return {
        "sources": len(corpus.names),
        "documents": len(corpus.starts),
        "symbols": len(corpus.ids),
        "held_out": len(corpus.ids) - corpus.cut,
        "sha256": corpus.sha256,
    }


def _check_same_text(corpus: Corpus, run: Run) -> None:
    """Refuses to go on with another text."""
    if run.facts()["corpus"]["sha256"] != corpus.sha256:
        raise RunError(
            f"the text is not the one {run.folder} was trained on. Give the same text to resume, "
            "or begin in another folder from this model with --from."
        )


def _save(run: Run, event: Event, trainer: Trainer) -> None:
    """Writes what an event brings; the state last, so that it never runs ahead of the model."""
    match event:
        case Report():
            run.add_metric(step=event.step, loss=event.loss)
        case Score(loss=loss, improved=improved, state=state):
            run.add_metric(step=state.step, held_out_loss=loss)
            if improved:
                run.write_model(_model(trainer, state, {"held_out_loss": loss}))
            _save_state(run, state)
            cards.write(run, trainer.settings, facts(trainer.corpus))
        case Save(state=state) | Recovery(state=state):
            _save_state(run, state)
        case End(state=state, reason=reason, facts=scores):
            if reason != "stopped":
                run.write_model(_model(trainer, state, scores))
            elif not run.has_model:
                # Stopped before the first score: what there is can be used; the score replaces it.
                run.write_model(_model(trainer, state, scores, "weight"))
            _save_state(run, state)
            status = "interrupted" if reason == "stopped" else "finished"
            run.describe(trainer.settings, facts(trainer.corpus), status, scores)
            cards.write(run, trainer.settings, facts(trainer.corpus))


def _sample(run: Run, step: int) -> Sample:
    """What the model just saved writes from nothing, also kept in the run folder."""
    text = generation.load(run.folder).generate(length=SAMPLE_LENGTH, seed=step)
    run.write_sample(step, text)
    return Sample(step, text)


def _save_state(run: Run, state: State) -> None:
    """Writes a state."""
    counters = {k: v for k, v in vars(state).items() if k != "arrays"}
    run.write_state(state.arrays, counters)


def _model(
    trainer: Trainer, state: State, scores: Mapping[str, float], group: str = "good"
) -> Model:
    """The model file's content: weights, the best or the latest, and what is known of them."""
    known = {k: v for k, v in scores.items() if v == v}
    summary = {"corpus": facts(trainer.corpus), "scores": known}
    summary["training"] = asdict(trainer.settings.training)
    return Model(
        weights=trainer.weights(state, group),
        vocabulary=trainer.corpus.vocabulary,
        architecture=trainer.settings.model,
        text=trainer.settings.text,
        separator=trainer.corpus.separator,
        summary=summary,
    )
