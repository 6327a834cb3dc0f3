"""Trainings that differ in a few settings, side by side.

One that fails costs its row alone; what is finished is not done again.
"""

import json
import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from statistics import mean
from typing import Any

from burble import formatting
from burble.errors import SettingsError
from burble.experiments.grid import Variant
from burble.experiments.trial import Result, Trial, Work
from burble.files import write_atomically
from burble.runs import plots
from burble.runs.request import to_flags
from burble.settings import STORED

NAME = "compare.json"
VALIDATION, TRAINING = "validation bits per symbol", "training loss, nats"
WITH_BASE = f"{VALIDATION}, with base"
"""Trainings that start from a base have read other texts, so their scores have a column of their
own; it is there if one of them has such a score."""
FORMER_VALIDATION = "held-out bits per symbol"
"""What compare.json had for the first of them; both are there, for this version."""


@dataclass(frozen=True)
class Comparison:
    """Variants, each trained from several seeds.

    Attributes:
        folder: Where all of it goes.
        sources: What to train on, and how it is read, as on the command line of `burble train`.
        flags: Settings of all of them, as flags.
        variants: What differs.
        seeds: Of each variant.
        text: The fingerprint of the text.
        work: The training that is running, if one is.
    """

    folder: Path
    sources: Sequence[str]
    flags: Sequence[str]
    variants: Sequence[Variant]
    seeds: Sequence[int]
    text: str
    work: Work = field(default_factory=Work)

    def run(self, log: Callable[[str], object]) -> None:
        """Trains what has not been trained yet, writing the tables anew after each.

        Raises:
            SettingsError: The folder is of another comparison.
        """
        self._check_same()
        self.write()
        tasks = [(v, seed) for seed in self.seeds for v in self.variants]
        for number, (variant, seed) in enumerate(tasks, 1):
            trial = self._trial(variant, seed)
            label = f"{number} of {len(tasks)} · {variant.name}, seed {seed}"
            if trial.is_finished:
                log(f"{label} · finished before")
            else:
                log(f"{label} …")
                flags = [*self.flags, *to_flags(variant.values), f"--seed={seed}"]
                trial.train(self.sources, flags, self.work)
                if not trial.is_finished:
                    log(f"  not finished: {trial.failure()}")
            self.write()
            if self.work.stopped:
                return

    def _check_same(self) -> None:
        """Refuses a folder whose results are of another text or of other settings."""
        path = self.folder / NAME
        if not path.exists():
            self._check_empty()
            return
        try:
            before = json.loads(path.read_text("utf-8"))
            before["flags"] = _rename_flags(before["flags"])
            same = all(before[name] == value for name, value in self._identity().items())
        except (OSError, ValueError, LookupError, TypeError):
            same = False
        if not same:
            raise SettingsError(
                f"{self.folder} compares other texts or settings. Give the same as before, "
                "or choose another folder with -o."
            )

    def _check_empty(self) -> None:
        """Refuses to begin where trainings of a comparison lie whose record is gone."""
        tasks = [self._trial(variant, seed) for variant in self.variants for seed in self.seeds]
        if left := [trial.folder for trial in tasks if trial.folder.exists()]:
            raise SettingsError(
                f"{left[0]} is a training of a comparison whose {NAME} is gone, so nobody knows "
                f"what it compared. Put {NAME} back, or choose another folder with -o."
            )

    def _identity(self) -> dict[str, Any]:
        """What makes it this comparison, whatever its sources are called."""
        return {"text": self.text, "flags": [*self.flags]}

    def _trial(self, variant: Variant, seed: int) -> Trial:
        """The training of a variant and a seed."""
        # A base may be named by its path.
        name = variant.name.replace("/", "_").replace(os.sep, "_")
        return Trial(self.folder / name / f"seed-{seed}")

    def results(self, variant: Variant) -> list[Result]:
        """What its finished trainings came to."""
        trials = (self._trial(variant, seed) for seed in self.seeds)
        return [_result(trial) for trial in trials if trial.is_finished]

    def failure(self, variant: Variant) -> str:
        """The last line of a training that failed; empty where none did."""
        lines = (self._trial(variant, seed).failure() for seed in self.seeds)
        return next(filter(None, lines), "")

    def rows(self) -> list[dict[str, Any]]:
        """The table, the best validation score first, what failed or is missing last."""
        rows = []
        for variant in self.variants:
            found = self.results(variant)
            row: dict[str, Any] = {"settings": variant.name, "seeds": len(found)}
            scores = [r.validation for r in found if r.validation is not None]
            score = mean(scores) if scores else None
            based = any(r.base for r in found)
            row |= {VALIDATION: None if based else score, WITH_BASE: score if based else None}
            row["spread"] = max(scores) - min(scores) if len(scores) > 1 else None
            row[TRAINING] = mean(r.training for r in found) if found else None
            row["characters/s"] = round(mean(r.speed for r in found)) if found else None
            row["weights"] = found[0].weights if found else None
            rows.append(row | {"failed": self.failure(variant)})

        def order(row: Mapping[str, Any]) -> tuple[float, float]:
            scores = row[VALIDATION], row[WITH_BASE], row[TRAINING]
            validation, based, training = (math.inf if one is None else one for one in scores)
            return min(validation, based), training

        rows.sort(key=order)
        if all(row[WITH_BASE] is None for row in rows):
            for row in rows:
                del row[WITH_BASE]
        return rows

    def write(self) -> None:
        """Writes the table as CSV and JSON, and the curves as a picture."""
        rows = self.rows()
        sources = [formatting.relative(name) for name in self.sources]
        both = [row | {FORMER_VALIDATION: row[VALIDATION]} for row in rows]
        facts = {"sources": sources, **self._identity(), "rows": both}
        curves = {v.name: r[0].curve for v in self.variants if (r := self.results(v))}
        picture = plots.draw_curves(curves, "nats per symbol, by step (first seed)")
        for name, data in (
            ("compare.csv", formatting.format_csv(list(rows[0]), rows)),
            (NAME, json.dumps(facts, indent=2) + "\n"),
            ("compare.svg", picture),
        ):
            write_atomically(self.folder / name, data.encode())


def _rename_flags(flags: Sequence[str]) -> list[str]:
    """Flags by their current names; see `settings.STORED`."""
    given = [flag.partition("=") for flag in flags]
    newer = {f"--{old.replace('_', '-')}": f"--{new}" for new, old in STORED.items()}
    return [newer.get(name, name) + equals + value for name, equals, value in given]


def format_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """The rows as a Markdown table, for a person."""
    failed = any(row["failed"] for row in rows)
    names = [name for name in rows[0] if name not in ("seeds", "failed")]
    return formatting.markdown([*names, "seeds", *["failed"] * failed], rows)


@cache
def _result(trial: Trial) -> Result:
    """What a finished training came to, which changes no more."""
    return trial.result()
