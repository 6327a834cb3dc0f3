import re
from pathlib import Path

import pytest

HERE = Path(__file__).parents[2]
PAGE = (HERE / "docs" / "contributing" / "trials.md").read_text("utf-8")
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ") and "what can go" not in line]
NAMED = re.compile(r"`((?:tests|src)/[\w/]+\.py)::(\w+)(?:\[[^`]*\])?`")


def test_the_page_has_rows_and_each_names_a_test():
    assert len(ROWS) > 150
    assert [row for row in ROWS if not NAMED.search(row)] == []


@pytest.mark.parametrize("file", sorted({file for file, _ in NAMED.findall(PAGE)}))
def test_every_test_that_the_page_names_is_there(file):
    written = (HERE / file).read_text("utf-8")
    named = {name for where, name in NAMED.findall(PAGE) if where == file}
    assert named <= set(re.findall(r"^def (\w+)\(", written, re.MULTILINE))
