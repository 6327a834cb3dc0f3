"""Handlers of signals as they were before a test."""

import signal
from contextlib import contextmanager


@contextmanager
def signals_restored(*numbers):
    before = {number: signal.getsignal(number) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
