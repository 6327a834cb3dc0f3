"""Standard output and standard error, which may be closed, full or broken. Knows no command.

Messages go to standard error, and are dropped from where they can be written no more. What a
command is there to write goes to standard output; where that fails the command ends, with a
sentence, or in silence where whoever reads has had enough, as `head` does.
"""

import errno
import io
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from rich.console import Console

from burble.errors import BurbleError, OutputError
from burble.settings import STORED

console = Console(stderr=True, emoji=False, highlight=False, soft_wrap=True)
log = partial(console.print, markup=False)
"""Prints a message as it stands."""


def with_both_names(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Facts for JSON by the names of today, and beside them by those of the first version.

    >>> with_both_names({"test": 0, "held_out_loss": 1.5})
    {'test': 0, 'left_out': 0, 'validation_loss': 1.5, 'held_out_loss': 1.5}
    """
    found: dict[str, Any] = {}
    for key, value in facts.items():
        for name, older in STORED.items():
            if f"{key}_".startswith((f"{name}_", f"{older}_")):
                rest = key.removeprefix(name).removeprefix(older)
                found |= {name + rest: value, older + rest: value}
                break
        else:
            found[key] = value
    return found


class ReaderGone(BurbleError):
    """Whoever read standard output has gone."""

    exit_code = 0


def open_closed_streams() -> None:
    """Puts something in the place of standard streams that are closed.

    The next file to be opened would have their number otherwise, and be written into by whoever
    writes a message. Writing to what stands for a closed standard output fails.
    """
    for number, mode in enumerate((os.O_RDONLY, os.O_RDONLY, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, mode), True)
    if sys.stdin is None:
        sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)


def replace_streams() -> None:
    """Replaces standard output and standard error by streams that fail as this module says."""
    for name, usual, kind in (("stdout", 1, _StandardOutput), ("stderr", 2, _StandardError)):
        stream = getattr(sys, name)
        # One that stands for another place, as in a notebook, stays.
        with suppress(io.UnsupportedOperation, AttributeError):
            setattr(sys, name, kind(usual if stream is None else stream.fileno()))


def has_lost_messages() -> bool:
    """Whether messages could not be written."""
    return isinstance(sys.stderr, _StandardError) and sys.stderr.lost


class _Stream(io.TextIOWrapper):
    """Text to a file descriptor that stays open."""

    def __init__(self, number: int, *, by_line: bool) -> None:
        raw = io.BufferedWriter(io.FileIO(number, "w", closefd=False))
        super().__init__(raw, encoding="utf-8", errors="replace", line_buffering=by_line)

    def write(self, text: str) -> int:
        """Writes text."""
        try:
            return super().write(text)
        except OSError as error:
            self._fail(error)
        return len(text)

    def flush(self) -> None:
        """Writes what is held back."""
        try:
            super().flush()
        except OSError as error:
            self._fail(error)

    def _fail(self, error: OSError) -> None:
        """Lets nothing fail from here on: what is held back would be tried again and again."""
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, self.fileno())
        os.close(null)
        self._handle(error)

    def _handle(self, error: OSError) -> None:
        """What follows from a failure."""
        raise NotImplementedError


class _StandardError(_Stream):
    """Standard error, or what is left of it."""

    def __init__(self, number: int) -> None:
        super().__init__(number, by_line=True)
        self.lost = False

    def _handle(self, _error: OSError) -> None:
        """Goes on without."""
        self.lost = True


class _StandardOutput(_Stream):
    """Standard output."""

    def __init__(self, number: int) -> None:
        super().__init__(number, by_line=os.isatty(number))

    def _handle(self, error: OSError) -> None:
        """Ends the command."""
        if isinstance(error, BrokenPipeError):
            raise ReaderGone from error
        why = "it is closed" if error.errno == errno.EBADF else error.strerror
        raise OutputError(
            f"standard output cannot be written: {why}. What was to come there is lost, and "
            "nothing else."
        ) from error
