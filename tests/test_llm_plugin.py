"""The plugin, in the real `llm`."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from burble.inference.generator import load
from burble.model.file import write_model
from tests.support.speakers import chancy, follower

STREAM = """
import llm
model = llm.get_model("burble/chancy")
pieces = [*model.prompt("ab", length=30, seed=4)]
print(len(pieces), "".join(pieces), sep="|", end="|")
talk = model.conversation()
first = talk.prompt("a", length=9, seed=1).text()
print(first, talk.prompt("b", length=9, seed=2).text(), sep="|", end="")
"""


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A folder with two models."""
    folder = tmp_path_factory.mktemp("models")
    write_model(folder / "cycle.safetensors", follower("abc", [1, 2, 0]))
    (folder / "chancy").mkdir()
    write_model(folder / "chancy" / "model.safetensors", chancy("abc "))
    return folder


RUN = """
import json, sys
from click.testing import CliRunner
from llm.cli import cli
for arguments in json.loads(sys.argv[1]):
    done = CliRunner().invoke(cli, arguments)
    print(json.dumps([done.exit_code, done.stdout, done.stderr]))
"""


@pytest.fixture(scope="module")
def python(models, tmp_path_factory):
    """Runs code in a process of its own, where `llm` has a folder of its own."""

    def run(code, *arguments, kept=None):
        folder = kept or tmp_path_factory.mktemp("llm")
        environment = os.environ | {"BURBLE_MODELS": str(models), "LLM_USER_PATH": str(folder)}
        return subprocess.run(
            [sys.executable, "-P", "-c", code, *arguments],
            env=environment,
            capture_output=True,
            check=True,
        ).stdout.decode()

    return run


@pytest.fixture(scope="module")
def llm(python):
    """Runs commands of `llm`, one after the other; the exit code and output of each."""

    def run(*commands, kept=None):
        given = json.dumps([[*map(str, command)] for command in commands])
        return [*map(json.loads, python(RUN, given, kept=kept).splitlines())]

    return run


REFUSED: dict[str, list[Any]] = {
    "temperature is -1.0, but must be a number of 0 or more.": ["a", "-o", "temperature", -1],
    "warmth\n  Extra inputs are not permitted": ["a", "-o", "warmth", 1],
    "this model has no memory beside it. Name a text that is read at once: -o memory TEXT": [
        *("a", "-o", "memory", 1)
    ],
    "-o rounds 3 is for loops that are broken, and -o break_loops off breaks": [
        *("a", "-o", "rounds", 3, "-o", "break_loops", "false")
    ],
    "or train with labels: burble train TABLE.csv:TEXT --label COLUMN": [
        *("a", "-o", "label", "poet=Whitman")
    ],
    "or pass -o unknown skip or nearest.": ["é"],
    "nothing in it could obey a system prompt. Leave it out.": ["a", "-s", "Be brief"],
}


def test_each_model_in_the_folder_is_one_of_llm_and_what_cannot_be_is_refused(llm):
    asked = [["-m", "burble/cycle", *given] for given in REFUSED.values()]
    (_, listed, _), (_, described, _), *refused = llm(
        ["models", "list"], ["models", "-m", "burble/cycle", "--options"], *asked
    )
    names = [line for line in listed.splitlines() if line.startswith("burble: ")]
    assert names == ["burble: burble/chancy", "burble: burble/cycle", "burble: burble/english"]
    assert "temperature: float\n      Lower is safer" in described
    for sentence, (code, shown, complaint) in zip(REFUSED, refused, strict=True):
        assert (code, shown) == (1, ""), complaint
        assert sentence in complaint


def test_it_writes_as_burble_does_and_goes_on_in_a_conversation(python, models):
    writer = load(models / "chancy")
    count, text, first, second = python(STREAM).split("|")
    # It comes piece by piece.
    assert 1 < int(count) <= 30
    assert text == writer.generate("ab", length=30, seed=4)
    assert first == writer.generate("a", length=9, seed=1)
    assert second == writer.generate(f"a{first}b", length=9, seed=2)


def test_a_conversation_goes_on_in_another_process_and_the_log_holds_what_llm_says(llm, tmp_path):
    asked = ["-m", "burble/cycle", "-o", "length", 2, "ab"]
    assert [shown for _, shown, _ in llm([*asked, "-n"], asked, kept=tmp_path)] == ["ca\n", "ca\n"]
    (_, shown, _), (_, logged, _) = llm(
        ["-c", "b", "-o", "length", 4], ["logs", "list", "--json"], kept=tmp_path
    )
    assert shown == "cabc\n"
    rows = json.loads(logged)
    # What was asked for with -n is not there, and of the others what llm itself keeps.
    assert [(row["prompt"], row["response"]) for row in rows] == [("ab", "ca"), ("b", "cabc")]
    assert [row["options_json"] for row in rows] == [{"length": 2}, {"length": 4}]
    assert {row["response_json"] for row in rows} == {None}


def test_burble_itself_never_loads_llm():
    code = "import burble.api, burble.cli.app, sys; print({'llm', 'pydantic'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, check=True)
    assert done.stdout == b"set()\n"
