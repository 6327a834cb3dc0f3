"""Handlers of signals as they were before a test."""

import os
import signal
from contextlib import contextmanager

import pytest

HANGS_UP = pytest.mark.skipif(
    os.name != "posix" or signal.getsignal(signal.SIGHUP) is signal.SIG_IGN,
    reason="SIGHUP is of POSIX systems, and ignored under nohup by children, too",
)


@contextmanager
def signals_restored(*numbers):
    before = {number: signal.getsignal(number) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
