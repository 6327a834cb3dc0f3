"""Every command of docs/guides/small-text.md runs, with small models in the place of large ones."""

import re
import shlex
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from burble.cli import app
from burble.data import corpus
from burble.model import bases
from burble.model.file import write_model
from burble.settings import TextSettings
from tests.support.bases import write_base
from tests.support.speakers import chancy

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "guides" / "small-text.md").read_text("utf-8")
VERSE = ROOT / "benchmarks" / "texts" / "verse.txt"
COMMANDS = re.findall(r"^\$ (burble (?!train).*)$", PAGE, re.M)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with the text and the model the page speaks of, and a base of that alphabet."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(bases, "FOLDER", tmp_path / "bases")
    shutil.copy(VERSE, "poems.txt")
    poems = corpus.build(["poems.txt"], TextSettings())
    model = chancy(poems.vocabulary.symbols, scale=0.5)
    write_base(tmp_path / "bases", model)
    known = {"sha256": poems.sha256, "symbols": len(poems.ids), "held_out": len(poems.ids) // 10}
    summary = {"scores": {"held_out_loss": 1.0}, "corpus": known}
    Path("runs/poems").mkdir(parents=True)
    write_model(Path("runs/poems/model.safetensors"), replace(model, summary=summary))


def test_the_text_is_the_one_that_the_page_describes():
    text = VERSE.read_text("utf-8")
    assert len(text.split("\n\n\n")) == 26
    assert f"{len(text) // 10:,} characters" in PAGE


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_runs(command, monkeypatch, capsys):
    # What bash makes of $'…'.
    words = [word.replace("\\n", "\n") for word in shlex.split(command.replace("$'", "'"))]
    monkeypatch.setattr(sys, "argv", words)
    with pytest.raises(SystemExit) as end:
        app.main()
    assert end.value.code == 0, capsys.readouterr().err


def test_there_are_commands():
    assert len(COMMANDS) >= 5
