"""How long a function and a file of Python may be, docstrings included: what fits on a screen."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LONGEST_FUNCTION, LONGEST_FILE = 40, 400
KINDS = ast.FunctionDef, ast.AsyncFunctionDef
FOLDERS = ("src", "benchmarks", "bases")
FILES = {
    path.relative_to(ROOT).as_posix(): path
    for folder in FOLDERS
    for path in sorted((ROOT / folder).rglob("*.py"))
}


@pytest.mark.parametrize("name", FILES)
def test_no_function_and_no_file_is_too_long(name):
    source = FILES[name].read_text("utf-8")
    assert len(source.splitlines()) <= LONGEST_FILE
    found = (one for one in ast.walk(ast.parse(source)) if isinstance(one, KINDS))
    lengths = {f"{one.name}, line {one.lineno}": one.end_lineno - one.lineno + 1 for one in found}
    assert {where: n for where, n in lengths.items() if n > LONGEST_FUNCTION} == {}
