"""Requests to stop: real signals, sent to this process."""

import os
import signal
import threading
from typing import Any

import pytest

from burble import interrupts
from tests.support.signals import signals_restored

pytestmark = pytest.mark.skipif(os.name != "posix", reason="SIGHUP is of POSIX systems")
NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP) if os.name == "posix" else ()


def test_a_closed_terminal_stays_ignored_where_nohup_has_it_so():
    with signals_restored(*NUMBERS):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        interrupts.catch()
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        caught = interrupts.catch()
        assert not caught
        os.kill(os.getpid(), signal.SIGHUP)
        assert caught
        assert caught.signals == []


def test_the_first_request_and_those_after_it_are_acted_upon_apart():
    acted = []
    with signals_restored(*NUMBERS):
        # Under nohup it is ignored.
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        caught = interrupts.catch(
            first=lambda number: acted.append(("first", number)),
            again=lambda number: acted.append(("again", number)),
        )
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGINT):
            os.kill(os.getpid(), number)
    assert acted == [
        *(("first", signal.SIGTERM), ("again", signal.SIGINT), ("again", signal.SIGINT)),
    ]
    assert caught.signals == [signal.SIGTERM, signal.SIGINT, signal.SIGINT]
    assert caught.hung_up


def test_ctrl_c_is_noted_once_raised_twice_and_as_before_afterwards():
    with signals_restored(signal.SIGINT):
        signal.signal(signal.SIGINT, signal.default_int_handler)
        with interrupts.ctrl_c() as caught:
            os.kill(os.getpid(), signal.SIGINT)
            assert caught
            with pytest.raises(KeyboardInterrupt):
                os.kill(os.getpid(), signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_ctrl_c_is_left_alone_in_other_threads_and_where_it_is_handled():
    def elsewhere():
        with interrupts.ctrl_c():
            handlers.append(signal.getsignal(signal.SIGINT))

    handlers: list[Any] = []
    with signals_restored(signal.SIGINT):
        signal.signal(signal.SIGINT, signal.default_int_handler)
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        elsewhere()
    assert handlers == [signal.default_int_handler, signal.SIG_IGN]
