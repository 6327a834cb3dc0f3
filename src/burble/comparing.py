"""Trainings that differ in a few settings, side by side: each in its own process and folder.

One that fails costs its row and nothing else; what is finished is not done again.
"""

import csv
import io
import json
import math
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from statistics import mean
from typing import Any

from burble import modelfile, pictures
from burble.errors import BurbleError, SettingsError
from burble.runs import Run
from burble.storage import write_atomically
from burble.varying import Variant, flags

LOG = "log.txt"
NAME = "compare.json"
SCORES = HELD_OUT, TRAINING = "held-out bits per symbol", "training loss, nats"


@dataclass(frozen=True)
class Result:
    """What one training came to.

    Attributes:
        held_out: Bits per symbol on the held-out text; None where nothing is held out.
        training: The last mean training loss, nats per symbol, dropout on.
        speed: Symbols foretold a second in training, its scores and samples included.
        weights: Numbers that were learned.
        curve: Held-out losses on the way, by step; training losses where nothing is held out.
    """

    held_out: float | None
    training: float
    speed: float
    weights: int
    curve: Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Comparison:
    """Variants, each trained from several seeds.

    Attributes:
        folder: Where all of it goes.
        sources: What to train on, and how it is read, as on the command line of `burble train`.
        flags: Settings of all of them, as flags.
        variants: What differs.
        seeds: Of each variant.
        children: The training that is at work, if one is.
    """

    folder: Path
    sources: Sequence[str]
    flags: Sequence[str]
    variants: Sequence[Variant]
    seeds: Sequence[int]
    children: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def run(self, tell: Callable[[str], object]) -> Iterator[None]:
        """Trains what has not been trained yet, writing the tables anew after each.

        Args:
            tell: Takes a sentence about each training.

        Yields:
            After each training, so that one can stop there.
        """
        self._check_same()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.write()
        tasks = [(v, seed) for seed in self.seeds for v in self.variants]
        for number, (variant, seed) in enumerate(tasks, 1):
            run = self._run(variant, seed)
            told = f"{number} of {len(tasks)} · {variant.name}, seed {seed}"
            if _is_finished(run):
                tell(f"{told} · finished before")
            else:
                tell(f"{told} …")
                self._train(run, variant, seed)
                if not _is_finished(run):
                    tell(f"  not finished: {self.failure(variant)}")
            self.write()
            yield

    def _check_same(self) -> None:
        """Refuses a folder whose results are of another text or of other settings."""
        path = self.folder / NAME
        if not path.exists():
            return
        try:
            before = json.loads(path.read_text("utf-8"))
            same = (before["sources"], before["flags"]) == (list(self.sources), list(self.flags))
        except (OSError, ValueError, LookupError, TypeError):
            same = False
        if not same:
            raise SettingsError(
                f"{self.folder} compares other sources or settings. Give the same as before, "
                "or choose another folder with -o."
            )

    def _run(self, variant: Variant, seed: int) -> Run:
        """The run of a variant and a seed."""
        return Run(self.folder / variant.name / f"seed-{seed}")

    def _train(self, run: Run, variant: Variant, seed: int) -> None:
        """One training in a process of its own; what it says goes into a file."""
        run.folder.parent.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "burble", "train", *self.sources, "-o", str(run.folder)]
        if run.exists:
            command += ["--resume"]
        else:
            command += [*self.flags, *flags(variant.chosen), f"--seed={seed}"]
        with (
            (run.folder.parent / f"seed-{seed}.{LOG}").open("ab") as log,
            subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            ) as child,
        ):
            self.children.append(child)
        self.children.clear()

    def results(self, variant: Variant) -> list[Result]:
        """What its finished trainings came to."""
        runs = (self._run(variant, seed) for seed in self.seeds)
        return [_result(run.folder) for run in runs if _is_finished(run)]

    def failure(self, variant: Variant) -> str:
        """The last words of a training that failed; empty where none did."""
        for seed in self.seeds:
            log = self.folder / variant.name / f"seed-{seed}.{LOG}"
            if log.exists() and not _is_finished(self._run(variant, seed)):
                lines = log.read_text("utf-8", "replace").strip().splitlines()
                return lines[-1] if lines else "it said nothing."
        return ""

    def rows(self) -> list[dict[str, Any]]:
        """The table, the best held-out score first, what failed or is missing last."""
        rows = []
        for variant in self.variants:
            found = self.results(variant)
            row: dict[str, Any] = {"settings": variant.name, "seeds": len(found)}
            scores = [r.held_out for r in found if r.held_out is not None]
            row[HELD_OUT] = mean(scores) if scores else None
            row["spread"] = max(scores) - min(scores) if len(scores) > 1 else None
            row[TRAINING] = mean(r.training for r in found) if found else None
            row["characters/s"] = round(mean(r.speed for r in found)) if found else None
            row["weights"] = found[0].weights if found else None
            rows.append(row | {"failed": self.failure(variant)})

        def order(row: Mapping[str, Any]) -> tuple[float, float]:
            held_out, training = (math.inf if row[k] is None else row[k] for k in SCORES)
            return held_out, training

        return sorted(rows, key=order)

    def write(self) -> None:
        """Writes the table as CSV and JSON, and the curves as a picture."""
        rows = self.rows()
        text = io.StringIO()
        table = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
        facts = {"sources": list(self.sources), "flags": list(self.flags), "rows": rows}
        curves = {v.name: r[0].curve for v in self.variants if (r := self.results(v))}
        picture = pictures.curves(curves, "nats per symbol, by step (first seed)")
        for name, data in (
            ("compare.csv", text.getvalue()),
            (NAME, json.dumps(facts, indent=2, ensure_ascii=False) + "\n"),
            ("compare.svg", picture),
        ):
            write_atomically(self.folder / name, data.encode())


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """The rows as a Markdown table, for a person."""
    head = ("settings", HELD_OUT, "spread", TRAINING, "characters/s", "weights", "seeds")
    lines = [" | ".join(head), " | ".join(["---"] * len(head))]
    for row in rows:
        cells = [_cell(name, row[name]) for name in head]
        lines.append(" | ".join(cells) + (f" | failed: {row['failed']}" if row["failed"] else ""))
    return "\n".join(f"| {line} |" for line in lines)


def _cell(name: str, value: Any) -> str:
    """A value as a person reads it."""
    if name == "settings" or value is None:
        return value or ""
    return f"{value:.3f}" if isinstance(value, float) else f"{value:,}"


def _is_finished(run: Run) -> bool:
    """Whether a training has come to its end."""
    try:
        return run.exists and run.facts().get("status") == "finished"
    except BurbleError:
        return False


@cache
def _result(folder: Path) -> Result:
    """What a finished training came to, which changes no more."""
    run = Run(folder)
    facts = run.facts()
    losses, scores = (
        [(m["step"], m[name]) for m in run.metrics() if m.get(name) is not None]
        for name in ("loss", "held_out_loss")
    )
    nats, done = facts["scores"].get("held_out_loss"), facts["done"]
    model = modelfile.read(folder / modelfile.NAME)
    fixed = () if model.architecture.input == "embedding" else ("embedding",)
    return Result(
        held_out=None if nats is None else nats / math.log(2),
        training=losses[-1][1] if losses else math.nan,
        speed=run.settings().training.foretold_a_step * done["steps"] / done["seconds"],
        weights=sum(array.size for name, array in model.weights.items() if name not in fixed),
        curve=scores or losses,
    )
