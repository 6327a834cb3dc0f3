"""Commands in a real pseudo-terminal, whose output is awaited."""

import os
import re
import select
import struct
import subprocess
import sys
from contextlib import suppress

from tests.support.processes import PATIENCE, command

WHERE = b"\x1b[6n"
"""Asks a terminal where its cursor is."""
TAKE_TERMINAL = """
import fcntl, os, sys, termios
os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execvp(sys.argv[1], sys.argv[1:])
"""
"""Runs a command in a session of its own, whose terminal is its standard input: in a process that
has no threads yet, as the one that tests run in has."""
ESCAPES = re.compile(r"\x1b\[[\d;?]*[A-Za-z]")


class Terminal:
    """A command in a pseudo-terminal.

    Args:
        arguments: Of the command line.
        columns: The width.
        kind: What `TERM` says.
        options: Of `subprocess.Popen`.
    """

    def __init__(self, *arguments, columns=80, kind="dumb", **options):
        # Not on Windows.
        import fcntl
        import pty
        import termios

        self._here, there = pty.openpty()
        # What is shown before Ctrl-C is shown, and not thrown away where nobody has read it yet.
        modes = termios.tcgetattr(there)
        modes[3] |= termios.NOFLSH
        termios.tcsetattr(there, termios.TCSANOW, modes)
        fcntl.ioctl(there, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        environment = os.environ | {"TERM": kind, "NO_COLOR": "1"}
        environment.pop("COLUMNS", None)

        self.process = subprocess.Popen(
            [sys.executable, "-c", TAKE_TERMINAL, *command(*arguments)],
            **{"stdin": there, "stdout": there, "stderr": there} | options,
            env=environment,
        )
        os.close(there)
        self._held = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait(PATIENCE)
        self.close()

    def send(self, keys):
        """Presses keys."""
        os.write(self._here, keys.encode())

    def read_until(self, end):
        """What is shown up to a text, which is taken as well; without what moves the cursor."""
        while True:
            shown = ESCAPES.sub("", self._held.decode(errors="ignore")).replace("\r", "")
            if end in shown:
                before, _, after = shown.partition(end)
                self._held = after.encode()
                return before + end
            assert select.select([self._here], [], [], PATIENCE)[0], f"{end!r} never came: {shown}"
            try:
                part = os.read(self._here, 65_536)
            except OSError:
                raise AssertionError(f"it ended before {end!r} came: {shown}") from None
            if WHERE in part:
                os.write(self._here, b"\x1b[24;1R")
            self._held += part

    def answer(self, keys, end="> "):
        """Presses keys and Enter; returns what is shown after them, up to a text."""
        self.send(keys + "\r")
        self.read_until("\n")
        return self.read_until(end).removesuffix(end)

    def close(self):
        """Closes the terminal, as a person does a window."""
        with suppress(OSError):
            os.close(self._here)

    def wait(self):
        """The exit code, once the command has ended."""
        return self.process.wait(PATIENCE)
