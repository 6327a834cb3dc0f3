"""Flags made from settings: which help shows first, how it fits, and what undoes them."""

import inspect
import os
import re

import pytest

from burble.cli.options import PANELS, describe_fields, with_settings
from burble.settings import TextSettings


def headings(said):
    return re.findall(r"^╭─ (.+?) ─", said, re.M)


@pytest.mark.parametrize("columns", ["80", "120"])
def test_help_of_training_begins_with_what_people_need(burble, columns):
    done = burble("train", "--help", env=os.environ | {"COLUMNS": columns})
    said = done.stdout.decode()
    # What stands in brackets is no style.
    assert "[email]" in said
    assert headings(said) == [
        "Arguments",
        "Options",
        "Text (advanced)",
        "Model (advanced)",
        "Training (advanced)",
        "Several processes (advanced)",
    ]
    main = said.partition("─ Options ─")[2].partition("╭─")[0]
    flags = re.findall(r"^│ \*? *--([a-z-]+)", main, re.M)
    assert flags == [
        *("output", "minutes", "epochs", "steps", "size", "recipe", "resume", "base", "seed"),
        *("lowercase", "documents", "validation", "help"),
    ]
    assert "…" not in said


def test_help_of_sampling_begins_with_what_people_need(burble):
    said = burble("sample", "--help", env=os.environ | {"COLUMNS": "80"}).stdout.decode()
    assert headings(said) == ["Arguments", "Options", "Sampling (advanced)", "Text (advanced)"]
    main = said.partition("─ Options ─")[2].partition("╭─")[0]
    flags = re.findall(r"^│ --([a-z-]+)", main, re.M)
    assert flags == [
        *("prompt", "length", "temperature", "top-k", "top-p", "min-p", "greedy"),
        *("count", "stop", "memory", "seed", "jsonl", "interactive", "help"),
    ]
    assert "…" not in said


def test_a_flag_can_be_undone_by_a_later_word():
    given = []
    command = with_settings(lambda **chosen: given.append(chosen), TextSettings)
    command(lowercase=True, no_lowercase=None)
    command(lowercase=None, no_lowercase=True)
    assert [one["lowercase"] for one in given] == [True, False]


def test_every_setting_is_described_once():
    for cls in PANELS:
        assert [*describe_fields(cls)] == [*inspect.get_annotations(cls)]
