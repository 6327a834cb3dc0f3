"""Trainings that the page starts: the text of each, its run, and what has happened so far.

Each is a process of its own, which goes on when the page is closed or the server ends, and is found
again by what it leaves in folders. Knows nothing of HTTP, nor of how a model is trained.

A models folder holds `ID`, the run folder of a training, and `.texts/ID`, which only burble names
and only burble fills:

* `1.txt` …, what was given, as it came, its ending kept where that tells how to read it, and
  `about.json`, what it and the training are called;
* `request.json`, what was requested last, and `stop`, which is there while a stop is wanted;
* `events.jsonl`, what has happened; `output.txt`, what the process printed, mostly nothing; and
  `.lock`, which the process holds as long as it lives.
"""

import json
import re
import secrets
import shutil
import subprocess
import sys
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import zip_longest
from pathlib import Path
from typing import Any

import filelock

from burble import files
from burble.data import encodings
from burble.data.forms import registry
from burble.errors import (
    BurbleError,
    InputError,
    RunError,
    SettingsError,
    SourceError,
    StorageError,
)
from burble.formatting import shown
from burble.runs.folder import Run
from burble.settings import SourceSettings, is_number

TEXTS = ".texts"
ABOUT, REQUEST, EVENTS, STOP, LOCK, OUTPUT = (
    *("about.json", "request.json", "events.jsonl", "stop", ".lock", "output.txt"),
)
DEMO = "builtin:python-docs"
"""A text for whoever has none at hand."""
MOST_FILES = 200
LONGEST_NAME = 80
LONGEST = 24 * 60
"""Minutes of a training at most."""
_ID = re.compile(r"text-[0-9a-f]{12}")


@dataclass(frozen=True)
class Job:
    """A text that was given, and the training on it, if that was started.

    Attributes:
        place: The folder of its text; the last part of it is the id.
    """

    place: Path

    @property
    def id(self) -> str:
        """What it is called in addresses and file names; the run folder has the same name."""
        return self.place.name

    @property
    def run(self) -> Run:
        """The run folder."""
        return Run(self.place.parents[1] / self.id)

    @property
    def about(self) -> dict[str, Any]:
        """What it is called, and what was given."""
        return dict(json.loads((self.place / ABOUT).read_text("utf-8")))

    @property
    def sources(self) -> tuple[str, ...]:
        """What is trained on, as `find_sources` takes it."""
        about = self.about
        if about["builtin"]:
            return (str(about["builtin"]),)
        chosen = about.get("fields", [])
        parts = [f":{field}" if field else "" for field in chosen]
        return tuple(f"{p}{part}" for p, part in zip_longest(self.paths, parts, fillvalue=""))

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files that were given."""
        return tuple(self.find_file(n, name) for n, name in enumerate(self.about["files"], 1))

    def find_file(self, number: int, name: str) -> Path:
        """Where the file of a number is that a person calls by a name."""
        plain = self.place / f"{number}.txt"
        suffix = registry.find_suffix(name)
        # Versions of burble before kept all of them so.
        return plain if plain.exists() or not suffix else self.place / f"{number}{suffix}"

    @property
    def reading(self) -> SourceSettings:
        """How its files are read."""
        about = self.about
        return SourceSettings(encoding=str(about["encoding"]), **about.get("reading", {}))

    def write_about(self, **changed: Any) -> None:
        """Writes what it is called and what was given, as it was but for what is changed."""
        before = self.about if (self.place / ABOUT).exists() else {}
        data = json.dumps(before | changed, ensure_ascii=False).encode()
        files.write_atomically(self.place / ABOUT, data)

    @property
    def request(self) -> dict[str, Any]:
        """What was requested last; nothing before a training was."""
        path = self.place / REQUEST
        return dict(json.loads(path.read_text("utf-8"))) if path.exists() else {}

    def read_events(self, start: int = 0) -> tuple[list[dict[str, Any]], int]:
        """What has happened.

        Args:
            start: The byte from which to read.

        Returns:
            The events in whole lines from there on, and the byte after them.
        """
        try:
            with (self.place / EVENTS).open("rb") as file:
                file.seek(start)
                data = file.read()
        except FileNotFoundError:
            return [], start
        whole = data[: data.rfind(b"\n") + 1]
        events = [event for line in whole.splitlines() if (event := _read_event(line))]
        return events, start + len(whole)

    def with_names(self, sentence: str) -> str:
        """A sentence with what a file was called, instead of where it is."""
        for path, name in zip(self.paths, self.about["files"], strict=False):
            sentence = sentence.replace(str(path), name).replace(shown(path), name)
        return sentence


def _read_event(line: bytes) -> dict[str, Any] | None:
    """An event; None of a line that was only half written when a disk was full."""
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) and "type" in event else None


class Jobs:
    """The trainings of a models folder.

    Args:
        folder: The models folder; made when a text is given.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._lock = threading.RLock()

    def find_all(self) -> list[Job]:
        """All of them, the latest first."""
        found = [Job(p) for p in (self._folder / TEXTS).glob("text-*") if (p / ABOUT).exists()]
        return sorted(found, key=lambda job: str(job.about["created"]), reverse=True)

    def find_started(self) -> list[Job]:
        """Those that were started here, and are served whatever other models are."""
        return [job for job in self.find_all() if job.id in self._processes]

    def find(self, name: str) -> Job:
        """The one of an id.

        Raises:
            LookupError: There is none.
        """
        job = Job(self._folder / TEXTS / name)
        if not _ID.fullmatch(name) or not (job.place / ABOUT).exists():
            raise LookupError(f"there is no training {name!r} here.")
        return job

    def add_text(self, name: str, data: bytes, job: Job | None = None) -> Job:
        """Keeps a file that was given, as it came.

        Args:
            name: What the person calls it; never a path.
            data: Its bytes.
            job: Where files were given before that belong to it; a new one if None.

        Raises:
            InputError: There is nothing in it, or there are too many, or training has begun.
            StorageError: The disk refused.
        """
        if not data.strip():
            raise SourceError(f"{name!r} is empty. Give a file with text in it.")
        with self._lock:
            made = job or self._make()
            try:
                self._add_file(made, name, data)
            except BurbleError:
                if job is None:
                    shutil.rmtree(made.place, ignore_errors=True)
                raise
        return made

    def _add_file(self, job: Job, name: str, data: bytes) -> None:
        """Keeps one more file of a text; see `add_text`."""
        known = job.about["files"]
        if job.request or job.about["builtin"]:
            raise RunError("training on this text has begun. Give the files of another one anew.")
        if len(known) == MOST_FILES:
            raise InputError(f"a text has {MOST_FILES} files at most. Join some of them.")
        name = name[-LONGEST_NAME:]
        files.write_atomically(job.find_file(len(known) + 1, name), data)
        job.write_about(files=[*known, name])

    def add_demo(self) -> Job:
        """Takes the text that comes with Python."""
        job = self._make()
        job.write_about(builtin=DEMO)
        return job

    def _make(self) -> Job:
        """A new one, without a text."""
        job = Job(self._folder / TEXTS / f"text-{secrets.token_hex(6)}")
        try:
            job.place.mkdir(parents=True, mode=0o700)
        except OSError as error:
            raise StorageError(
                f"could not make a folder in the models folder, {shown(self._folder)}: "
                f"{error.strerror}. Choose another with --models, or BURBLE_MODELS."
            ) from error
        created = datetime.now(UTC).isoformat(timespec="milliseconds")
        job.write_about(name="", created=created, files=[], builtin="", encoding="")
        return job

    def rename(self, job: Job, name: str) -> None:
        """Gives it a name to show, which no file gets."""
        job.write_about(name=name.strip()[:LONGEST_NAME])

    def set_encoding(self, job: Job, encoding: str) -> None:
        """Says in which encoding its files are.

        Raises:
            SettingsError: There is no such encoding.
            RunError: Training has begun.
        """
        if encoding and not (encoding.isprintable() and encodings.find_codec(encoding)):
            raise SettingsError(encodings.describe_unknown_encoding(encoding))
        _read_otherwise(job, encoding=encoding)

    def set_reading(self, job: Job, **chosen: Any) -> None:
        """Says how its files are read, by the names of settings.

        Raises:
            SettingsError: A value that cannot be.
            RunError: Training has begun.
        """
        reading = {**job.about.get("reading", {}), **chosen}
        SourceSettings.pop_from(dict(reading))
        _read_otherwise(job, reading=reading)

    def set_fields(self, job: Job, fields: list[str]) -> None:
        """Says which field of each of its files is the text; an empty one of a file without any.

        Raises:
            SettingsError: They are not as many as there are files.
            RunError: Training has begun.
        """
        count = len(job.about["files"])
        if len(fields) != count:
            raise SettingsError(f"fields are {len(fields)}, and must be {count}: one of each file.")
        _read_otherwise(job, fields=fields)

    def is_running(self, job: Job) -> bool:
        """Whether its process lives, whichever server started it."""
        process = self._processes.get(job.id)
        if process is not None and process.poll() is None:
            return True
        try:
            # One look at a time: it takes the lock for a moment itself.
            with self._lock, filelock.FileLock(job.place / LOCK, blocking=False):
                return False
        except filelock.Timeout:
            return True

    def start(self, job: Job, minutes: float | None) -> None:
        """Starts its training, or goes on with it.

        Args:
            job: Which.
            minutes: How long, or how much longer; None for the rest of what was requested.

        Raises:
            InputError: Such minutes cannot be.
            RunError: One is at work already.
        """
        if minutes is None and not job.run.exists:
            # It was stopped before there was anything to go on from.
            minutes = job.request.get("minutes")
        fits = minutes is None or (is_number(minutes) and 0 < minutes <= LONGEST)
        if not fits or (minutes is None and not job.run.exists):
            raise SettingsError(
                f"minutes is {minutes!r}, but must be more than 0, {LONGEST} at most."
            )
        with self._lock:
            self._start(job, minutes)

    def _start(self, job: Job, minutes: float | None) -> None:
        """Starts the process, if there is no other; see `start`."""
        if busy := next(filter(self.is_running, self.find_all()), None):
            called = busy.about["name"] or busy.id
            raise RunError(f"{called!r} is being trained. Stop it, or wait until it has ended.")
        request = {"minutes": minutes, "resume": job.run.exists}
        files.write_atomically(job.place / REQUEST, json.dumps(request).encode())
        (job.place / STOP).unlink(missing_ok=True)
        with (job.place / OUTPUT).open("wb") as output:
            self._processes[job.id] = subprocess.Popen(
                [sys.executable, "-m", "burble.web.worker", str(job.place)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                # Ctrl-C in the terminal of the server is not meant for it.
                start_new_session=True,
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )

    def stop(self, job: Job) -> None:
        """Requests that it stops after the step it is at, with its exact state kept."""
        if self.is_running(job):
            (job.place / STOP).touch()

    def remove(self, job: Job) -> None:
        """Removes its text, its run and its model.

        Raises:
            RunError: It is at work.
        """
        if self.is_running(job):
            raise RunError("this training is at work. Stop it first.")
        for folder in (job.run.folder, job.place):
            with files.explain_errors(folder):
                shutil.rmtree(folder, ignore_errors=not folder.exists())

    def describe(self, job: Job) -> dict[str, Any]:
        """What it is, and how far it has come, in JSON types."""
        running = self.is_running(job)
        about = job.about
        return {
            "id": job.id,
            "name": about["name"],
            "created": about["created"],
            "files": about["files"] or [about["builtin"]],
            "state": "running" if running else find_state(job),
            "minutes": job.request.get("minutes"),
            "model": job.id if job.run.has_model else None,
        }


def _read_otherwise(job: Job, **changed: Any) -> None:
    """Changes what is said of how its files are read.

    Raises:
        RunError: Training has begun.
    """
    if job.request:
        raise RunError("training on this text has begun. Give it anew to read it otherwise.")
    job.write_about(**changed)


def find_state(job: Job) -> str:
    """How far one has come that is not at work: text, stopped, finished or failed."""
    kinds = [event for event in job.read_events()[0] if event["type"] in ("begin", "end", "error")]
    last = kinds[-1] if kinds else {"type": ""}
    if last["type"] == "end":
        return "stopped" if last["reason"] == "stopped" else "finished"
    if last["type"] == "error":
        return "failed"
    # What was killed goes on from its last save, or else begins anew.
    return "stopped" if job.request else "text"
