"""What is installed: locked versions cover all that is asked for, and the version stands once."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import burble
from burble.native.library import NAME

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def named(requirements):
    return {normal(re.match(r"[\w.-]+", one)[0]) for one in requirements if isinstance(one, str)}


def test_the_lock_holds_all_that_is_asked_for_in_versions_that_fit():
    lock = (ROOT / "requirements" / "dev.txt").read_text("utf-8")
    locked = {normal(name) for name in re.findall(r"^([\w.-]+)==", lock, re.M)}
    groups = PROJECT["dependency-groups"]
    wanted = named(PROJECT["project"]["dependencies"])
    wanted |= named([*groups["dev"], *groups["docs"], *groups["test"]])
    assert wanted <= locked, "run: ./scripts/lock"
    assert len(re.findall("--hash=sha256:", lock)) > len(locked)
    assert "://" not in lock


def test_each_package_that_burble_needs_has_its_reason():
    page = (ROOT / "docs" / "explanation" / "decisions" / "dependencies.md").read_text("utf-8")
    project = PROJECT["project"]
    extras = project["optional-dependencies"]
    needed = named([*project["dependencies"], *(one for extra in extras.values() for one in extra)])
    rows = re.findall(r"^\| (`.+?) \| .+ \|$", page, re.M)
    reasons = {normal(name) for row in rows for name in re.findall(r"`([\w.-]+)`", row)}
    # An extra may have the name of a package in it.
    assert needed - {*extras} == reasons - {*extras}


def test_the_version_stands_once():
    assert PROJECT["project"]["dynamic"] == ["version"]
    assert version("burble") == burble.__version__


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """Burble's sources, without what was built of them."""
    folder = tmp_path_factory.mktemp("tree")
    for name in ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    left_out = shutil.ignore_patterns("*.so", "*.dylib", "*.dll", "__pycache__", "*.safetensors")
    shutil.copytree(ROOT / "src", folder / "src", ignore=left_out)
    return folder


def build_wheel(tree, **variables):
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel"]
    done = subprocess.run(
        command, cwd=tree, capture_output=True, text=True, env=os.environ | variables
    )
    wheels = [*(tree / "dist").glob("*.whl")]
    names = []
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as opened:
            names += opened.namelist()
        wheel.unlink()
    return done, [wheel.name for wheel in wheels], names


def test_without_a_compiler_a_wheel_is_built_that_runs_everywhere(tree):
    done, (wheel,), names = build_wheel(tree, CC="no-such-compiler", BURBLE_NATIVE="")
    assert wheel == f"burble-{burble.__version__}-py3-none-any.whl"
    assert "burble/native/library.py" in names
    assert not [name for name in names if name.endswith((".so", ".dylib", ".dll", ".c", ".h"))]
    assert "without its compiled kernels, and runs without them" in done.stdout
    assert "rror" not in done.stdout + done.stderr


def test_a_compiler_that_fails_is_told_in_a_line_unless_it_must_not(tree):
    (tree / "src" / "burble" / "native" / "broken.c").write_text("this is not C\n")
    try:
        done, (wheel,), _ = build_wheel(tree, BURBLE_NATIVE="")
        failed, wheels, _ = build_wheel(tree, BURBLE_NATIVE="1")
    finally:
        (tree / "src" / "burble" / "native" / "broken.c").unlink()
    assert done.returncode == 0
    assert wheel.endswith("-none-any.whl")
    assert failed.returncode != 0
    assert wheels == []
    assert "kernels were not built" in failed.stderr + failed.stdout


def test_where_the_library_cannot_be_put_a_wheel_is_built_without_it(tree):
    native = tree / "src" / "burble" / "native"
    there = {*native.iterdir()}
    # A folder of its name, which it cannot replace.
    (native / NAME).mkdir()
    try:
        done, (wheel,), _ = build_wheel(tree, BURBLE_NATIVE="")
    finally:
        (native / NAME).rmdir()
    assert done.returncode == 0, done.stderr
    assert wheel.endswith("-none-any.whl")
    assert "without its compiled kernels" in done.stdout
    assert {*native.iterdir()} == there


@pytest.mark.parametrize(
    ("system", "machine", "asked"),
    [("linux", "x86_64", True), ("darwin", "arm64", True), ("darwin", "x86_64", False)],
)
def test_a_build_asks_for_jaxlib_only_where_there_is_one(tree, system, machine, asked):
    if not shutil.which(os.environ.get("CC", "cc")):
        pytest.skip("there is no C compiler here")
    code = "from hatchling.build import *; print(*get_requires_for_build_wheel(), sep='\\n')"
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, cwd=tree, capture_output=True, text=True, env=os.environ | {"BURBLE_NATIVE": ""}
    )
    needed = [Requirement(line) for line in done.stdout.splitlines()]
    place = {"sys_platform": system, "platform_machine": machine}
    found = [one.name for one in needed if one.marker is None or one.marker.evaluate(place)]
    assert ("jaxlib" in found) == asked, done.stderr


def test_with_a_compiler_the_wheel_has_the_kernels_and_names_the_platform(tree):
    if not shutil.which(os.environ.get("CC", "cc")):
        pytest.skip("there is no C compiler here")
    _, (wheel,), names = build_wheel(tree, BURBLE_NATIVE="1")
    assert re.fullmatch(r"burble-[\d.]+-py3-none-(?!any)\w+\.whl", wheel)
    built = [name for name in names if re.fullmatch(r"burble/native/kernels\.(so|dylib|dll)", name)]
    assert len(built) == 1
    _, (wheel,), names = build_wheel(tree, BURBLE_NATIVE="0")
    # What an earlier build has left does not get in.
    assert wheel.endswith("-py3-none-any.whl")
    assert built[0] not in names
