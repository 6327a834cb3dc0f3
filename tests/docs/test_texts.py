"""The guide to texts: what it shows of reading its examples is what is read."""

from pathlib import Path

import pytest

from burble.data import corpus, report
from burble.settings import SourceSettings, TextSettings

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "guides" / "texts.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("name", "text", "reading"),
    [
        ("chat.txt", {"label": ("speaker",)}, {"mask_private": True}),
        ("channel.json", {}, {"chat": "talk"}),
        ("games.pgn", {"documents": "pgn"}, {}),
    ],
)
def test_what_is_told_of_an_example_is_told(monkeypatch, name, text, reading):
    monkeypatch.chdir(ROOT / "examples" / "texts")
    found = corpus.build([name], TextSettings(**text), reading=SourceSettings(**reading))
    told = report.summarize(found)
    shown = [line for line in told if line in GUIDE]
    assert told[0] in shown
    assert len(shown) >= 2
