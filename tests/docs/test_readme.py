"""What the README and the training guide say to type works as it stands, but for its minutes."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from burble.runs.defaults import SIZES, SMALL_TEXT

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "README.md").read_text("utf-8")
TRAINING = (ROOT / "docs" / "guides" / "training.md").read_text("utf-8")
QUICK = {"--minutes 3": "--steps 12 --units 16", "--minutes 2": "--steps 16"}


def blocks(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```", page, re.M | re.S)


@pytest.fixture
def folder(tmp_path):
    text = "Once upon a time Alice was here.\n" * 30
    for name in ("my-folder/a.txt", "my-folder/b.txt", "alice.txt", "poems/a.txt", "letters.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    for name in ("my-text.txt", "new-text.txt", "names.txt"):
        (tmp_path / name).write_text(text, encoding="utf-8")
    rows = "".join(f"{poet},Hope is a thing here.\n" for poet in ("Dickinson", "Poe") * 30)
    (tmp_path / "poems.csv").write_text(f"poet,body\n{rows}", encoding="utf-8")
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


@pytest.mark.slow
def test_the_commands_of_the_readme_run(folder):
    commands = quick(blocks(PAGE, "sh")[1], QUICK).splitlines()
    said = [run(command, folder) for command in commands]
    assert len(said) > 4
    assert said[2].startswith("Once")
    assert "nats) on the validation part in training" in said[4]


@pytest.mark.slow
def test_the_python_of_the_readme_runs(folder):
    code = quick(blocks(PAGE, "python")[0], {"minutes=3": "steps=12, units=16"})
    assert sum(map(bool, code.splitlines())) == 6
    (folder / "six.py").write_text(code, encoding="utf-8")
    assert len(run("python six.py", folder)) > 400


SHORTER = {
    "compare": {
        "input=scalar,onehot,embedding": "input=scalar",
        "--vary units=128,256 --minutes 2 --seeds 2": "--vary units=8,12",
    },
    "tune": {"--trials 20 --minutes 1": "--trials 1"},
}


@pytest.mark.slow
def test_the_commands_of_the_training_page_run(folder):
    lines = [line for part in blocks(TRAINING, "sh") for line in part.splitlines()]
    commands = [line for line in lines if not line.startswith("pip install ")]
    assert len(commands) > 5
    for steps, command in enumerate(commands, start=2):
        command = quick(command, SHORTER.get(command.split()[1], {}))
        command = command.partition("#")[0].replace("--minutes 10", "")
        # This copy of burble may hold no base.
        command = command.replace("--base english", "--base runs/mine")
        whole = "--resume" in command or "--base runs/" in command
        tiny = "" if whole else "--units 8"
        run(f"{command} --steps {steps} {tiny}" if trains(command) else command, folder)


def trains(command):
    return command.split()[1] in ("train", "compare", "tune")


def test_the_table_of_sizes_is_that_of_the_code():
    rows = re.findall(r"^\| `(\w+)` \| (\d+) x (\d+) \| (\d+) \|$", TRAINING, re.M)
    told = {
        name: {"layers": int(layers), "units": int(units), "embedding": int(embedding)}
        for name, layers, units, embedding in rows
    }
    assert told == SIZES
    assert f"below {SMALL_TEXT:,} training characters" in TRAINING


def test_the_readme_shows_what_a_model_wrote_and_leaves_nothing_open():
    assert "@" not in PAGE
    assert len(blocks(PAGE, "text")[0]) > 300


def test_the_scripts_of_the_readme_are_there():
    for script in re.findall(r"^\./(\S+)", blocks(PAGE, "sh")[0], re.M):
        assert os.access(ROOT / script, os.X_OK)


def test_what_the_pages_point_to_is_there():
    for page in [*ROOT.glob("[A-Z]*.md"), *(ROOT / "docs").rglob("*.md")]:
        for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8")):
            assert (page.parent / link).exists(), f"{page.name} points to {link}"


def test_the_tree_of_the_readme_has_one_line_for_each_package():
    named = re.findall(r"^\| `src/burble/([a-z]+)/` \| .+ \|$", PAGE, re.M)
    packages = [path.parent.name for path in (ROOT / "src" / "burble").glob("*/__init__.py")]
    assert sorted(named) == sorted(packages)
