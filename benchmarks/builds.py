"""An earlier build of burble beside the working tree, by turns. Knows nothing of what is measured.

    python -m benchmarks.builds [--rounds 5] [--commit COMMIT] [BURBLE ARGUMENT...]

Runs `burble ARGUMENT...` with both, in turn, and prints seconds by the clock, seconds of processor
time and the largest memory in megabytes, and what today's are as a multiple of the earlier ones.
In an argument, {new} becomes the name of a folder that is not there yet.

Each build runs in a virtual environment of its own, in burble's cache folder, with one place for
its own package and the same place for all others: the one this Python takes them from. So only
burble is compared. What each compiles and caches it keeps beside its environment, and not among
what the person has.
"""

import argparse
import hashlib
import io
import json
import operator
import os
import platform
import shutil
import site
import subprocess
import sys
import tarfile
import tempfile
import time
import venv
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from burble import files

EARLIER = "c97999dba9a41686937a953711eeaafe6dffee3e"
"""The commit that today's tree is compared with."""
ROOT = Path(__file__).parents[1]
ROUNDS = 5
POLL = 0.002
"""Seconds between two looks whether a step is done."""
NEW = "{new}"


@dataclass(frozen=True)
class Usage:
    """What a process took, with all that it had started.

    Attributes:
        clock: Seconds from its start to its end.
        processor: Seconds of processor time.
        peak: Bytes of memory, of the largest of them (what Linux calls the resident set).
        printed: What it wrote to stdout.
        messages: What it wrote to stderr.
    """

    clock: float
    processor: float
    peak: int
    printed: str
    messages: str


@dataclass(frozen=True)
class Build:
    """A burble that can be run.

    Attributes:
        name: What it is called.
        folder: Where its environment and its cache lie.
    """

    name: str
    folder: Path

    @property
    def is_earlier(self) -> bool:
        """Whether it is `EARLIER`."""
        return self.name == EARLIER[:12]

    @property
    def python(self) -> Path:
        """The interpreter of its environment."""
        where = ("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")
        return self.folder / "venv" / Path(*where)

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables of its processes: those of this one, with a cache of its own.

        Of the caches only Linux's can be moved by a variable; elsewhere both builds share one.
        Python keeps the bytecode of both, as it does of what is installed.
        """
        left_out = "PYTHONPATH", "VIRTUAL_ENV", "PYTHONDONTWRITEBYTECODE"
        kept = {k: v for k, v in os.environ.items() if k not in left_out}
        return kept | {"XDG_CACHE_HOME": str(self.folder / "cache")}

    @property
    def from_nothing(self) -> list[str]:
        """The flags with which it trains from nothing: the earlier build knew no base."""
        return [] if self.is_earlier else ["--base=none"]

    def command(self, *arguments: object) -> list[str]:
        """The command `burble ARGUMENT...`."""
        return [str(self.python), "-m", "burble", *map(str, arguments)]

    def run(self, *arguments: object, **environment: str) -> Usage:
        """Runs `burble ARGUMENT...` to its end; see `run_measured`."""
        return run_measured(self.command(*arguments), self.environment | environment)

    def call(self, script: Path | str, *arguments: object, **environment: str) -> Any:
        """Runs a script with this build and reads the last line that it prints as JSON."""
        command = [str(self.python), str(script), *map(str, arguments)]
        done = run_measured(command, self.environment | environment)
        return json.loads(done.printed.splitlines()[-1])

    @contextmanager
    def keep(
        self, script: Path | str, *arguments: object, **environment: str
    ) -> Iterator[Callable[[], Any]]:
        """A process of a script that is asked again and again, so that it starts up only once.

        The script does a piece of work for each line that it can read from stdin, and prints one
        line of JSON for it. Between two questions it waits, and takes no processor time.

        Yields:
            A function that asks once and returns what the answer's JSON holds.
        """
        command = [str(self.python), str(script), *map(str, arguments)]
        with subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=self.environment | environment,
        ) as process:
            asked, answered = process.stdin, process.stdout

            def ask() -> Any:
                if asked is None or answered is None:
                    raise RuntimeError("a process without pipes")
                asked.write("\n")
                asked.flush()
                return json.loads(answered.readline())

            try:
                yield ask
            finally:
                process.kill()


def run_measured(command: Sequence[str], environment: dict[str, str]) -> Usage:
    """Runs a command to its end.

    Its memory is at least what this process had when it started it (Linux counts so): measure
    small processes from a small one.

    Raises:
        SystemExit: It failed; with what it said.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        started = time.perf_counter()
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=environment
        )
        _, status, used = os.wait4(process.pid, 0)
        clock = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        printed, messages = (one.read().decode("utf-8", "replace") for one in (out, err))
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{messages}")
    # In kibibytes on Linux, in bytes on macOS.
    peak = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return Usage(clock, used.ru_utime + used.ru_stime, peak, printed, messages)


def watch_training(
    build: Build, text: Path, steps: Sequence[int], *flags: str, **environment: str
) -> tuple[list[float], float]:
    """Trains until a step is reported, and stops there.

    Args:
        build: The build.
        text: What is learned.
        steps: The steps to wait for, ascending. Of a training of 300 steps each is reported.
        flags: For `burble train`.
        environment: Variables beside those of the build.

    Returns:
        Seconds from the command until each of them stood in the run's `metrics.jsonl`, and the
        loss of the first.

    Raises:
        SystemExit: The training failed, or one of the steps was not reported.
    """
    with tempfile.TemporaryDirectory() as folder:
        metrics, said = Path(folder) / "run" / "metrics.jsonl", Path(folder) / "said"
        command = build.command("train", text, "-o", metrics.parent, *flags)
        with said.open("wb") as messages:
            started = time.perf_counter()
            process = subprocess.Popen(
                command, stderr=messages, env=build.environment | environment
            )
        try:
            seconds: list[float] = []
            for step in steps:
                found = _wait_for_step(process, metrics, step, said)
                seconds.append(time.perf_counter() - started)
        finally:
            process.kill()
            process.wait()
    reported = {one["step"]: one.get("loss") for one in found}
    if steps[0] not in reported:
        raise SystemExit(f"{build.name} does not report step {steps[0]}, only {[*reported]}")
    return seconds, reported[steps[0]]


def _wait_for_step(
    process: subprocess.Popen[bytes], metrics: Path, step: int, said: Path
) -> list[Any]:
    """The lines of a run's `metrics.jsonl`, once they go as far as a step.

    Raises:
        SystemExit: The training ended before.
    """
    while not (found := _lines_until(metrics, step)):
        if process.poll() is not None:
            raise SystemExit(said.read_text("utf-8"))
        time.sleep(POLL)
    return found


def _lines_until(metrics: Path, step: int) -> list[Any]:
    """The lines of a run's `metrics.jsonl`, if they go as far as a step; else none."""
    whole = metrics.read_text("utf-8").rpartition("\n")[0] if metrics.exists() else ""
    lines = [json.loads(line) for line in whole.splitlines()]
    return lines if lines and lines[-1]["step"] >= step else []


def find_builds(commit: str = EARLIER) -> tuple[Build, Build]:
    """An earlier build and that of the working tree; made at the first call.

    Raises:
        SystemExit: The commit is not in this clone.
    """
    try:
        found = _git("rev-parse", "--verify", f"{commit}^{{commit}}").decode().strip()
        earlier = _extract(found)
    except (OSError, subprocess.CalledProcessError):
        raise SystemExit(
            f"the earlier build is commit {commit[:12]}, which is not in {ROOT}: a copy without "
            "git, or a clone of the last commits alone. In a clone, git fetch --unshallow brings "
            "it; in a copy there is nothing to compare with."
        ) from None
    return _make_build(found[:12], earlier), _make_build("today", ROOT / "src")


def _git(*arguments: str) -> bytes:
    """What git says of this repository."""
    command = ["git", "-C", str(ROOT), *arguments]
    return subprocess.run(command, capture_output=True, check=True).stdout


def _extract(commit: str) -> Path:
    """The `src` folder of a commit, in burble's cache folder."""
    parent = files.make_folder("builds")
    made = parent / f"source-{commit[:12]}"
    if made.exists():
        return made / "src"
    archive = _git("archive", "--format=tar", commit, "src")
    with files.new_entry(parent, made.name) as folder:
        with tarfile.open(fileobj=io.BytesIO(archive)) as held:
            held.extractall(folder, filter="data")
        return made / "src"


def _make_build(name: str, source: Path) -> Build:
    """An environment in which `import burble` finds what lies in `source`."""
    version = platform.python_version()
    # Several working trees of one person each have an environment.
    place = hashlib.sha256(f"{source}\n{sys.prefix}".encode()).hexdigest()[:8]
    build = Build(name, files.make_folder("builds") / f"{name}-{version}-{place}")
    library = ("Lib",) if os.name == "nt" else ("lib", f"python{version.rpartition('.')[0]}")
    packages = build.folder / "venv" / Path(*library) / "site-packages"
    others = [
        one for one in (*site.getsitepackages(), site.getusersitepackages()) if one in sys.path
    ]
    lines = "\n".join([str(source), *others]) + "\n"
    path = packages / "burble-build.pth"
    if not path.exists() or path.read_text("utf-8") != lines:
        shutil.rmtree(build.folder, ignore_errors=True)
        venv.create(build.folder / "venv", symlinks=os.name != "nt", with_pip=False)
        path.write_text(lines, encoding="utf-8")
    return build


@dataclass(frozen=True)
class Comparison:
    """Figures of both builds, round by round.

    Attributes:
        earlier: Those of the earlier build.
        today: Those of the working tree.
    """

    earlier: tuple[float, ...]
    today: tuple[float, ...]

    @property
    def ratios(self) -> tuple[float, ...]:
        """Today's figure as a multiple of the earlier one, of each round."""
        return tuple(b / a for a, b in zip(self.earlier, self.today, strict=True))

    @property
    def ratio(self) -> float:
        """The median of the ratios."""
        return median(self.ratios)

    def cells(self, digits: int = 2) -> dict[str, str]:
        """Both figures and their ratio, each as median (least to most), for a row of a table."""
        return {
            "earlier": spread(self.earlier, digits),
            "today": spread(self.today, digits),
            "today / earlier": spread(self.ratios, 2),
        }


def read_lines(path: Path) -> list[Any]:
    """What the lines of a file of JSON lines hold."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def spread(values: Sequence[float], digits: int) -> str:
    """The median of several figures, with the least and the most."""
    middle, least, most = (
        f"{value:,.{digits}f}" for value in (median(values), min(values), max(values))
    )
    return f"{middle} ({least} to {most})"


def by_turns(
    measure: Callable[[Build], tuple[float, Any]],
    builds: tuple[Build, Build],
    rounds: int = ROUNDS,
    *,
    same: Callable[[Any, Any], bool] = operator.eq,
) -> Comparison:
    """Measures two builds in turn: earlier, today, earlier, today, and so on.

    Args:
        measure: Given a build, does the work and returns its figure and what was done.
        builds: The earlier one and that of the working tree.
        rounds: How often each.
        same: Whether what both have done is the same work.

    Raises:
        SystemExit: They have not done the same work.
    """
    earlier, today = builds
    rows = []
    for _ in range(rounds):
        (before, done), (after, did) = measure(earlier), measure(today)
        if not same(done, did):
            raise SystemExit(f"not the same work: {earlier.name} {done!r}, {today.name} {did!r}")
        rows.append((before, after))
    figures = tuple(zip(*rows, strict=True))
    return Comparison(*figures)


def main() -> None:
    """Runs a command with both builds, in turn."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.builds",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--commit", default=EARLIER, help="the earlier build")
    options, arguments = parser.parse_known_args()
    builds = find_builds(options.commit)
    used: dict[str, list[Usage]] = {build.name: [] for build in builds}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(options.rounds):
            for build in builds:
                new = str(Path(folder) / f"{build.name}-{number}")
                given = [argument.replace(NEW, new) for argument in arguments]
                used[build.name].append(build.run(*given))
    before, after = used.values()
    for name, unit in (("clock", 1.0), ("processor", 1.0), ("peak", 1e6)):
        figures = (tuple(getattr(one, name) / unit for one in some) for some in (before, after))
        print(f"{name:10}", "  ".join(map(": ".join, Comparison(*figures).cells().items())))


if __name__ == "__main__":
    main()
