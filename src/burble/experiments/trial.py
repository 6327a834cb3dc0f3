"""A trial: a training in a process and a folder of its own, so that its failure costs no other.

Knows nothing of what it is compared with.
"""

import math
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from burble import files
from burble.data import outputs, sources
from burble.errors import BurbleError, InputError
from burble.formatting import per_character, shown
from burble.model.file import MODEL_NAME, read_model
from burble.runs.folder import Run, curve
from burble.training.processes import STARTER, burble_command


@dataclass(frozen=True)
class Result:
    """What one training came to; a grapheme counts as a character.

    Attributes:
        validation: Bits per character on the validation text; None where there is none.
        training: The last mean training loss, nats per character, dropout on.
        speed: Characters predicted a second in training, its scores and samples included.
        weights: Parameters that were learned.
        base: The model it started from, by name; None where it began from nothing.
        curve: Validation losses on the way, by step; training losses where there are none.
    """

    validation: float | None
    training: float
    speed: float
    weights: int
    base: str | None
    curve: Sequence[tuple[float, float]]


@dataclass
class Work:
    """The training that is running, and whether to stop."""

    child: subprocess.Popen[bytes] | None = None
    stopped: bool = False

    def start(self, child: subprocess.Popen[bytes]) -> None:
        """Notes the process that is running now; stops it if it comes too late."""
        self.child = child
        if self.stopped:
            child.terminate()

    def stop(self, *, delivered: bool) -> None:
        """Stops the training that is running, which saves itself, and whatever would come after.

        Args:
            delivered: Whether the training got the signal itself, as with Ctrl-C in a terminal.
        """
        self.stopped = True
        if self.child and not delivered:
            self.child.terminate()


@contextmanager
def alone_in(folder: Path, mark: str) -> Iterator[None]:
    """Makes a folder and keeps other comparisons and searches out of it.

    Args:
        folder: The folder.
        mark: The file by which such a folder is known.

    Raises:
        InputError: It holds other files.
        RunError: Another one is at work in it.
        StorageError: It cannot be made.
    """
    outputs.check_folder(folder, mark)
    with files.lock_folder(folder, "another comparison or search"):
        yield


def check_sources(source: Sequence[str], recipe: str | None, output: Path) -> None:
    """Refuses what cannot be read again for each training, or could be written over.

    Raises:
        InputError: A source or the recipe is such a thing.
    """
    if "-" in source:
        raise InputError("standard input can be read only once; save the text to a file.")
    for path in sources.find_named_files([*source, recipe or ""]):
        if path.resolve().parent == output.resolve():
            raise InputError(
                f"{shown(path)} is read and lies in {shown(output)}, where all is written anew. "
                "Copy it to another place, or choose another folder with -o."
            )


@dataclass(frozen=True)
class Trial:
    """One training, in its own process and run folder; what it prints is kept beside that."""

    folder: Path

    @property
    def log(self) -> Path:
        """The file of what it printed."""
        return self.folder.with_name(f"{self.folder.name}.log.txt")

    @property
    def is_finished(self) -> bool:
        """Whether it has come to its end."""
        run = Run(self.folder)
        try:
            return run.exists and run.facts().get("status") == "finished"
        except BurbleError:
            return False

    def train(
        self,
        sources: Sequence[str],
        flags: Sequence[str],
        work: Work,
        is_over: Callable[[], bool] = lambda: False,
    ) -> None:
        """Trains, or goes on with what was begun, until it ends in whatever way.

        It begins from nothing unless a base is among the flags: what is compared are settings, and
        a base has some of them already.

        Args:
            sources: What to train on, and how it is read, as on the command line.
            flags: Settings and a base, for a training that is new.
            work: Holds the process while it is at work, and may stop it.
            is_over: Called whenever the training has printed a line; true ends it at once.
        """
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        options = ["--resume"] if Run(self.folder).exists else ["--base=none", *flags]
        with (
            # Without a buffer, that what cannot be written is lost, and nothing after it.
            self.log.open("ab", buffering=0) as log,
            subprocess.Popen(
                burble_command("train", *sources, "-o", str(self.folder), *options),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=os.environ | {STARTER: str(os.getpid())},
            ) as child,
        ):
            work.start(child)
            for line in child.stdout or ():
                with suppress(OSError):
                    log.write(line)
                if is_over():
                    child.kill()
        work.child = None

    def scores(self) -> list[tuple[float, float]]:
        """The validation losses so far, in nats, each with the fraction of the steps before it."""
        run = Run(self.folder)
        if not run.exists:
            return []
        steps = run.settings().training.steps
        found = curve(run.metrics(), "held_out_loss") if steps else ()
        return [(step / steps, float(loss)) for step, loss in found]

    def result(self) -> Result:
        """What a finished one came to."""
        run = Run(self.folder)
        facts = run.facts()
        losses, scores = (curve(run.metrics(), name) for name in ("loss", "held_out_loss"))
        nats, done = facts["scores"].get("held_out_loss"), facts["done"]
        # So that words, bytes and characters compare.
        ratio = per_character(1.0, facts["corpus"])
        predicted = run.settings().training.predicted_a_step * done["steps"]
        model = read_model(self.folder / MODEL_NAME)
        fixed = () if model.architecture.input == "embedding" else ("embedding",)
        return Result(
            validation=None if nats is None else nats * ratio / math.log(2),
            training=losses[-1][1] * ratio if losses else math.nan,
            speed=predicted / ratio / done["seconds"],
            weights=sum(array.size for name, array in model.weights.items() if name not in fixed),
            base=model.base,
            curve=[(step, loss * ratio) for step, loss in scores or losses],
        )

    def failure(self) -> str:
        """The last line of one that failed; empty where it did not."""
        if self.is_finished or not self.log.exists():
            return ""
        lines = self.log.read_text("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else "it printed nothing."

    def remove(self) -> None:
        """Removes the run folder, and keeps what the training printed."""
        shutil.rmtree(self.folder, ignore_errors=True)
