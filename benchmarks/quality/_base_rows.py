"""The measurements of the benchmark of bases, one function a row. Knows nothing of tables kept.

Every training, score and text is that of a `burble` command in a process of its own, as a person
would give it.
"""

import datetime
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from benchmarks.harness import read_facts, shorten, train
from burble.data.words import find_words, is_inside
from burble.errors import ModelFileError
from burble.evaluation.overlap import find_overlaps
from burble.model.file import find_model_file
from burble.training.processes import burble_command

TEXTS = Path(__file__).parents[1] / "texts"
KINDS = ("verse", "recipes", "letters", "technical", "diary")
SYMBOLS = 20_000
"""What is taken of *Alice in Wonderland* for a small text: 18,000 to learn from, 2,000 to score."""
TARGET = 1.252
"""Nats per character of Wonderland's last tenth from nothing, default settings, five minutes."""
ATTEMPTS = (0.2, 0.3, 0.4, 0.6, 1.0)
"""Minutes that are given in turn until `TARGET` is reached."""
EVERY = 10
"""One file of so many of the left-out authors is scored; all would take twenty minutes."""
HELD_OUT = 0.1
"""Fraction of a text that is scored, as a training's default is."""
COUNT, LENGTH = 10, 2_000
"""Texts that are written, and the characters of each."""
NONE, AT_ONCE = "none", "memory"
SECONDS = "seconds.json"
"""In a run's folder: the base, whether it was quick, and how long the command took."""
PERSON = "a person"

Figures = list[dict[str, object]]


@dataclass(frozen=True)
class Asked:
    """What is measured, and with what.

    Attributes:
        base: A base's name or a model file.
        data: The folder of `wonderland.txt` and `tinyshakespeare.txt`.
        runs: Where the trainings go.
        left_out: The folder of texts by authors that the base has not read, if there is one.
        words: Lists of words, one a line.
        quick: 20 steps are enough.
    """

    base: str
    data: Path
    runs: Path
    left_out: Path | None
    words: Sequence[Path]
    quick: bool

    def describe_base(self) -> str:
        """The base's name with the beginning of its file's SHA-256; empty if there is none."""
        try:
            file = find_model_file(Path(self.base))
        except ModelFileError:
            return ""
        return f"{Path(self.base).stem} {hashlib.sha256(file.read_bytes()).hexdigest()[:8]}"

    def describe_start(self, start: str) -> str:
        """How a start is named in the table of record."""
        base = self.describe_base()
        return {NONE: NONE, AT_ONCE: f"{base}, at once"}.get(start, base)

    def is_missing(self, name: str, start: str) -> str:
        """What a row lacks here; empty if nothing."""
        if start != NONE and not self.describe_base():
            return f"a base, and there is no {self.base}"
        if name == "alone" and self.left_out is None:
            return "--left-out FOLDER, the validation part of bases/prepare.py's text"
        if name == "writing" and not self.words:
            return "--words FILE, a list of words"
        texts = {"shakespeare": "tinyshakespeare.txt"} | dict.fromkeys(KINDS, "")
        text = self.data / texts.get(name, "wonderland.txt")
        return "" if name == "alone" or text.exists() else str(text)


class Cell(NamedTuple):
    """A row of the table and a start: `base`, `none`, or `memory`, which is the untrained base."""

    row: str
    start: str

    def figure(self, of: str, value: float | None, **more: object) -> dict[str, object]:
        """One figure, with the load of the machine."""
        load = {"load": round(os.getloadavg()[0], 1)} if hasattr(os, "getloadavg") else {}
        rounded = None if value is None else round(value, 4)
        today = datetime.date.today().isoformat()
        return {"row": self.row, "of": of, "figure": rounded, **more, "date": today, **load}

    def score(self, run: Path, seconds: float, of: str = "nats") -> dict[str, object]:
        """The static score of a training's validation part."""
        facts = read_facts(run)
        loss, steps = facts["scores"]["held_out_loss"], facts["done"]["steps"]
        return self.figure(of, loss, steps=steps, seconds=round(seconds))


class Row(NamedTuple):
    """A row: its title, how it is measured, from which starts, and about how many minutes each."""

    title: str
    measure: Callable[[Asked, Cell], Figures]
    starts: tuple[str, ...]
    minutes: float


def ask(*arguments: object) -> str:
    """What `burble ARGUMENTS` prints."""
    command = burble_command(*map(str, arguments))
    done = subprocess.run(command, capture_output=True, check=False, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    return done.stdout


def learn(asked: Asked, text: Path, start: str, minutes: float, *flags: str) -> tuple[Path, float]:
    """Trains on a text from a start.

    Returns:
        The run's folder, and seconds from the command to its end.
    """
    run = asked.runs / f"{text.parent.name}-{text.stem}-{start}-{minutes:g}"
    # A first training: nothing that was compiled before helps.
    cache = Path(f"{run}-cache")
    for folder in (run, cache):
        shutil.rmtree(folder, ignore_errors=True)
    base = NONE if start == NONE else asked.base
    limit = "--steps=20" if asked.quick else f"--minutes={minutes:g}"
    seconds = train(text, run, limit, f"--base={base}", *flags, XDG_CACHE_HOME=str(cache))
    (run / SECONDS).write_text(json.dumps([asked.describe_start(start), asked.quick, seconds]))
    return run, seconds


def learn_beginning(asked: Asked, start: str, *, reuse: bool = False) -> tuple[Path, float]:
    """Trains on the beginning of *Alice in Wonderland*, or takes the run that did."""
    kept = asked.runs / f"first20k-wonderland-{start}-2" / SECONDS
    if reuse and kept.exists():
        base, quick, seconds = json.loads(kept.read_text())
        if (base, quick) == (asked.describe_start(start), asked.quick):
            return kept.parent, seconds
    return learn(asked, take_beginning(asked), start, 2, "--lowercase")


def take_beginning(asked: Asked) -> Path:
    """A file of the beginning of *Alice in Wonderland*."""
    folder = asked.runs / "first20k"
    folder.mkdir(parents=True, exist_ok=True)
    return shorten(asked.data / "wonderland.txt", folder, SYMBOLS)


def read_clean(asked: Asked, text: Path, flags: Sequence[str]) -> str:
    """A text as burble reads it."""
    clean = asked.runs / "clean.txt"
    ask("corpus", text, *flags, "-o", clean, "--overwrite")
    return clean.read_text("utf-8")


def measure_alone(asked: Asked, cell: Cell) -> Figures:
    """The base, which learns nothing more, on authors it has not read."""
    files = sorted((asked.left_out or Path()).glob("*.txt"))[::EVERY]
    if asked.quick:
        files = [shorten(files[0], asked.runs, 5_000)]
    report = json.loads(ask("eval", asked.base, *files, "--json"))
    return [cell.figure("nats", report["nats"], characters=report["characters"])]


def measure_long(asked: Asked, cell: Cell) -> Figures:
    """A text of some length in five minutes: static, and adaptive with its memory."""
    wonderland = cell.row == "wonderland"
    text = asked.data / ("wonderland.txt" if wonderland else "tinyshakespeare.txt")
    run, seconds = learn(asked, text, cell.start, 5, *(["--lowercase"] if wonderland else []))
    found = [cell.score(run, seconds)]
    if wonderland:
        report = json.loads(ask("eval", run, text, "--adaptive", "--memory=1", "--json"))
        for of, key in (
            ("nats, adaptive", "adaptive"),
            ("nats, with memory", "with_memory"),
            ("nats, adaptive with memory", "with_memory_adaptive"),
        ):
            found.append(cell.figure(of, report[key]["nats"]))
    return found


def measure_short(asked: Asked, cell: Cell) -> Figures:
    """A small text in two minutes; or at once, by a memory of it, with no training."""
    if cell.start == AT_ONCE:
        return [measure_at_once(asked, cell)]
    if cell.row in KINDS:
        return [cell.score(*learn(asked, TEXTS / f"{cell.row}.txt", cell.start, 2))]
    return [cell.score(*learn_beginning(asked, cell.start))]


def measure_at_once(asked: Asked, cell: Cell) -> dict[str, object]:
    """The base and a memory of what a training would learn from, on what it would be scored on."""
    kind = TEXTS / f"{cell.row}.txt" if cell.row in KINDS else None
    text = read_clean(asked, kind or take_beginning(asked), [] if kind else ["--lowercase"])
    cut = len(text) - int(len(text) * HELD_OUT)
    learned, tail = asked.runs / "learned.txt", asked.runs / "tail.txt"
    learned.write_text(text[:cut], "utf-8")
    tail.write_text(text[cut:], "utf-8")
    report = json.loads(ask("eval", asked.base, tail, "--memory", learned, "--json"))
    return cell.figure("nats", report["nats"], characters=report["characters"])


def measure_time(asked: Asked, cell: Cell) -> Figures:
    """Minutes of the command that is the first of some to end with Wonderland's usual score."""
    found: Figures = []
    text, reached = asked.data / "wonderland.txt", None
    for minutes in ATTEMPTS[:1] if asked.quick else ATTEMPTS:
        run, seconds = learn(asked, text, cell.start, minutes, "--lowercase")
        found.append(cell.score(run, seconds, f"nats after --minutes {minutes:g}"))
        if read_facts(run)["scores"]["held_out_loss"] <= TARGET:
            reached = seconds / 60
            break
    return [cell.figure(f"minutes to {TARGET}", reached), *found]


def measure_writing(asked: Asked, cell: Cell) -> Figures:
    """What is written from a small text: real words, and what is copied from it."""
    run, _ = learn_beginning(asked, cell.start, reuse=True)
    lines = ask("sample", run, f"-n{COUNT}", f"-l{LENGTH}", "--seed=0", "--jsonl").splitlines()
    samples = [json.loads(line)["text"] for line in lines]
    book = read_clean(asked, asked.data / "wonderland.txt", ["--lowercase"])
    held = read_facts(run)["corpus"]
    learned, tail = book[: held["symbols"] - held["held_out"]], held["symbols"]
    rest = book[len(learned) :]
    groups = {
        (cell.start, ""): samples,
        (PERSON, ""): [book[len(learned) : tail]],
        (PERSON, ", the rest of the book"): [
            rest[i : i + LENGTH] for i in range(0, len(rest), LENGTH)
        ],
    }
    known = read_words(asked.words) | set(find_words(learned))
    overlaps = find_overlaps(list(groups.values()), [learned])
    found: Figures = []
    for ((whose, more), texts), overlap in zip(groups.items(), overlaps, strict=True):
        author = {"from": PERSON} if whose == PERSON else {}
        for of, value in (
            ("share of real words", count_real(texts, known)),
            ("share in copies of 30 characters or more", overlap.inside_30),
            ("longest copy, in characters", overlap.longest),
        ):
            found.append(cell.figure(of + more, value) | author)
    return found


def read_words(files: Iterable[Path]) -> set[str]:
    """The words of some lists, in lower case."""
    return {word for file in files for word in find_words(file.read_text("utf-8"))}


def count_real(texts: Sequence[str], known: Set[str]) -> float:
    """The fraction of the words of some texts that are known; what an end cuts off counts not."""
    words: list[str] = []
    for text in texts:
        end = len(text)
        while end and is_inside(text[end - 1]):
            end -= 1
        words += (word.replace("’", "'") for word in find_words(text[:end]))
    return sum(word in known for word in words) / len(words)


SMALL = (NONE, AT_ONCE, "base")
ROWS = {
    "alone": Row("authors it has not read, nothing learned", measure_alone, ("base",), 2),
    "wonderland": Row("*Alice*, lower case, 5 minutes", measure_long, ("base",), 6.5),
    "first20k": Row("its first 20,000 characters, 2 minutes", measure_short, SMALL, 1.5),
    **{kind: Row(f"{kind}, 2 minutes", measure_short, SMALL, 1.5) for kind in KINDS},
    "time": Row("*Alice*, lower case", measure_time, ("base",), 1),
    "shakespeare": Row("*tiny Shakespeare*, 5 minutes", measure_long, ("base",), 5.5),
    "writing": Row("written from the 20,000 characters", measure_writing, (NONE, "base"), 0.5),
}
