"""Every command of docs/sampling.md runs, and every call in it gives what it says."""

import doctest
import re
import shlex
import string
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from burble import cli, modelfile
from speakers import chancy

PAGE = (Path(__file__).parent.parent / "docs" / "sampling.md").read_text("utf-8")
COMMANDS = re.findall(r"^\$ (burble (?!train).*)$", PAGE, re.M)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with the models and texts the page speaks of."""
    symbols = string.printable.replace("\r", "")
    for name, boundary in (("docs", False), ("poems", True)):
        folder = tmp_path / "runs" / name
        folder.mkdir(parents=True)
        model = chancy(symbols, scale=0.5, boundary=boundary)
        model = replace(model, summary={"scores": {"held_out_loss": 1.0}})
        modelfile.write(folder / "model.safetensors", model)
    (tmp_path / "other.txt").write_text("The value of an expression.\n", "utf-8")
    (tmp_path / "poems").mkdir()
    (tmp_path / "poems" / "one.txt").write_text("Once upon a midnight dreary.\n" * 9, "utf-8")
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_runs(command, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", shlex.split(command))
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 0, capsys.readouterr().err


def test_there_are_commands():
    assert len(COMMANDS) > 8


@pytest.mark.usefixtures("here")
def test_every_call_gives_what_it_says():
    parser = doctest.DocTestParser()
    test = parser.get_doctest(PAGE, {}, "sampling.md", None, 0)
    assert test.examples
    assert doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test).failed == 0
