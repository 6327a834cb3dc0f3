"""Kills a training with SIGKILL at random moments, resumes it, and compares the final bytes.

python -m benchmarks kills [--quick]
"""

import random
import subprocess
import tempfile
import time
from pathlib import Path

from benchmarks.harness import make_parser, record
from burble.training import processes

SETTINGS = "--units 128 --layers 1 --batch 8 --length 32 --steps 900 --evaluations 300 --patience 0"


def train(text: Path, run: Path, *options: str, seconds: float | None = None) -> bool:
    """Trains, and kills the process after `seconds`; whether it came to its end before."""
    command = processes.burble_command("train", str(text), "-o", str(run), *options)
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    try:
        _, said = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return False
    if process.returncode:
        raise SystemExit(said.decode())
    return True


def resumed_to_the_end(text: Path, run: Path, chance: random.Random, longest: float) -> int:
    """Trains with up to two kills at random moments, then to the end; how many kills there were."""
    kills = 0
    begun = False
    while True:
        options = ["--resume"] if begun else SETTINGS.split()
        seconds = chance.uniform(0, 0.95 * longest) if kills < 2 else None
        if train(text, run, *options, seconds=seconds):
            return kills
        kills += 1
        begun = (run / "run.json").exists()
        model = run / "model.safetensors"
        if model.exists():
            sample = processes.burble_command("sample", str(run), "-l", "5")
            subprocess.run(sample, check=True, capture_output=True)


def main() -> None:
    """Runs the trials and records them."""
    parser = make_parser(__doc__, "one run in place of 20")
    count = 1 if parser.parse_args().quick else 20
    chance = random.Random(0)
    with tempfile.TemporaryDirectory() as folder:
        text = Path(folder) / "text.txt"
        words = ["cat", "dog", "sat", "lay", "mat", "log", "the", "on", "and", "under"]
        text.write_text(" ".join(chance.choice(words) for _ in range(8_000)), encoding="utf-8")
        whole = Path(folder) / "whole"
        train(text, Path(folder) / "first", *SETTINGS.split())
        # The second training starts as quickly as those that follow, so that kills come in time.
        started = time.perf_counter()
        train(text, whole, *SETTINGS.split())
        longest = time.perf_counter() - started
        expected = (whole / "model.safetensors").read_bytes()
        rows = []
        for number in range(count):
            run = Path(folder) / f"run{number}"
            kills = resumed_to_the_end(text, run, chance, longest)
            same = (run / "model.safetensors").read_bytes() == expected
            rows.append({"run": number + 1, "kills": kills, "same bytes": "yes" if same else "NO"})
            print(rows[-1], flush=True)
    record("kills", rows, f"SIGKILL at a uniformly random moment of {longest:.0f} s, twice a run")
