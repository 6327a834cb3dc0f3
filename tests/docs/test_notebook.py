"""The notebook runs from its first cell to its last, on a small text and for a few steps."""

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

PAGE = Path(__file__).parents[2] / "examples" / "wonderland.ipynb"
SMALL = """
TEXT = "small.txt"
RUNS = "runs"
BUDGET = {"steps": 3}
TRIPLE = {"steps": 5}
LONGER = {"steps": 6}
"""
SMALLER = {
    "units=256": "units=16",
    "units=512": "units=24",
    '{"recipe"': '{"units": 16, "recipe"',
}


@pytest.fixture(scope="module")
def page():
    return nbformat.read(PAGE, as_version=4)


def code(page):
    return [cell for cell in page.cells if cell.cell_type == "code"]


def printed(cell):
    return "".join(out.text for out in cell.outputs if out.output_type == "stream")


@pytest.mark.slow
def test_the_notebook_runs(page, tmp_path):
    words = "alice said the mock turtle was here; alice sat, and the turtle ran.\n"
    (tmp_path / "small.txt").write_text("CHAPTER I.\n" + words * 40, encoding="utf-8")
    page = nbformat.from_dict(page)
    (parameters,) = (c for c in page.cells if "parameters" in c.metadata.get("tags", []))
    parameters.source = SMALL
    for long, short in SMALLER.items():
        assert any(long in cell.source for cell in code(page))
        for cell in code(page):
            cell.source = cell.source.replace(long, short)
    client = NotebookClient(page, timeout=600, resources={"metadata": {"path": str(tmp_path)}})
    client.execute()
    said = "\n".join(map(printed, code(page)))
    assert "'CHAPT' -> 'E'" in said
    trained = ("tutorial", "one-hot", "embedding", "streams", "two-layers", "wider")
    for name in (*trained, "two-layers-longer"):
        assert f"{name}: " in said
    pictures = [o for c in code(page) for o in c.outputs if "image/svg+xml" in o.get("data", {})]
    assert len(pictures) == 5


def test_what_is_committed_was_run_in_order_and_without_errors(page):
    cells = code(page)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    kinds = {out.output_type for cell in cells for out in cell.outputs}
    assert kinds <= {"stream", "display_data", "execute_result"}
    assert "'CHAPT' -> 'E'" in printed(cells[4])
    # Nothing of the machine it ran on.
    assert not re.search(r"(?<![\w.])/\w+/\w+", "".join(map(printed, cells)))
