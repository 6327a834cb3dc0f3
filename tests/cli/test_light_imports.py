"""What starts fast: commands that need neither JAX nor Keras load neither."""

import subprocess
import sys
from dataclasses import replace

import pytest

from burble.model.file import write_model
from tests.support.speakers import chancy

CODE = """
import sys
from pathlib import Path
from burble.cli.app import main
from burble.model import bases
bases.FOLDER = Path("bases")
try:
    main()
finally:
    print({"jax", "keras", "h5py"} & set(sys.modules), file=sys.stderr)
"""


@pytest.mark.parametrize(
    "arguments",
    [
        "--help",
        "train --help",
        "recipes",
        "info m",
        "sample m -l 5",
        "sample m -l 5 -p ab --jsonl",
        "info english",
        "sample english -l 10",
        "eval english text.txt",
        "eval m text.txt",
        "corpus text.txt",
        "remember m text.txt",
    ],
)
def test_it_loads_neither_jax_nor_keras(tmp_path, arguments):
    write_model(tmp_path / "m", chancy())
    (tmp_path / "bases").mkdir()
    write_model(tmp_path / "bases" / "english.safetensors", replace(chancy(), dtype="float16"))
    (tmp_path / "text.txt").write_text("abc\nbca\ncab\n" * 20, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-P", "-c", CODE, *arguments.split()],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    # That text is not the one that the model was trained on.
    assert done.returncode == (2 if arguments.startswith("remember") else 0), done.stderr.decode()
    assert done.stderr.decode().splitlines()[-1] == "set()"
