"""Trains on a text that was given to the page, in a process of its own that outlives the server.

Run as `python -m burble.web.worker FOLDER`, with the folder that `jobs` put the text in. It does
what `burble train` does, by the same job, and builds the memory in the end. Knows nothing of HTTP.
"""

import json
import math
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import filelock

from burble import interrupts
from burble.errors import BurbleError, CorpusError, StorageError
from burble.ngram.training_text import write_training_index
from burble.runs import recipes
from burble.runs.base import choose_base, origin_name
from burble.runs.events import BaselineLosses, End, Event, Recovery, Report, Sample, Score, Task
from burble.runs.request import TrainingRequest, check_folder, find_origin, resolve_settings
from burble.training import heap, preflight
from burble.web.errors import name_fields
from burble.web.job import EVENTS, LOCK, STOP, Job

LOOK_EVERY = 0.2
"""Seconds after which it is looked again whether to stop, before the first step."""
WAIT = 10.0
"""Seconds to wait for the lock, which whoever looks for trainings at work holds for a moment."""


class Journal:
    """The events of a training in a file, one JSON object a line.

    Args:
        path: The file, which is added to.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._task = ("", -1)
        if path.exists() and not path.read_bytes().endswith(b"\n"):
            # What was half written when it was killed is a line of its own.
            path.write_bytes(path.read_bytes() + b"\n")

    def add(self, kind: str, **values: Any) -> None:
        """Adds an event; numbers that JSON has not become null.

        Raises:
            StorageError: The disk refused.
        """
        odd = [k for k, v in values.items() if isinstance(v, float) and not math.isfinite(v)]
        line = json.dumps({"type": kind} | values | dict.fromkeys(odd)) + "\n"
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(line)
        except OSError as error:
            raise StorageError(f"could not write {self._path}: {error.strerror}.") from error

    def add_event(self, event: Event) -> None:
        """Adds what a training yields, as far as a page can show it."""
        match event:
            case BaselineLosses(uniform=uniform, unigram=unigram, ngram=ngram, order=order):
                self.add("baselines", uniform=uniform, unigram=unigram, ngram=ngram, order=order)
            case Report(step=step, steps=steps, loss=loss, speed=speed, left=left):
                self.add("report", step=step, steps=steps, loss=loss, speed=speed, left=left)
            case Score(loss=loss, improved=improved, state=state):
                self.add("score", step=state.step, loss=loss, improved=improved)
            case Sample(step=step, text=text):
                self.add("sample", step=step, text=text)
            case Task(what=what, done=done) if self._task != (what, int(100 * done)):
                self._task = (what, int(100 * done))
                self.add("task", what=what, done=done)
            case Recovery(step=step, loss=loss):
                self.add("recovery", step=step, loss=loss)
            case _:
                pass


def train(
    job: Job, journal: Journal, stop: Callable[[], bool], begun: threading.Event, started: float
) -> None:
    """Trains, as was requested last, until the end or until it is stopped.

    Args:
        job: The text, and what was requested.
        journal: Takes what happens.
        stop: Whether to stop.
        begun: Set once steps are done, before each of which `stop` is called.
        started: The `time.perf_counter()` from which minutes count.
    """
    request = _read_request(job)

    def log(sentence: str) -> None:
        journal.add("log", message=name_fields(job.with_names(sentence)))

    check_folder(request, job.run)
    journal.add("begin", step=job.run.steps_done() if request.resume else 0)
    text = request.read(resolve_settings(request, job.run))
    prepared = preflight.prepare(request, job.run, text, None, log)
    if base_name := origin_name(find_origin(prepared.request, job.run)):
        journal.add("base", name=base_name)
    # Here, since it takes seconds to load, and what can be refused has been.
    from burble.training import job as training

    end: End | None = None
    for event in training.train(prepared, stop=stop, started=started, log=log):
        if isinstance(event, Report):
            begun.set()
        if isinstance(event, End):
            end = event
        else:
            journal.add_event(event)
    if end is None:
        return
    if end.reason != "stopped":
        _remember(job, log)
    journal.add("end", step=end.state.step, reason=end.reason, scores=dict(end.facts))


def _read_request(job: Job) -> TrainingRequest:
    """What was requested last, as the command line would have it."""
    wanted, resume = job.request, bool(job.request["resume"])
    given = {"minutes": wanted["minutes"]} if wanted["minutes"] else {}
    options = recipes.merge_recipe(given, None, resume=resume)
    base, look = choose_base(None, None, resume=resume)
    return TrainingRequest(
        options, "auto", resume, base, sources=job.sources, reading=job.reading, look=look
    )


def _remember(job: Job, log: Callable[[str], object]) -> None:
    """Builds the memory of the text, with which it can be said what of it was copied."""
    try:
        write_training_index(job.run.folder, job.sources, job.reading)
    except CorpusError as error:
        log(f"There will be no memory of this text: {error}")


def _stop_early(
    job: Job, journal: Journal, stop: Callable[[], bool], begun: threading.Event
) -> None:
    """Ends the process where a stop is wanted while it still reads, loads and compiles.

    That takes up to a minute. Nothing is lost: training goes on from the last save.
    """
    while not begun.wait(LOOK_EVERY):
        if stop():
            journal.add("end", step=job.run.steps_done(), reason="stopped", scores={})
            os._exit(0)


def main(folder: str) -> int:
    """Trains; returns the exit code."""
    started = time.perf_counter() - time.process_time()
    heap.share()
    job = Job(Path(folder))
    journal, caught = Journal(job.place / EVENTS), interrupts.catch()
    begun = threading.Event()

    def stop() -> bool:
        return bool(caught) or (job.place / STOP).exists()

    early = threading.Thread(target=_stop_early, args=(job, journal, stop, begun), daemon=True)
    with filelock.FileLock(job.place / LOCK, timeout=WAIT):
        early.start()
        try:
            train(job, journal, stop, begun, started)
        except BurbleError as error:
            journal.add("error", message=name_fields(job.with_names(str(error))))
            return error.exit_code
        except Exception as error:
            journal.add("error", message=f"{type(error).__name__}: {error}")
            raise
        finally:
            begun.set()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
