"""Requests to stop that come as signals: one handler, whatever it is that stops.

Ctrl-C (SIGINT) and SIGTERM request to stop; a second request can be acted upon otherwise. A
terminal that is closed sends SIGHUP, once or several times, often beside another signal.
Knows nothing of training.
"""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

Action = Callable[[int], object]
STOPPING = b"\nStopping after this step; press Ctrl-C again to stop at once.\n"
SHOW_CURSOR = b"\x1b[?25h"
"""What a terminal needs if a progress bar has hidden its cursor and cannot show it any more."""


class Interrupts:
    """Requests to stop that have come so far; true once there is one.

    Attributes:
        signals: Numbers of SIGINT and SIGTERM, in the order in which they came.
        hung_up: Whether the terminal was closed.
    """

    def __init__(self) -> None:
        self.signals: list[int] = []
        self.hung_up = False

    def __bool__(self) -> bool:
        """Whether there is a request to stop."""
        return bool(self.signals) or self.hung_up


def _do_nothing(_number: int) -> None:
    """What is done about a signal that is only noted."""


def catch(
    first: Action = _do_nothing, again: Action = _do_nothing, hangup: Action = _do_nothing
) -> Interrupts:
    """Takes SIGINT, SIGTERM and SIGHUP from now on; SIGHUP not where `nohup` has it ignored.

    Args:
        first: Acts on the first SIGINT or SIGTERM, given its number.
        again: Acts on each one after it.
        hangup: Acts on every SIGHUP.

    Returns:
        What has come, kept up to date.
    """
    caught = Interrupts()

    def close(number: int, _frame: FrameType | None) -> None:
        caught.hung_up = True
        hangup(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _note(caught, first, again))
    closed = getattr(signal, "SIGHUP", None)
    if closed is not None and signal.getsignal(closed) != signal.SIG_IGN:
        signal.signal(closed, close)
    return caught


def _note(
    caught: Interrupts, first: Action, again: Action
) -> Callable[[int, FrameType | None], None]:
    """A handler that notes a signal before it acts on it."""

    def handle(number: int, _frame: FrameType | None) -> None:
        caught.signals.append(number)
        (first if len(caught.signals) == 1 else again)(number)

    return handle


@contextmanager
def ctrl_c() -> Iterator[Interrupts]:
    """Notes the first Ctrl-C, so that a step can be finished; a second raises KeyboardInterrupt.

    Where Ctrl-C is handled otherwise, or this is not the main thread, nothing changes.
    """
    caught = Interrupts()

    def interrupt(_number: int) -> None:
        raise KeyboardInterrupt

    here = threading.current_thread() is threading.main_thread()
    if not here or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield caught
        return
    signal.signal(signal.SIGINT, _note(caught, _do_nothing, interrupt))
    try:
        yield caught
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def print_now(message: bytes) -> None:
    """Writes to standard error past all buffers, as a signal's handler may."""
    with suppress(OSError):
        os.write(2, message)
