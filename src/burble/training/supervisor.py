"""One process watches over those of this machine that train together. Knows nothing of JAX.

What a person starts only watches; each process that trains is a child of it. A child that is
killed cannot report it, and one that waits for it might wait for ever: the watcher reports which
it was, and ends the others. A child ends when the watcher is gone.
"""

import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict, replace
from pathlib import Path

from burble import interrupts
from burble.errors import (
    BurbleError,
    Interrupted,
    LostError,
    OutputError,
    PeerError,
    SettingsError,
)
from burble.interrupts import Interrupts
from burble.training.processes import PEER, STARTER, Peer, burble_command

DONE = (0, OutputError.exit_code)
"""Exit codes of a process that has done its part, whether or not its messages could be written."""
GRACE = 10.0
"""Seconds that others have to end by themselves once one has failed."""
SILENT = -1_000
LAST_WORDS = 5
CRASHES = (signal.SIGABRT, signal.SIGSEGV, signal.SIGILL, signal.SIGFPE)


def settle(peer: Peer) -> None:
    """Readies this process to train among others.

    What libraries write to the outputs, past Python, goes to the log: with several processes it
    would bury the messages. When the watcher is gone, this process ends.
    """
    log = os.open(peer.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for number, name in ((1, "stdout"), (2, "stderr")):
        stream = os.fdopen(os.dup(number), "w", buffering=1, encoding="utf-8", errors="replace")
        setattr(sys, name, stream)
        os.dup2(log, number)
    os.close(log)

    def hold() -> None:
        os.read(peer.lifeline, 1)
        os._exit(LostError.exit_code)

    threading.Thread(target=hold, daemon=True).start()


def leave(code: int) -> None:
    """Ends this process at once, since others would be waited for otherwise."""
    with suppress(OSError, BurbleError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


def watch(peers: Sequence[Peer], arguments: Sequence[str], again: str) -> int:
    """Starts processes, and waits until all have ended.

    Returns:
        The exit code of what they did together.

    Raises:
        PeerError: One of them was killed, or those on other machines cannot be reached.
        Interrupted: The person requested to stop before there was anything to save.
    """
    if sys.platform == "win32":
        raise SettingsError(
            "several processes on Windows have not been tried. Leave out --processes: one uses "
            "all cores."
        )
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        lifeline, held = os.pipe()
        stack.callback(os.close, held)
        text = folder / "stdin"
        if "-" in arguments:
            with text.open("wb") as file:
                shutil.copyfileobj(sys.stdin.buffer, file)
        children = []
        for peer in peers:
            log = folder / f"process-{peer.process_id}"
            watched = replace(peer, log=str(log), lifeline=lifeline)
            children.append(_start(watched, arguments, text))
            stack.callback(children[-1].kill)
        os.close(lifeline)
        caught = _forward(children)
        ended = _wait(children)
        if os.isatty(2):
            # The bar hides the cursor, and the process that showed it may have been killed.
            interrupts.print_now(interrupts.SHOW_CURSOR)
        if len(caught.signals) > 1:
            return Interrupted.exit_code
        if caught.signals and any(code == -signal.SIGTERM for _, code in ended):
            raise Interrupted("stopped before the first step; nothing was trained.")
        return _exit_code(peers, ended, folder, again)


def _start(peer: Peer, arguments: Sequence[str], text: Path) -> subprocess.Popen[bytes]:
    """Starts one process, out of reach of the terminal's signals, with a standard input its own."""
    width = str(shutil.get_terminal_size().columns)
    with text.open("rb") if text.exists() else open(os.devnull, "rb") as source:
        return subprocess.Popen(
            burble_command(*arguments),
            stdin=source,
            env=os.environ
            | {PEER: json.dumps(asdict(peer)), STARTER: str(os.getpid()), "COLUMNS": width},
            start_new_session=True,
            pass_fds=(peer.lifeline,),
        )


def _forward(children: Sequence[subprocess.Popen[bytes]]) -> Interrupts:
    """Passes Ctrl-C and SIGTERM on as a request to stop, the second time as an end at once.

    That the terminal was closed is passed on as it is.
    """

    def send(number: int) -> None:
        for child in children:
            child.send_signal(number)

    def stop(_number: int) -> None:
        send(signal.SIGTERM)
        interrupts.print_now(interrupts.STOPPING)

    return interrupts.catch(stop, again=lambda _: send(signal.SIGKILL), hangup=send)


def _wait(children: Sequence[subprocess.Popen[bytes]]) -> list[tuple[int, int]]:
    """Place and exit code of each child, in the order in which they end.

    Once one has failed, the others soon fail as well; those that do not are ended, and count as
    `SILENT`.
    """
    ends: queue.SimpleQueue[tuple[int, int]] = queue.SimpleQueue()

    def report(place: int, child: subprocess.Popen[bytes]) -> None:
        ends.put((place, child.wait()))

    for place, child in enumerate(children):
        threading.Thread(target=report, args=(place, child), daemon=True).start()
    ended: list[tuple[int, int]] = []
    left: float | None = None
    silent = False
    while len(ended) < len(children):
        try:
            place, code = ends.get(timeout=left)
            ended.append((place, SILENT if silent else code))
        except queue.Empty:
            silent = True
            for child in children:
                child.kill()
        if any(code not in DONE for _, code in ended):
            left = GRACE
    return ended


def _exit_code(
    peers: Sequence[Peer], ended: Sequence[tuple[int, int]], folder: Path, again: str
) -> int:
    """The exit code of all, from the first that failed by itself; see `watch`."""
    failed = [(peers[place], code) for place, code in ended if code not in DONE]
    if not failed:
        return max(code for _, code in ended)
    advice = f"Nothing that was saved is lost. Go on with: {again}"
    for peer, code in failed:
        log = folder / f"process-{peer.process_id}"
        logged = log.read_text("utf-8", "replace") if log.exists() else ""
        # JAX (0.10) ends a process that misses another one in its own, loud way.
        missing = code == -signal.SIGABRT and "JAX distributed service" in logged
        if missing or code == LostError.exit_code:
            continue
        if code > 0:
            # It has reported why.
            return code
        how = "did not answer" if code == SILENT else f"was ended by {signal.Signals(-code).name}"
        last = " / ".join(logged.splitlines()[-LAST_WORDS:])
        quoted = f" Its last words: {last}" if last and -code in CRASHES else ""
        raise PeerError(
            f"process {peer.process_id} of {peer.num_processes} {how}, so all have stopped. "
            f"{advice}{quoted}"
        )
    raise PeerError(
        "another process of this training has ended or cannot be reached any more, so this one "
        f"has stopped as well. {advice}"
    )
