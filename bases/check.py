"""Runs the first steps of the English base's training again: do they give the recorded bytes?

    python -m bases.check --text TEXT [--record]

TEXT is what `bases.prepare` made. One core trains, since the number of cores changes in which order
numbers are added, and so the last bits. Another processor, other versions of JAX and NumPy, or no
compiled kernels may round otherwise, too: what was recorded, and where, is in `english.json`.
"""

import argparse
import hashlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bases.prepare import hash_file, hash_texts
from burble.native.library import explain
from burble.runs.folder import Run
from burble.training.processes import burble_command

HERE = Path(__file__).parent
RECIPE = HERE / "english.toml"
RECORD = HERE / "english.json"
STEPS = 200
PACKAGES = ("jax", "jaxlib", "keras", "numpy")


def train_steps(text: Path, run: Path, steps: int = STEPS) -> None:
    """Trains by the recipe for a few steps, on one core.

    Raises:
        SystemExit: The training failed.
    """
    flags = [f"--recipe={RECIPE}", f"--steps={steps}", "--evaluations=1", "--base=none"]
    flags += ["-o", str(run)]
    command = burble_command("train", str(text / "train"), str(text / "validation"), *flags)
    if subprocess.run(command, check=False).returncode:
        raise SystemExit("the training failed; see above.")


def take_one_core() -> None:
    """Keeps this process, and those that it starts, on one core, where the system can do that."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def describe_run(text: Path, run: Path) -> dict[str, Any]:
    """What there is to compare of a training: what went in, what came out, and where."""
    return {
        "steps": Run(run).settings().training.steps,
        "text": {part: hash_texts(text / part) for part in ("train", "validation")},
        "recipe": hash_recipe(),
        "model": hash_file(Run(run).folder / "model.safetensors"),
        "versions": {name: version(name) for name in PACKAGES},
        "machine": describe_machine(),
        "kernels": explain(),
    }


def hash_recipe() -> str:
    """The SHA-256 of the recipe's settings, whatever is said of them."""
    settings = tomllib.loads(RECIPE.read_text("utf-8"))
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()


def describe_machine() -> str:
    """The system and the processor."""
    cpu = Path("/proc/cpuinfo")
    lines = cpu.read_text("utf-8").splitlines() if cpu.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{platform.system()} {platform.machine()}, {names[0] if names else 'unknown processor'}"


def compare(found: Mapping[str, Any], recorded: Mapping[str, Any]) -> list[str]:
    """What differs from what was recorded, as sentences; none where the bytes are the same."""
    if found["model"] == recorded["model"]:
        return []
    others = [
        f"{name} is {found[name]}, and was {recorded[name]}."
        for name in ("text", "recipe", "steps", "versions", "machine", "kernels")
        if found[name] != recorded[name]
    ]
    model = f"The model is {found['model']}, and was {recorded['model']}."
    return [model, *(others or ["Nothing else differs: the training is not what it was."])]


def main() -> None:
    """Checks, or records, by the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--text", type=Path, required=True)
    parser.add_argument("--record", action="store_true", help="record instead of compare")
    given = parser.parse_args()
    take_one_core()
    with tempfile.TemporaryDirectory() as work:
        train_steps(given.text, Path(work) / "run")
        found = describe_run(given.text, Path(work) / "run")
    if given.record:
        RECORD.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
        print(f"recorded in {RECORD.name}: {found['model']}")
        return
    differences = compare(found, json.loads(RECORD.read_text("utf-8")))
    print("\n".join(differences or [f"the same bytes: {found['model']}"]))
    sys.exit(bool(differences))


if __name__ == "__main__":
    main()
