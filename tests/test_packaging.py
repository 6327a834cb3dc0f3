"""What is installed: locked versions cover all that is asked for, and the version stands once."""

import re
import tomllib
from importlib.metadata import version
from pathlib import Path

import burble

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
    assert needed == {name for row in rows for name in re.findall(r"`([\w-]+)`", row)} - {*extras}


def test_the_version_stands_once():
    assert PROJECT["project"]["dynamic"] == ["version"]
    assert version("burble") == burble.__version__
