"""Damages a file of each format that can be imported, again and again, and imports it.

    python -m benchmarks damaged [--quick] [--files N] [--only NAME...]

It is recorded after each format, and with `--only` the rows of the others stay.

A file is cut, has bytes changed, or numbers in it swapped or made huge; of a folder, one file is. A
worker imports one after the other and runs a step of each model that came in. What comes must be a
model, a text or one sentence of burble's own. What is none of these, takes half a minute of
processor time, ends the worker, or takes more memory than twice the file and 200 MB, is counted and
named. The worker's memory is what it grew by, that of a process that reads by itself all of it.
"""

import io
import json
import os
import queue
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO

import numpy as np

from benchmarks.harness import RESULTS, make_parser, record
from burble.errors import InputError
from burble.exchange import apart
from burble.exchange.imports import read_import
from burble.exchange.options import ImportRequest, make_options
from burble.model.metadata import Model
from burble.model.mixture import build_core
from tests.support.import_samples import SAMPLES, Sample

STARTING, PATIENCE = 120.0, 30.0
"""Seconds of processor time after which a worker hangs that starts, or imports a file."""
TIMES_BUSY = 20
"""How many times longer that may take, where a machine is busy or the worker waits."""
MOST_MEMORY = 200e6
"""Bytes of memory beside twice the file."""
LONGEST = 800
"""Characters of a sentence at most, paths in it included."""
HUGE = (0, 1, 0x7F, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 1 << 40, (1 << 63) - 1, (1 << 64) - 1)
FILES, QUICK = 10_000, 300


def damage(data: bytes, rng: random.Random) -> bytes:
    """A damaged copy of a file: cut, with other bytes, or with other numbers where lengths stand.

    Half of the time that is near its beginning, where most formats say what is in them.
    """
    held = bytearray(data)
    end = len(held) if rng.random() < 0.5 else min(len(held), 2048)
    kind = rng.randrange(4)
    if kind == 0:
        return bytes(held[: rng.randrange(len(held))])
    for _ in range(rng.randint(1, 3)):
        place = rng.randrange(end)
        width = min(rng.choice((1, 2, 4, 8)), len(held) - place)
        if kind == 1:
            held[place] = rng.randrange(256)
        elif kind == 2:
            number = rng.choice(HUGE) & ((1 << 8 * width) - 1)
            held[place : place + width] = number.to_bytes(width, "little")
        else:
            other = rng.randrange(len(held) - width + 1)
            swapped = held[other : other + width]
            held[other : other + width] = held[place : place + width]
            held[place : place + width] = swapped
    return bytes(held)


def damage_copy(sample: Sample, whole: Path, folder: Path, seed: int) -> Path:
    """Makes a damaged copy of a sample in a folder, always the same for a seed.

    Of several files one is damaged: of a folder any, else itself or one that belongs to it.
    """
    rng = random.Random(seed)
    copy = folder / whole.name
    if whole.is_dir():
        copy.mkdir()
        files = sorted(whole.iterdir())
    else:
        files = [whole, *(whole.with_name(name) for name in sample.beside)]
    chosen = rng.choice(files)
    for file in files:
        data = file.read_bytes()
        place = folder / file.relative_to(whole.parent)
        place.write_bytes(damage(data, rng) if file == chosen else data)
    return copy


def try_import(path: Path, options: Mapping[str, str], folder: Path) -> str:
    """Imports a file, and runs a step of the model in it.

    Returns:
        imported, refused, or what went wrong.
    """
    given = {name: str(folder / value) for name, value in options.items()}
    try:
        found = read_import(path, make_options(ImportRequest, given)).content
        if isinstance(found, Model):
            # Weights may be any numbers now.
            with np.errstate(all="ignore"):
                core = build_core(found)
                core.step(np.array([0]), core.zero_state(1))
    except InputError as error:
        said = str(error)
        if "\n" in said or not said.rstrip().endswith((".", ")")) or len(said) > LONGEST:
            return f"no sentence: {said!r:.300}"
        return "refused"
    except Exception as error:
        return f"{type(error).__name__}: {error!s:.200}"
    return "imported"


def work(name: str, whole: Path, first: int, last: int, out: IO[str]) -> None:
    """Imports damaged copies of a sample by their seeds; writes a line of JSON for each."""
    sample = SAMPLES[name]
    # What would be printed to a person who imports is no sentence either.
    warnings.simplefilter("error")
    with tempfile.TemporaryDirectory() as place:
        base = read_memory()
        for seed in range(first, last):
            folder = Path(place, str(seed))
            folder.mkdir()
            copy = damage_copy(sample, whole, folder, seed)
            size = sum(one.stat().st_size for one in folder.rglob("*") if one.is_file())
            started = time.perf_counter()
            outcome = try_import(copy, sample.options, whole.parent)
            took = time.perf_counter() - started
            # Where that ended, the system had held it to its memory.
            apart_now = [read_memory(one.pid) for one in apart._kept if one.poll() is None]
            grown = max(read_memory() - base, *apart_now, 0)
            if grown > 2 * size + MOST_MEMORY:
                outcome = f"memory: {grown / 1e6:.0f} MB"
            print(json.dumps([seed, outcome, took, grown]), file=out, flush=True)
            shutil.rmtree(folder)


def read_memory(process: int | str = "self") -> int:
    """The most memory a process has had since this was last asked, in bytes."""
    status = Path(f"/proc/{process}/status").read_text("ascii")
    (line,) = [one for one in status.splitlines() if one.startswith("VmHWM")]
    with suppress(OSError):
        # From here on it is counted anew.
        Path(f"/proc/{process}/clear_refs").write_text("5", encoding="ascii")
    return int(line.split()[1]) * 1024


def follow(name: str, whole: Path, files: int) -> Iterator[tuple[int, str, float, int]]:
    """Lets workers import, a new one where the last ended or hung; yields what came of each."""
    first = 0
    while first < files:
        command = [sys.executable, "-m", "benchmarks", "damaged", "--worker", name]
        command += [str(whole), str(first), str(files)]
        lines: queue.Queue[str] = queue.Queue()
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as worker:
            threading.Thread(target=_read_lines, args=(worker.stdout, lines), daemon=True).start()
            patience = STARTING
            while first < files:
                line = wait_for_line(lines, worker.pid, patience)
                if line is None:
                    worker.kill()
                    yield first, "hung", patience, 0
                    first += 1
                    break
                if not line:
                    if (code := worker.wait()) > 0:
                        raise SystemExit(f"the worker of {name} failed with {code}")
                    yield first, f"the worker was ended by signal {-code}", 0.0, 0
                    first += 1
                    break
                seed, outcome, took, grown = json.loads(line)
                yield seed, outcome, took, grown
                first, patience = seed + 1, PATIENCE


def wait_for_line(lines: "queue.Queue[str]", process: int, patience: float) -> str | None:
    """The next line of a process; None where it has computed for so many seconds, or hangs."""
    began, latest = read_seconds(process), time.monotonic() + TIMES_BUSY * patience
    while time.monotonic() < latest and read_seconds(process) < began + patience:
        with suppress(queue.Empty):
            return lines.get(timeout=1)
    return None


def read_seconds(process: int) -> float:
    """The processor time a process has taken, in seconds; it may have ended."""
    with suppress(FileNotFoundError, ProcessLookupError):
        held = Path(f"/proc/{process}/stat").read_text("ascii").rpartition(")")[2].split()
        return (int(held[11]) + int(held[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0


def _read_lines(stream: IO[str] | None, lines: "queue.Queue[str]") -> None:
    """Puts the lines of a stream into a queue, and an empty one at its end."""
    for line in stream or io.StringIO():
        lines.put(line)
    lines.put("")


def measure(name: str, files: int) -> dict[str, object]:
    """The row of a format."""
    counts, slowest, most = Counter[str](), 0.0, 0
    with tempfile.TemporaryDirectory() as place:
        whole = SAMPLES[name].make(Path(place))
        if try_import(whole, SAMPLES[name].options, whole.parent) != "imported":
            raise SystemExit(f"the sample of {name} cannot be imported")
        for seed, outcome, took, grown in follow(name, whole, files):
            is_plain = outcome in ("imported", "refused")
            counts[outcome if is_plain else "wrong"] += 1
            slowest, most = max(slowest, took), max(most, grown)
            if not is_plain:
                print(f"{name}, seed {seed}: {outcome}", flush=True)
    kinds = {kind: counts[kind] for kind in ("imported", "refused", "wrong")}
    return (
        {"format": name, "files": files}
        | kinds
        | {
            "slowest, ms": round(1000 * slowest),
            "memory, MB": round(most / 1e6),
        }
    )


def main() -> None:
    """Damages, imports and records."""
    parser = make_parser(__doc__, f"{QUICK} files of each format")
    parser.add_argument("--files", type=int, help="files of each format")
    parser.add_argument("--only", nargs="+", choices=SAMPLES, default=[*SAMPLES])
    parser.add_argument("--worker", nargs=4, metavar=("NAME", "PATH", "FIRST", "LAST"))
    asked = parser.parse_args()
    if asked.worker:
        name, whole, first, last = asked.worker
        work(name, Path(whole), int(first), int(last), sys.stdout)
        return
    files = asked.files or (QUICK if asked.quick else FILES)
    rows = {} if asked.quick else read_rows()
    note = "wrong: no model, text or sentence; memory: above that before the first file, or, of a "
    note += "process that reads by itself, all of it"
    for name in asked.only:
        rows[name] = measure(name, files)
        record("damaged", [rows[one] for one in SAMPLES if one in rows], note)
    if any(rows[name]["wrong"] for name in asked.only):
        sys.exit(1)


def read_rows() -> dict[str, dict[str, object]]:
    """The rows recorded before, by their formats."""
    with suppress(FileNotFoundError):
        held = json.loads((RESULTS / "damaged.json").read_text("utf-8"))
        return {row["format"]: row for row in held["rows"]}
    return {}
