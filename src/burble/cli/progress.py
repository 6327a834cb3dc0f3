"""Shows training as it goes: a bar in a terminal, plain lines elsewhere. Knows nothing of Keras."""

import math
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from burble import interrupts
from burble.errors import Interrupted
from burble.formatting import some, symbol_name
from burble.runs.events import (
    BaselineLosses,
    End,
    Epoch,
    Event,
    Recovery,
    Report,
    Sample,
    Score,
    Task,
)
from burble.settings import Unit
from burble.training import processes

LINE_SECONDS = 10.0
SAMPLE_SECONDS = 20.0


def follow(
    events: Iterator[Event],
    console: Console,
    output: Path,
    again: str,
    unit: Unit,
    base: str | None = None,
) -> None:
    """Shows events until training ends.

    Args:
        events: What training yields.
        console: Where they are shown.
        output: The run folder.
        again: The command that goes on.
        unit: What a symbol is.
        base: The model that training started from, if there is one: its scores are called that.

    Raises:
        Interrupted: Training was requested to stop; names the command that goes on.
    """
    columns = BarColumn(bar_width=24), TextColumn("{task.description}", markup=False)
    bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    symbol = symbol_name(unit)
    view = _View(
        console, bar, bar.add_task("measuring the speed of this machine", total=None), symbol, base
    )
    with bar:
        for event in events:
            view.show(event)
    _close(view.end, console, output, again, symbol, base)


class _View:
    """What is on the screen."""

    def __init__(
        self, console: Console, bar: Progress, task: TaskID, symbol: str, base: str | None
    ) -> None:
        self._console, self._bar, self._task, self._symbol = console, bar, task, symbol
        self._kind = " with base" if base else ""
        self._validation = ""
        self._baselines: BaselineLosses | None = None
        self._compared = ""
        self._lined = self._sampled = self._epoch = -math.inf
        self.end: End | None = None

    def show(self, event: Event) -> None:
        """Shows one event."""
        now = time.perf_counter()
        match event:
            case BaselineLosses():
                self._baselines = event
            case Report():
                self._report(event, now)
            case Epoch() if now - self._epoch > LINE_SECONDS:
                self._epoch = now
                best = "best so far" if event.improved else "no improvement"
                loss = f"training loss {event.loss:.4f} ({best})"
                loss = "no training loss: it diverged" if math.isnan(event.loss) else loss
                self._print(f"epoch {event.number:,} · {loss}")
            case Score(loss=loss) if not math.isnan(loss):
                self._validation = f" · validation {loss:.3f}"
                best = "best so far, saved" if event.improved else "no improvement"
                line = (
                    f"step {event.state.step:,} · validation loss {loss:.4f}{self._kind} ({best})"
                )
                before, self._compared = self._compared, self._compare(loss)
                self._print(f"{line}, {self._compared}" if self._compared != before else line)
            case Sample() if now - self._sampled > SAMPLE_SECONDS:
                self._sampled = now
                self._print(f"Sample of what it writes: {event.text.strip()[:160]!r}")
            case Recovery():
                self._print(
                    f"The training loss diverged ({event.loss:.3g}) at step {event.step:,}. "
                    "Training goes on from the best weights so far, with half the learning rate."
                )
            case Task():
                self._task_goes_on(event, now)
            case End():
                self.end = event

    def _report(self, report: Report, now: float) -> None:
        """Moves the bar on, or writes a line now and then where there is none."""
        line = report.describe(self._symbol, self._validation)
        self._bar.update(self._task, completed=report.step, total=report.steps, description=line)
        if not self._console.is_terminal and now - self._lined > LINE_SECONDS:
            self._lined = now
            self._print(line)

    def _compare(self, loss: float) -> str:
        """Where a loss stands among the baselines, if they are known."""
        return self._baselines.compare(loss) if self._baselines else ""

    def _task_goes_on(self, task: Task, now: float) -> None:
        """Shows how far a task is that is no step."""
        self._bar.update(self._task, completed=task.done, total=1, description=f"{task.what} …")
        if not self._console.is_terminal and now - self._lined > LINE_SECONDS:
            self._lined = now
            self._print(f"{task.what}: {task.done:.0%} …")

    def _print(self, line: str) -> None:
        """Prints a line above the bar."""
        self._console.print(line, markup=False)


def _close(
    end: End | None, console: Console, output: Path, again: str, symbol: str, base: str | None
) -> None:
    """Prints what training came to."""
    if end is None:
        return
    if end.reason == "stopped":
        raise Interrupted(f"stopped at step {end.state.step:,}; all is saved. Go on with: {again}")
    if end.reason == "no better":
        console.print("Stopped early: the validation loss no longer improves.")
    facts = end.facts
    if "held_out_loss" in facts:
        loss = facts["held_out_loss"]
        kind = f", with base {base}" if base else ""
        console.print(
            f"Validation loss of the best model: {loss:.4f} nats per {symbol} "
            f"({loss / math.log(2):.3f} bits){kind}, on "
            f"{some(int(facts['held_out_scored']), symbol)} that it was not trained on.",
            markup=False,
        )
    if "zero_state_loss" in facts:
        console.print(
            f"Check of the hidden state: loss {facts['zero_state_loss']:.4f} from a zero state, "
            f"{facts['carried_state_loss']:.4f} from those of training (they should be close); "
            f"largest value in a state {facts['largest_state']:.1f}."
        )
    console.print(f"The model is in {output / 'model.safetensors'}.", markup=False)


def stop_on_signal() -> Callable[[], bool]:
    """Makes the first Ctrl-C or SIGTERM a request to stop after the step; a second stops at once.

    A terminal that is closed is a request to stop as well, but never at once, however often it
    says so.

    Returns:
        Whether it was requested to stop, or the process that started this one for itself is gone.
    """

    def leave(_number: int) -> None:
        # Nothing is left to clean up but the terminal.
        interrupts.print_now(interrupts.SHOW_CURSOR + b"\n" if os.isatty(2) else b"")
        os._exit(Interrupted.exit_code)

    caught = interrupts.catch(
        first=lambda _: interrupts.print_now(interrupts.STOPPING), again=leave
    )
    return lambda: bool(caught) or processes.is_orphaned()
