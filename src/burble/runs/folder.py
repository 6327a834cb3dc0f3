"""The run folder: what was learned, and how. Exact checkpoints, whole writes, one trainer.

Knows nothing of sampling. A run folder holds `run.json` (settings and corpus), `model.safetensors`
(the best model), `last/state.safetensors` (all that training needs to go on),
`last/previous.safetensors` (the same of the save before) and `metrics.jsonl`.
"""

import glob
import json
import math
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from burble import __version__, files, settings
from burble.errors import RunError, SettingsError, StorageError
from burble.formatting import shown
from burble.model.file import MODEL_NAME, Model, is_model_file, write_model
from burble.runs.state import State, dump_state, load_state, load_step
from burble.settings import Settings

FORMAT = 2
DESCRIPTION = "run.json"
STATE, PREVIOUS = "last/state.safetensors", "last/previous.safetensors"
PARTS = ("last", "samples")
_AGAIN = "begin again in another folder, from this model with --base."
BEGIN_AGAIN = _AGAIN.capitalize()


class Run:
    """A run folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __repr__(self) -> str:
        """The folder."""
        return f"Run({os.fspath(self.folder)!r})"

    def _repr_html_(self) -> str:
        """What a notebook shows: the card, the curves of the losses, the last sample."""
        from burble.runs.notebook import show_run

        return show_run(self)

    @property
    def exists(self) -> bool:
        """Whether training has begun here."""
        return os.path.exists(self.folder / DESCRIPTION)

    @property
    def has_model(self) -> bool:
        """Whether there is a model to write with."""
        return os.path.exists(self.folder / MODEL_NAME)

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
        begun = [self.folder / STATE, self.folder / PREVIOUS]
        for part in (self.folder / name for name in PARTS if name in held):
            inside = part.iterdir() if part.is_dir() else [part]
            kept = [p for p in inside if p not in begun and not p.name.startswith(".")]
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
        """Refuses to begin where the disk has not `needed` bytes left."""
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
        made = [p for p in (self.folder, *self.folder.parents) if not p.exists()]
        with files.lock_folder(self.folder, "another training", PARTS):
            try:
                self._sweep()
                yield
            finally:
                if not self.exists:
                    self._leave(made)

    def _leave(self, made: Sequence[Path]) -> None:
        """Removes what was made for a training that was refused, as far as it is empty."""
        with suppress(OSError):
            for name in PARTS:
                (self.folder / name).rmdir()
            (self.folder / ".lock").unlink()
            for folder in made:
                folder.rmdir()

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
            | {n: version(n) for n in ("keras", "jax", "numpy", "regex")},
            "settings": {
                name: settings.with_stored_names(part) for name, part in asdict(chosen).items()
            },
            "corpus": dict(corpus),
            **facts,
        }
        data = json.dumps(known, indent=2, ensure_ascii=False).encode()
        files.write_atomically(self.folder / DESCRIPTION, data + b"\n")

    def facts(self) -> dict[str, Any]:
        """What `run.json` holds.

        Raises:
            RunError: There is none, it is damaged, or of a newer burble.
        """
        path = self.folder / DESCRIPTION
        try:
            facts = json.loads(path.read_text("utf-8"))
        except OSError as error:
            why = "run.json cannot be read" if self.folder.exists() else "nothing has that name"
            raise RunError(f"{self.folder} is no run folder: {why}.") from error
        except (ValueError, RecursionError) as error:
            raise RunError(
                f"{shown(path)} is damaged: it is no JSON. Put it back from a copy, or {_AGAIN}"
            ) from error
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
            # A run without it is from before there was another split.
            found = {"split": "tail"} | {k: v for group in groups for k, v in group.items()}
            return settings.make_settings(found)
        except (LookupError, AttributeError, TypeError, SettingsError) as error:
            why = f" ({error})" if isinstance(error, SettingsError) else ""
            raise RunError(
                f"{self.folder / DESCRIPTION} is damaged: its settings cannot be read{why}. "
                f"{BEGIN_AGAIN}"
            ) from error

    def write_model(self, model: Model) -> None:
        """Writes the best model."""
        write_model(self.folder / MODEL_NAME, model)

    def check_epoch_files(self, pattern: str) -> None:
        """Refuses to go on where files of epochs would take the place of other things.

        Raises:
            RunError: A file fits the pattern and is no model that burble wrote.
        """
        likely = "*".join(map(glob.escape, re.split(r"\{[^{}]*\}", _epoch_file(pattern))))
        for path in self.folder.glob(likely) if pattern else ():
            if not is_model_file(path):
                raise RunError(
                    f"{path} is no model that burble wrote, and a file of an epoch may be "
                    "written there. Move it away."
                )

    def write_epoch(self, name: str, model: Model) -> None:
        """Writes the model of an epoch beside the best one."""
        write_model(self.folder / _epoch_file(name), model)

    def begin_state(self, state: State) -> None:
        """Writes the state that a training begins with, in place of whatever was there.

        Both files hold it afterwards, so that neither is of another training.
        """
        files.write_atomically(self.folder / STATE, dump_state(state))
        self.write_state(state)

    def write_state(self, state: State) -> None:
        """Writes all that training needs to go on, in one file, and keeps the state before it."""
        data, before = dump_state(state), self.folder / PREVIOUS
        files.write_atomically(self.folder / STATE, data, former=before)

    def read_state(
        self,
        fits: Callable[[State], bool] = lambda _: True,
        log: Callable[[str], object] = str,
    ) -> State:
        """The state last written; the one before it where that is damaged.

        Args:
            fits: Whether a state can be of this run.
            log: Takes a message where the state before is taken.

        Raises:
            RunError: There is none that is whole and fits.
        """
        self.check_state()
        for name in (STATE, PREVIOUS):
            state = load_state(self.folder / name)
            if state is not None and fits(state):
                if name == PREVIOUS:
                    path = self.folder / STATE
                    how = "damaged" if path.exists() else "not there"
                    log(
                        f"{shown(path)} is {how}, so training goes on from the state before it, "
                        f"at step {state.step:,}."
                    )
                return state
        raise RunError(
            f"{shown(self.folder / STATE)} is damaged, and so is the state before it, "
            f"{PREVIOUS}. Put one of them back from a copy, or {_AGAIN}"
        )

    def check_state(self) -> None:
        """Refuses to go on where there is nothing to go on from.

        Raises:
            RunError: There is no state, nor one before it.
        """
        if not any(os.path.exists(self.folder / name) for name in (STATE, PREVIOUS)):
            raise RunError(
                f"{shown(self.folder / STATE)} is not there, so the run cannot go on. Put it back "
                f"from a copy, or {_AGAIN}"
            )

    def steps_done(self) -> int:
        """Steps of the state last written, or the one before it; 0 where neither can be read."""
        steps = (load_step(self.folder / name) for name in (STATE, PREVIOUS))
        return next((step for step in steps if step is not None), 0)

    def write_sample(self, step: int, text: str) -> None:
        """Keeps what the model wrote at `step`."""
        path = self.folder / "samples" / f"step-{step:08}.txt"
        files.write_atomically(path, f"{text}\n".encode())

    def samples(self) -> list[tuple[int, str]]:
        """What its model wrote on the way: the steps, in order, and the texts.

        Raises:
            RunError: A file of one cannot be read as a text.
        """
        found = []
        for path in sorted((self.folder / "samples").glob("step-*.txt")):
            if not (number := path.stem.removeprefix("step-")).isdecimal():
                continue
            try:
                found.append((int(number), path.read_text("utf-8").removesuffix("\n")))
            except (OSError, ValueError) as error:
                raise RunError(f"{path} is no text. Remove it, or put it back.") from error
        return found

    def keep_metrics(self, step: int) -> None:
        """Drops the metrics of steps after `step`, which will be done again."""
        lines = [m for m in self.metrics() if m["step"] <= step]
        data = "".join(json.dumps(m) + "\n" for m in lines).encode()
        files.write_atomically(self.folder / "metrics.jsonl", data)

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


def find_part(facts: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A part of `run.json`; empty where it is another thing than names with values."""
    found = facts.get(name)
    return found if isinstance(found, Mapping) else {}


def curve(metrics: Sequence[Mapping[str, Any]], name: str) -> list[tuple[float, float]]:
    """The values that metrics have by a name, each after its step."""
    return [(metric["step"], metric[name]) for metric in metrics if metric.get(name) is not None]


def _epoch_file(name: str) -> str:
    """The file of an epoch's model, whether or not its ending was given."""
    return f"{name.removesuffix('.safetensors')}.safetensors"
