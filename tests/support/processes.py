"""Real processes of the command line, which are interrupted and killed for real."""

import subprocess
import sys
import time

# Seconds after which a test fails for a process that has not ended: a busy machine takes long.
PATIENCE = 600

PAUSE = """
import sys
from burble.training.trainer import Trainer

def step(self, groups, number, rate):
    if number == {pause}:
        print("\\npaused", file=sys.stderr, flush=True)
        sys.stdin.read()
    return take(self, groups, number, rate)

take, Trainer._step = Trainer._step, step
"""


def command(*arguments, first=""):
    """The installed command, without the Python files of the current folder.

    Args:
        arguments: Of the command line.
        first: Code that is run before it.
    """
    code = f"{first}\nfrom burble.cli.app import main; main()"
    return [sys.executable, "-P", "-c", code, *map(str, arguments)]


def start(*arguments, pause=None, **options):
    """Starts a command.

    Args:
        arguments: Of the command line.
        pause: The step before which its training waits until its standard input is closed. So
            it is not over before it is interrupted, however busy the machine.
        options: Of `subprocess.Popen`.

    Returns:
        The process; its messages can be read.
    """
    options = {"stderr": subprocess.PIPE, "text": True} | options
    if pause is None:
        return subprocess.Popen(command(*arguments), **options)
    pausing = command(*arguments, first=PAUSE.format(pause=pause))
    return subprocess.Popen(pausing, stdin=subprocess.PIPE, **options)


def interrupt(process, *signals):
    """Sends signals to a process that pauses, and lets it go on.

    Returns:
        What it says until it ends, whose exit code is then known.
    """
    for number in signals:
        process.send_signal(number)
    process.stdin.close()
    said = process.stderr.read()
    process.wait(PATIENCE)
    return said


def wait_for_pause(process):
    """Returns once the training of a process waits."""
    for line in process.stderr:
        if line == "paused\n":
            return
    raise AssertionError("training ended before it paused")


def wait_for(path, process):
    """Returns once a file is there; fails if the process that should make it ends first."""
    while not path.exists():
        assert process.poll() is None, f"{path} was never made"
        time.sleep(0.01)
