"""One training job: corpus, trainer and run folder, joined. Knows nothing of terminals.

Saving is done here, between the trainer's events, so that a run that is killed at any moment
goes on from its last save to the same bits.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from burble import training
from burble.corpus import Corpus
from burble.errors import RunError
from burble.modelfile import Model, Weights
from burble.runs import Run
from burble.settings import Settings
from burble.training import End, Event, Report, Score, State, Trainer


def train(
    corpus: Corpus,
    settings: Settings,
    run: Run,
    *,
    resume: bool = False,
    stop: Callable[[], bool] = lambda: False,
    started: float | None = None,
) -> Iterator[Event]:
    """Trains in a run folder.

    Args:
        corpus: What to learn.
        settings: How; ignored where an earlier run is resumed.
        run: The folder.
        resume: Whether to go on with what is in the folder.
        stop: Asked before every step whether to stop there.
        started: The `time.perf_counter()` from which `minutes` count.

    Yields:
        The trainer's events, each after what it brings has been saved.

    Raises:
        RunError: The folder is in use, holds a run and `resume` is false, or the other way
            round; or the text is not the one the run began with.
        DivergedError: The loss is no longer a number; the best model is kept.
    """
    _check(corpus, run, resume)
    with run.locked():
        if resume:
            settings = run.settings()
        else:
            settings = training.fix_steps(corpus, settings, started)
            run.describe(settings, facts(corpus), "training")
        trainer = Trainer(corpus, settings)
        state = _last_state(run) or trainer.start()
        run.keep_metrics(state.step)
        for event in trainer.run(state, stop):
            _save(run, event, corpus, settings)
            yield event


def facts(corpus: Corpus) -> dict[str, Any]:
    """What the run folder and the model file say of the corpus."""
    return {
        "sources": len(corpus.names),
        "symbols": len(corpus.ids),
        "held_out": len(corpus.ids) - corpus.cut,
        "sha256": corpus.sha256,
    }


def _check(corpus: Corpus, run: Run, resume: bool) -> None:
    """Refuses to mix two runs in one folder, or two texts in one run."""
    if resume and not run.exists:
        raise RunError(f"there is no run in {run.folder} to resume; leave out --resume.")
    if not resume and run.exists:
        raise RunError(
            f"{run.folder} holds a run already. Add --resume to go on with it, or choose another "
            "folder with -o."
        )
    if resume and run.facts()["corpus"]["sha256"] != corpus.sha256:
        raise RunError(
            f"the text is not the one {run.folder} was trained on (or is cleaned otherwise). "
            "Give the same text to resume, or choose another folder with -o."
        )


def _last_state(run: Run) -> State | None:
    """The state last saved in the folder."""
    saved = run.read_state()
    if saved is None:
        return None
    arrays, counters = saved
    return State(arrays=arrays, **counters)


def _save(run: Run, event: Event, corpus: Corpus, settings: Settings) -> None:
    """Writes what an event brings; the state last, so that it never runs ahead of the model."""
    match event:
        case Report():
            run.add_metric(step=event.step, loss=event.loss)
        case Score():
            run.add_metric(step=event.step, held_out_loss=event.loss)
            if event.improved:
                run.write_model(_model(event.weights, event, corpus, settings))
            _save_state(run, event.state)
        case End():
            _save_state(run, event.state)
            status = "interrupted" if event.reason == "stopped" else "finished"
            run.describe(settings, facts(corpus), status)


def _save_state(run: Run, state: State) -> None:
    """Writes a state."""
    counters: Mapping[str, Any] = {
        "step": state.step,
        "best": state.best,
        "stale": state.stale,
        "elapsed": state.elapsed,
    }
    run.write_state(state.arrays, counters)


def _model(weights: Weights, score: Score, corpus: Corpus, settings: Settings) -> Model:
    """The model file's content at a score."""
    held_out = score.loss if len(corpus.tail) > 1 else None
    summary = {"corpus": facts(corpus), "step": score.step, "held_out_loss": held_out}
    return Model(
        weights=weights,
        vocabulary=corpus.vocabulary,
        architecture=settings.model,
        text=settings.text,
        separator=corpus.separator,
        summary=summary,
    )
