"""What the page on writing by turns says is so."""

import doctest
import re
from pathlib import Path

from burble.cli.interactive import COMMANDS
from burble.inference.generator import load

PAGE = (Path(__file__).parents[2] / "docs" / "guides" / "interactive.md").read_text("utf-8")


def test_every_command_is_on_the_page_and_no_other():
    table = "".join(line.split("|")[1] for line in PAGE.splitlines() if line.startswith("| `"))
    assert set(re.findall(r"`(/[a-z]+)", table)) == {*COMMANDS}


def test_the_session_on_the_page_is_what_the_base_writes():
    writer = load("english")
    written = writer.generate("The ship had been", length=120, seed=3)
    assert f"\n{written}\n" in PAGE
    for number, word in enumerate(writer.suggest(f"The ship had been{written}", 9).words, 1):
        assert f"\n{number}  {word.probability:6.1%}  {word.text!r}\n" in PAGE


def test_the_example_in_python_is_so():
    test = doctest.DocTestParser().get_doctest(
        PAGE.replace("```", ""), {}, "interactive.md", None, 0
    )
    assert doctest.DocTestRunner().run(test).failed == 0
