"""Packages of npm, fetched once and kept; nothing in them is run on fetching."""

import functools
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

import filelock
import platformdirs
import pytest

PATIENCE = 120
"""Seconds in which a package has come, or is given up."""


@functools.cache
def package_folder(name, version):
    """The folder of a package; the test is skipped where it cannot be had."""
    kept = platformdirs.user_cache_path("burble-tests") / "npm"
    folder = kept / f"{name.replace('/', '+')}-{version}"
    if (folder / "package").is_dir():
        return folder / "package"
    npm = shutil.which("npm")
    if not npm:
        pytest.skip(f"npm is not installed, which fetches {name} {version}")
    kept.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(f"{folder}.lock"), tempfile.TemporaryDirectory(dir=kept) as temporary:
        if not (folder / "package").is_dir():
            # One package alone, without what it depends on and without its scripts.
            command = [npm, "pack", f"{name}@{version}", "--ignore-scripts", "--silent"]
            try:
                subprocess.run(
                    command, cwd=temporary, check=True, capture_output=True, timeout=PATIENCE
                )
            except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
                pytest.skip(f"npm cannot fetch {name} {version} here")
            (archive,) = Path(temporary).glob("*.tgz")
            with tarfile.open(archive) as opened:
                opened.extractall(Path(temporary, "whole"), filter="data")
            Path(temporary, "whole").replace(folder)
    return folder / "package"
