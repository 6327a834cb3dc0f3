"""The site has every page, commands on pages exist, and the picture is that of the imports."""

import re
import runpy
import shlex
import tomllib
from pathlib import Path

import pytest

from burble.cli.app import make_command

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
GENERATED = {
    line.removeprefix("/docs/")
    for line in (ROOT / ".gitignore").read_text("utf-8").splitlines()
    if line.startswith("/docs/")
}
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *(path for path in DOCS.rglob("*.md") if path.relative_to(DOCS).as_posix() not in GENERATED),
]


def named(entries):
    """Every page that a navigation names."""
    for entry in entries:
        for one in entry.values() if isinstance(entry, dict) else [entry]:
            yield from [one] if isinstance(one, str) else named(one)


def test_the_site_leads_to_every_page():
    nav = tomllib.loads((ROOT / "zensical.toml").read_text("utf-8"))["project"]["nav"]
    written = {page.relative_to(DOCS).as_posix() for page in PAGES if page.is_relative_to(DOCS)}
    assert set(named(nav)) == written | GENERATED


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_command_on_a_page_exists(page):
    verbs = make_command().commands
    blocks = re.findall(r"^```(?:sh|text)\n(.*?)^```", page.read_text("utf-8"), re.M | re.S)
    for command in re.findall(r"^(?:\$ |srun \S+ )?(burble [a-z]+ .*)$", "".join(blocks), re.M):
        if "…" in command:
            continue
        words = shlex.split(command, comments=True)
        known = {flag for one in verbs[words[1]].params for flag in one.opts + one.secondary_opts}
        flags = {word for word in words[2:] if re.match(r"--[a-z]", word)}
        assert flags <= known, command


def test_the_picture_of_the_architecture_is_that_of_the_imports():
    script = ROOT / "scripts" / "draw_architecture.py"
    drawing = runpy.run_path(str(script))
    picture = DOCS / "explanation" / "architecture.svg"
    assert picture.read_text("utf-8") == drawing["draw"](), f"run: python scripts/{script.name}"
    places = drawing["place"](drawing["reduce_edges"](drawing["read_imports"]()[0]))
    assert len(set(places.values())) == len(places)


def test_every_row_of_the_page_of_settings_has_four_cells():
    page = runpy.run_path(str(ROOT / "scripts" / "write_reference.py"))["write_settings"]()
    rows = [line for line in page.splitlines() if line.startswith("|")]
    assert any("<\\|endoftext\\|>" in row for row in rows)
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {5}


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "docs/explanation/architecture.md"])
def test_every_place_in_the_code_that_a_page_names_is_there(page):
    text = (ROOT / page).read_text("utf-8")
    places = re.findall(r"`(?:src/burble/)?((?:[a-z_]+/)?[a-z_]+\.py)(?:::(\w+))?`", text)
    assert len(places) > 5
    for path, name in places:
        code = (ROOT / "src" / "burble" / path).read_text("utf-8")
        pattern = rf"^(?:    )?(?:def |class )?{name}\b"
        assert not name or re.search(pattern, code, re.M), f"{path}::{name}"
