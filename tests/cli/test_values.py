"""Plain values are read as typer reads them, and all others by typer itself."""

import math
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burble.cli.app import VERBS, make_command
from burble.cli.values import convert


def test_every_command_has_the_flags_that_the_whole_line_has():
    whole = make_command().commands
    assert list(whole) == list(VERBS)
    for verb in ("sample", "train"):
        alone = make_command([verb]).commands
        assert [p.name for p in alone[verb].params] == [p.name for p in whole[verb].params]


@given(st.integers(-(10**15) + 1, 10**15 - 1), st.floats(-1e6, 1e6, width=32))
def test_numbers_are_what_they_say(whole, real):
    assert convert(int, str(whole)) == whole
    assert convert(float, str(whole)) == whole
    found = convert(float, repr(real))
    assert found is None or found == real


@given(st.text())
def test_no_other_text_is_a_number_and_every_text_is_itself(text):
    assert convert(str, text) == text
    for kind in (int, float):
        found = convert(kind, text)
        assert found is None or (math.isfinite(found) and text.isascii())


def test_what_is_not_plain_is_left_to_typer(tmp_path):
    assert convert(str, "a\udcff") is None
    assert convert(list[int], ["1", "x"]) is None
    assert convert(bool, "true") is None
    assert convert(int, "1_000") is None
    assert convert(int, " 1") is None
    assert convert(Path, str(tmp_path / "new")) == tmp_path / "new"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["sample", "m", "-l", "3x"], "'--length' / '-l': Input should be a valid integer"),
        (["sample", "m", "-t", "hot"], "'--temperature' / '-t': Input should be a valid number"),
        (["sample"], "Missing argument 'model'"),
        (["sampel", "m"], "No such command 'sampel'. Did you mean 'sample'?"),
    ],
)
def test_what_is_refused_is_refused_in_the_same_words(command, arguments, said):
    done = command(*arguments)
    assert done.returncode == 2
    assert said in " ".join(done.stderr.decode().replace("│", " ").split())


def test_writing_loads_no_validators_and_nothing_that_reads_texts(trained):
    code = (
        "import sys\nfrom burble.cli.app import main\ntry:\n    main()\nfinally:\n"
        "    print({'pydantic', 'burble.data.corpus', 'burble.cli.train'} & {*sys.modules})"
    )
    arguments = ["sample", str(trained), "-l", "5", "-p", "the", "--seed", "1", "-t", "0.5"]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, check=True, text=True
    )
    assert done.stdout.splitlines()[-1] == "set()"
