"""Tables of record: printed, and written as JSON with the facts of the machine."""

import datetime
import json
import os
import platform
import shlex
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median

RESULTS = Path(__file__).parent / "results"


def processor() -> str:
    """The processor's name, as the system tells it."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())


def facts(note: str) -> dict[str, object]:
    """What a reader needs to judge figures: machine, date, command, versions, and a note."""
    program = Path(sys.argv[0]).stem
    # A path of this machine tells others nothing: its name does.
    given = [Path(a).name if Path(a).is_absolute() else a for a in sys.argv[1:]]
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return {
        "machine": f"{processor()}, {os.cpu_count()} cores, {platform.system()}{load}",
        "date": datetime.date.today().isoformat(),
        "command": shlex.join(["python", "-m", f"benchmarks.{program}", *given]),
        "versions": {"python": platform.python_version()} | versions(),
        "note": note,
    }


def versions() -> dict[str, str]:
    """The versions of what takes part, where it is installed."""
    found = {}
    for name in ("burble", "keras", "jax", "numpy", "torch", "tensorflow"):
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def table(rows: Sequence[Mapping[str, object]]) -> str:
    """Rows as a Markdown table."""
    head = list(rows[0])
    cells = ([str(row.get(name, "")) for name in head] for row in rows)
    lines = [head, ["---"] * len(head), *cells]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def spread(values: Sequence[float]) -> str:
    """The median of several figures, with the least and the most."""
    return f"{median(values):,.0f} ({min(values):,.0f} to {max(values):,.0f})"


def write(name: str, rows: Sequence[Mapping[str, object]], note: str) -> None:
    """Prints rows and writes them to `results/NAME.json`, unless `--quick` was asked for."""
    print(table(rows))
    if "--quick" in sys.argv:
        print("a quick run: printed, not recorded")
        return
    data = facts(note) | {"rows": list(rows)}
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"written to {path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path}")
