"""Measuring in a process of its own: a benchmark calls itself, and reads back what is printed."""

import json
import os
import subprocess
import sys
from typing import Any


def call(name: str, *arguments: object, **environment: str) -> Any:
    """Runs `python -m benchmarks.NAME ARGUMENTS` and reads its last line as JSON."""
    command = [sys.executable, "-m", f"benchmarks.{name}", *map(str, arguments)]
    environment = os.environ | environment
    done = subprocess.run(command, capture_output=True, check=False, text=True, env=environment)
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])
