"""The Python door: `train`, `load` and `evaluate`, without a terminal."""

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from burble import corpus, evaluation, generation
from burble.evaluation import Report
from burble.events import Event
from burble.generation import Generator
from burble.orders import Order, text_settings
from burble.runs import Run

Pathlike = str | os.PathLike[str]


def load(model: Pathlike | Run) -> Generator:
    """Loads a model that writes.

    Args:
        model: A run, a run folder or a model file.

    Returns:
        The generator; threads may share it, and any number may be used at once.

    Raises:
        ModelFileError: There is no model, or it is damaged.
    """
    return generation.load(model.folder if isinstance(model, Run) else Path(model))


def train(
    source: Pathlike | Sequence[Pathlike],
    run: Pathlike,
    *,
    size: str = "auto",
    resume: bool = False,
    base: Pathlike | None = None,
    encoding: str | None = None,
    on_event: Callable[[Event], object] | None = None,
    **settings: Any,
) -> Run:
    """Trains a model on text, into a run folder.

    Args:
        source: A file, a folder, `builtin:python-docs` and the like, or several of them.
        run: The run folder.
        size: auto, small, medium or large.
        resume: Whether to go on with the run that is there.
        base: A model to start from.
        encoding: The encoding of the text; UTF-8 if None.
        on_event: Called with each event of `burble.events` as it happens.
        **settings: Any setting by its own name, such as `minutes=3` or `units=128`.

    Returns:
        The run.

    Raises:
        SettingsError: A setting that does not exist or cannot be.
        SourceError: A source that cannot be read.
        RunError: A run folder that cannot be used as asked.
        DivergedError: The loss ran away again and again; the best model is kept.
    """
    started = time.perf_counter()
    folder = Run(Path(run))
    order = Order(settings, size, resume, None if base is None else load(base).model)
    asked = text_settings(order, folder)
    sources = [source] if isinstance(source, str | os.PathLike) else source
    names = [os.fspath(one) for one in sources]
    text = corpus.build(names, asked.text, held_out=asked.training.held_out, encoding=encoding)
    from burble import jobs

    for event in jobs.train(text, folder, order, started=started):
        if on_event is not None:
            on_event(event)
    return folder


def evaluate(model: Pathlike | Run, text: Pathlike, *, encoding: str | None = None) -> Report:
    """Scores a model on a text it did not see; see `burble.evaluation.evaluate`."""
    return evaluation.evaluate(load(model), Path(text), encoding=encoding)
