"""Reads a file in a process of its own, for a library that damage can end or hold up for ever.

libhdf5 (2.0, below h5py 3.16) reads beyond its memory in some damaged files, and goes round in
circles in others; no check in Python comes before that. A model comes back as a file of burble's
own, all else as lines of JSON. The process is kept for the next file. Knows no format.
"""

import atexit
import faulthandler
import json
import os
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Any

from burble import errors
from burble.errors import BurbleError, ModelFileError
from burble.exchange.imports import Imported
from burble.exchange.options import ImportRequest
from burble.formatting import shown
from burble.model.file import MODEL_NAME, read_model, save_model
from burble.settings import SourceSettings

PATIENCE = 15
"""Seconds after which a small file is taken for one that has no end."""
SLOWEST, SLOWEST_TEXT = 10_000_000, 100_000
"""Bytes of a file, and of a text, that are read in a second at least."""
LONGEST = 24 * 3600
"""Seconds for texts that are not files here, but fetched."""
MOST_MEMORY = 200_000_000
"""Bytes that the process may have in all, beside twice the file. A quarter are its modules."""
TIMES_TEXT = 20
"""Bytes that it may have besides for each byte of a text."""
_LOCK = threading.Lock()
_kept: list[subprocess.Popen[str]] = []


def read_apart(
    module: str, path: Path, options: ImportRequest, log: Callable[[str], object]
) -> Imported:
    """Reads a file as `module.read` does, in a process of its own.

    Raises:
        ModelFileError: It is so damaged that the process ended, or would not.
        BurbleError: What the module raises.
    """
    with _LOCK, tempfile.TemporaryDirectory() as folder:
        # The process was started somewhere, and names are as they were typed here.
        request: dict[str, Any] = {"module": module, "path": os.fsdecode(path), "cwd": os.getcwd()}
        request |= {"folder": folder, "patience": PATIENCE}
        answer = _ask(request | {"options": asdict(options)}, log)
        if answer is None:
            raise ModelFileError(
                f"{shown(path)} is damaged: what reads it comes to no end. Copy it again, or take "
                "an earlier one."
            )
        if "missing" in answer:
            raise ModuleNotFoundError(name=answer["missing"])
        if "fault" in answer:
            raise RuntimeError(answer["fault"])
        if "error" in answer:
            kind: type[BurbleError] = getattr(errors, answer["error"])
            raise kind(answer["message"])
        return Imported(read_model(Path(folder, MODEL_NAME)), answer["program"], answer["version"])


def _ask(request: Mapping[str, Any], log: Callable[[str], object]) -> dict[str, Any] | None:
    """The answer of the process; None where it ended instead."""
    process = _start()
    with suppress(BrokenPipeError):
        if process.stdin and process.stdout:
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
            for line in process.stdout:
                answer: dict[str, Any] = json.loads(line)
                if "log" not in answer:
                    return answer
                log(answer["log"])
    _kept.clear()
    process.kill()
    process.communicate()
    return None


def _start() -> subprocess.Popen[str]:
    """The process that reads; a new one where there is none, or where it has ended."""
    if not _kept or _kept[0].poll() is not None:
        _kept.clear()
        home = str(Path(__file__).parents[2])
        path = os.pathsep.join(filter(None, (home, os.environ.get("PYTHONPATH", ""))))
        _kept.append(
            subprocess.Popen(
                [sys.executable, "-P", "-m", "burble.exchange.apart"],
                env=os.environ | {"PYTHONPATH": path},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                encoding="utf-8",
            )
        )
    return _kept[0]


@atexit.register
def _end() -> None:
    """Ends the process, which waits for the next file."""
    while _kept:
        _kept.pop().communicate()


def serve() -> None:
    """Reads what standard input asks for, until it is closed."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as out:
        # Nothing else may write among the answers.
        os.dup2(2, 1)

        def tell(**answer: Any) -> None:
            print(json.dumps(answer), file=out, flush=True)

        for line in sys.stdin:
            try:
                tell(**_read(json.loads(line), lambda text: tell(log=str(text))))
            except ModuleNotFoundError as error:
                tell(missing=error.name)
            except BurbleError as error:
                tell(error=type(error).__name__, message=str(error))
            except OSError as error:
                said = f"{error.filename or 'it'} cannot be read: {error.strerror or error}."
                tell(error="ModelFileError", message=said)
            except Exception:
                tell(fault=traceback.format_exc())


def _read(request: Mapping[str, Any], log: Callable[[str], object]) -> dict[str, Any]:
    """Reads a file, and writes its model; the answer."""
    given = request["options"]
    reading = {name: _tuples(value) for name, value in given.pop("reading").items()}
    given = {name: _tuples(value) for name, value in given.items()}
    options = ImportRequest(**given, reading=SourceSettings(**reading))
    path = Path(request["path"])
    os.chdir(request.get("cwd", os.curdir))
    seconds, memory = _find_limits(path, options, request["patience"])
    # By a thread in C, which needs no Python to go on.
    faulthandler.dump_traceback_later(seconds, exit=True)
    try:
        read = import_module(f"burble.exchange.{request['module']}").read
        with _limited(memory):
            found = read(path, options, log)
    except MemoryError as error:
        raise ModelFileError(
            f"{shown(path)} is damaged: it asks for far more memory than its "
            f"{path.stat().st_size:,} bytes can need. Copy it again, or take an earlier one."
        ) from error
    finally:
        faulthandler.cancel_dump_traceback_later()
    save_model(Path(request["folder"], MODEL_NAME), found.content)
    return {"program": found.program, "version": found.version}


def _tuples(value: Any) -> Any:
    """A value of settings, whose lists JSON made of tuples."""
    return tuple(value) if isinstance(value, list) else value


def _find_limits(path: Path, options: ImportRequest, patience: float) -> tuple[float, int]:
    """The seconds after which a file has no end, and the most memory; 0 for as much as there is."""
    texts = [Path(one) for one in (*options.text, options.alphabet_from) if one]
    if not all(one.is_file() for one in texts):
        return LONGEST, 0
    size, lengths = path.stat().st_size, sum(one.stat().st_size for one in texts)
    seconds = patience + size // SLOWEST + lengths // SLOWEST_TEXT
    return seconds, 2 * size + MOST_MEMORY + TIMES_TEXT * lengths


@contextmanager
def _limited(memory: int) -> Iterator[None]:
    """Lets the process have no more memory, where the system can do that; 0 sets no limit.

    The limit is one of addresses. Those that stand for no memory now, such as the libraries' own,
    are let be.
    """
    try:
        import resource

        pages = Path("/proc/self/statm").read_text("ascii").split()
        idle = (int(pages[0]) - int(pages[1])) * resource.getpagesize()
    except (ImportError, OSError):
        memory = 0
    if not memory:
        yield
        return
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (idle + memory, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


if __name__ == "__main__":
    serve()
