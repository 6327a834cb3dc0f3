"""Writing loads NumPy and the standard library alone, and of that nothing a browser lacks."""

import subprocess
import sys

import numpy as np
import pytest

import burble
from burble.inference.opening import find_model
from burble.model.file import write_model
from tests.support.speakers import chancy

IDS = np.array([0, 1, 2, 0])
ONLY = """
import sys
from importlib.abc import MetaPathFinder

LACKING = {"fcntl", "lzma", "multiprocessing", "resource", "sqlite3", "ssl", "termios"}
THERE = {*sys.stdlib_module_names, "numpy", "burble"} - LACKING

class Refusal(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in THERE:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Refusal())
"""
"""Makes a Python that has NumPy alone, as far as Python itself is there in a browser."""


def alone(code, **options):
    command = [sys.executable, "-P", "-c", ONLY + code]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def test_a_model_writes_is_asked_and_scores_with_numpy_alone(tmp_path):
    write_model(tmp_path / "m", chancy())
    writer = burble.load(tmp_path / "m")
    written = writer.generate("ab", length=40, seed=1)
    code = """
import burble, numpy as np
writer = burble.load("m")
print(repr(writer.generate("ab", length=40, seed=1)))
print(writer.probabilities("ab"))
print(writer.nll(np.array([0, 1, 2, 0])).sum())
"""
    done = alone(code, cwd=tmp_path)
    assert done.stderr == ""
    expected = [repr(written), str(writer.probabilities("ab")), str(writer.nll(IDS).sum())]
    assert done.stdout.splitlines() == expected


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (
            "burble.load('m').suggest('ab')",
            "suggesting words needs regex, which is not installed. "
            "Install it with: pip install regex",
        ),
        ("burble.train('m', 'run')", "burble.train needs "),
        ("burble.load('m').generate('ab', memory='m')", "reading a text needs "),
        ("burble.load('m').generate('ab', novel=9, training_text='m')", "reading a text needs "),
        (
            "from burble.model.file import write_model; write_model('n', burble.load('m').model)",
            "writing a model file needs safetensors, which is not installed. "
            "Install it with: pip install safetensors",
        ),
    ],
)
def test_what_needs_more_says_so_in_a_sentence(tmp_path, code, sentence):
    write_model(tmp_path / "m", chancy())
    done = alone(f"import burble\n{code}\n", cwd=tmp_path)
    assert f"burble.errors.InputError: {sentence}" in done.stderr


def test_the_command_without_its_packages_says_which_in_a_line(tmp_path):
    done = alone("from burble.__main__ import main\nmain()\n", cwd=tmp_path)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("burble: burble's command line needs ")


def test_a_run_is_where_its_folder_is(tmp_path):
    assert find_model(burble.Run(tmp_path)) == tmp_path
