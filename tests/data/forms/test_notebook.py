"""Notebooks of Jupyter."""

import json

import pytest

from burble.data.forms import registry
from burble.errors import SourceError
from tests.support.documents import read_form

CELLS = [
    {"cell_type": "markdown", "metadata": {}, "source": ["# Rain\n", "It *rains*."]},
    {
        "cell_type": "code",
        "execution_count": 1,
        "metadata": {},
        "source": "x = 1\nprint(x)",
        "outputs": [{"name": "stdout", "output_type": "stream", "text": ["1\n"]}],
    },
    {"cell_type": "code", "metadata": {}, "source": [], "outputs": []},
    {"cell_type": "markdown", "attachments": {"a.png": {"image/png": "QUJD"}}, "source": "So."},
]
NOTEBOOK = {"cells": CELLS, "metadata": {"kernelspec": {"name": "x"}}, "nbformat": 4}


@pytest.mark.parametrize("indent", [None, 1])
def test_what_was_typed_is_read_and_what_came_out_is_not(indent):
    (text,), account = read_form("notebook", json.dumps(NOTEBOOK, indent=indent).encode())
    assert text == "# Rain\nIt *rains*.\n\nx = 1\nprint(x)\n\nSo.\n"
    assert account.taken == {"cell of text": 2, "cell of code": 1}
    assert +account.left == {"output": 1, "picture": 1}


def test_cells_of_old_notebooks_lie_on_sheets():
    cells = [
        {"cell_type": "heading", "level": 1, "source": ["Rain"]},
        {"cell_type": "code", "input": ["x = 1"], "outputs": []},
    ]
    old = {"metadata": {}, "nbformat": 3, "worksheets": [{"cells": cells, "metadata": {}}]}
    assert read_form("notebook", json.dumps(old).encode())[0] == ["Rain\n\nx = 1\n"]


def test_they_are_known_by_their_cells_or_their_ending():
    data = json.dumps(NOTEBOOK, indent=1).encode()
    notebook = registry.get_form("notebook")
    assert registry.find_form("a.txt", data, lambda: None) is notebook
    assert registry.find_form("a.ipynb", b'{"metadata": {}}', lambda: None) is notebook
    table = registry.find_form("a.json", b'{"cells": [{"a": 1}]}', lambda: None)
    assert table is registry.get_form("json")
    # A field of it can be named all the same.
    assert registry.find_form("a.ipynb", data, lambda: None, parts=True) is registry.get_form(
        "json"
    )


def test_one_that_breaks_off_is_refused_with_its_place():
    with pytest.raises(SourceError, match=r"file, line 1, is not JSON"):
        read_form("notebook", json.dumps(NOTEBOOK)[:-30].encode())
