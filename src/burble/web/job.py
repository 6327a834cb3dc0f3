"""A training that the page starts, by what lies in its folders: its text, its run, what happened.

A models folder holds `ID`, the run folder of a training, and `.texts/ID`, which only burble names
and only burble fills:

* `1.txt` …, what was given, as it came, its ending kept where that tells how to read it, and
  `about.json`, what it and the training are called;
* `request.json`, what was requested last, and `stop`, which is there while a stop is wanted;
* `events.jsonl`, what has happened; `output.txt`, what the process printed, mostly nothing; and
  `.lock`, which the process holds as long as it lives.

Knows nothing of HTTP, or of the process.
"""

import json
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

from burble import files
from burble.data.forms import registry
from burble.errors import RunError
from burble.formatting import shown
from burble.runs.folder import Run
from burble.settings import SourceSettings

TEXTS = ".texts"
ABOUT, REQUEST, EVENTS, STOP, LOCK, OUTPUT = (
    *("about.json", "request.json", "events.jsonl", "stop", ".lock", "output.txt"),
)


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

    def read_otherwise(self, **changed: Any) -> None:
        """Changes what is said of how its files are read.

        Raises:
            RunError: Training has begun.
        """
        if self.request:
            raise RunError("training on this text has begun. Give it anew to read it otherwise.")
        self.write_about(**changed)

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
