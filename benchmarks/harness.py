"""What benchmarks share: trainings in processes of their own, and tables of record.

Knows nothing of what is measured.
"""

import argparse
import datetime
import json
import os
import platform
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import Any

from burble.training.processes import burble_command

RESULTS = Path(__file__).parent / "results"


def make_parser(description: str | None, quick: str) -> argparse.ArgumentParser:
    """The options of a benchmark, `--quick` among them.

    Args:
        description: Its docstring.
        quick: What is less in a quick run.
    """
    made = argparse.ArgumentParser(
        prog=f"python -m benchmarks {Path(sys.argv[0]).stem}",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--quick", action="store_true", help=f"{quick}; printed, not recorded")
    return made


def call(name: str, *arguments: object, **environment: str) -> Any:
    """Runs `python -m benchmarks NAME ARGUMENTS` and reads its last line as JSON."""
    command = [sys.executable, "-m", "benchmarks", name, *map(str, arguments)]
    done = subprocess.run(
        command, capture_output=True, check=False, text=True, env=os.environ | environment
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def train(text: Path, run: Path, *flags: str, **environment: str) -> float:
    """Runs `burble train TEXT -o RUN --base none FLAGS` in a process of its own.

    It begins from nothing unless one of the flags is another `--base`, of which the last counts, or
    `--resume`, with which a run goes on as it began.

    Returns:
        Seconds from its start to its end.
    """
    base = [] if "--resume" in flags else ["--base=none"]
    command = burble_command("train", str(text), "-o", str(run), *base, *flags)
    started = time.perf_counter()
    done = subprocess.run(
        command, stderr=subprocess.PIPE, check=False, text=True, env=os.environ | environment
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    return time.perf_counter() - started


def read_facts(run: Path) -> dict[str, Any]:
    """What a run's `run.json` holds."""
    found: dict[str, Any] = json.loads((run / "run.json").read_text("utf-8"))
    return found


def shorten(text: Path, folder: Path, symbols: int = 20_000) -> Path:
    """A copy of a text's beginning, for a quick run."""
    short = folder / text.name
    short.write_text(text.read_text("utf-8-sig")[:symbols], encoding="utf-8")
    return short


def find_processor() -> str:
    """The processor's name, as the system tells it."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())


def describe_machine(note: str) -> dict[str, object]:
    """What a reader needs to weigh figures: machine, date, command, versions, and a note."""
    # A path of this machine tells others nothing: its name does.
    given = [re.sub(r"(^|(?<=[=:]))/(?:[^/:]+/)*", "", argument) for argument in sys.argv[1:]]
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return {
        "machine": f"{find_processor()}, {os.cpu_count()} cores, {platform.system()}{load}",
        "date": datetime.date.today().isoformat(),
        "command": shlex.join(["python", "-m", "benchmarks", Path(sys.argv[0]).stem, *given]),
        "versions": {"python": platform.python_version()} | installed_versions(),
        "note": note,
    }


def installed_versions() -> dict[str, str]:
    """The versions of what takes part, where it is installed."""
    found = {}
    for name in ("burble", "keras", "jax", "numpy", "torch", "tensorflow"):
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def format_table(rows: Sequence[Mapping[str, object]]) -> str:
    """Rows as a Markdown table."""
    head = list(rows[0])
    cells = ([str(row.get(name, "")) for name in head] for row in rows)
    lines = [head, ["---"] * len(head), *cells]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def format_spread(values: Sequence[float]) -> str:
    """The median of several figures, with the least and the most."""
    return f"{median(values):,.0f} ({min(values):,.0f} to {max(values):,.0f})"


def record(name: str, rows: Sequence[Mapping[str, object]], note: str) -> None:
    """Prints rows and writes them to `results/NAME.json`, unless `--quick` was asked for."""
    print(format_table(rows))
    if "--quick" in sys.argv:
        print("a quick run: printed, not recorded")
        return
    data = describe_machine(note) | {"rows": list(rows)}
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"written to {path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path}")
