"""What README.md says to type works as it stands, but for the minutes it takes."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "README.md").read_text("utf-8")
QUICK = {"--minutes 3": "--steps 12 --units 16", "--minutes 2": "--steps 16"}


def block(language, number=0):
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.M | re.S)[number]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "my-folder").mkdir()
    for name in ("a.txt", "b.txt"):
        text = "Once upon a time Alice was here.\n" * 30
        (tmp_path / "my-folder" / name).write_text(text, encoding="utf-8")
        (tmp_path / "alice.txt").write_text(text, encoding="utf-8")
    return tmp_path


def run(command, folder):
    """Runs a command line in the shell, with `burble` and `python` being those under test."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", "-ec", command],
        cwd=folder,
        env=os.environ | {"PATH": path},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def quick(text, swaps):
    """The text with each limit in minutes, all of which must occur, made one of a few steps."""
    for long, short in swaps.items():
        assert long in text
        text = text.replace(long, short)
    return text


def test_the_commands_of_the_readme_run(folder):
    commands = quick(block("sh", 1), QUICK).splitlines()
    said = [run(command, folder) for command in commands]
    assert len(said) > 4
    assert said[2].startswith("Once")
    assert "nats), held out in training" in said[4]


def test_the_python_of_the_readme_runs(folder):
    code = quick(block("python"), {"minutes=3": "steps=12, units=16"})
    assert sum(map(bool, code.splitlines())) == 6
    (folder / "six.py").write_text(code, encoding="utf-8")
    assert len(run("python six.py", folder)) > 400


def test_the_scripts_of_the_readme_are_there():
    for script in re.findall(r"^\./(\S+)", block("sh"), re.M):
        assert os.access(ROOT / script, os.X_OK)


def test_what_the_pages_point_to_is_there():
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8")):
            assert (page.parent / link).exists(), f"{page.name} points to {link}"


def test_the_tree_of_the_readme_names_every_module():
    named = set(re.findall(r"`(?:src/burble/)?([a-z_]+)`", PAGE.partition("## The tree")[2]))
    modules = {path.stem for path in (ROOT / "src" / "burble").glob("[a-z]*.py")}
    assert modules <= named
