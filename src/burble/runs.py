"""The run folder: what was learned, and how. Exact checkpoints, whole writes, one trainer.

Knows nothing of sampling. A run folder holds `run.json` (settings and corpus), `model.safetensors`
(the best model), `last/state.safetensors` (all that training needs to go on) and `metrics.jsonl`.
"""

import json
import math
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import filelock
import safetensors
import safetensors.numpy

from burble import __version__, modelfile, settings, storage
from burble.errors import RunError, SettingsError, StorageError
from burble.events import State
from burble.modelfile import Model
from burble.settings import Settings

FORMAT = 2
DESCRIPTION = "run.json"
MODEL = "model.safetensors"
STATE = "last/state.safetensors"
PARTS = ("last", "samples")
BEGIN_AGAIN = "Begin again in another folder, from this model with --from."


class Run:
    """A run folder.

    Args:
        folder: Where it is, or will be.
    """

    def __init__(self, folder: Path) -> None:
        """Only remembers the folder; nothing is read or made."""
        self.folder = folder

    @property
    def exists(self) -> bool:
        """Whether training has begun here."""
        return os.path.exists(self.folder / DESCRIPTION)

    @property
    def has_model(self) -> bool:
        """Whether there is a model to write with."""
        return os.path.exists(self.folder / MODEL)

    def check(self) -> None:
        """Refuses a folder that cannot become a run, before anything is read or made.

        Raises:
            RunError: It is a file, holds other things, has an impossible name or is read-only.
        """
        advice = "Choose another folder with -o."
        try:
            held = sorted(p.name for p in self.folder.iterdir()) if self.folder.exists() else []
        except OSError as error:
            raise RunError(
                f"{self.folder} cannot be a run folder: {error.strerror}. {advice}"
            ) from error
        others = [name for name in held if name not in PARTS and not name.startswith(".")]
        # What is left of a training that was killed as it began.
        begun = self.folder / STATE
        for part in (self.folder / name for name in PARTS if name in held):
            inside = part.iterdir() if part.is_dir() else [part]
            kept = [p for p in inside if p != begun and not p.name.startswith(".")]
            others += [str(p.relative_to(self.folder)) for p in kept]
        if others and not self.exists:
            raise RunError(
                f"{self.folder} holds other things ({', '.join(others[:3])}), and a run needs a "
                f"folder of its own. {advice}"
            )
        folder = self.folder.absolute()
        place = next(p for p in (folder, *folder.parents) if p.exists())
        if not place.is_dir():
            raise RunError(f"{place} is a file, so {self.folder} cannot be a folder. {advice}")
        if not os.access(place, os.W_OK | os.X_OK):
            raise RunError(f"{place} is read-only. {advice}")

    def check_room(self, needed: int) -> None:
        """Refuses to begin where the disk has not `needed` bytes left.

        Raises:
            StorageError: It has not.
        """
        free = shutil.disk_usage(self.folder).free
        if free < needed:
            raise StorageError(
                f"the disk of {self.folder} has {free / 1e6:,.1f} MB left, and the run needs "
                f"{needed / 1e6:,.1f} MB. Make room, or choose a folder on another disk."
            )

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Makes the folder and keeps any other training out of it.

        Raises:
            RunError: Another training is at work in the folder.
            StorageError: The folder cannot be made.
        """
        try:
            for name in PARTS:
                (self.folder / name).mkdir(parents=True, exist_ok=True)
            lock = filelock.FileLock(self.folder / ".lock", blocking=False)
            lock.acquire()
        except filelock.Timeout as error:
            raise RunError(
                f"another training is at work in {self.folder}. Wait for it, or choose another "
                "folder with -o."
            ) from error
        except OSError as error:
            raise StorageError(f"cannot write in {self.folder}: {error.strerror}.") from error
        try:
            self._sweep()
            yield
        finally:
            lock.release()

    def _sweep(self) -> None:
        """Removes what was being written when an earlier training was killed."""
        for folder in (self.folder, *(self.folder / name for name in PARTS)):
            for path in folder.glob(".*.tmp"):
                path.unlink(missing_ok=True)

    def describe(self, chosen: Settings, corpus: Mapping[str, Any], **facts: Any) -> None:
        """Writes `run.json`: the settings, what is known of the corpus, and other facts."""
        known = {
            "format": FORMAT,
            "versions": {"burble": __version__}
            | {n: version(n) for n in ("keras", "jax", "numpy")},
            "settings": asdict(chosen),
            "corpus": dict(corpus),
            **facts,
        }
        data = json.dumps(known, indent=2, ensure_ascii=False).encode()
        storage.write_atomically(self.folder / DESCRIPTION, data + b"\n")

    def facts(self) -> dict[str, Any]:
        """What `run.json` says.

        Raises:
            RunError: There is none, it is damaged, or of a newer burble.
        """
        path = self.folder / DESCRIPTION
        try:
            facts = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            raise RunError(f"{self.folder} is no run folder: run.json cannot be read.") from error
        if not isinstance(facts, dict) or not isinstance(facts.get("format"), int):
            raise RunError(f"{path} is damaged: it names no format. {BEGIN_AGAIN}")
        if facts["format"] != FORMAT:
            raise RunError(
                f"{path} has format {facts['format']}, and this burble knows {FORMAT}. Use the "
                "version of burble that wrote it."
            )
        return facts

    def settings(self) -> Settings:
        """The settings of the run, as resolved when it began."""
        try:
            groups = self.facts()["settings"].values()
            return settings.make({k: v for group in groups for k, v in group.items()})
        except (LookupError, AttributeError, TypeError, SettingsError) as error:
            raise RunError(
                f"{self.folder / DESCRIPTION} is damaged: its settings cannot be read ({error}). "
                f"{BEGIN_AGAIN}"
            ) from error

    def write_model(self, model: Model) -> None:
        """Writes the best model."""
        modelfile.write(self.folder / MODEL, model)

    def write_epoch(self, name: str, model: Model) -> None:
        """Writes the model of an epoch beside the best one."""
        modelfile.write(self.folder / f"{name}.safetensors", model)

    def write_state(self, state: State) -> None:
        """Writes all that training needs to go on, in one file."""
        counters = {k: v for k, v in vars(state).items() if k != "arrays"}
        data = safetensors.numpy.save(dict(state.arrays), {"burble": json.dumps(counters)})
        storage.write_atomically(self.folder / STATE, data)

    def read_state(self) -> State | None:
        """The state last written, or None if there is none yet.

        Raises:
            RunError: The file is damaged.
        """
        path = self.folder / STATE
        if not path.exists():
            return None
        try:
            with safetensors.safe_open(path, "numpy") as file:
                counters = json.loads(file.metadata()["burble"])
                names = list(file.keys())
                return State({name: file.get_tensor(name) for name in names}, **counters)
        except (OSError, ValueError, LookupError, TypeError, safetensors.SafetensorError) as error:
            raise RunError(f"{path} is damaged. {BEGIN_AGAIN}") from error

    def write_sample(self, step: int, text: str) -> None:
        """Keeps what the model wrote at `step`."""
        path = self.folder / "samples" / f"step-{step:08}.txt"
        storage.write_atomically(path, f"{text}\n".encode())

    def keep_metrics(self, step: int) -> None:
        """Drops the metrics of steps after `step`, which will be done again."""
        lines = [m for m in self.metrics() if m["step"] <= step]
        data = "".join(json.dumps(m) + "\n" for m in lines).encode()
        storage.write_atomically(self.folder / "metrics.jsonl", data)

    def add_metric(self, **values: float) -> None:
        """Adds a line to `metrics.jsonl`."""
        whole = {k: v if math.isfinite(v) else None for k, v in values.items()}
        path = self.folder / "metrics.jsonl"
        try:
            with path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(whole) + "\n")
        except OSError as error:
            raise StorageError(f"could not write {path} to disk: {error.strerror}.") from error

    def metrics(self) -> list[dict[str, Any]]:
        """All whole lines of `metrics.jsonl`.

        Raises:
            RunError: A line is damaged.
        """
        path = self.folder / "metrics.jsonl"
        try:
            lines = path.read_text("utf-8").splitlines(keepends=True) if path.exists() else []
            metrics = [json.loads(line) for line in lines if line.endswith("\n")]
            if all(isinstance(metric["step"], int) for metric in metrics):
                return metrics
        except (ValueError, LookupError, TypeError):
            pass
        raise RunError(
            f"{path} is damaged. It only holds the losses on the way: remove it, and go on."
        )
