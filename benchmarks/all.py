"""Every benchmark in turn: `python -m benchmarks.all [--quick] [--data FOLDER]`.

FOLDER holds `wonderland.txt` and `tinyshakespeare.txt`; the benchmarks on them are left out, and
that is said, where it does not. Those beside PyTorch are left out where it is not installed.
"""

import argparse
import importlib.util
import subprocess
import sys
import time
from pathlib import Path

PLAIN = (
    *("machine", "encodings", "writing", "step_profile"),
    *("processes", "corpus_scale", "scale", "kills"),
)
BESIDE_TORCH = ("training_speed", "writing_rivals")
ON_TEXTS = {
    "wonderland": "wonderland.txt",
    "time_to_loss": "wonderland.txt",
    "shakespeare": "tinyshakespeare.txt",
}
NEED_TORCH = {*BESIDE_TORCH, "shakespeare"}


def main() -> None:
    """Runs what can be run here; the exit code is that of the worst."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a short form of each")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    asked = parser.parse_args()
    has_torch = importlib.util.find_spec("torch") is not None
    worst = 0
    for name in (*PLAIN, *BESIDE_TORCH, *ON_TEXTS):
        arguments = ["--quick"] if asked.quick else []
        if name in NEED_TORCH and not has_torch:
            print(f"{name} is left out: PyTorch is not installed (pip install --group bench).")
            continue
        if name in ON_TEXTS:
            text = asked.data / ON_TEXTS[name]
            if not text.exists():
                print(f"{name} is left out: there is no {text}.")
                continue
            arguments = [str(text), *arguments]
        print(f"== {name}", flush=True)
        started = time.perf_counter()
        command = [sys.executable, "-m", f"benchmarks.{name}", *arguments]
        worst = max(worst, subprocess.run(command, check=False).returncode)
        print(f"   {time.perf_counter() - started:.0f} s", flush=True)
    sys.exit(worst)


if __name__ == "__main__":
    main()
