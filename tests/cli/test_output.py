"""Standard output that are closed, full or broken: real processes, started as a shell does."""

import os
import shlex
import signal
import subprocess
import sys

import pytest

from burble.cli import app
from burble.experiments import trial as experiments_trial
from tests.support.processes import PATIENCE, command

pytestmark = pytest.mark.skipif(os.name != "posix", reason="as POSIX shells close and redirect")

BURBLE = shlex.join(command()) + " "
FULL = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a device that is always full")


def shell(command, **options):
    return subprocess.run(command, shell=True, capture_output=True, check=False, **options)


@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        ("recipes >&-", 74, "burble: standard output cannot be written: it is closed."),
        pytest.param("info {run} > /dev/full", 74, "No space left on device.", marks=FULL),
        pytest.param("info {run} 2> /dev/full", 0, "", marks=FULL),
        pytest.param("sample {run} -l 9 2> /dev/full", 74, "", marks=FULL),
        ("sample {run} -l 9 2>&-", 0, ""),
        ("info {run} <&- >&- 2>&-", 74, ""),
        ("corpus - <&-", 2, "burble: there is no text to read."),
    ],
)
def test_what_cannot_be_written_ends_in_a_code_and_no_traceback(trained, given, code, said):
    done = shell(BURBLE + given.format(run=trained))
    assert done.returncode == code, done.stderr.decode()
    assert said in done.stderr.decode()
    assert b"Traceback" not in done.stderr
    assert b"Exception ignored" not in done.stderr
    if given.startswith("sample"):
        assert len(done.stdout.decode()) == 10


@pytest.mark.parametrize("given", ["recipes tutorial-small", "sample {run} --endless", "--help"])
def test_a_reader_that_has_had_enough_is_no_failure(trained, given):
    asked = f"{BURBLE} {given.format(run=trained)}"
    with subprocess.Popen(
        asked, shell=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdout.read(1)
        process.stdout.close()
        assert process.wait(PATIENCE) == 0
        assert b"Exception ignored" not in process.stderr.read()


def test_too_little_memory_is_known_from_a_fault():
    with pytest.raises(MemoryError) as caught:
        bytearray(1 << 62)
    assert app.lacks_memory(caught.value)
    assert app.lacks_memory(RuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating 9 bytes."))
    assert not app.lacks_memory(RuntimeError("out of range"))


def test_a_log_that_cannot_be_written_costs_no_training(tmp_path, monkeypatch):
    said = tmp_path / "said"
    code = f"print('a' * 99, flush=True); open({str(said)!r}, 'w').close()"
    monkeypatch.setattr(
        experiments_trial, "burble_command", lambda *_: [sys.executable, "-c", code]
    )
    trial = experiments_trial.Trial(tmp_path / "trial")
    if os.path.exists("/dev/full"):
        trial.log.symlink_to("/dev/full")
    trial.train([], [], experiments_trial.Work())
    assert said.exists()


@pytest.mark.parametrize(("missing", "cell"), [("jax", "lstm"), ("keras", "gru")])
def test_without_its_engine_training_is_refused_with_a_sentence(
    burble, text, tmp_path, missing, cell
):
    first = f"import sys; sys.modules[{missing!r}] = None"
    small = ["--steps", 2, "--cell", cell, "--units", 8]
    done = burble("train", text, "-o", tmp_path / "run", *small, first=first)
    assert done.returncode == 2
    said = f"needs {missing}, which is not installed. Install it with: pip install {missing}"
    assert said in done.stderr.decode()
    assert b"Traceback" not in done.stderr
    assert not (tmp_path / "run").exists()


def test_ctrl_c_while_burble_is_loaded_ends_it_without_a_word():
    pressed = """
import os, signal, sys

class Pressed:
    def find_spec(self, name, path=None, target=None):
        if name == "typer":
            os.kill(os.getpid(), signal.SIGINT)

signal.signal(signal.SIGINT, signal.default_int_handler)
sys.meta_path.insert(0, Pressed())
from burble.__main__ import main
main()
"""
    done = subprocess.run([sys.executable, "-c", pressed], capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, b"", b"")
