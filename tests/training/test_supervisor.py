"""Whoever watches over processes of one machine: what it passes on, what it makes of ends."""

import os
import signal
import subprocess

import pytest

from burble.training import processes, supervisor
from tests.support.processes import PATIENCE
from tests.support.signals import HANGS_UP, signals_restored

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and sessions of POSIX systems")


@HANGS_UP
def test_whoever_watches_over_several_processes_tells_them_that_the_terminal_is_closed():
    with (
        signals_restored(signal.SIGHUP, signal.SIGINT, signal.SIGTERM),
        subprocess.Popen(["sleep", str(PATIENCE)], start_new_session=True) as child,
    ):
        caught = supervisor._forward([child])
        os.kill(os.getpid(), signal.SIGHUP)
        assert child.wait(PATIENCE) == -signal.SIGHUP
        # It comes several times, and is no second request.
        assert caught.signals == []


def test_processes_that_did_their_part_unheard_have_not_failed(tmp_path):
    peers = processes.peers_to_start(2, None, None, None, {})
    assert supervisor._exit_code(peers, [(1, 0), (0, 74)], tmp_path, "again") == 74
    assert supervisor._exit_code(peers, [(1, 74), (0, 2)], tmp_path, "again") == 2
