"""The door to all benchmarks: `python -m benchmarks NAME [--quick] [ARGUMENT...]`.

Without a name they are listed. `python -m benchmarks all [--quick] [--data FOLDER]` runs in turn
those that need nothing or a text; FOLDER holds `wonderland.txt` and `tinyshakespeare.txt`. What
cannot run here is left out, and that is said.
"""

import argparse
import ast
import importlib
import importlib.util
import subprocess
import sys
import time
from pathlib import Path

GROUPS = ("speed", "quality", "robustness")
TEXTS = {
    "wonderland": "wonderland.txt",
    "time_to_loss": "wonderland.txt",
    "shakespeare": "tinyshakespeare.txt",
}
"""Those of `all` that are given a text."""
PLAIN = (
    *("machine", "encodings", "writing", "step_profile", "processes", "corpus_scale", "scale"),
    *("kills", "training_speed", "writing_rivals", "serving", "layer"),
)
NEED_TORCH = {"training_speed", "writing_rivals", "shakespeare"}


def find_benchmarks() -> dict[str, Path]:
    """The file of each benchmark, by name."""
    here = Path(__file__).parent
    paths = (path for group in GROUPS for path in sorted((here / group).glob("[!_]*.py")))
    return {path.stem: path for path in paths}


def list_benchmarks() -> None:
    """Prints all names with their first lines."""
    for name, path in find_benchmarks().items():
        said = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
        print(f"{path.parent.name:10} {name:15} {said.splitlines()[0]}")


def run_all(arguments: list[str]) -> int:
    """Runs what can be run here; the exit code is that of the worst."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks all")
    parser.add_argument("--quick", action="store_true", help="a short form of each")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    options = parser.parse_args(arguments)
    has_torch = importlib.util.find_spec("torch") is not None
    worst = 0
    for name in (*PLAIN, *TEXTS):
        given = ["--quick"] if options.quick else []
        if name in NEED_TORCH and not has_torch:
            print(f"{name} is left out: PyTorch is not installed (pip install --group bench).")
            continue
        if name in TEXTS:
            text = options.data / TEXTS[name]
            if not text.exists():
                print(f"{name} is left out: there is no {text}.")
                continue
            given = [str(text), *given]
        print(f"== {name}", flush=True)
        started = time.perf_counter()
        command = [sys.executable, "-m", "benchmarks", name, *given]
        worst = max(worst, subprocess.run(command, check=False).returncode)
        print(f"   {time.perf_counter() - started:.0f} s", flush=True)
    return worst


def main() -> None:
    """Runs the benchmark that is named."""
    _, *given = sys.argv
    if not given or given[0] in ("-h", "--help"):
        print(__doc__)
        list_benchmarks()
        return
    name, *arguments = given
    if name == "all":
        sys.exit(run_all(arguments))
    path = find_benchmarks().get(name)
    if path is None:
        sys.exit(f"there is no benchmark {name!r}: python -m benchmarks lists them.")
    sys.argv = [str(path), *arguments]
    importlib.import_module(f"benchmarks.{path.parent.name}.{name}").main()


if __name__ == "__main__":
    main()
