"""Trainings that the page starts: made of texts that are given, started, stopped and removed.

Each is a process of its own, which goes on when the page is closed or the server ends, and is found
again by what it leaves in folders; see `job`. Knows nothing of HTTP, nor of how a model is trained.
"""

import json
import re
import secrets
import shutil
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import filelock

from burble import files
from burble.data import encodings
from burble.errors import (
    BurbleError,
    InputError,
    RunError,
    SettingsError,
    SourceError,
    StorageError,
)
from burble.formatting import shown
from burble.settings import SourceSettings, is_number
from burble.web.job import ABOUT, LOCK, OUTPUT, REQUEST, STOP, TEXTS, Job, find_state

DEMO = "builtin:python-docs"
"""A text for whoever has none at hand."""
MOST_FILES = 200
LONGEST_NAME = 80
LONGEST = 24 * 60
"""Minutes of a training at most."""
_ID = re.compile(r"text-[0-9a-f]{12}")


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
        job.read_otherwise(encoding=encoding)

    def set_reading(self, job: Job, **chosen: Any) -> None:
        """Says how its files are read, by the names of settings.

        Raises:
            SettingsError: A value that cannot be.
            RunError: Training has begun.
        """
        reading = {**job.about.get("reading", {}), **chosen}
        SourceSettings.pop_from(dict(reading))
        job.read_otherwise(reading=reading)

    def set_fields(self, job: Job, fields: list[str]) -> None:
        """Says which field of each of its files is the text; an empty one of a file without any.

        Raises:
            SettingsError: They are not as many as there are files.
            RunError: Training has begun.
        """
        count = len(job.about["files"])
        if len(fields) != count:
            raise SettingsError(f"fields are {len(fields)}, and must be {count}: one of each file.")
        job.read_otherwise(fields=fields)

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
