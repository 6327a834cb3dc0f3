import os
import subprocess
import sys
import tempfile

import filelock
import hypothesis
import pytest

from burble.cli import app
from tests.support import processes

# How long a test takes says nothing: the machine may be busy.
hypothesis.settings.register_profile(
    "patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("patient")
os.environ["KERAS_BACKEND"] = "jax"
# All tests and the processes they start share compiled steps: most of their time goes there.
if "PYTEST_XDIST_WORKER" not in os.environ:
    _COMPILED = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
    os.environ["JAX_COMPILATION_CACHE_DIR"] = _COMPILED.name
os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
os.environ["JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES"] = "0"


@pytest.fixture(scope="session")
def burble():
    """Runs the real command line in a process of its own."""

    def run(*arguments, stdin=b"", first="", **options):
        given = processes.command(*arguments, first=first)
        return subprocess.run(given, input=stdin, capture_output=True, check=False, **options)

    return run


@pytest.fixture(scope="session")
def with_own_files(tmp_path_factory):
    """A person's folder, whose Python files have the names of some that burble needs."""
    folder = tmp_path_factory.mktemp("own")
    for name in ("calendar", "typer", "random"):
        (folder / f"{name}.py").write_text("raise SystemExit('a file of the current folder ran')")
    return folder


@pytest.fixture(scope="session")
def trained(burble, tmp_path_factory):
    """A run folder with a tiny model, trained once for all workers; nobody writes into it."""
    several = "PYTEST_XDIST_WORKER" in os.environ
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if several else base) / "trained"
    with filelock.FileLock(f"{folder}.lock"):
        if (folder / "run").exists():
            return folder / "run"
        folder.mkdir(exist_ok=True)
        text = folder / "cat.txt"
        text.write_text("the cat sat on the mat.\n" * 60, encoding="utf-8")
        size = ["--units", "24", "--embedding", "8", "--batch", "4", "--length", "16"]
        size += ["--dropout", "0", "--dropout-output", "0", "--dropout-input", "0"]
        done = burble("train", text, "-o", folder / "run", "--steps", "300", *size)
        assert done.returncode == 0, done.stderr.decode()
    return folder / "run"


@pytest.fixture(scope="session")
def text(tmp_path_factory):
    """A text that small networks soon learn something of."""
    path = tmp_path_factory.mktemp("text") / "cat.txt"
    path.write_text("the cat sat on the mat.\nthe dog lay on the log.\n" * 60, encoding="utf-8")
    return path


@pytest.fixture
def command(monkeypatch, capsys):
    """Runs the command line in this process, which is quicker where nothing rests on its own."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["burble", *map(str, arguments)])
        code = 0
        try:
            app.main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        out, err = capsys.readouterr()
        return subprocess.CompletedProcess(arguments, code, out.encode(), err.encode())

    return run
