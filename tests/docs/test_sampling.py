"""Every command of docs/guides/sampling.md runs, and every call in it gives what it says."""

import doctest
import re
import shlex
import string
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from burble.api import remember
from burble.cli import app
from burble.data import corpus
from burble.data.labels import UNLABELLED
from burble.model.file import write_model
from burble.settings import TextSettings
from tests.support.speakers import POETS, chancy

PAGE = (Path(__file__).parents[2] / "docs" / "guides" / "sampling.md").read_text("utf-8")
COMMANDS = re.findall(r"^\$ (burble (?!train).*)$", PAGE, re.M)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with the models and texts the page speaks of."""
    symbols = string.printable.replace("\r", "")
    (tmp_path / "poems").mkdir()
    for name in ("one", "two"):
        (tmp_path / "poems" / f"{name}.txt").write_text("Once upon a midnight.\n" * 9, "utf-8")
    poems = corpus.build([str(tmp_path / "poems")], TextSettings(), validation=0.0)
    for name, boundary, labels in (
        ("docs", False, UNLABELLED),
        ("poems", True, UNLABELLED),
        ("poets", True, POETS),
    ):
        folder = tmp_path / "runs" / name
        folder.mkdir(parents=True)
        model = chancy(symbols, scale=0.5, boundary=boundary, labels=labels)
        known = {"sha256": poems.sha256, "symbols": len(poems.ids), "held_out": 9}
        summary = {"scores": {"held_out_loss": 1.0}, "corpus": known if boundary else {}}
        write_model(folder / "model.safetensors", replace(model, summary=summary))
    # What is here under the name of the base comes before that.
    write_model(tmp_path / "english", chancy(symbols, seed=1, scale=0.5))
    remember(tmp_path / "runs" / "poems", tmp_path / "poems")
    (tmp_path / "beginning.txt").write_text("The value\n", "utf-8")
    (tmp_path / "other.txt").write_text("The value of an expression.\n", "utf-8")
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_runs(command, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", shlex.split(command))
    with pytest.raises(SystemExit) as end:
        app.main()
    assert end.value.code == 0, capsys.readouterr().err


def test_there_are_commands():
    assert len(COMMANDS) > 8


@pytest.mark.usefixtures("here")
def test_every_call_gives_what_it_says():
    parser = doctest.DocTestParser()
    test = parser.get_doctest(PAGE, {}, "sampling.md", None, 0)
    assert test.examples
    assert doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test).failed == 0
