"""What TensorBoard shows of a training, written into its run folder as it goes.

Knows nothing of how an event file is made, or of how training works.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from burble.formatting import fence
from burble.runs.event_files import EventFile, cut_after, make_scalar, make_settings, make_text
from burble.runs.events import BaselineLosses, Event, Report, Sample, Score
from burble.settings import Settings, flatten_settings

FOLDER = "tensorboard"
_NAME = "events.out.tfevents.{:05}.burble"
_LOSS = "Nats per symbol; lower is better."
_SPEED = "Symbols a second in steps."


class Board:
    """The event files of a run, one folder for each curve, so that all share one picture.

    A run that goes on begins new files, and what the old ones hold of steps that are done again is
    cut off. They hold a copy of everything: removed, they take nothing from the run.

    Args:
        folder: The run folder.
        settings: Those of the training, its number of steps fixed.
        step: The step it begins at.
        metrics: What `metrics.jsonl` holds of the steps until then.

    Raises:
        StorageError: The disk refused.
    """

    def __init__(
        self, folder: Path, settings: Settings, step: int, metrics: Sequence[Mapping[str, Any]]
    ) -> None:
        self._place, self._settings, self._step = folder / FOLDER, settings, step
        before = sorted(self._place.glob("*/" + _NAME.replace("{:05}", "*")))
        for path in before:
            cut_after(path, step)
        numbers = [int(part) for path in before if (part := path.name.split(".")[3]).isdecimal()]
        self._goes_on = bool(before)
        self._number = max(numbers, default=0) + 1
        self._files: dict[str, EventFile] = {}
        values = {name: _plain(value) for name, value in flatten_settings(settings).items()}
        self._add("validation", step, make_settings(values))
        table = "\n".join(f"{name}: {value}" for name, value in values.items())
        self._add("validation", step, make_text("settings", fence(table)))
        for metric in metrics if not before else ():
            # Of a run that was not shown until now.
            self._add_loss("training", metric["step"], metric.get("loss"))
            self._add_loss("validation", metric["step"], metric.get("held_out_loss"))

    def take(self, event: Event) -> None:
        """Writes what an event brings."""
        match event:
            case BaselineLosses():
                self._add_baselines(event)
            case Report(step=step, loss=loss, speed=speed):
                self._add_loss("training", step, loss)
                if math.isfinite(speed):
                    self._add("training", step, make_scalar("speed", speed, _SPEED))
            case Score(loss=loss, state=state):
                self._add_loss("validation", state.step, loss)
            case Sample(step=step, text=text):
                self._add("validation", step, make_text("sample", fence(text)))

    def _add_baselines(self, losses: BaselineLosses) -> None:
        """Writes what simpler predictors score as lines from the first step to the last."""
        known = {
            "uniform guessing": losses.uniform,
            "symbol frequencies": losses.unigram,
            f"n-grams of up to {losses.order}": losses.ngram,
        }
        last = self._settings.training.steps
        # Where a run goes on, its line has begun, and may have come to this very step.
        ends = [step for step in (0, last) if step > self._step or not self._goes_on]
        for name, loss in known.items():
            for step in ends:
                self._add_loss(name, step, loss)

    def _add_loss(self, name: str, step: int, loss: float | None) -> None:
        """Writes a point of the curve of that name; nothing where there is no number."""
        if loss is not None and math.isfinite(loss):
            self._add(name, step, make_scalar("loss", loss, _LOSS))

    def _add(self, name: str, step: int, what: bytes) -> None:
        """Adds to the file of a curve, which is begun if need be."""
        if name not in self._files:
            path = self._place / name / _NAME.format(self._number)
            self._files[name] = EventFile(path, self._step)
        self._files[name].add(step, what)


def _plain(value: Any) -> float | str | bool:
    """A setting as a number, a text or yes and no."""
    if isinstance(value, tuple | list):
        return ", ".join(map(str, value))
    return value if isinstance(value, float | int | str) else str(value)
