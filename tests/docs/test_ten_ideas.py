"""The page on the tutorial's ten ideas says what the results of record say."""

import json
import re
from pathlib import Path

from burble import settings
from burble.runs import recipes

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "explanation" / "ten-ideas.md").read_text("utf-8")


def results(name):
    path = ROOT / "benchmarks" / "results" / f"{name}.json"
    return json.loads(path.read_text("utf-8"))["rows"]


def test_there_are_ten_rows_and_ten_sections():
    table = PAGE.partition("## 1.")[0]
    rows = re.findall(r"^\| (\d+) \| .+ \| .+ \| .+ \|$", table, re.M)
    assert list(map(int, rows)) == list(range(1, 11))
    assert list(map(int, re.findall(r"^## (\d+)\. ", PAGE, re.M))) == list(range(1, 11))


def test_every_figure_is_that_of_the_results():
    for row in results("ten_ideas"):
        value = row["settings"].partition("=")[2].removesuffix(".0")
        figures = f"{row['held-out bits per symbol']:.3f}"
        assert re.search(rf"^\| {re.escape(value)} \| {figures} \| ", PAGE, re.M), row["settings"]
    for row in results("temperature"):
        share = f"{row['words of the training text']:.1%}"
        what = str(row["temperature"]).replace("held-out", "validation")
        assert re.search(rf"^\| {what} \| {share} \| ", PAGE, re.M)


def test_every_idea_is_a_setting():
    known = {
        f"--{name.replace('_', '-')}" for name in settings.flatten_settings(settings.Settings())
    }
    known |= {"--temperature"}
    table = PAGE.partition("## 1.")[0]
    assert set(re.findall(r"`(--[a-z-]+)", table)) <= known


def test_the_page_of_the_recipes_says_what_the_results_of_record_say():
    page = (ROOT / "docs" / "guides" / "tutorial.md").read_text("utf-8")
    for row in results("tutorial"):
        assert f"| {row['epoch']} | {row['burble']:.3f} | {row['published']:.3f} |" in page
        assert abs(row["burble"] - row["published"]) < 0.06
        assert f"tutorial-{row['recipe']}" in recipes.list_recipes()


def test_the_page_of_what_learns_well_says_what_the_results_of_record_say():
    page = (ROOT / "docs" / "explanation" / "recipe.md").read_text("utf-8")
    rows = results("recipe")
    assert len(rows) == 10
    for row in rows:
        assert row["seeds"] == 2
        assert f"| {row['what']} | {row['held-out loss']:.3f} | {row['spread']:.3f} | " in page
